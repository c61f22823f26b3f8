//! Figures of the other tables: errors, connections, pgbench.

use recording::Timestamp;
use serde::Serialize;

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

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ConnectionSummary {
    pub attempts: u64,
    pub failed: u64,
    /// Median time of a successful one, microseconds.
    pub p50_us: Option<i64>,
    /// Longest successful one, microseconds.
    pub max_us: Option<i64>,
    /// The addresses that answered, in order of first appearance, as `address:port`.
    pub addresses: Vec<String>,
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
