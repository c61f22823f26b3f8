//! The rows of the tables. Times are UTC microseconds on the recording's [`Clock`](crate::Clock).

use crate::format::manifest::Server;
use crate::format::vocabulary::{
    ConnectPhase, ErrorClass, ErrorPhase, EventKind, OperationType, Outcome, Path, ProbeKind,
};

/// One business operation. A success needs no allocation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The path that it took.
    pub path: Path,
    /// The worker that ran it, from 0; `None` where no worker took it before the end.
    pub worker: Option<i32>,
    /// Counts from 1 per path; operation n is the same draw on both paths.
    pub operation_id: i64,
    /// Read, write or transaction.
    pub operation_type: OperationType,
    /// Which of the ten operations, such as `place_order`.
    pub operation_name: &'static str,
    /// When the schedule wanted it to begin.
    pub scheduled_time: i64,
    /// When a worker took it and asked the pool for a connection.
    pub start_time: Option<i64>,
    /// When its outcome was known; `None` for `unfinished`.
    pub end_time: Option<i64>,
    /// Waiting for the pool and, where one had to be made, for a new connection; microseconds.
    pub checkout_us: Option<i64>,
    /// From the first statement sent to the outcome known; microseconds.
    pub execute_us: Option<i64>,
    /// How it ended.
    pub outcome: Outcome,
    /// Rows returned by a read or changed by a write; `None` for a failure.
    pub affected_rows: Option<i64>,
    /// What a write works on; nothing for a read.
    pub target: Target,
    /// The row of `connections` that it used.
    pub connection_id: Option<i64>,
    /// Why it failed.
    pub failure: Option<Box<Failure>>,
}

/// The rows that a write touches, and by how much: what an audit needs to look for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Target {
    /// `id` in `business_users`.
    pub user_id: Option<i32>,
    /// `id` in `business_products`.
    pub product_id: Option<i32>,
    /// Pieces: what `update_stock` adds to the stock, or what a purchase takes from it.
    pub quantity: Option<i32>,
}

/// Why an operation failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Where in the operation.
    pub phase: ErrorPhase,
    /// What kind.
    pub class: ErrorClass,
    /// The server's code, where one came.
    pub sqlstate: Option<String>,
    /// The whole chain of causes, without secrets.
    pub message: String,
}

/// One attempt to connect.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The path.
    pub path: Path,
    /// Counts from 1 per path.
    pub connection_id: i64,
    /// When the attempt began.
    pub start_time: i64,
    /// When it had succeeded or failed.
    pub end_time: i64,
    /// The name or address of the endpoint.
    pub host: String,
    /// The address that the name resolved to and that was connected to.
    pub address: Option<String>,
    /// The port.
    pub port: i32,
    /// True for an endpoint that is meant for reads.
    pub reader: bool,
    /// Look-up of the name, microseconds.
    pub dns_us: Option<i64>,
    /// TCP handshake, microseconds.
    pub tcp_us: Option<i64>,
    /// TLS request and handshake, microseconds.
    pub tls_us: Option<i64>,
    /// Why TLS failed where `sslmode=prefer` went on without it; `None` where it did not fall back.
    pub tls_error: Option<String>,
    /// Start-up message and authentication, microseconds.
    pub startup_us: Option<i64>,
    /// The server that answered, once connected.
    pub server: Option<Server>,
    /// Why it failed, or where the end of the recording cut it off; `None` for success.
    pub failure: Option<ConnectFailure>,
}

/// Why an attempt to connect has no success.
#[derive(Debug, Clone)]
pub struct ConnectFailure {
    /// Where in the attempt.
    pub phase: ConnectPhase,
    /// What kind; `None` for an attempt that the end of the recording cut off: its outcome is unknown.
    pub class: Option<ErrorClass>,
    /// The server's code, where one came.
    pub sqlstate: Option<String>,
    /// The whole chain of causes, without secrets.
    pub message: String,
}

/// One probe of what is behind a path, and its answer.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The path.
    pub path: Path,
    /// When it was sent.
    pub time: i64,
    /// What was probed.
    pub kind: ProbeKind,
    /// The name or address of the endpoint.
    pub target: String,
    /// True for an endpoint that is meant for reads.
    pub reader: bool,
    /// From the start, connecting included where that was needed, to the answer or the failure; microseconds.
    pub duration_us: i64,
    /// The server that answered, for a probe of the server.
    pub server: Option<Server>,
    /// How far that server is behind the writer, microseconds; `None` for a writer, and where the server does not state it.
    pub replication_lag_us: Option<i64>,
    /// What the name resolves to, for a probe of the name server.
    pub dns: Option<DnsAnswer>,
    /// Why there is no answer; `None` for success.
    pub failure: Option<ProbeFailure>,
}

/// What a name resolves to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsAnswer {
    /// The addresses, sorted, commas between.
    pub addresses: String,
    /// How long the answer may be kept, seconds: the shortest of its records. `None` for a name that no name server answers for, such
    /// as one in the hosts file.
    pub ttl_s: Option<i32>,
}

/// Why a probe has no answer.
#[derive(Debug, Clone)]
pub struct ProbeFailure {
    /// What kind.
    pub class: ErrorClass,
    /// The server's code, where one came.
    pub sqlstate: Option<String>,
    /// The whole chain of causes, without secrets.
    pub message: String,
}

/// One availability probe: a read or a write of a client's own, and its answer (`docs/definitions.md`, Service downtime).
#[derive(Debug, Clone)]
pub struct AvailabilityProbe {
    /// The path.
    pub path: Path,
    /// When it was due and sent, or its connection was begun, UTC microseconds.
    pub time: i64,
    /// [`OperationType::Read`] or [`OperationType::Write`].
    pub operation_type: OperationType,
    /// True for an endpoint that is meant for reads.
    pub reader: bool,
    /// True where it was asked on a connection made for it, false on one that had answered before.
    pub fresh: bool,
    /// From `time`, connecting included, to the answer or the failure, or to when it was given up; microseconds.
    pub duration_us: i64,
    /// How long connecting took, microseconds; `None` on a connection that had answered before, and where none was made.
    pub connect_us: Option<i64>,
    /// How it ended: [`Outcome::Unfinished`] where it was given up unanswered, as a later probe was answered or the recording ended.
    pub outcome: Outcome,
    /// The address that its connection was made to, or was tried last.
    pub address: Option<String>,
    /// The server that answered.
    pub server: Option<Server>,
    /// How far that server is behind the writer, microseconds; `None` for a writer, and where the server does not state it.
    pub replication_lag_us: Option<i64>,
    /// How many sessions that server showed as waiting for a synchronous standby; `None` where it was not asked, or does not state it.
    pub sync_rep_waits: Option<i32>,
    /// Why there is no success.
    pub failure: Option<ProbeFailure>,
}

/// Something that happened around the operations.
#[derive(Debug, Clone)]
pub struct Event {
    /// When; of an event with a length, its beginning.
    pub time: i64,
    /// The path that it concerns, or `None` for the whole recording.
    pub path: Option<Path>,
    /// What.
    pub kind: EventKind,
    /// How long it lasted, microseconds, where that is known.
    pub duration_us: Option<i64>,
    /// An exit code, where there is one.
    pub status: Option<i32>,
    /// A text, without secrets.
    pub detail: String,
}

/// One line of pgbench's progress.
#[derive(Debug, Clone)]
pub struct Load {
    /// The path whose endpoint it loads.
    pub path: Path,
    /// When the line came: the end of the second that it covers.
    pub time: i64,
    /// Which start of pgbench on this path, from 1.
    pub start_number: i32,
    /// Transactions per second.
    pub tps: f64,
    /// Mean latency, microseconds; `None` where no transaction ended in that second.
    pub latency_us: Option<i64>,
    /// Standard deviation of the latency, microseconds.
    pub latency_stddev_us: Option<i64>,
    /// Failed transactions, from pgbench 15 and later.
    pub failed: Option<i64>,
}
