//! Outages, and how they were recovered from.

use recording::Timestamp;
use serde::Serialize;

use crate::summary::decomposition::Decomposition;
use crate::summary::group::Group;
use crate::summary::own_share::OwnShare;
use crate::summary::rates::NamedRates;
use crate::summary::span::Span;
use crate::summary::word::Word;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupSummary {
    pub group: Group,
    /// Sum over all outages but those of a warm-up, microseconds; `None` where the group was unobserved in an outage of `all` and had none itself.
    pub downtime_us: Option<i64>,
    /// Sum of the outages' resolutions: the true downtime is between `downtime - resolution` and `downtime`.
    pub resolution_us: i64,
    /// Pauses of the recorder in its outages, microseconds: part of the downtime.
    pub paused_us: i64,
    /// The downtime is a lower bound: an outage was open at the start or at the end, rows were lost, or the end of the recording
    /// is not known.
    pub at_least: bool,
    /// There was time in which nothing is known of this group.
    pub unobserved: bool,
    /// When that was, and why; without pauses of the recorder, which hold for every group.
    pub unobserved_spans: Vec<Unobserved>,
    /// 1 - downtime / duration; an upper bound (`at most`) where `at_least` or `unobserved`. The duration is without the pauses of
    /// the recorder outside the outages.
    pub availability: Option<f64>,
    pub outages: Vec<Outage>,
    /// Outages close together, and how each was recovered from.
    pub episodes: Vec<Episode>,
    /// Availability failures outside every outage.
    pub blips: Vec<Blip>,
    /// From the first to the last moment at which an operation waited, in gaps that are no outages.
    pub brownouts: Vec<Span>,
    pub brownout_us: i64,
    /// What a client that connects anew would have met, for the groups that are probed: `read` and `writer`. Absent where the recording has no
    /// availability probes of the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
}

impl GroupSummary {
    /// True where its downtime is a lower bound, however it is printed: where one outage was seen and another was not, the sum is one
    /// as well.
    #[must_use]
    pub const fn is_bound(&self) -> bool {
        self.at_least || self.unobserved
    }

    /// How many episodes are in its downtime: all but warm-up.
    #[must_use]
    pub fn counted_episodes(&self) -> usize {
        let counted = |episode: &&Episode| episode.kind != EpisodeKind::WarmUp;
        self.episodes.iter().filter(counted).count()
    }

    /// What the application added to the service's downtime; `None` where one of the two is not known, a bound, or 0.
    #[must_use]
    pub fn own_share(&self, service: &Service) -> Option<OwnShare> {
        let application = self.downtime_us.filter(|_| !self.is_bound())?;
        let of_service = service.downtime_us.filter(|_| !service.at_least)?;
        OwnShare::new(
            (application, self.resolution_us),
            (of_service, service.resolution_us),
        )
    }
}

/// The service's downtime of a group, from the availability probes of its kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Service {
    /// Sum over all outages but those of a warm-up, microseconds; `None` where nothing could be asked.
    pub downtime_us: Option<i64>,
    /// Sum of the outages' resolutions: the true downtime is between `downtime - resolution` and `downtime`.
    pub resolution_us: i64,
    /// Pauses of the recorder in its outages, microseconds: part of the downtime.
    pub paused_us: i64,
    /// The downtime is a lower bound: an outage was open at the start or at the end, or rows are missing.
    pub at_least: bool,
    /// Rows of the probes are missing.
    pub is_partial: bool,
    /// 1 - downtime / duration; the duration is without the pauses of the recorder outside the outages.
    pub availability: Option<f64>,
    /// How many probes there are, of whatever outcome.
    pub probes: u64,
    pub outages: Vec<Outage>,
    /// Outages close together.
    pub episodes: Vec<ServiceEpisode>,
    /// What the application added; `None` where one of the two downtimes is not known, or a bound.
    pub own_share: Option<OwnShare>,
}

impl Service {
    /// How many episodes are in its downtime: all but warm-up.
    #[must_use]
    pub fn counted_episodes(&self) -> usize {
        let counted = |episode: &&ServiceEpisode| episode.kind != EpisodeKind::WarmUp;
        self.episodes.iter().filter(counted).count()
    }
}

/// Service outages less than `merge_within_us` of health apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceEpisode {
    /// First outage's start to last one's end.
    #[serde(flatten)]
    pub span: Span,
    /// Sum of its outages, microseconds.
    pub downtime_us: i64,
    /// Sum of their resolutions, microseconds.
    pub resolution_us: i64,
    /// Pauses of the recorder in them, microseconds.
    pub paused_us: i64,
    pub outages: usize,
    /// Whether a failover brought it about.
    pub kind: EpisodeKind,
    /// Open at the start or at the end of the recording.
    pub at_least: bool,
}

/// Time in which nothing is known of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Unobserved {
    #[serde(flatten)]
    pub span: Span,
    pub reason: UnobservedReason,
}

/// Why nothing is known of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnobservedReason {
    /// In an outage of `all` the group had neither success nor evidence.
    NothingAsked,
    /// Every worker hung in a write or a transaction, while probes were answered.
    NoFreeWorker,
}

/// From a last success to the first one after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outage {
    /// Last success to first success.
    #[serde(flatten)]
    pub span: Span,
    pub downtime_us: i64,
    /// Head + tail: the part in which no operation showed whether the service was up; microseconds.
    pub resolution_us: i64,
    /// Pauses of the recorder in it, microseconds: part of the downtime.
    pub paused_us: i64,
    /// No success before it: it was open when the recording began.
    pub open_at_start: bool,
    /// No success after it: it was open when the recording ended.
    pub open_at_end: bool,
    /// End of the first operation that failed in it; `None` where operations only stalled.
    pub first_failure: Option<Timestamp>,
    /// Operations that failed or stalled in it.
    pub evidence: u64,
    /// Of these, the failures by class, most frequent first.
    pub errors: Vec<ErrorCount>,
}

/// Failures of one class and code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorCount {
    pub class: String,
    /// The server's code, where one came.
    pub sqlstate: Option<String>,
    pub count: u64,
    /// End of the first.
    pub first: Timestamp,
    /// End of the last.
    pub last: Timestamp,
    /// The commonest text; empty where none had one.
    pub message: String,
    /// How many had that text.
    pub message_count: u64,
    /// How many other texts there were.
    pub other_messages: u64,
    /// The servers of the connections that they came on, in order of first appearance: who answered when the connection was made. Empty
    /// where that is not known, and behind a proxy, which may ask another server with each statement. Of availability probes, the
    /// addresses that their connections led to.
    pub servers: Vec<String>,
}

/// An availability failure that made no outage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blip {
    /// When it ended.
    pub time: Timestamp,
    pub operation_name: Word,
    pub class: Word,
    /// The server's code, where one came.
    pub sqlstate: Option<Word>,
}

/// Outages less than `merge_within_us` of health apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Episode {
    /// First outage's start to last one's end.
    #[serde(flatten)]
    pub span: Span,
    /// Sum of its outages, microseconds.
    pub downtime_us: i64,
    /// Sum of their resolutions, microseconds.
    pub resolution_us: i64,
    /// Pauses of the recorder in them, microseconds.
    pub paused_us: i64,
    pub outages: usize,
    /// Whether a failover brought it about.
    pub kind: EpisodeKind,
    /// Open at the start or at the end of the recording.
    pub at_least: bool,
    /// Mean successes per second before it.
    pub baseline_tps: Option<f64>,
    /// 99th percentile of the response time before it, microseconds.
    pub baseline_p99_us: Option<i64>,
    /// From its start to full throughput, microseconds.
    pub time_to_full_throughput_us: Option<i64>,
    /// From its start to normal latency, microseconds.
    pub time_to_normal_latency_us: Option<i64>,
    /// What its downtime is made of, for the groups that a headline can be of: `read` and `writer`.
    pub decomposition: Option<Decomposition>,
}

/// Whether a failover brought an episode about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EpisodeKind {
    /// It is of one of the path's failovers.
    Failover,
    /// It is of none: in the downtime, not in the failovers' statistics.
    #[default]
    OtherOutage,
    /// It ended within the recording's first second, before any trigger: not in the downtime.
    WarmUp,
}

/// The downtime of a path in its verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Headline {
    /// `read` or `writer`, whichever was down longer.
    pub group: Group,
    /// Its downtime, microseconds; `None` where it was unobserved.
    pub downtime_us: Option<i64>,
    /// The true downtime is between `downtime - resolution` and `downtime`.
    pub resolution_us: i64,
    /// Pauses of the recorder in its outages, microseconds.
    pub paused_us: i64,
    /// The downtime is a lower bound.
    pub at_least: bool,
    /// The other of `read` and `writer` was still down when the recording ended, so that it may have been the worse one: the
    /// downtimes of the paths are then not compared.
    pub other_open: bool,
    /// The other of `read` and `writer`, where nothing is known of it: it stands beside the headline as `-`, and makes no bound of it.
    pub other_unobserved: Option<Group>,
    /// Episodes of that group that are in the figure.
    pub episodes: usize,
}

/// What one failover, or another outage, did to each operation type: from its trigger (or its start) to full throughput after its last
/// episode.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Impact {
    /// Which of the path's failovers, counted from 1; `None` for another outage.
    pub failover: Option<usize>,
    #[serde(flatten)]
    pub window: Span,
    /// The window begins at the failover's trigger, not at its first episode's start.
    pub from_trigger: bool,
    /// The window ends at full throughput; otherwise, as that was not seen, at its last episode's end.
    pub to_full_throughput: bool,
    /// Figures of the operations that ended in the window, and of those that never ended and were to begin before its end, each in the
    /// first such window: attempted = succeeded + failed + unknown + unfinished.
    pub types: Vec<NamedRates>,
    /// The same per operation, such as `place_order`.
    pub operations: Vec<NamedRates>,
}
