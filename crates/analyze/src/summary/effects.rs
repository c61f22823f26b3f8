//! Where an outage hurts: writes refused while reads were served, connections that still led to a reader, waiting for a connection, writes
//! that hung, and time without a writer. Defined in `docs/definitions.md`, Where it hurts.

use recording::Timestamp;
use serde::Serialize;

use crate::summary::span::Span;

/// What a path's outages did to the application, beside its downtime.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Effects {
    /// Waiting for a connection and executing; `None` where the headline's group has no episode.
    pub waits: Option<Waits>,
    /// Spans in which reads were served while writes were refused as `read_only`, in order.
    pub writes_refused: Vec<WritesRefused>,
    /// One entry per new writer after whose first sign writes were refused as `read_only`, in order.
    pub stuck_connections: Vec<StuckConnections>,
    /// Spans in which writes of the availability probes hung while a writer answered their reads, in order.
    pub hung_writes: Vec<HungWrites>,
    /// One entry per change to another writer that the probes saw, in order.
    pub without_writer: Vec<WithoutWriter>,
}

/// Checkout and execute of the operations that succeeded around the episodes of the headline's group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waits {
    /// In the 30 s before each episode, episodes left out.
    pub before: WaitFigures,
    /// In the episodes.
    pub during: WaitFigures,
    /// In the 30 s after each episode, episodes left out.
    pub after: WaitFigures,
}

/// What the response time of successes was made of in some spans.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WaitFigures {
    /// Length of the spans, microseconds.
    pub span_us: i64,
    /// Successes that ended in them.
    pub successes: u64,
    /// From the start until a connection was there.
    pub checkout: WaitTimes,
    /// From the first statement to the outcome.
    pub execute: WaitTimes,
    /// The sum of the checkouts, as a share of the sum of the response times.
    pub checkout_share: Option<f64>,
    /// The same of the executes; the rest waited for a worker, in the schedule's queue.
    pub execute_share: Option<f64>,
}

/// Microseconds; exact, nearest-rank. A percentile q of fewer than 1/(1-q) samples is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WaitTimes {
    pub p50_us: Option<i64>,
    pub p95_us: Option<i64>,
    pub p99_us: Option<i64>,
    pub max_us: Option<i64>,
}

/// Reads were served and writes refused as `read_only`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WritesRefused {
    /// From the end of the first refusal to the end of the last.
    #[serde(flatten)]
    pub span: Span,
    pub refusals: u64,
    /// Reads that succeeded meanwhile.
    pub reads_served: u64,
    /// Writes and transactions that succeeded meanwhile, on other connections.
    pub writes_served: u64,
    /// No write and no transaction succeeded after it.
    pub open_at_end: bool,
    /// Who refused: the servers of the connections that were used, then the readers that answered probes of the same endpoint meanwhile.
    pub servers: Vec<String>,
}

/// Connections that still led to a reader after a new writer was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StuckConnections {
    /// When the new writer was first seen on the path.
    pub new_writer: Timestamp,
    /// The last refusal before the next new writer, or failover.
    pub until: Timestamp,
    pub refusals: u64,
    /// Connections that gave one.
    pub connections: u64,
    /// The second of the largest share: its start.
    pub peak: Timestamp,
    /// Connections that refused in it ...
    pub peak_stuck: u64,
    /// ... of those that writes and transactions used in it.
    pub peak_used: u64,
    /// The servers of the connections that gave one.
    pub servers: Vec<String>,
}

/// Writes of the availability probes hung while a writer answered their reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HungWrites {
    /// From the first that hung, when it was sent, to the end of the last.
    #[serde(flatten)]
    pub span: Span,
    /// How many of the probes' writes hung.
    pub probes: u64,
    /// Reads of the probes that the writer answered meanwhile.
    pub reads_answered: u64,
    /// Writes and transactions of the workload that stalled in it, by the time from their first statement.
    pub operations: u64,
    /// Of the probes' writes and the operations: class `unreplicated`.
    pub unreplicated: u64,
    /// The writers that answered.
    pub servers: Vec<String>,
    /// Of `reads_answered` those whose answer states how many sessions waited for a synchronous standby.
    pub reads_with_waits_stated: u64,
    /// The writes waited for a synchronous standby; `None` where that was not seen.
    pub sync_rep_wait: Option<SyncRepWait>,
}

/// A wait for a synchronous standby (`SyncRep`), as the writer showed it to the reads of the availability probes while writes hung, and before
/// and after that without a break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncRepWait {
    /// From the first answer that showed it to the last one.
    #[serde(flatten)]
    pub span: Span,
    /// Of `reads_with_waits_stated` those that showed it.
    pub answers: u64,
    /// The most sessions that waited at a time.
    pub most_sessions: u32,
    /// The writers that showed it.
    pub servers: Vec<String>,
}

/// From the last answer of one writer to the first answer of another, to the probes of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WithoutWriter {
    #[serde(flatten)]
    pub span: Span,
    /// Which of the path's failovers it is in, counted from 1.
    pub failover: Option<usize>,
    pub old: Option<String>,
    /// It may be the old one, started again.
    pub new: Option<String>,
    /// The same by the probes of both paths together: from the last answer of the old one on either path to the first answer of the new
    /// one on either. `None` where the other path's probes did not see this change in the same failover.
    pub on_either_path: Option<Span>,
}
