//! What the tables hold before the first operation, for an audit.

use std::time::Duration;

use recording::vocabulary::Path;
use recording::{Baseline, PathBaseline, RunId, path_token};
use tokio::time::timeout;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::connect::{Connector, Session};
use crate::definition::Definition;
use crate::definition::keys::PathKeys;
use crate::output::terminal;
use crate::sql::{self, STATEMENTS};

/// The action of the row that marks the tables before a run.
pub(crate) const RUN_TOKEN: &str = "pgoutage run";
/// Of the row that each path adds through its own connection.
const PATH_TOKEN: &str = "pgoutage path";

/// Reads the sums of every path and marks the tables: for the run on the connection of the first path that lets it, and for each path on its
/// own. What fails is a warning: the recording is worth as much, only its audit can tell less.
pub(crate) async fn take(
    run_id: &RunId,
    sessions: &[(&Connector, Session)],
    definition: &Definition,
    keys: &[PathKeys],
    limit: Duration,
) -> Baseline {
    let mut baseline = Baseline {
        token_written: false,
        path_tokens: Vec::new(),
        paths: Vec::new(),
    };
    // A workload of the user's own has tables of its own; the tokens go into the log of the shop.
    if !definition.is_shop() {
        return baseline;
    }
    for ((connector, session), keys) in sessions.iter().zip(keys) {
        let Some(bounds) = bounds(definition, keys) else {
            continue;
        };
        match within(limit, session, sums(connector, session, bounds)).await {
            Ok(sums) => baseline.paths.push(sums),
            Err(reason) => terminal::line(format!(
                "warning: {} path: the sums of logins and stock could not be read, so that an audit can't check them: {reason}",
                connector.path()
            )),
        }
    }
    if let Some(warning) = different_tables(sessions, limit).await {
        terminal::line(warning);
    }
    let mut reason = String::new();
    for (_, session) in sessions {
        let mark = mark(&session.client, RUN_TOKEN, run_id.as_str());
        match within(limit, session, mark).await {
            Ok(()) => {
                baseline.token_written = true;
                break;
            }
            Err(failure) => reason = failure,
        }
    }
    if !baseline.token_written {
        terminal::line(format!(
            "warning: the tables could not be marked with this run, so that an audit can't tell whether they were made anew: {reason}"
        ));
        return baseline;
    }
    for (connector, session) in sessions {
        let path = connector.path();
        let token = path_token(run_id.as_str(), path);
        let mark = mark(&session.client, PATH_TOKEN, &token);
        match within(limit, session, mark).await {
            Ok(()) => baseline.path_tokens.push(path),
            Err(reason) => terminal::line(format!(
                "warning: {path} path: the tables could not be marked, so that an audit can't tell whether this path led to them: {reason}"
            )),
        }
    }
    baseline
}

/// What is wrong where the paths do not lead to the same tables, as far as they tell.
async fn different_tables(sessions: &[(&Connector, Session)], limit: Duration) -> Option<String> {
    let mut first: Option<(Path, String, String)> = None;
    for (connector, session) in sessions {
        let asked = async {
            let row = session
                .client
                .query_typed_one(&STATEMENTS.audit_place, &[])
                .await?;
            Ok((row.try_get("database")?, row.try_get("tables")?))
        };
        let Ok((database, tables)) = within(limit, session, asked).await else {
            continue;
        };
        let path = connector.path();
        let Some((one, of_one, tables_of_one)) = &first else {
            first = Some((path, database, tables));
            continue;
        };
        if (of_one, tables_of_one) != (&database, &tables) {
            return Some(format!(
                "warning: the {one} and the {path} path lead to different tables (databases {of_one} and {database}), so that this run can't be audited: check database and search_path of both"
            ));
        }
    }
    None
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

/// The least and the greatest id of the path's users, and of its products.
fn bounds(definition: &Definition, keys: &PathKeys) -> Option<[(i32, i32); 2]> {
    let of = |name| keys.bounds(definition.keys_named(name)?);
    Some([of("users")?, of("products")?])
}

async fn sums(
    connector: &Connector,
    session: &Session,
    bounds: [(i32, i32); 2],
) -> Result<PathBaseline, tokio_postgres::Error> {
    let [
        (first_user_id, last_user_id),
        (first_product_id, last_product_id),
    ] = bounds;
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
