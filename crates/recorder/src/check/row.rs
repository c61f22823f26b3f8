//! What is checked, and what was found.

use std::time::Duration;

use recording::vocabulary::Path;
use recording::{ClockOffset, Server};
use serde::Serialize;

use crate::availability::Asking;
use crate::connect::Session;
use crate::definition::Definition;
use crate::sql::protocol::Protocol;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// As it should be.
    Ok,
    /// A run can do with it; its figures may suffer.
    Warn,
    /// A run can't.
    Fail,
}

/// What is asked, in the order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Check {
    Dns,
    Tcp,
    Tls,
    Login,
    Hosts,
    Server,
    Role,
    Session,
    Proxy,
    Clock,
    RoundTrip,
    Connections,
    Transaction,
    Tables,
    Privileges,
    Columns,
    Statements,
    Availability,
    OpenFiles,
}

impl Check {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Login => "login",
            Self::Hosts => "hosts",
            Self::Server => "server",
            Self::Role => "role",
            Self::Session => "session",
            Self::Proxy => "proxy",
            Self::Clock => "clock",
            Self::RoundTrip => "round trip",
            Self::Connections => "connections",
            Self::Tables => "tables",
            Self::Transaction => "transaction",
            Self::Privileges => "privileges",
            Self::Columns => "columns",
            Self::Statements => "statements",
            Self::Availability => "availability",
            Self::OpenFiles => "open files",
        }
    }
}

/// One answer.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// `None` for what concerns this host, and no path.
    pub(crate) path: Option<Path>,
    /// True for the endpoint that only reads go to.
    pub(crate) reader: bool,
    pub(crate) check: Check,
    pub(crate) result: Verdict,
    /// What was found.
    pub(crate) found: String,
    /// What to do, where it is not as it should be.
    pub(crate) remedy: Option<String>,
    /// It is the user's to mend, and not that the server can't serve just now.
    #[serde(skip)]
    pub(crate) is_mistake: bool,
}

/// What a run will ask for, as far as it can be too much.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizing {
    pub(crate) workload: &'static Definition,
    /// It has operations that only a writer serves.
    pub(crate) writes: bool,
    /// It has purchases, which are transactions of several statements.
    pub(crate) transactions: bool,
    /// Connections per path at most.
    pub(crate) pool_size: usize,
    /// pgbench's clients per path.
    pub(crate) pgbench_clients: Option<u32>,
    /// On each question.
    pub(crate) limit: Duration,
    /// How it sends statements.
    pub(crate) protocol: Protocol,
    /// Its limit on each phase of connecting.
    pub(crate) connect: Duration,
    /// Its limit on an operation.
    pub(crate) operation: Duration,
    /// Its availability probes, where it has any.
    pub(crate) asking: Option<Asking>,
    /// How long one of its pooled connections may be idle.
    pub(crate) longest_idle: Duration,
}

/// What is known of an endpoint.
pub(crate) struct Examined {
    pub(crate) rows: Vec<Row>,
    /// Still open, where nothing failed on it.
    pub(crate) session: Option<Session>,
    pub(crate) server: Option<Server>,
    pub(crate) offset: Option<ClockOffset>,
    /// The median.
    pub(crate) round_trip: Option<Duration>,
    /// Why TLS failed where `sslmode=prefer` went on without it.
    pub(crate) tls_error: Option<String>,
}
