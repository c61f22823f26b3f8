//! The summary of a recording: every figure, typed and serializable. Renderers take this and nothing else.
//!
//! Definitions are those of `semantics.md`. Times are UTC microseconds since 1970, durations microseconds (`*_us`), rates
//! fractions from 0 to 1, changes in per cent. `None` is a figure that can't be given: it prints `-`, never 0.

use std::collections::BTreeMap;

use recording::{
    Endpoint, Failover, LoadSettings, Mode, Pool, Schedule, Server, State, Timeouts, Timestamp,
    Weights,
};
use serde::Serialize;

/// A set of operations whose outages are looked at together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Reads.
    Read,
    /// Writes.
    Write,
    /// Transactions.
    Transaction,
    /// Writes and transactions: what only a writer can serve.
    Writer,
    /// Everything.
    All,
}

impl Group {
    /// Every group, in the order of reports.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Write,
        Self::Transaction,
        Self::Writer,
        Self::All,
    ];

    /// The word in reports and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Transaction => "transaction",
            Self::Writer => "writer",
            Self::All => "all",
        }
    }
}

/// All figures of one recording.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// What was recorded, and how.
    pub recording: RecordingSummary,
    /// The thresholds that the figures were made with.
    pub thresholds: Thresholds,
    /// What happened around the operations.
    pub events: Vec<EventSummary>,
    /// One entry per recorded path: direct, then proxy.
    pub paths: Vec<PathSummary>,
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

/// What was recorded, and how: from the manifest.
#[derive(Debug, Clone, Serialize)]
pub struct RecordingSummary {
    /// Name of the recording.
    pub run_id: String,
    /// Label of the host that recorded.
    pub host: String,
    /// Version of the recorder.
    pub tool_version: String,
    /// How far the recording came.
    pub state: State,
    /// When the workload began.
    pub start_time: Timestamp,
    /// How long it ran, microseconds. Of a recording without an end: up to its last row.
    pub duration_us: i64,
    /// How long it was to run, microseconds.
    pub requested_duration_us: Option<i64>,
    /// Which paths.
    pub mode: Mode,
    /// Concurrent workers per path.
    pub workers: u32,
    /// Shares of the operation types, per cent.
    pub weights: Weights,
    /// When operations began.
    pub schedule: Schedule,
    /// Seed of the paired streams.
    pub seed: u64,
    /// How statements were sent.
    pub protocol: String,
    /// The pool of each path.
    pub pool: Pool,
    /// The client's limits.
    pub timeouts: Timeouts,
    /// Where the paths led.
    pub endpoints: Vec<Endpoint>,
    /// Who answered.
    pub servers: Vec<Server>,
    /// The user's labels.
    pub labels: BTreeMap<String, String>,
    /// The failover trigger.
    pub failover: Option<Failover>,
    /// pgbench beside the workload.
    pub load: Option<LoadSettings>,
    /// Rows lost while recording, by table; empty where none was.
    pub dropped_rows: BTreeMap<String, u64>,
    /// Drift of the wall clock over the recording, microseconds.
    pub clock_drift_us: Option<i64>,
}

/// One row of `events`.
#[derive(Debug, Clone, Serialize)]
pub struct EventSummary {
    /// When.
    pub time: Timestamp,
    /// The path that it concerns.
    pub path: Option<String>,
    /// The word on disk.
    pub event: String,
    /// An exit code.
    pub status: Option<i32>,
    /// In words.
    pub detail: String,
}

/// All figures of one path.
#[derive(Debug, Clone, Serialize)]
pub struct PathSummary {
    /// `direct` or `proxy`.
    pub path: String,
    /// All operations together.
    pub overall: Rates,
    /// Per operation type: read, write, transaction; types that were never drawn are left out.
    pub types: Vec<NamedRates>,
    /// Per operation, such as `place_order`.
    pub operations: Vec<NamedRates>,
    /// Downtime per group, in the order of [`Group::ALL`]; groups without any operation are left out.
    pub groups: Vec<GroupSummary>,
    /// The worse of `read` and `writer`; `None` where neither had an operation.
    pub headline: Option<Headline>,
    /// What each failover did, one entry per episode of the headline's group.
    pub impacts: Vec<Impact>,
    /// Failures by class and SQLSTATE, most frequent first.
    pub errors: Vec<ErrorSummary>,
    /// Attempts to connect.
    pub connections: ConnectionSummary,
    /// pgbench beside the workload, where it ran on this path.
    pub load: Option<LoadSummary>,
}

/// Counts, rates and response times of some operations.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rates {
    /// Every row, `unfinished` included.
    pub total: u64,
    /// All but `unfinished`.
    pub finished: u64,
    /// `ok` and `rejected`.
    pub successes: u64,
    /// Of the successes: the business said no.
    pub rejected: u64,
    /// Certainly not committed.
    pub failed: u64,
    /// May be committed.
    pub unknown: u64,
    /// Still running at the end.
    pub unfinished: u64,
    /// Successes of finished, 0 to 1; `None` where nothing finished.
    pub success_rate: Option<f64>,
    /// Successes per second of the recording.
    pub tps: Option<f64>,
    /// Successes per second outside all episodes of the path.
    pub steady_tps: Option<f64>,
    /// Response times of successes.
    pub response: ResponseTimes,
    /// Response times of all finished operations.
    pub response_finished: ResponseTimes,
}

/// Response times, microseconds; exact, nearest-rank. A percentile q of fewer than 1/(1-q) samples is `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ResponseTimes {
    /// How many.
    pub samples: u64,
    /// Mean.
    pub mean_us: Option<f64>,
    /// Shortest.
    pub min_us: Option<i64>,
    /// Longest.
    pub max_us: Option<i64>,
    /// Median.
    pub p50_us: Option<i64>,
    /// 90th percentile.
    pub p90_us: Option<i64>,
    /// 95th percentile.
    pub p95_us: Option<i64>,
    /// 99th percentile.
    pub p99_us: Option<i64>,
    /// 99.9th percentile.
    pub p99_9_us: Option<i64>,
}

/// [`Rates`] of an operation type or of an operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedRates {
    /// The type or the operation.
    pub name: String,
    /// Its figures.
    #[serde(flatten)]
    pub rates: Rates,
}

/// Downtime of one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupSummary {
    /// Which.
    pub group: Group,
    /// Sum over all outages, microseconds; `None` where the group was unobserved in an outage of `all` and had none itself.
    pub downtime_us: Option<i64>,
    /// Sum of the outages' resolutions: the true downtime is between `downtime - resolution` and `downtime`.
    pub resolution_us: i64,
    /// An outage was open at the start or at the end: the downtime is a lower bound.
    pub at_least: bool,
    /// An outage of `all` in which this group had neither success nor evidence.
    pub unobserved: bool,
    /// 1 - downtime / duration; an upper bound (`at most`) where `unobserved`.
    pub availability: Option<f64>,
    /// Every outage.
    pub outages: Vec<Outage>,
    /// Outages close together, and how each was recovered from.
    pub episodes: Vec<Episode>,
    /// Availability failures outside every outage.
    pub blips: Vec<Blip>,
    /// Gaps in which operations waited, too short for an outage.
    pub brownouts: Vec<Span>,
    /// Sum of the brownouts, microseconds.
    pub brownout_us: i64,
}

/// A span of time, UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// From.
    pub start: Timestamp,
    /// To.
    pub end: Timestamp,
}

impl Span {
    /// A span from one UTC microsecond to another.
    #[must_use]
    pub const fn new(start_us: i64, end_us: i64) -> Self {
        Self {
            start: Timestamp(start_us),
            end: Timestamp(end_us),
        }
    }

    /// Its length, microseconds.
    #[must_use]
    pub const fn length_us(&self) -> i64 {
        self.end.micros() - self.start.micros()
    }

    /// True where the two have more than a point in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// From a last success to the first one after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outage {
    /// Last success to first success.
    #[serde(flatten)]
    pub span: Span,
    /// Its length, microseconds.
    pub downtime_us: i64,
    /// Head + tail, the part in which nobody knew; microseconds.
    pub resolution_us: i64,
    /// No success before it: it was open when the recording began.
    pub open_at_start: bool,
    /// No success after it: it was open when the recording ended.
    pub open_at_end: bool,
    /// Operations that failed or stalled in it.
    pub evidence: u64,
    /// Of these, the failures by class, most frequent first.
    pub errors: Vec<ErrorCount>,
}

/// How often a class of failure came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorCount {
    /// The class.
    pub class: String,
    /// The server's code, where one came.
    pub sqlstate: Option<String>,
    /// How often.
    pub count: u64,
}

/// An availability failure that made no outage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blip {
    /// When it ended.
    pub time: Timestamp,
    /// Operation.
    pub operation_name: String,
    /// Class of the failure.
    pub class: String,
    /// The server's code, where one came.
    pub sqlstate: Option<String>,
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
    /// How many outages.
    pub outages: usize,
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
}

/// The downtime that stands for a path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Headline {
    /// `read` or `writer`, whichever was down longer.
    pub group: Group,
    /// Its downtime, microseconds; `None` where it was unobserved.
    pub downtime_us: Option<i64>,
    /// The true downtime is between `downtime - resolution` and `downtime`.
    pub resolution_us: i64,
    /// The downtime is a lower bound.
    pub at_least: bool,
    /// Episodes of that group: how many failovers are in the figure.
    pub episodes: usize,
}

/// What one failover did to each operation type, from its trigger (or its start) to full throughput.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Impact {
    /// The window.
    #[serde(flatten)]
    pub window: Span,
    /// The window begins at the failover's trigger, not at the episode's start.
    pub from_trigger: bool,
    /// The window ends at full throughput; otherwise, as that was not seen, at the episode's end.
    pub to_full_throughput: bool,
    /// Figures of the operations that ended in the window, or that were still running when the recording did.
    pub types: Vec<NamedRates>,
}

/// Failures of one kind over the whole recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorSummary {
    /// Class.
    pub class: String,
    /// The server's code, where one came.
    pub sqlstate: Option<String>,
    /// How often.
    pub count: u64,
    /// End of the first.
    pub first: Timestamp,
    /// End of the last.
    pub last: Timestamp,
    /// The text of the first.
    pub message: String,
}

/// Attempts to connect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ConnectionSummary {
    /// All.
    pub attempts: u64,
    /// Failed ones.
    pub failed: u64,
    /// Median time of a successful one, microseconds.
    pub p50_us: Option<i64>,
    /// Longest successful one, microseconds.
    pub max_us: Option<i64>,
    /// The addresses that answered, in order of first appearance, as `address:port`.
    pub addresses: Vec<String>,
}

/// pgbench before, during and after the path's first episode (of the headline's group).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadSummary {
    /// Before the episode, or the whole recording where there is none.
    pub before: LoadFigures,
    /// From its start to its end.
    pub during: Option<LoadFigures>,
    /// After it.
    pub after: Option<LoadFigures>,
    /// How often pgbench was started again.
    pub restarts: u64,
}

/// Means over pgbench's progress lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LoadFigures {
    /// Length of the span, microseconds.
    pub span_us: i64,
    /// Progress lines in it.
    pub lines: u64,
    /// Transactions per second over the span; seconds without a line count as 0.
    pub tps: Option<f64>,
    /// Mean latency, weighted by transactions, microseconds.
    pub latency_us: Option<f64>,
}

/// Proxy against direct.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Failovers in it: the smaller number of episodes of the two headlines.
    pub failovers: usize,
    /// Every compared figure.
    pub lines: Vec<ComparisonLine>,
}

/// What a line compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Downtime of the headline's group.
    Downtime,
    /// Overall success rate.
    SuccessRate,
    /// Success rate of reads.
    ReadSuccessRate,
    /// Success rate of writes.
    WriteSuccessRate,
    /// Success rate of transactions.
    TransactionSuccessRate,
    /// Mean response time of successes.
    MeanResponse,
    /// Median response time of successes.
    P50Response,
    /// 99th percentile of the response time of successes.
    P99Response,
    /// Longest response time of a success.
    MaxResponse,
    /// Successes per second.
    Tps,
}

/// The unit of a compared figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Microseconds.
    Us,
    /// A fraction from 0 to 1.
    Fraction,
    /// Per second.
    PerSecond,
}

/// One figure of both paths.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparisonLine {
    /// What.
    pub metric: Metric,
    /// In which unit.
    pub unit: Unit,
    /// More is better.
    pub higher_is_better: bool,
    /// On the direct path.
    pub direct: Option<f64>,
    /// On the proxied path.
    pub proxy: Option<f64>,
    /// The direct figure is a lower bound.
    pub direct_at_least: bool,
    /// The proxied figure is a lower bound.
    pub proxy_at_least: bool,
    /// Change from direct to proxy in per cent of direct; `None` where a figure is missing, a bound, or direct is 0.
    pub change_percent: Option<f64>,
    /// Change in percentage points, for success rates.
    pub change_points: Option<f64>,
}
