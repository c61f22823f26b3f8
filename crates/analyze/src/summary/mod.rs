//! The summary of a recording: every figure, typed and serializable. Renderers take this and nothing else.
//!
//! Definitions are those of `docs/definitions.md`. Times are UTC microseconds since 1970, durations microseconds (`*_us`), rates
//! fractions from 0 to 1, changes in per cent. `None` is a figure that can't be given: it prints `-`, never 0.

mod comparison;
mod decomposition;
mod downtime;
mod durability;
mod effects;
mod failovers;
mod group;
pub mod heat;
mod own_share;
mod rates;
mod run;
pub mod series;
mod side_tables;
mod span;
mod word;

use serde::Serialize;

pub use comparison::{Comparison, ComparisonLine, Incidents, Metric, Unit};
pub use decomposition::{DecomposedOutage, Decomposition, Milestone, Parts, Source};
pub use downtime::{
    Blip, Episode, EpisodeKind, ErrorCount, GroupSummary, Headline, Impact, Outage, Service,
    ServiceEpisode, Unobserved, UnobservedReason,
};
pub use durability::{
    AuditFacts, AuditSummary, Durability, Durable, ImpliedLosses, LostWrite, most_lost,
};
pub use effects::{
    Effects, HungWrites, StuckConnections, SyncRepWait, WaitFigures, WaitTimes, Waits,
    WithoutWriter, WritesRefused,
};
pub use failovers::{
    DowntimeDistribution, Failover, Failovers, GroupFailover, Interval, PairedDifference,
    PathFailover, ServiceDifference, ServiceDistribution, ServiceFailover, Spread,
};
pub use group::Group;
pub use own_share::OwnShare;
pub use rates::{NamedRates, Rates, ResponseTimes};
pub use run::{EventSummary, LeftOut, NotBegun, PartSummary, RecordingProgress, RecordingSummary};
pub use side_tables::{
    ConnectError, ConnectionFigures, ConnectionSummary, ErrorSummary, LoadFigures, LoadSummary,
};
pub use span::Span;
pub use word::Word;
pub(crate) use word::Words;

/// The version of `docs/definitions.md` that the figures follow.
pub const DEFINITIONS: u32 = 2;

#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The version of the definitions that the figures follow: [`DEFINITIONS`].
    pub definitions: u32,
    /// What was recorded, and how.
    pub recording: RecordingSummary,
    /// The thresholds that the figures were made with.
    pub thresholds: Thresholds,
    /// What happened around the operations.
    pub events: Vec<EventSummary>,
    /// Pauses of the recorder, in order and within the recording: nothing was asked in them, and no answer was read.
    pub pauses: Vec<Span>,
    /// What became of the writes: whether that is known, and how.
    pub audit: AuditSummary,
    /// One entry per recorded path: direct, then proxy.
    pub paths: Vec<PathSummary>,
    /// The failovers, each on both paths, and what holds over all of them.
    pub failovers: Failovers,
    /// Proxy against direct; `None` for a recording of one path.
    pub comparison: Option<Comparison>,
}

/// The thresholds of outage detection, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Thresholds {
    /// Shortest gap that may be an outage; at least 100 ms.
    pub min_outage_us: i64,
    /// The floor from which on a slow operation counts as stalled.
    pub min_stall_us: i64,
    /// Outages less than this of health apart make one episode.
    pub merge_within_us: i64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            min_outage_us: 100_000,
            min_stall_us: 500_000,
            merge_within_us: 1_000_000,
        }
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct PathSummary {
    /// `direct` or `proxy`.
    pub path: String,
    /// True where operations of the path are missing: its downtimes are lower bounds.
    pub is_partial: bool,
    /// True where every part of its operations is left out as damaged: nothing is known of the path, and its counts of 0 are no
    /// figures.
    pub is_left_out: bool,
    pub overall: Rates,
    /// Per operation type: read, write, transaction; types that were never drawn are left out.
    pub types: Vec<NamedRates>,
    /// Per operation, such as `place_order`.
    pub operations: Vec<NamedRates>,
    /// Downtime per group, in the order of [`Group::ALL`]; groups without any operation are left out.
    pub groups: Vec<GroupSummary>,
    /// The worse of `read` and `writer`; `None` where neither had an operation.
    pub headline: Option<Headline>,
    /// Its failovers, in order of time.
    pub failovers: Vec<PathFailover>,
    /// What each failover did, one entry per failover that has an episode.
    pub impacts: Vec<Impact>,
    /// Failures by class and SQLSTATE, most frequent first.
    pub errors: Vec<ErrorSummary>,
    pub connections: ConnectionSummary,
    /// Where its outages hurt.
    pub effects: Effects,
    /// pgbench, where it ran on this path.
    pub load: Option<LoadSummary>,
    /// What the audit found; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durability: Option<Durability>,
    /// Downtime, rates and recovery with lost writes as failures; absent where no acknowledged write is lost or torn: they are those above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durable: Option<Durable>,
}

/// The groups in which a path's failovers are listed: its headline's, and the writer's where the paths' headlines are of different groups, so
/// that writes stand beside writes.
#[must_use]
pub fn compared_groups(paths: &[PathSummary], path: &PathSummary) -> Vec<Group> {
    let headline = |path: &PathSummary| Some(path.headline.as_ref()?.group);
    let own = headline(path).unwrap_or(Group::Writer);
    let mut others = paths.iter().filter_map(headline);
    let is_listed = |group: &Group| path.groups.iter().any(|found| found.group == *group);
    match others.any(|other| other != own) {
        true if own != Group::Writer && is_listed(&Group::Writer) => vec![Group::Writer, own],
        _ => vec![own],
    }
}

impl PathSummary {
    /// True where increments that count as successes may be lost, once a write is: by their sum, or as that was not audited.
    #[must_use]
    pub fn may_lack_increments(&self) -> bool {
        let Some(durability) = &self.durability else {
            return false;
        };
        let made = |name: &str| {
            let mut operations = self.operations.iter();
            operations.any(|named| named.name == name && named.rates.successes > 0)
        };
        let is_any_lost = durability.not_durable() > 0;
        let lacks = |sum: Option<recording::SumAudit>, implied: i64, name| match sum {
            // What is unknown, or written by another program, may stand in for what is lost.
            Some(sum) => {
                (sum.lost > 0 || is_any_lost) && (sum.excess > 0 || most_lost(&sum) > implied)
            }
            None => is_any_lost && made(name),
        };
        let (found, implied) = (&durability.found, durability.implied);
        lacks(found.logins, implied.logins, "update_login")
            || lacks(found.stock, implied.stock, "update_stock")
    }

    /// A group's figures with lost writes as failures: where none is lost, its figures.
    #[must_use]
    pub fn durable_group(&self, group: Group) -> Option<&GroupSummary> {
        let groups = self
            .durable
            .as_ref()
            .map_or(&self.groups, |durable| &durable.groups);
        groups.iter().find(|found| found.group == group)
    }
}
