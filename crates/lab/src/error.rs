//! Errors, each in one line that says what to do.

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use command_line::text::one_line;
use thiserror::Error;

/// Why a lab could not start, or could not do what it was asked to.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LabError {
    /// Something else listens where a server of the lab has to.
    #[error(
        "{address} is taken: stop what listens there (`ss -ltnup` shows it), or choose another with {option} (0 takes a free one)"
    )]
    PortTaken {
        address: SocketAddr,
        /// The option of `lab up` that moves it.
        option: &'static str,
    },
    /// The lab's folder cannot be used.
    #[error("{} cannot be the lab's folder: {reason}", dir.display())]
    Folder {
        dir: PathBuf,
        /// Why not, and the remedy.
        reason: String,
    },
    /// A lab runs in that folder already.
    #[error(
        "a lab already runs in {0} (pid {pid}): `lab status --dir {0}` shows it, `lab down --dir {0}` stops it, another --dir starts another one", dir.display()
    )]
    AlreadyRunning {
        dir: PathBuf,
        /// The serving process.
        pid: u32,
    },
    /// No lab runs in that folder.
    #[error("no lab runs in {}: `lab up` starts one; a lab in another folder needs its --dir", .0.display())]
    NotRunning(PathBuf),
    /// An option's value makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Software that the lab needs is not there.
    #[error("{what} not found; install it with: {remedy}")]
    Missing {
        what: String,
        /// The command that installs it.
        remedy: String,
    },
    /// A server or tool ended or failed; with its last message.
    #[error("{what} failed: {detail}")]
    Program {
        /// The program and its part in the lab.
        what: String,
        /// Its last message.
        detail: String,
    },
    /// A limit was reached.
    #[error("{what} took more than {} s", after.as_secs_f64())]
    Timeout {
        /// What was waited for.
        what: String,
        after: Duration,
    },
    /// The database or pgbouncer refused a statement.
    #[error("{what}: {}", describe_sql(source))]
    Sql {
        /// The statement, and the server.
        what: String,
        source: tokio_postgres::Error,
    },
    /// The lab is not in a state in which that can be done.
    #[error("{0}")]
    State(String),
    /// An error of the background process, which chose its text and exit code.
    #[error("{message}")]
    Background {
        message: String,
        /// As [`LabError::exit_code`].
        exit_code: u8,
    },
    /// Ctrl-C or SIGTERM.
    #[error("interrupted")]
    Interrupted,
    /// An error of the operating system.
    #[error("{what}: {source}")]
    Io {
        /// What failed, with the path.
        what: String,
        source: io::Error,
    },
}

impl LabError {
    /// The process exit code that belongs to it: 2 for the user's mistake, else 1.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::PortTaken { .. }
            | Self::Folder { .. }
            | Self::AlreadyRunning { .. }
            | Self::Usage(_) => 2,
            Self::Background { exit_code, .. } => *exit_code,
            Self::Interrupted => 130,
            _ => 1,
        }
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    pub(crate) fn sql(what: impl Into<String>) -> impl FnOnce(tokio_postgres::Error) -> Self {
        let what = what.into();
        move |source| Self::Sql { what, source }
    }
}

/// The driver's own text is only "db error": the server's message says more.
fn describe_sql(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(server) => format!("{} ({})", one_line(server.message()), server.code().code()),
        None => match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    }
}
