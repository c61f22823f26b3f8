//! The keys of a workload, read from its tables before a run.

use std::time::Duration;

use recording::vocabulary::Path;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSqlOwned, Type};
use tokio_postgres::{Error, Row};

use crate::connect::{Connector, Session};
use crate::database::{OTHER_TABLES, Trouble, from_answer, no_answer, no_tables};
use crate::definition::keys::{Ids, Keys, PathKeys};
use crate::definition::model::{Definition, KeyQuery};
use crate::error::RecorderError;
use crate::sql::MISSING_TABLES;

/// Looks whether the tables of the built-in workload are there, where that runs, and reads the keys of the path's half, all within `limit`.
///
/// # Errors
/// One line that names the missing tables and the command that makes them, or the server's error, or that none came.
pub(crate) async fn read_keys(
    definition: &Definition,
    connector: &Connector,
    session: &Session,
    limit: Duration,
) -> Result<PathKeys, RecorderError> {
    let keys = find_keys(definition, connector, session, limit).await;
    keys.map_err(|trouble| trouble.error(connector))
}

/// The same, with what is wrong and what to do apart.
///
/// # Errors
/// As [`read_keys`].
pub(crate) async fn find_keys(
    definition: &Definition,
    connector: &Connector,
    session: &Session,
    limit: Duration,
) -> Result<PathKeys, Trouble> {
    let keys = timeout(limit, keys_of_path(definition, connector, session)).await;
    keys.unwrap_or_else(|_| Err(no_answer("the keys of the workload", limit)))
}

async fn keys_of_path(
    definition: &Definition,
    connector: &Connector,
    session: &Session,
) -> Result<PathKeys, Trouble> {
    if definition.is_shop() {
        let rows = session.client.query_typed(MISSING_TABLES, &[]).await;
        let rows = rows.map_err(|error| from_answer(session, &error))?;
        if !rows.is_empty() {
            let names: Vec<String> = rows.iter().filter_map(|row| row.try_get(0).ok()).collect();
            return Err(no_tables(&names, connector.is_reader()));
        }
    }
    let mut sets = Vec::new();
    for query in &definition.keys {
        let ids = match definition.is_shop() {
            true => of_shop(query, session).await,
            false => of_file(query, session).await,
        };
        sets.push(keys(definition, query, connector.path(), ids?)?);
    }
    Ok(PathKeys::new(sets))
}

async fn of_shop(query: &KeyQuery, session: &Session) -> Result<Ids, Trouble> {
    let failed = |error: Error| from_answer(session, &error);
    let rows = session.client.query_typed(&query.sql, &[]).await;
    let rows = rows.map_err(failed)?;
    let ids = match type_of(&rows) {
        Type::INT2 => all::<i16>(&rows).map(integers),
        Type::INT4 => all::<i32>(&rows).map(integers),
        other => {
            return Err(Trouble {
                found: format!(
                    "business_{}.id is {}, not integer",
                    query.name,
                    other.name()
                ),
                remedy: OTHER_TABLES.to_owned(),
                is_mistake: true,
            });
        }
    };
    // A primary key is never null.
    Ok(ids.map_err(failed)?.unwrap_or(Ids::Integers(Vec::new())))
}

/// Those of the user's own query, in a transaction in which it can change nothing.
async fn of_file(query: &KeyQuery, session: &Session) -> Result<Ids, Trouble> {
    let wrong = |found: &str, remedy: &str| Trouble {
        found: format!("{}: keys {:?}: {found}", query.place, query.name),
        remedy: remedy.to_owned(),
        is_mistake: true,
    };
    let failed = |error: Error| {
        let trouble = from_answer(session, &error);
        let code = error.code().map(SqlState::code).unwrap_or_default();
        match code {
            "25006" => wrong(
                &trouble.found,
                "a query of keys changes nothing: it runs in a read-only transaction",
            ),
            code if trouble.is_mistake && code != "42501" => {
                wrong(&trouble.found, "correct the query, or make its table first")
            }
            _ => Trouble {
                found: format!("{}: keys {:?}: {}", query.place, query.name, trouble.found),
                ..trouble
            },
        }
    };
    let client = &session.client;
    client
        .batch_execute("BEGIN READ ONLY")
        .await
        .map_err(failed)?;
    let rows = client.query_typed(&query.sql, &[]).await;
    client.batch_execute("ROLLBACK").await.map_err(failed)?;
    let rows = rows.map_err(failed)?;
    if rows.first().is_some_and(|row| row.columns().is_empty()) {
        return Err(wrong(
            "their query returns no column",
            "name the column of the keys",
        ));
    }
    let ids = match type_of(&rows) {
        Type::INT2 => all::<i16>(&rows).map(integers),
        Type::INT4 => all::<i32>(&rows).map(integers),
        Type::INT8 => all::<i64>(&rows).map(integers),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => {
            all(&rows).map(|texts| texts.map(Ids::Texts))
        }
        other => {
            return Err(wrong(
                &format!("they are of type {}", other.name()),
                "have their query return integers or text: SELECT id::text",
            ));
        }
    };
    let ids = ids.map_err(failed)?;
    ids.ok_or_else(|| wrong("one of them is NULL", "leave it out: WHERE ... IS NOT NULL"))
}

/// Of the first column.
fn type_of(rows: &[Row]) -> Type {
    let column = rows.first().and_then(|row| row.columns().first());
    column.map_or(Type::INT4, |column| column.type_().clone())
}

/// The first column; `None` where a value is null.
fn all<T: FromSqlOwned>(rows: &[Row]) -> Result<Option<Vec<T>>, Error> {
    rows.iter().map(|row| row.try_get(0)).collect()
}

fn integers<T: Into<i64>>(ids: Option<Vec<T>>) -> Option<Ids> {
    let ids = ids?.into_iter().map(Into::into).collect();
    Some(Ids::Integers(ids))
}

fn keys(definition: &Definition, query: &KeyQuery, path: Path, ids: Ids) -> Result<Keys, Trouble> {
    let name = &query.name;
    let found = match ids.len() {
        1 => "1 row".to_owned(),
        count => format!("{count} rows"),
    };
    Keys::of_path(ids, path).ok_or_else(|| {
        let (found, remedy) = match definition.is_shop() {
            true => (
                format!("business_{name} has {found}, too few: each path needs rows of its own"),
                "fill the tables with: recorder setup",
            ),
            false => (
                format!("{}: keys {name:?}: their query returned {found}, too few: each path needs keys of its own", query.place),
                "fill its table first",
            ),
        };
        Trouble {
            found,
            remedy: remedy.to_owned(),
            is_mistake: true,
        }
    })
}
