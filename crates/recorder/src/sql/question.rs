//! A question whose answer is one row: what the server refuses to say of it is left out, and the rest is known all the same.

use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio_postgres::error::Severity;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

/// Classes of SQLSTATE with which a server refuses what is asked: not supported, no right or no such thing, and the errors of a
/// function that is there.
const REFUSALS: [&str; 5] = ["0A", "38", "39", "42", "P0"];

/// Some columns, asked for in one statement as long as the server refuses none of them.
#[derive(Debug)]
pub(crate) struct Question {
    /// Name, and `expression AS name`.
    columns: Vec<(String, String)>,
}

/// The columns that were refused and are not asked for again. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refused(Arc<Mutex<BTreeSet<String>>>);

/// What was said, by column; null and what was refused are not in it.
#[derive(Debug, Default)]
pub(crate) struct ColumnValues(BTreeMap<String, String>);

impl Refused {
    fn has(&self, column: &str) -> bool {
        let refused = self.0.lock();
        refused.contains(column)
    }

    /// It is not asked for again.
    pub(crate) fn add(&self, column: &str) {
        let mut refused = self.0.lock();
        refused.insert(column.to_owned());
    }
}

impl ColumnValues {
    pub(crate) fn text(&self, column: &str) -> Option<String> {
        self.0.get(column).cloned()
    }

    pub(crate) fn number<T: std::str::FromStr>(&self, column: &str) -> Option<T> {
        self.0.get(column)?.parse().ok()
    }

    pub(crate) fn is_true(&self, column: &str) -> Option<bool> {
        self.0.get(column).map(|text| text == "t")
    }
}

impl Question {
    /// Of statements `SELECT expression AS name`, each with its name.
    pub(crate) fn new(statements: impl IntoIterator<Item = (String, String)>) -> Self {
        let columns = statements.into_iter().map(|(name, statement)| {
            let column = statement.strip_prefix("SELECT ").map(str::to_owned);
            (name, column.unwrap_or(statement))
        });
        Self {
            columns: columns.collect(),
        }
    }

    /// Asks with simple queries, which pin no session of a proxy; for the columns alone only where the server refuses them together.
    ///
    /// # Errors
    /// The driver's, where it is no refusal.
    pub(crate) async fn ask(
        &self,
        client: &Client,
        refused: &Refused,
    ) -> Result<ColumnValues, Error> {
        let asked: Vec<_> = self
            .columns
            .iter()
            .filter(|(name, _)| !refused.has(name))
            .collect();
        let mut said = ColumnValues::default();
        match row(client, &asked, &mut said).await {
            Err(error) if is_refused(&error) => {}
            done => return done.map(|()| said),
        }
        for column in &asked {
            // The only one is known to be refused.
            let alone = match asked.len() {
                1 => false,
                _ => match row(client, &[column], &mut said).await {
                    Ok(()) => true,
                    Err(error) if is_refused(&error) => false,
                    Err(error) => return Err(error),
                },
            };
            if !alone {
                refused.add(&column.0);
            }
        }
        Ok(said)
    }

    /// The whole of it, for tests of the files.
    #[cfg(test)]
    pub(crate) fn statement(&self) -> String {
        select(&self.columns.iter().collect::<Vec<_>>())
    }
}

fn select(columns: &[&(String, String)]) -> String {
    let columns: Vec<&str> = columns.iter().map(|(_, column)| column.as_str()).collect();
    format!("SELECT {}", columns.join(", "))
}

async fn row(
    client: &Client,
    columns: &[&(String, String)],
    said: &mut ColumnValues,
) -> Result<(), Error> {
    if columns.is_empty() {
        return Ok(());
    }
    let messages = client.simple_query(&select(columns)).await?;
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    for (name, _) in columns {
        if let Some(text) = row.and_then(|row| row.try_get(name.as_str()).ok().flatten()) {
            said.0.insert(name.clone(), text.to_owned());
        }
    }
    Ok(())
}

/// True for the answer of a server that is there and does not say this.
pub(crate) fn is_refused(error: &Error) -> bool {
    error.as_db_error().is_some_and(|answer| {
        let code = answer.code().code();
        let goes_on = matches!(answer.parsed_severity(), None | Some(Severity::Error));
        goes_on && REFUSALS.iter().any(|class| code.starts_with(class))
    })
}
