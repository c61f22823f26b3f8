//! How statements are sent: as text with literals, as unnamed statements with parameters, or as named statements that are prepared
//! once per connection.

use clap::ValueEnum;
use deadpool_postgres::ClientWrapper;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, SimpleQueryMessage, SimpleQueryRow};

use crate::sql::statement::{Statement, Value};

/// The protocol in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Protocol {
    /// Values inside the statement's text, parsed and planned each time; works behind every proxy
    Simple,
    /// Unnamed statements with parameters, one round trip each; works behind every proxy
    #[default]
    Extended,
    /// Named statements, prepared once per connection at first use. RDS Proxy pins a session to a connection for them. They fail behind
    /// pgbouncer before 1.21 in transaction pooling (SQLSTATE 26000 and 42P05)
    Prepared,
}

impl Protocol {
    /// The word of the command line and of the manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Extended => "extended",
            Self::Prepared => "prepared",
        }
    }
}

/// Sends statements on a connection.
pub(crate) struct Executor<'a> {
    /// The driver's client, with the statements that the connection has prepared.
    pub(crate) client: &'a ClientWrapper,
    /// How to send.
    pub(crate) protocol: Protocol,
    /// Room for a statement with its values.
    pub(crate) text: &'a mut String,
}

/// A row of an answer.
pub(crate) enum Row {
    Binary(tokio_postgres::Row),
    Text(SimpleQueryRow),
}

impl Executor<'_> {
    /// Makes the statement known to the server, where the protocol wants that and it is not yet. Nothing of it is done.
    pub(crate) async fn prepare<const N: usize>(
        &self,
        statement: &Statement,
        values: &[Value<'_>; N],
    ) -> Result<(), Error> {
        match self.protocol {
            Protocol::Simple | Protocol::Extended => Ok(()),
            Protocol::Prepared => self.named(statement, values).await.map(drop),
        }
    }

    /// Runs a statement; the number of rows that it changed.
    pub(crate) async fn execute<const N: usize>(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>; N],
    ) -> Result<u64, Error> {
        match self.protocol {
            Protocol::Simple => {
                let messages = self.simple(statement, values).await?;
                Ok(messages.iter().map(changed).sum())
            }
            Protocol::Extended => {
                self.client
                    .execute_typed(&statement.text, &typed(values))
                    .await
            }
            Protocol::Prepared => {
                let named = self.named(statement, values).await?;
                self.client.execute(&named, &untyped(values)).await
            }
        }
    }

    /// Runs a query; the number of rows that it returned.
    pub(crate) async fn count_rows<const N: usize>(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>; N],
    ) -> Result<u64, Error> {
        if self.protocol == Protocol::Simple {
            let messages = self.simple(statement, values).await?;
            let rows = messages
                .iter()
                .filter(|message| matches!(message, SimpleQueryMessage::Row(_)));
            return Ok(rows.count() as u64);
        }
        // The server says how many it sent, after the last of them. No row is taken apart for that.
        self.execute(statement, values).await
    }

    /// Runs a query; the first row that it returned.
    pub(crate) async fn first_row<const N: usize>(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>; N],
    ) -> Result<Option<Row>, Error> {
        if self.protocol == Protocol::Simple {
            let messages = self.simple(statement, values).await?;
            return Ok(messages.into_iter().find_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(Row::Text(row)),
                _ => None,
            }));
        }
        let rows = self.rows(statement, values).await?;
        Ok(rows.into_iter().next().map(Row::Binary))
    }

    async fn rows<const N: usize>(
        &self,
        statement: &Statement,
        values: &[Value<'_>; N],
    ) -> Result<Vec<tokio_postgres::Row>, Error> {
        if self.protocol == Protocol::Prepared {
            let named = self.named(statement, values).await?;
            return self.client.query(&named, &untyped(values)).await;
        }
        self.client
            .query_typed(&statement.text, &typed(values))
            .await
    }

    async fn simple(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<SimpleQueryMessage>, Error> {
        statement.write(values, self.text);
        self.client.simple_query(self.text).await
    }

    /// The named statement. Its first use on a connection prepares it, in a round trip of its own.
    async fn named<const N: usize>(
        &self,
        statement: &Statement,
        values: &[Value<'_>; N],
    ) -> Result<tokio_postgres::Statement, Error> {
        let types = values.each_ref().map(Value::type_);
        let text = &statement.text;
        self.client.prepare_typed_cached(text, &types).await
    }
}

impl Row {
    /// A column of type `integer`.
    pub(crate) fn int4(&self, column: usize) -> Result<Option<i32>, Error> {
        match self {
            Self::Binary(row) => row.try_get(column),
            Self::Text(row) => Ok(row.try_get(column)?.and_then(|text| text.parse().ok())),
        }
    }

    /// A column of type `bigint`.
    pub(crate) fn int8(&self, column: usize) -> Result<Option<i64>, Error> {
        match self {
            Self::Binary(row) => row.try_get(column),
            Self::Text(row) => Ok(row.try_get(column)?.and_then(|text| text.parse().ok())),
        }
    }
}

fn typed<'v, const N: usize>(values: &'v [Value<'_>; N]) -> [(&'v (dyn ToSql + Sync), Type); N] {
    values
        .each_ref()
        .map(|value| (value.as_sql(), value.type_()))
}

fn untyped<'v, const N: usize>(values: &'v [Value<'_>; N]) -> [&'v (dyn ToSql + Sync); N] {
    values.each_ref().map(Value::as_sql)
}

const fn changed(message: &SimpleQueryMessage) -> u64 {
    match message {
        SimpleQueryMessage::CommandComplete(rows) => *rows,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
