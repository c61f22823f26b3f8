//! One connection for what is done once: the check before a run, set-up, clean-up.

use std::time::Duration;

use recording::Server;
use recording::vocabulary::{ErrorClass, Path};
use tokio::time::timeout;

use crate::connect::{ConnectError, Connector, Progress, Session};
use crate::draw::Keys;
use crate::error::RecorderError;
use crate::sql::{MISSING_TABLES, STATEMENTS};

/// The keys of a path's half.
pub(crate) struct PathKeys {
    /// Users.
    pub users: Keys,
    /// Products.
    pub products: Keys,
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
    let mut progress = Progress::default();
    let failed = |error| describe(connector, &error);
    let connected = connector.connect(0, &mut progress).await;
    let mut session = connected.map_err(failed)?;
    let identified = timeout(limit, connector.identify(&mut session, &mut progress)).await;
    identified
        .map_err(|_| no_answer(connector, "its identity", limit))?
        .map_err(failed)?;
    Ok((session, progress.server))
}

fn no_answer(connector: &Connector, question: &str, limit: Duration) -> RecorderError {
    RecorderError::NothingRecorded(format!(
        "{} path, {}: the server does not answer: asked for {question}, nothing came within {limit:?}; \
         try again when it can serve",
        connector.path(),
        connector.endpoint()
    ))
}

fn describe(connector: &Connector, failure: &ConnectError) -> RecorderError {
    let (path, endpoint) = (connector.path(), connector.endpoint());
    let remedy = match failure.class {
        ErrorClass::Dns => format!("check the host of --{path}-url and --dns-server"),
        ErrorClass::Refused | ErrorClass::Unreachable | ErrorClass::ConnectTimeout => {
            format!("check host and port of --{path}-url, and that the server runs")
        }
        ErrorClass::Tls => format!("check sslmode and sslrootcert of --{path}-url"),
        ErrorClass::Auth if failure.sqlstate.as_deref() == Some("3D000") => {
            format!("check the database of --{path}-url")
        }
        ErrorClass::Auth if connector.password_command().is_some() => {
            format!("check --password-command, and user and database of --{path}-url")
        }
        ErrorClass::Auth if endpoint.password.is_none() => {
            format!(
                "no password was found: put it into --{path}-url, PGPASSWORD or ~/.pgpass, or give --password-command"
            )
        }
        ErrorClass::Auth => format!("check user, password and database of --{path}-url"),
        _ => "try again when the server can serve".to_owned(),
    };
    let line = format!("{path} path, {endpoint}: {}; {remedy}", failure.message);
    match failure.class {
        ErrorClass::Dns
        | ErrorClass::Refused
        | ErrorClass::Unreachable
        | ErrorClass::ConnectTimeout
        | ErrorClass::Tls
        | ErrorClass::Auth => RecorderError::Usage(line),
        _ => RecorderError::NothingRecorded(line),
    }
}

/// Looks whether the tables are there and reads the keys of the path's half, all within `limit`.
///
/// # Errors
/// One line that names the missing tables and the command that makes them, or the server's error, or that none came.
pub(crate) async fn read_keys(
    connector: &Connector,
    session: &Session,
    limit: Duration,
) -> Result<PathKeys, RecorderError> {
    let keys = timeout(limit, keys_of_path(connector, session)).await;
    keys.unwrap_or_else(|_| Err(no_answer(connector, "the users and products", limit)))
}

async fn keys_of_path(connector: &Connector, session: &Session) -> Result<PathKeys, RecorderError> {
    let path = connector.path();
    let failed = |error: tokio_postgres::Error| {
        let failed = session.explain(&error);
        let line = format!("{path} path, {}: {}", connector.endpoint(), failed.message);
        // 42: a statement that this user may not run, or tables that are not ours.
        match failed.answer {
            Some(answer) if answer.sqlstate.starts_with("42") => RecorderError::Usage(format!(
                "{line}; check the privileges of the user and whose tables these are"
            )),
            _ => RecorderError::NothingRecorded(line),
        }
    };
    let rows = session
        .client
        .query_typed(MISSING_TABLES, &[])
        .await
        .map_err(failed)?;
    if !rows.is_empty() {
        let names: Vec<&str> = rows.iter().filter_map(|row| row.try_get(0).ok()).collect();
        return Err(RecorderError::Usage(format!(
            "{path} path, {}: no table {}; make the tables with: recorder setup",
            connector.endpoint(),
            names.join(", ")
        )));
    }
    let users = ids(session, &STATEMENTS.user_keys).await.map_err(failed)?;
    let products = ids(session, &STATEMENTS.product_keys)
        .await
        .map_err(failed)?;
    Ok(PathKeys {
        users: keys(path, "users", users)?,
        products: keys(path, "products", products)?,
    })
}

async fn ids(session: &Session, statement: &str) -> Result<Vec<i32>, tokio_postgres::Error> {
    let rows = session.client.query_typed(statement, &[]).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

fn keys(path: Path, table: &str, ids: Vec<i32>) -> Result<Keys, RecorderError> {
    let found = ids.len();
    Keys::of_path(ids, path).ok_or_else(|| {
        RecorderError::Usage(format!(
            "{path} path: business_{table} holds {found} rows, and each path needs its own half; \
             fill the tables with: recorder setup"
        ))
    })
}
