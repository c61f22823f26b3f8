//! What the tables hold before the first operation, for an audit.

use std::time::Duration;

use recording::{Baseline, PathBaseline, RunId};
use tokio::time::timeout;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::connect::{Connector, Session};
use crate::database::keys::PathKeys;
use crate::output::terminal;
use crate::sql;

/// The action of the row that marks the tables before a run.
pub(crate) const RUN_TOKEN: &str = "pgoutage run";

/// Reads the sums of every path and marks the tables, on the connection of the first path that lets it. What fails is a warning: the
/// recording is worth as much, only its audit can tell less.
pub(crate) async fn take(
    run_id: &RunId,
    sessions: &[(&Connector, Session)],
    keys: &[PathKeys],
    limit: Duration,
) -> Baseline {
    let mut baseline = Baseline {
        token_written: false,
        paths: Vec::new(),
    };
    for ((connector, session), keys) in sessions.iter().zip(keys) {
        match within(limit, session, sums(connector, session, keys)).await {
            Ok(sums) => baseline.paths.push(sums),
            Err(reason) => terminal::line(format!(
                "warning: {} path: the sums of logins and stock could not be read, so that an audit can't check them: {reason}",
                connector.path()
            )),
        }
    }
    let mut reason = String::new();
    for (_, session) in sessions {
        let mark = mark(&session.client, RUN_TOKEN, run_id.as_str());
        match within(limit, session, mark).await {
            Ok(()) => {
                baseline.token_written = true;
                return baseline;
            }
            Err(failure) => reason = failure,
        }
    }
    terminal::line(format!(
        "warning: the tables could not be marked with this run, so that an audit can't tell whether they were made anew: {reason}"
    ));
    baseline
}

/// Marks the tables with a run.
///
/// # Errors
/// The driver's.
pub(crate) async fn mark(
    client: &Client,
    action: &str,
    run_id: &str,
) -> Result<(), tokio_postgres::Error> {
    let values: [(&(dyn ToSql + Sync), Type); 2] = [(&action, Type::TEXT), (&run_id, Type::TEXT)];
    client.execute_typed(sql::TOKEN, &values).await.map(drop)
}

async fn sums(
    connector: &Connector,
    session: &Session,
    keys: &PathKeys,
) -> Result<PathBaseline, tokio_postgres::Error> {
    let (first_user_id, last_user_id) = keys.users.bounds();
    let (first_product_id, last_product_id) = keys.products.bounds();
    let bounds: [(&(dyn ToSql + Sync), Type); 4] = [
        (&first_user_id, Type::INT4),
        (&last_user_id, Type::INT4),
        (&first_product_id, Type::INT4),
        (&last_product_id, Type::INT4),
    ];
    let row = session.client.query_typed_one(sql::SUMS, &bounds).await?;
    Ok(PathBaseline {
        path: connector.path(),
        first_user_id,
        last_user_id,
        logins: row.try_get(0)?,
        first_product_id,
        last_product_id,
        stock: row.try_get(1)?,
    })
}

/// Why it was not done, in one line.
async fn within<T>(
    limit: Duration,
    session: &Session,
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, String> {
    match timeout(limit, work).await {
        Ok(done) => done.map_err(|error| session.explain(&error).message),
        Err(_) => Err(format!("no answer within {limit:?}")),
    }
}
