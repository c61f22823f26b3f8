//! One connection for what is done once: the check before a run, set-up, clean-up.

pub(crate) mod availability;
pub(crate) mod baseline;
pub(crate) mod clock_offset;
pub(crate) mod keys;
pub(crate) mod transaction;

use std::time::Duration;

use recording::Server;
use recording::vocabulary::{ConnectPhase, ErrorClass, Path};
use tokio::time::timeout;

use crate::classify;
use crate::connect::shortage;
use crate::connect::{ConnectError, ConnectProgress, Connector, Session};
use crate::error::RecorderError;

/// What is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// What was found.
    pub(crate) found: String,
    /// What to do.
    pub(crate) remedy: String,
    /// It is the user's to mend, and not that the server can't serve now.
    pub(crate) is_mistake: bool,
}

impl Trouble {
    /// One line with the path.
    pub(crate) fn error(self, connector: &Connector) -> RecorderError {
        self.error_with(connector, "")
    }

    /// One line with the path, `more` behind it.
    pub(crate) fn error_with(self, connector: &Connector, more: &str) -> RecorderError {
        let (path, endpoint) = (connector.path(), connector.endpoint());
        let line = format!(
            "{path} path, {endpoint}: {}; {}{more}",
            self.found, self.remedy
        );
        match self.is_mistake {
            true => RecorderError::Usage(line),
            false => RecorderError::NothingRecorded(line),
        }
    }
}

/// Connects and asks who answers; the latter within `limit`.
///
/// # Errors
/// One line with the path, what is wrong and what to do. What the user can mend is [`RecorderError::Usage`]; a server that is
/// there and can't serve now is [`RecorderError::NothingRecorded`].
pub(crate) async fn connect(
    connector: &Connector,
    limit: Duration,
) -> Result<(Session, Option<Server>), RecorderError> {
    let (session, progress) = connect_and_tell(connector, limit).await?;
    Ok((session, progress.server))
}

/// The same, with all that is known of the attempt.
///
/// # Errors
/// As [`connect`].
pub(crate) async fn connect_and_tell(
    connector: &Connector,
    limit: Duration,
) -> Result<(Session, ConnectProgress), RecorderError> {
    let mut progress = ConnectProgress::default();
    let failed = |error| describe(connector, &error).error(connector);
    let connected = connector.connect(0, &mut progress).await;
    let mut session = connected.map_err(failed)?;
    let identified = timeout(limit, connector.identify(&mut session, &mut progress)).await;
    let silent = || match connector.path() {
        Path::Proxy => held_back(limit),
        Path::Direct => no_answer("its identity", limit),
    };
    identified
        .map_err(|_| silent().error(connector))?
        .map_err(failed)?;
    Ok((session, progress))
}

/// A question without an answer.
pub(crate) fn no_answer(question: &str, limit: Duration) -> Trouble {
    Trouble {
        found: format!("the server did not answer within {limit:?} (question: {question})"),
        remedy: "check what it waits for, such as locks; if the server hangs, try later".to_owned(),
        is_mistake: false,
    }
}

/// A proxy that took the connection, and hands on no answer to the question who is there.
pub(crate) fn held_back(limit: Duration) -> Trouble {
    behind_the_proxy(&format!("no answer within {limit:?}"))
}

/// A proxy that takes connections, while the servers behind it do not answer.
fn behind_the_proxy(detail: &str) -> Trouble {
    Trouble {
        found: format!(
            "the proxy accepts the connection, but no server behind it answers ({detail}): the proxy has no writer, or waits for one"
        ),
        remedy: format!("{BEHIND_THE_PROXY}, and that the URL leads to it"),
        is_mistake: false,
    }
}

const BEHIND_THE_PROXY: &str = "check the servers behind the proxy";

/// What was found, with its cause where a proxy answered for itself.
fn found(class: ErrorClass, message: &str) -> String {
    match class {
        ErrorClass::Proxy => {
            format!("the proxy answers, but has no writer: {message}")
        }
        _ => message.to_owned(),
    }
}

/// What to do about a failure of that class, whatever the endpoint. To try again helps only where the server is on its way.
const fn remedy(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::StartingOrStopping => "the server is starting or stopping: try later",
        ErrorClass::Proxy => BEHIND_THE_PROXY,
        ErrorClass::TooManyConnections => "end other sessions, or raise the limit",
        ErrorClass::ConnectionLost => {
            "check that a PostgreSQL server or its proxy listens there, and look into its log"
        }
        ErrorClass::NoWriter => {
            "check the servers: one of the hosts must be what target_session_attrs asks for"
        }
        ErrorClass::ReadOnly => "use the writer's endpoint",
        ErrorClass::StatementTimeout => "raise statement_timeout for the user",
        ErrorClass::Conflict => "find the session that holds the locks (pg_locks)",
        ErrorClass::Client => shortage::REMEDY,
        _ => "look into the server's log",
    }
}

/// True where TCP connected, and the server then did not answer, or closed the connection without an answer.
fn says_nothing(failure: &ConnectError) -> bool {
    matches!(
        (failure.class, failure.phase),
        (ErrorClass::ConnectTimeout, ConnectPhase::Startup)
            | (
                ErrorClass::ConnectionLost,
                ConnectPhase::Tls | ConnectPhase::Startup
            )
    )
}

/// A failed attempt to connect.
pub(crate) fn describe(connector: &Connector, failure: &ConnectError) -> Trouble {
    let (endpoint, flag) = (connector.endpoint(), connector.flag());
    if failure.class == ErrorClass::Proxy
        && failure.phase == ConnectPhase::Startup
        && endpoint.options.is_some()
    {
        return Trouble {
            found: failure.message.clone(),
            remedy: format!(
                "remove options from {flag}: poolers refuse it unless configured otherwise (pgbouncer: ignore_startup_parameters)"
            ),
            is_mistake: true,
        };
    }
    if connector.path() == Path::Proxy && says_nothing(failure) {
        return behind_the_proxy(&failure.message);
    }
    let remedy = match failure.class {
        ErrorClass::Dns => format!("check the host of {flag} and --dns-server"),
        ErrorClass::Refused | ErrorClass::Unreachable | ErrorClass::ConnectTimeout => {
            format!("check host and port of {flag}, and that the server is running")
        }
        ErrorClass::Tls => format!("check sslmode, sslrootcert and sslcert of {flag}"),
        ErrorClass::Auth if failure.sqlstate.as_deref() == Some("3D000") => {
            format!("check the database of {flag}")
        }
        ErrorClass::Auth if !connector.password_commands().is_empty() => {
            format!("check --password-command, and user and database of {flag}")
        }
        ErrorClass::Auth
            if endpoint
                .hosts
                .iter()
                .any(|host| endpoint.password_for(host).is_none()) =>
        {
            format!(
                "no password found: put it into {flag}, PGPASSWORD or ~/.pgpass, or use --password-command"
            )
        }
        ErrorClass::Auth => format!("check user, password and database of {flag}"),
        class => remedy(class).to_owned(),
    };
    Trouble {
        found: found(failure.class, &failure.message),
        remedy,
        is_mistake: matches!(
            failure.class,
            ErrorClass::Dns
                | ErrorClass::Refused
                | ErrorClass::Unreachable
                | ErrorClass::ConnectTimeout
                | ErrorClass::Tls
                | ErrorClass::Auth
        ),
    }
}

/// A failed statement.
pub(crate) fn from_answer(session: &Session, error: &tokio_postgres::Error) -> Trouble {
    let failed = session.explain(error);
    let class = classify::class(failed.symptom());
    let sqlstate = failed.sqlstate().unwrap_or_default();
    // 42: a statement that this user may not run, or tables that are not ours.
    let is_mistake = failed.answer.is_some() && sqlstate.starts_with("42");
    Trouble {
        found: found(class, &failed.message),
        remedy: match is_mistake {
            true => "check the user's privileges and the owner of these tables",
            false => remedy(class),
        }
        .to_owned(),
        is_mistake,
    }
}

/// Tables that are not there. A reader has them some time after they were made.
pub(crate) fn no_tables(names: &[String], is_reader: bool) -> Trouble {
    Trouble {
        found: format!("no table {}", names.join(", ")),
        remedy: match is_reader {
            true => "create the tables with: recorder setup; after that, wait until this reader has replayed it",
            false => "create the tables with: recorder setup",
        }
        .to_owned(),
        is_mistake: true,
    }
}

/// What to do about tables of the workload's names that have other columns.
pub(crate) const OTHER_TABLES: &str = "recorder setup did not create these tables: use another database or schema, or drop them by hand";
