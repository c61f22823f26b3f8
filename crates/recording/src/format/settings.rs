//! The settings of a recording, as the manifest has them.

use serde::{Deserialize, Serialize};

use crate::format::vocabulary::Path;

/// Shares of the operation types, normalised to add up to 100.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// Reads, per cent.
    pub read: f64,
    /// Writes, per cent.
    pub write: f64,
    /// Transactions, per cent.
    pub transaction: f64,
}

/// When operations begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Schedule {
    /// Each worker waits a think time, uniform between the two, after each operation.
    ClosedLoop {
        /// Shortest think time, microseconds.
        min_operation_interval_us: i64,
        /// Longest think time, microseconds.
        max_operation_interval_us: i64,
    },
    /// Operations arrive at a rate, whatever the workers do.
    OpenLoop {
        /// Arrivals per second and path, in thousandths.
        rate_per_1000_s: i64,
        /// How they are spread.
        #[serde(default)]
        arrival: Arrival,
        /// The rate grows evenly from 0 for so long, microseconds.
        #[serde(default)]
        ramp_us: i64,
    },
}

/// How the arrivals of an open loop are spread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// The same time apart.
    #[default]
    Constant,
    /// As those of many users who know nothing of each other: the time apart is exponentially distributed.
    Poisson,
}

impl Arrival {
    /// The word in the manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson => "poisson",
        }
    }
}

/// How late the operations of an open loop began by the recorder's own fault: from the arrival, or where all workers were busy then from
/// the moment when one was free, to the begin. Exact below 32 us, else the upper end of a bucket at most 3 % wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleLag {
    /// Of the operations of this path.
    pub path: Path,
    /// How many began.
    pub operations: u64,
    /// Microseconds, nearest-rank.
    pub median_us: i64,
    /// Microseconds, nearest-rank; null for fewer than 100 operations.
    pub p99_us: Option<i64>,
    /// Microseconds.
    pub max_us: i64,
}

/// A lag of the 99th percentile that is told: about what a local network adds to a response time, microseconds.
const NOTABLE_LAG_US: i64 = 10_000;

impl ScheduleLag {
    /// True where the recorder did not keep the schedule: 1 % of the operations began 10 ms late or later.
    #[must_use]
    pub fn is_notable(&self) -> bool {
        self.p99_us.is_some_and(|us| us >= NOTABLE_LAG_US)
    }
}

/// The connection pool of each path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Connections at most.
    pub size: usize,
}

/// The client's own limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeouts {
    /// On each phase of connecting, microseconds.
    pub connect_us: i64,
    /// On waiting for a slot of the pool, microseconds.
    pub pool_us: i64,
    /// On an operation from its start, microseconds.
    pub operation_us: i64,
}

/// What was asked of each path to measure its availability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AvailabilitySettings {
    /// From the begin of a probe to that of the next of its kind, microseconds.
    pub interval_us: i64,
    /// On a probe, connecting included, microseconds.
    pub limit_us: i64,
    /// Writes were asked for too, not reads alone.
    pub writes: bool,
}

/// Where a path leads, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The path.
    pub path: Path,
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Database.
    pub database: String,
    /// User.
    pub user: String,
    /// libpq's word: disable, prefer, require, verify-ca, verify-full.
    pub sslmode: String,
    /// True for the endpoint that only the reads of the path go to.
    #[serde(default)]
    pub reader: bool,
    /// The hosts that an attempt to connect tries after the first, where the endpoint has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_hosts: Vec<MoreHost>,
    /// Which of the servers will do, libpq's word; absent where any will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_session_attrs: Option<String>,
    /// Why TLS failed before the start, where `sslmode` is `prefer` and the connection went on without it; absent where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_error: Option<String>,
}

impl Endpoint {
    /// Every host with its port, in the order in which they are tried.
    pub fn hosts(&self) -> impl Iterator<Item = (&str, u16)> {
        let more = self.more_hosts.iter();
        std::iter::once((self.host.as_str(), self.port))
            .chain(more.map(|more| (more.host.as_str(), more.port)))
    }
}

/// One of several hosts of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoreHost {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// How connections are made and kept. Each of these changes a downtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionSettings {
    /// Idle time before the first TCP keepalive, microseconds; null where the system decides.
    pub tcp_keepalive_idle_us: Option<i64>,
    /// Time between two keepalives, microseconds; null where the system decides.
    pub tcp_keepalive_interval_us: Option<i64>,
    /// Unanswered keepalives after which the connection is lost; null where the system decides.
    pub tcp_keepalive_count: Option<u32>,
    /// How long sent bytes may stay unacknowledged before the connection is lost, microseconds; null where the system decides.
    pub tcp_user_timeout_us: Option<i64>,
    /// How long an answer of the name server was kept at least, microseconds; absent where its TTL decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_cache_us: Option<i64>,
    /// Minimum idle: connections that the pool keeps ready, where it can.
    pub pool_min_idle: u32,
    /// Maximum lifetime of a connection, microseconds; null for none.
    pub pool_max_lifetime_us: Option<i64>,
    /// Idle time after which a connection is validated on checkout, microseconds; null for never.
    pub pool_idle_check_us: Option<i64>,
    /// What the pool does with a connection that answers 25006: `reconnect` or `keep`.
    pub on_read_only: String,
    /// Shortest back-off after a failed attempt to connect, microseconds; 0 for none.
    pub reconnect_backoff_min_us: i64,
    /// Longest back-off after failed attempts to connect, microseconds.
    pub reconnect_backoff_max_us: i64,
}

/// The user's own trigger of the failover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failover {
    /// The command, passwords in it replaced.
    pub command: String,
    /// When after the recording's start it was to run first, microseconds.
    pub after_us: i64,
    /// Shortest time from one run to the next, microseconds; null where it was to run once.
    #[serde(default)]
    pub every_us: Option<i64>,
    /// How often it was to run at most; null where the duration alone decides, or where it was to run once.
    #[serde(default)]
    pub count: Option<u32>,
    /// The command that heals the cluster after each run, passwords in it replaced.
    #[serde(default)]
    pub heal_command: Option<String>,
    /// How long every path had to be healthy before the next run, microseconds.
    #[serde(default)]
    pub settle_us: Option<i64>,
}

/// pgbench, run next to the workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadSettings {
    /// pgbench's clients per path.
    pub clients: u32,
    /// pgbench's threads per path.
    pub jobs: u32,
    /// pgbench's scale factor.
    pub scale: u32,
    /// tpc-b, read-only or custom.
    pub mode: String,
    /// Load before the recording's start, microseconds.
    pub warmup_us: i64,
}

/// What the tables held before the first operation: an audit compares with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// True where the run's token was written: a row of `business_logs` with the action `pgoutage run` and the run id as its details. An
    /// audit that does not find it knows that the tables were made anew since, or that the row was lost.
    pub token_written: bool,
    /// Paths that wrote a token of their own, each through its own connection: action `pgoutage path`, details `<run id>-<letter>`. Empty in
    /// recordings of older versions.
    #[serde(default)]
    pub path_tokens: Vec<Path>,
    /// Sums over the users and products of each path.
    pub paths: Vec<PathBaseline>,
}

/// Sums over the users and products of a path, which no other path changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathBaseline {
    /// The path.
    pub path: Path,
    /// Least `id` of its users.
    pub first_user_id: i32,
    /// Greatest `id` of its users.
    pub last_user_id: i32,
    /// Sum of their `login_count`.
    pub logins: i64,
    /// Least `id` of its products.
    pub first_product_id: i32,
    /// Greatest `id` of its products.
    pub last_product_id: i32,
    /// Sum of their `stock`, pieces.
    pub stock: i64,
}
