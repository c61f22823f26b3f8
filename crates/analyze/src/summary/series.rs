//! What charts are drawn from: plain series, no data frames.

use recording::vocabulary::{OperationType, Outcome};

use crate::summary::group::Group;
use crate::summary::span::Span;

/// The series of a recording. Times are UTC microseconds.
#[derive(Debug, Clone)]
pub struct Series {
    pub start_us: i64,
    pub end_us: i64,
    /// When the failover was triggered, each time.
    pub triggers_us: Vec<i64>,
    /// Pauses of the recorder, in order and within the recording.
    pub pauses: Vec<Span>,
    /// The user's own marks, in order of time.
    pub marks: Vec<Mark>,
    /// One entry per path: direct, then proxy.
    pub paths: Vec<PathSeries>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub time_us: i64,
    pub text: String,
}

#[derive(Debug, Clone)]
pub struct PathSeries {
    /// `direct` or `proxy`.
    pub path: String,
    /// Successes, in order of `end_us`.
    pub successes: Vec<Point>,
    /// Failed, unknown and unfinished operations, in order of `end_us`.
    pub failures: Vec<FailurePoint>,
    /// Acknowledged writes that the audit found lost or torn, in order of `end_us`; they are among the successes too.
    pub lost: Vec<LostPoint>,
    /// Operations that ended in each whole second of the recording, the first at its start; the last may be a part.
    pub seconds: Vec<SecondCounts>,
    /// Response time of successes at each percentile: (fraction 0 to 1, microseconds), ascending, from the exact histogram.
    pub percentiles: Vec<(f64, i64)>,
    /// When a new writer was first seen on the path, each time.
    pub new_writers_us: Vec<i64>,
    /// Outages, brownouts and unobserved time, per group in the order of `Group::ALL`; groups without operations left out.
    pub strips: Vec<Strip>,
}

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

/// An acknowledged write that was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostPoint {
    /// When it was acknowledged.
    pub end_us: i64,
    /// How long the user waited, microseconds.
    pub response_us: i64,
    pub operation_type: OperationType,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SecondCounts {
    pub succeeded: u64,
    /// `failed` and `unknown`.
    pub failed: u64,
}

/// The availability of one group over time: up outside of the spans below.
#[derive(Debug, Clone)]
pub struct Strip {
    pub group: Group,
    pub down: Vec<Span>,
    pub brownouts: Vec<Span>,
    /// Outages of `all` in which this group had neither success nor evidence.
    pub unobserved: Vec<Span>,
    /// Outages of the service, by the availability probes of the group's kind; `None` where there are none.
    pub service: Option<Vec<Span>>,
}
