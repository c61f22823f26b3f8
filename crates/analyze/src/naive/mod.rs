//! What a naive method of measuring would have reported, had it looked at the same time line: a heartbeat, or a counter of
//! failures in a row. It is there to be held against the workload's downtime ([`crate::gaps::ReportedGaps`]), which it never enters.
//! The definitions, and why they are what they are: `docs/naive-methods.md`.

mod failure_runs;
mod heartbeat;
mod read;

use serde::Serialize;

use crate::summary::Span;

pub use failure_runs::FailureRuns;
pub use heartbeat::{Heartbeat, Sighting};
pub use read::reported;

/// A naive method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Method {
    /// One client asks `SELECT 1` again and again: see [`Heartbeat`].
    Heartbeat {
        /// From one question to the next, microseconds.
        interval_us: i64,
    },
    /// An application counts its failures and resets the count at a success: see [`FailureRuns`].
    ThreeFailures,
}

/// What a method's answers are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The table `probes`: real heartbeats, on a connection of their own.
    Probes,
    /// The workload's operations.
    Operations,
}

/// What a method would have reported of one path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reported {
    /// `direct` or `proxy`.
    pub path: String,
    /// What it was derived from.
    pub source: Source,
    /// Every outage that it would have reported, in order.
    pub outages: Vec<ReportedOutage>,
    /// The longest that a heartbeat waited for a question that was answered, microseconds; `None` where none was, and of another
    /// method. A wait that ends well is no failure to it.
    pub longest_answer_us: Option<i64>,
}

/// An outage as a naive method reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ReportedOutage {
    /// From the moment that the method calls it down to the moment that it calls it up, on the recording's clock.
    #[serde(flatten)]
    pub span: Span,
    /// It had not called it up when the recording ended.
    pub open_at_end: bool,
}
