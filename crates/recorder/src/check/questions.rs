//! The questions of the check: statements of `sql/check`, as simple queries, which pin no session of a proxy.

use std::time::{Duration, Instant};

use tokio_postgres::{Client, Error, SimpleQueryMessage, SimpleQueryRow};

use crate::check::limits::Connections;
use crate::connect::Session;
use crate::sql::question::{Refused, is_refused};
use crate::sql::{self, STATEMENTS};

const PRIVILEGES: &str = include_str!("../../../../sql/check/privileges.sql");
const TABLES: &str = include_str!("../../../../sql/check/tables.sql");
const CREATE: &str = include_str!("../../../../sql/check/create.sql");
const SESSION: &str = include_str!("../../../../sql/check/session.sql");
const COLUMNS: &str = include_str!("../../../../sql/check/columns.sql");
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

/// A setting of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) value: String,
    /// Where it was set, in the words of `pg_settings`.
    pub(super) source: String,
}

impl Setting {
    /// Of a limit; 0 is none.
    pub(super) fn milliseconds(&self) -> Option<i64> {
        self.value.parse().ok()
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) table: String,
    pub(super) name: String,
    /// In the words of `format_type`: `character varying(50)`.
    pub(super) type_: String,
    /// It is NOT NULL and has no default.
    pub(super) needs_a_value: bool,
}

impl Column {
    /// How many characters it holds, where it is a text that has a limit.
    pub(super) fn length(&self) -> Option<usize> {
        let rest = self.type_.strip_prefix("character")?;
        let rest = rest.strip_prefix(" varying").unwrap_or(rest);
        rest.strip_prefix('(')?.strip_suffix(')')?.parse().ok()
    }
}

async fn ask(session: &Session, statement: &str) -> Result<Vec<SimpleQueryRow>, Error> {
    Ok(rows(session.client.simple_query(statement).await?))
}

fn rows(messages: Vec<SimpleQueryMessage>) -> Vec<SimpleQueryRow> {
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.collect()
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
    let said = STATEMENTS
        .connections
        .ask(&session.client, &Refused::default())
        .await?;
    Ok(Connections::new(&said))
}

/// The settings of the session; where the view of all is refused, whether its transactions are read-only.
pub(super) async fn settings(session: &Session) -> Result<Vec<Setting>, Error> {
    let rows = match ask(session, SESSION).await {
        Err(error) if is_refused(&error) => return read_only_alone(session).await,
        rows => rows?,
    };
    let setting = |row: &SimpleQueryRow| {
        Some(Setting {
            name: text(row, "name")?,
            value: text(row, "setting")?,
            source: text(row, "source")?,
        })
    };
    Ok(rows.iter().filter_map(setting).collect())
}

async fn read_only_alone(session: &Session) -> Result<Vec<Setting>, Error> {
    let name = "transaction_read_only";
    let rows = ask(session, &format!("SHOW {name}")).await?;
    let value = rows.first().and_then(|row| text(row, name));
    let setting = value.map(|value| Setting {
        name: name.to_owned(),
        value,
        source: String::new(),
    });
    Ok(setting.into_iter().collect())
}

/// The columns of the tables that are there.
pub(super) async fn columns(client: &Client) -> Result<Vec<Column>, Error> {
    let rows = rows(client.simple_query(COLUMNS).await?);
    let column = |row: &SimpleQueryRow| {
        Some(Column {
            table: text(row, "table")?,
            name: text(row, "column")?,
            type_: text(row, "type")?,
            needs_a_value: is_true(row, "needs_a_value"),
        })
    };
    Ok(rows.iter().filter_map(column).collect())
}

/// True where the server is Aurora, whether or not it tells the name of its instance; `None` where it does not say.
pub(super) async fn is_aurora(session: &Session) -> Result<Option<bool>, Error> {
    let said = STATEMENTS
        .identity
        .ask(&session.client, &Refused::default())
        .await?;
    Ok(said.is_true("is_aurora"))
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
