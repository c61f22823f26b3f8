//! The questions of the check: statements of `sql/check`, as simple queries, which pin no session of a proxy.

use std::time::{Duration, Instant};

use tokio_postgres::{Error, SimpleQueryMessage, SimpleQueryRow};

use super::limits::Connections;
use crate::connect::Session;
use crate::sql;

const PRIVILEGES: &str = include_str!("../../../../sql/check/privileges.sql");
const TABLES: &str = include_str!("../../../../sql/check/tables.sql");
const CREATE: &str = include_str!("../../../../sql/check/create.sql");
const CONNECTIONS: &str = include_str!("../../../../sql/check/connections.sql");
const ROUND_TRIP: &str = include_str!("../../../../sql/check/round_trip.sql");

/// How often the round trip is measured.
const ROUND_TRIPS: usize = 9;
/// Larger tables are not counted, pages of 8 KiB: the statistics say enough.
const COUNTED_PAGES: i64 = 2_000;

/// The rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableRows {
    pub(super) name: String,
    pub(super) rows: i64,
    /// They are what the last ANALYZE saw.
    pub(super) is_estimate: bool,
}

/// A privilege that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    /// Such as `INSERT on business_logs`.
    pub(super) privilege: String,
    /// Only writes need it.
    pub(super) writes: bool,
}

async fn ask(session: &Session, statement: &str) -> Result<Vec<SimpleQueryRow>, Error> {
    let messages = session.client.simple_query(statement).await?;
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(rows.collect())
}

fn text(row: &SimpleQueryRow, column: &str) -> Option<String> {
    row.try_get(column).ok().flatten().map(str::to_owned)
}

fn number(row: &SimpleQueryRow, column: &str) -> Option<i64> {
    text(row, column)?.parse().ok()
}

fn is_true(row: &SimpleQueryRow, column: &str) -> bool {
    text(row, column).as_deref() == Some("t")
}

/// The names of tables that are not there.
pub(super) async fn missing_tables(session: &Session) -> Result<Vec<String>, Error> {
    let rows = ask(session, sql::MISSING_TABLES).await?;
    Ok(rows.iter().filter_map(|row| text(row, "name")).collect())
}

/// The rows of the tables that are there.
pub(super) async fn table_rows(session: &Session) -> Result<Vec<TableRows>, Error> {
    let mut tables = Vec::new();
    for row in ask(session, TABLES).await? {
        let Some(name) = text(&row, "name").filter(|name| sql::TABLES.contains(&name.as_str()))
        else {
            continue;
        };
        let is_estimate = number(&row, "pages").is_some_and(|pages| pages > COUNTED_PAGES);
        let rows = match is_estimate {
            true => number(&row, "estimated_rows"),
            false => {
                let count = format!("SELECT count(*) AS count FROM {name}");
                let rows = ask(session, &count).await?;
                rows.first().and_then(|row| number(row, "count"))
            }
        };
        tables.push(TableRows {
            name,
            rows: rows.unwrap_or(0),
            is_estimate,
        });
    }
    Ok(tables)
}

/// What the user may not do that the workload does.
pub(super) async fn missing_privileges(session: &Session) -> Result<Vec<Missing>, Error> {
    let rows = ask(session, PRIVILEGES).await?;
    let missing = rows.iter().filter_map(|row| {
        Some(Missing {
            privilege: text(row, "missing")?,
            writes: is_true(row, "writes"),
        })
    });
    Ok(missing.collect())
}

/// The schema in which tables would be made, and whether this user may.
pub(super) async fn can_create(session: &Session) -> Result<(String, bool), Error> {
    let rows = ask(session, CREATE).await?;
    let row = rows.first();
    let schema = row.and_then(|row| text(row, "schema"));
    Ok((
        schema.unwrap_or_else(|| "no schema".to_owned()),
        row.is_some_and(|row| is_true(row, "can_create")),
    ))
}

/// What the server has of connections; `None` where it does not say.
pub(super) async fn connections(session: &Session) -> Result<Option<Connections>, Error> {
    let rows = ask(session, CONNECTIONS).await?;
    Ok(rows.first().and_then(|row| {
        let limit = |column| number(row, column).filter(|limit| *limit >= 0);
        Some(Connections {
            max: number(row, "max_connections")?,
            reserved: number(row, "reserved")?,
            used: number(row, "used")?,
            role_limit: limit("role_limit"),
            database_limit: limit("database_limit"),
        })
    }))
}

/// The median of some round trips.
pub(super) async fn round_trip(session: &Session) -> Result<Duration, Error> {
    let mut trips = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        let begun = Instant::now();
        ask(session, ROUND_TRIP).await?;
        trips.push(begun.elapsed());
    }
    trips.sort_unstable();
    Ok(trips[ROUND_TRIPS / 2])
}
