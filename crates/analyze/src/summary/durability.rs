//! What became of the writes: the audit of the recording, and the figures in which a success that was lost is none. Defined in
//! `docs/definitions.md`, Durability.

use recording::{PathAudit, Server, SumAudit, Timestamp};
use serde::Serialize;

use crate::summary::downtime::{GroupSummary, Headline};
use crate::summary::rates::{NamedRates, Rates};

/// The audit of a recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AuditSummary {
    /// There is none: what became of the writes is not known.
    NotAudited,
    /// There is one that can't be used, so that it counts as none.
    Unusable {
        /// What is wrong with it, in one line.
        reason: String,
    },
    Audited(Box<AuditFacts>),
}

/// How the audit was made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditFacts {
    /// When the database was asked.
    pub time: Timestamp,
    /// How long the audit took, waiting included, microseconds.
    pub duration_us: i64,
    /// How long it waited for servers and sessions, microseconds.
    pub waited_us: i64,
    /// The way to the database: `direct`, `proxy` or `url`.
    pub via: String,
    /// The writer that answered.
    pub server: Option<Server>,
    /// Former writers that were not back as readers when the wait was over, `address:port`.
    pub missing_servers: Vec<String>,
    /// Sessions of the run that were still there then.
    pub sessions_left: Option<i64>,
    /// False where the run's token is not in the tables: rows were deleted there, or it was lost too. `None` where none was written.
    pub token_found: Option<bool>,
    /// Whether a promotion is seen since the run began; absent where timelines do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promotion_seen: Option<bool>,
    /// Servers of the run that accept writes and were not asked, `address:port`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_writers: Vec<String>,
    /// Standbys that follow the server that was asked; absent where it did not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standbys: Option<i64>,
    /// Why sums were not compared, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sums_disturbed_by: Option<String>,
}

/// What an audit found on a path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Durability {
    /// How many of what.
    #[serde(flatten)]
    pub found: PathAudit,
    /// When the first acknowledged write was acknowledged that is lost or torn: nothing acknowledged before it is.
    pub first_lost: Option<Timestamp>,
    /// When the last one was.
    pub last_lost: Option<Timestamp>,
    /// From the first to the last of a failover, microseconds: of several failovers the longest.
    pub lost_span_us: Option<i64>,
    /// Increments that were lost with them.
    pub implied: ImpliedLosses,
    /// The first of them; `audit/findings.parquet` has all.
    pub lost_writes: Vec<LostWrite>,
}

/// Increments that were lost with the writes around them, by the order of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ImpliedLosses {
    /// Logins and changes of stock.
    pub operations: u64,
    pub logins: i64,
    /// Pieces.
    pub stock: i64,
    /// By the order of the log more is lost than by the sums, so that rows were deleted, and not lost: none is implied.
    pub is_refuted: bool,
}

/// How much of a sum may be lost: what is missing where every change of an unknown outcome was made. Less than 0 where more is there
/// than this run can have made.
#[must_use]
pub const fn most_lost(sum: &SumAudit) -> i64 {
    let most = sum.at_start.saturating_add(sum.acknowledged);
    most.saturating_add(sum.possible).saturating_sub(sum.found)
}

impl Durability {
    /// Acknowledged writes that are lost, and acknowledged purchases of which a part is.
    #[must_use]
    pub const fn not_durable(&self) -> u64 {
        self.found.lost.saturating_add(self.found.acknowledged_torn)
    }
}

/// An acknowledged write that is lost, or a purchase of which a part is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LostWrite {
    /// When it was acknowledged.
    pub time: Timestamp,
    pub operation_name: String,
    pub operation_id: i64,
    /// `lost` or `torn`.
    pub finding: String,
    /// The server behind its connection when that was made, `address:port`.
    pub server: Option<String>,
    /// Its timeline then.
    pub timeline: Option<i64>,
}

/// The figures of a path in which an acknowledged write that is lost or torn is a failure of class `lost`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Durable {
    pub overall: Rates,
    /// Per operation type.
    pub types: Vec<NamedRates>,
    /// Downtime and recovery per group; those of reads are the others. A lower bound where more
    /// increments may be lost than are implied.
    pub groups: Vec<GroupSummary>,
    /// The worse of `read` and `writer`.
    pub headline: Option<Headline>,
}
