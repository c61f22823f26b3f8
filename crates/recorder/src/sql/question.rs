//! A question whose answer is one row: what the server refuses to say of it is left out, and the rest is known all the same.

use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio_postgres::error::Severity;
use tokio_postgres::{Client, Error, SimpleColumn, SimpleQueryMessage};

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
    /// True where it is not asked for.
    pub(crate) fn has(&self, column: &str) -> bool {
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
    /// Those of the first row of an answer; `None` where there is no row.
    pub(crate) fn of_answer(messages: &[SimpleQueryMessage]) -> Option<Self> {
        let row = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        })?;
        let value = |(at, column): (usize, &SimpleColumn)| {
            let text = row.try_get(at).ok().flatten()?;
            Some((column.name().to_owned(), text.to_owned()))
        };
        Some(Self(
            row.columns().iter().enumerate().filter_map(value).collect(),
        ))
    }

    /// Adds what is known besides.
    pub(crate) fn add(&mut self, more: Self) {
        self.0.extend(more.0);
    }

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
        let asked = self.asked(refused);
        if asked.is_empty() {
            return Ok(ColumnValues::default());
        }
        match row(client, &select(&asked)).await {
            Err(error) if is_refused(&error) => {}
            done => return done.map(Option::unwrap_or_default),
        }
        let mut said = ColumnValues::default();
        for column in &asked {
            // The only one is known to be refused.
            let alone = match asked.len() {
                1 => None,
                _ => match row(client, &select(&[column])).await {
                    Ok(value) => value,
                    Err(error) if is_refused(&error) => None,
                    Err(error) => return Err(error),
                },
            };
            match alone {
                Some(value) => said.add(value),
                None => refused.add(&column.0),
            }
        }
        Ok(said)
    }

    /// The same of a row of a table, the first column of which is the row's own: that one can't be left out. `None` where there is no such
    /// row.
    ///
    /// # Errors
    /// The driver's, where it is no refusal, and where the row is refused.
    pub(crate) async fn ask_of_row(
        &self,
        client: &Client,
        from: &str,
        refused: &Refused,
    ) -> Result<Option<ColumnValues>, Error> {
        let asked = self.asked(refused);
        let of_row = |columns: &[&(String, String)]| format!("{} {from}", select(columns));
        match row(client, &of_row(&asked)).await {
            Err(error) if is_refused(&error) && !asked.is_empty() => {}
            done => return done,
        }
        let (own, others) = asked.split_at(1);
        let Some(mut said) = row(client, &of_row(own)).await? else {
            return Ok(None);
        };
        for column in others {
            match row(client, &select(&[column])).await {
                Ok(value) => said.add(value.unwrap_or_default()),
                Err(error) if is_refused(&error) => refused.add(&column.0),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(said))
    }

    fn asked(&self, refused: &Refused) -> Vec<&(String, String)> {
        let columns = self.columns.iter();
        columns.filter(|(name, _)| !refused.has(name)).collect()
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

/// The first row of the answer.
async fn row(client: &Client, statement: &str) -> Result<Option<ColumnValues>, Error> {
    let messages = client.simple_query(statement).await?;
    Ok(ColumnValues::of_answer(&messages))
}

/// True for the answer of a server that is there and does not say this.
pub(crate) fn is_refused(error: &Error) -> bool {
    error.as_db_error().is_some_and(|answer| {
        let code = answer.code().code();
        let goes_on = matches!(answer.parsed_severity(), None | Some(Severity::Error));
        goes_on && REFUSALS.iter().any(|class| code.starts_with(class))
    })
}
