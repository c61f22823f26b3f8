//! Figures of the other tables: errors, connections, pgbench.

use recording::Timestamp;
use serde::Serialize;

use crate::summary::downtime::ErrorCount;

/// Failures of one kind over the whole recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorSummary {
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
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ConnectionSummary {
    pub attempts: u64,
    pub failed: u64,
    /// Median time of a successful one, microseconds.
    pub p50_us: Option<i64>,
    /// Longest successful one, microseconds.
    pub max_us: Option<i64>,
    /// The addresses that answered, in order of first appearance, as `address:port`.
    pub addresses: Vec<String>,
    /// Attempts that began before the first episode of the headline's group, or in the whole recording where there is none.
    pub before: ConnectionFigures,
    /// Attempts that began in the episodes.
    pub during: Option<ConnectionFigures>,
    /// Attempts that began after the first episode, outside the others.
    pub after: Option<ConnectionFigures>,
    /// Those that failed, by phase, class and SQLSTATE; most frequent first.
    pub errors: Vec<ConnectError>,
}

/// Attempts to connect in some spans.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ConnectionFigures {
    /// Length of the spans, microseconds.
    pub span_us: i64,
    pub attempts: u64,
    pub failed: u64,
    /// Attempts per second of that time.
    pub per_second: Option<f64>,
    /// The most that began in one second of the recording.
    pub most_in_a_second: u64,
    /// Of the time of successful ones, microseconds.
    pub p50_us: Option<i64>,
    pub p95_us: Option<i64>,
    pub max_us: Option<i64>,
}

/// Attempts to connect that failed alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectError {
    /// `dns`, `tcp`, `tls`, `startup`.
    pub phase: String,
    /// Its `servers` are the addresses that the attempts led to.
    #[serde(flatten)]
    pub error: ErrorCount,
}

/// pgbench before, during and after the path's episodes (of the headline's group).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadSummary {
    /// Before the first episode, or the whole recording where there is none.
    pub before: LoadFigures,
    /// In the episodes.
    pub during: Option<LoadFigures>,
    /// After the first episode, outside the others.
    pub after: Option<LoadFigures>,
    /// How often pgbench was started again.
    pub restarts: u64,
}

/// Means over pgbench's progress lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LoadFigures {
    /// Length of the time, microseconds.
    pub span_us: i64,
    /// Progress lines in it.
    pub lines: u64,
    /// Transactions per second over that time; seconds without a line count as 0.
    pub tps: Option<f64>,
    /// Mean latency, weighted by transactions, microseconds.
    pub latency_us: Option<f64>,
}
