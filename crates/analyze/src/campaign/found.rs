//! What is known of several recordings: their runs, each failover of these, and the figures over all.

use recording::Timestamp;
use serde::Serialize;

use crate::gaps::PlacedRecording;
use crate::summary::{Group, Spread};

/// Recordings that were made at the same time of the same servers: by several hosts, or by one.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    /// Counts from 1.
    pub number: usize,
    /// What showed that its recordings are of one run; `None` of a single recording.
    pub together_by: Option<TogetherBy>,
    pub recordings: Vec<RunRecording>,
}

/// What shows that recordings that overlap in time are of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TogetherBy {
    /// The label `run`, which is the same in all.
    Label,
    /// Servers that they have in common.
    Servers,
}

/// A recording of a run.
#[derive(Debug, Clone, Serialize)]
pub struct RunRecording {
    /// Where it stands on the database server's clock.
    #[serde(flatten)]
    pub placed: PlacedRecording,
    pub mode: recording::Mode,
    /// Failovers that it shows.
    pub failovers: usize,
}

/// What is measured of a failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// Downtime of the application.
    Downtime,
    /// Downtime of the service, where it was probed.
    ServiceDowntime,
    /// From the trigger to the end of the first operation that failed.
    TriggerToFirstFailure,
    /// From the trigger to the first connection to the new writer, or the first sign of it.
    TriggerToNewWriter,
    /// From the first episode's start to full throughput after the last one.
    FullThroughput,
}

impl Measured {
    /// In the order of reports.
    pub const ALL: [Self; 5] = [
        Self::Downtime,
        Self::ServiceDowntime,
        Self::TriggerToFirstFailure,
        Self::TriggerToNewWriter,
        Self::FullThroughput,
    ];

    /// True where a failover that a path did not notice counts as 0.
    #[must_use]
    pub const fn is_downtime(self) -> bool {
        matches!(self, Self::Downtime | Self::ServiceDowntime)
    }
}

/// A failover of a run, as all of its hosts saw it.
#[derive(Debug, Clone, Serialize)]
pub struct RunFailover {
    /// Counts from 1, over all runs.
    pub number: usize,
    /// The number of its run.
    pub run: usize,
    /// On the clock of its run; `None` where none was recorded.
    pub trigger: Option<Timestamp>,
    /// The trigger, or the first episode's start.
    pub start: Timestamp,
    /// Hosts whose recording shows it.
    pub hosts: usize,
    /// Hosts that recorded the run.
    pub hosts_recording: usize,
    /// Per path, group and figure, the worst host's.
    pub figures: Vec<FailoverFigure>,
}

impl RunFailover {
    /// A figure of a path and a group.
    #[must_use]
    pub fn figure(&self, path: &str, group: Group, measured: Measured) -> Option<&FailoverFigure> {
        let mut figures = self.figures.iter();
        figures.find(|of| of.path == path && of.group == group && of.measured == measured)
    }
}

/// A figure of a failover, of the host for which it is worst.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailoverFigure {
    pub path: String,
    pub group: Group,
    pub measured: Measured,
    /// The figure, microseconds; `None` where it is not known of any host.
    pub us: Option<i64>,
    /// Of a downtime: the true one is between `us - resolution_us` and `us`.
    pub resolution_us: i64,
    /// Of a downtime: pauses of the recorder in it, microseconds.
    pub paused_us: i64,
    /// It is a lower bound, of this host or of another one.
    pub at_least: bool,
    /// Of a downtime without an episode on any host: the most that it may be, microseconds.
    pub at_most_us: Option<i64>,
    /// Label of the worst host.
    pub host: String,
    /// Hosts whose recording gives it, or a bound of it.
    pub hosts: usize,
}

impl FailoverFigure {
    /// The figure where it is no bound.
    #[must_use]
    pub fn known_us(&self) -> Option<i64> {
        self.us.filter(|_| !self.at_least)
    }
}

/// A figure of a path over all failovers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distribution {
    pub measured: Measured,
    pub group: Group,
    /// `direct` or `proxy`.
    pub path: String,
    /// n, median, range and interval; absent where it is known of no failover.
    #[serde(flatten)]
    pub spread: Option<Spread>,
    /// Of n, the failovers without an outage, which count as 0.
    pub without_episode: usize,
    /// Failovers of which the figure is not known, or only a bound.
    pub left_out: usize,
}

/// The differences direct - proxy of a figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Paired {
    pub measured: Measured,
    pub group: Group,
    /// Medians of more than 0 are a shorter time behind the proxy.
    #[serde(flatten)]
    pub spread: Spread,
    /// Failovers without a pair: seen on one path only, or a figure is not known.
    pub unpaired: usize,
    /// In how many of the n the proxy was shorter.
    pub proxy_shorter: usize,
}
