//! Whether the availability probes have what they ask for: the table, the path's row in it, and the right to write it.

use recording::vocabulary::Path;
use tokio_postgres::{Error, SimpleQueryMessage};

use crate::availability::questions::of_path;
use crate::connect::Session;
use crate::sql::question::is_refused;
use crate::sql::{AVAILABILITY_TABLE, STATEMENTS};

const SETUP: &str = "create it with: recorder setup";

/// What the probes can ask a path for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// All.
    Ready,
    /// Nothing, and why not and what to do.
    Nothing { found: String, remedy: String },
    /// No writes, and why not and what to do.
    NoWrites { found: String, remedy: String },
}

/// Looks; nothing is changed. Where the server gives no answer it says nothing against the probes, and it is an error.
///
/// # Errors
/// The driver's, where it is no refusal.
pub(crate) async fn look(session: &Session, path: Path, writes: bool) -> Result<Found, Error> {
    let sql = &STATEMENTS.availability;
    let client = &session.client;
    if first(&client.simple_query(&sql.is_there).await?).as_deref() != Some("t") {
        return Ok(Found::Nothing {
            found: format!("no table {AVAILABILITY_TABLE}"),
            remedy: SETUP.to_owned(),
        });
    }
    let row = format!("{} {}", sql.row, of_path(&sql.from, path));
    match client.simple_query(&row).await {
        Ok(answer) if first(&answer).is_some() => {}
        Ok(_) => {
            return Ok(Found::Nothing {
                found: format!("{AVAILABILITY_TABLE} has no row of this path"),
                remedy: SETUP.to_owned(),
            });
        }
        Err(error) if is_refused(&error) => {
            return Ok(Found::Nothing {
                found: session.explain(&error).message,
                remedy: format!("GRANT SELECT on {AVAILABILITY_TABLE} to the user"),
            });
        }
        Err(error) => return Err(error),
    }
    if !writes {
        return Ok(Found::Ready);
    }
    // Planned, and not done.
    let write = format!("EXPLAIN {}", of_path(&sql.write, path));
    match client.simple_query(&write).await {
        Ok(_) => Ok(Found::Ready),
        Err(error) if is_refused(&error) => Ok(Found::NoWrites {
            found: session.explain(&error).message,
            remedy: format!("GRANT UPDATE on {AVAILABILITY_TABLE} to the user"),
        }),
        Err(error) => Err(error),
    }
}

/// The first value of the first row.
fn first(answer: &[SimpleQueryMessage]) -> Option<String> {
    answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}
