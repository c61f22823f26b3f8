//! What charts are drawn from: plain series, no data frames.

use recording::vocabulary::Outcome;

use crate::summary::{Group, Span};

/// The series of a recording. Times are UTC microseconds.
#[derive(Debug, Clone)]
pub struct Series {
    /// Start of the recording.
    pub start_us: i64,
    /// End of the recording.
    pub end_us: i64,
    /// When the failover was triggered, each time.
    pub triggers_us: Vec<i64>,
    /// The user's own marks, in order of time.
    pub marks: Vec<Mark>,
    /// One entry per path: direct, then proxy.
    pub paths: Vec<PathSeries>,
}

/// A mark of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub time_us: i64,
    /// The user's text.
    pub text: String,
}

/// The series of one path.
#[derive(Debug, Clone)]
pub struct PathSeries {
    /// `direct` or `proxy`.
    pub path: String,
    /// Successes, in order of `end_us`.
    pub successes: Vec<Point>,
    /// Failed, unknown and unfinished operations, in order of `end_us`.
    pub failures: Vec<FailurePoint>,
    /// Operations that ended in each whole second of the recording, the first at its start; the last may be a part.
    pub seconds: Vec<SecondCounts>,
    /// Response time of successes at each percentile: (fraction 0 to 1, microseconds), ascending, from the exact histogram.
    pub percentiles: Vec<(f64, i64)>,
    /// When a new writer was first seen on the path, each time.
    pub new_writers_us: Vec<i64>,
    /// Outages, brownouts and what nobody observed, per group in the order of `Group::ALL`; groups without operations left out.
    pub strips: Vec<Strip>,
}

/// A success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// When it ended.
    pub end_us: i64,
    /// How long the user waited, microseconds.
    pub response_us: i64,
}

/// An operation that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailurePoint {
    /// When it ended; the recording's end for an unfinished one.
    pub end_us: i64,
    /// How long the user waited, microseconds.
    pub response_us: i64,
    /// What became of it.
    pub outcome: Outcome,
}

/// Counts of one second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SecondCounts {
    /// Successes.
    pub succeeded: u64,
    /// `failed` and `unknown`.
    pub failed: u64,
}

/// The availability of one group over time: up wherever nothing else is said.
#[derive(Debug, Clone)]
pub struct Strip {
    /// Which.
    pub group: Group,
    /// Outages.
    pub down: Vec<Span>,
    /// Brownouts.
    pub brownouts: Vec<Span>,
    /// Outages of `all` in which this group had neither success nor evidence.
    pub unobserved: Vec<Span>,
}
