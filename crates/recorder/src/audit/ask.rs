//! The questions to the database: one transaction, which changes nothing and sees one moment.

use std::time::Duration;

use recording::PathBaseline;
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row};

use crate::audit::writes::Batch;
use crate::connect::Session;
use crate::database::{self, Trouble};
use crate::sql::{self, STATEMENTS};

/// On a statement: a server that is gone must not hold us for ever. A million writes take some seconds, and the rest is reading the tables.
const LIMIT: Duration = Duration::from_secs(1_800);
/// The sort of a million writes takes 100 MB. With the server's default of 4 MB it goes over files in many small pieces.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                     SET LOCAL statement_timeout = 0; \
                     SET LOCAL work_mem = '64MB'";

/// A write that is not as it was acknowledged, or whose outcome the recording does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) operation_id: i64,
    /// False where the recording has no write of that number.
    pub(crate) is_recorded: bool,
    /// Rows of `business_orders` with its identity.
    pub(crate) orders: i32,
    /// Rows of `business_logs`.
    pub(crate) logs: i32,
}

/// What is known before the writes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    /// The server is no writer any more.
    pub(crate) is_reader: bool,
    pub(crate) has_token: bool,
    /// Any row of the run is there.
    pub(crate) has_rows: bool,
}

/// A transaction of questions. Dropped, it ends.
pub(crate) struct Snapshot<'s> {
    session: &'s Session,
}

impl<'s> Snapshot<'s> {
    pub(crate) async fn begin(session: &'s Session) -> Result<Self, Trouble> {
        let missing = async {
            session.client.batch_execute(BEGIN).await?;
            session.client.query_typed(sql::MISSING_TABLES, &[]).await
        };
        let snapshot = Self { session };
        let missing = snapshot.answer("the tables", missing).await?;
        if missing.is_empty() {
            return Ok(snapshot);
        }
        let names: Vec<String> = missing
            .iter()
            .filter_map(|row| row.try_get(0).ok())
            .collect();
        Err(database::no_tables(&names))
    }

    /// The tables, as far as they tell of the run as a whole.
    pub(crate) async fn state(&self, run_id: &str) -> Result<State, Trouble> {
        let row = self
            .row("the run's token", &STATEMENTS.audit_state, &[text(&run_id)])
            .await?;
        let has_token = self.value(&row, "has_token")?;
        let mut state = State {
            is_reader: self.value(&row, "is_reader")?,
            has_token,
            has_rows: has_token,
        };
        if !has_token {
            let prefix = format!("{run_id}-");
            let values = [text(&prefix)];
            let row = self
                .row("rows of the run", &STATEMENTS.audit_has_rows, &values)
                .await?;
            state.has_rows = self.value(&row, "has_rows")?;
        }
        Ok(state)
    }

    /// Adds what is to be told of a batch of writes, whose identities begin with `prefix`.
    pub(crate) async fn writes(
        &self,
        prefix: &str,
        batch: &Batch,
        found: &mut Vec<Found>,
    ) -> Result<(), Trouble> {
        let values: [(&(dyn ToSql + Sync), Type); 5] = [
            (&prefix, Type::TEXT),
            (&batch.from, Type::INT8),
            (&batch.to, Type::INT8),
            (&batch.first, Type::INT8),
            (&batch.codes, Type::BYTEA),
        ];
        let rows = self
            .session
            .client
            .query_typed(&STATEMENTS.audit_writes, &values);
        for row in self.answer("the writes", rows).await? {
            let code: i32 = self.value(&row, "code")?;
            let (orders, logs) = (self.value(&row, "orders")?, self.value(&row, "logs")?);
            let ids: Vec<i64> = self.value(&row, "ids")?;
            found.extend(ids.into_iter().map(|operation_id| Found {
                operation_id,
                is_recorded: code > 0,
                orders,
                logs,
            }));
        }
        Ok(())
    }

    /// Sums of logins and stock.
    pub(crate) async fn sums(&self, path: &PathBaseline) -> Result<[i64; 2], Trouble> {
        let values: [(&(dyn ToSql + Sync), Type); 4] = [
            (&path.first_user_id, Type::INT4),
            (&path.last_user_id, Type::INT4),
            (&path.first_product_id, Type::INT4),
            (&path.last_product_id, Type::INT4),
        ];
        let row = self
            .row("the sums of logins and stock", sql::SUMS, &values)
            .await?;
        Ok([self.value(&row, "logins")?, self.value(&row, "stock")?])
    }

    /// Ends the transaction, so that the session can be used for something else.
    pub(crate) async fn end(self) -> Result<(), Trouble> {
        let commit = self.session.client.batch_execute("COMMIT");
        self.answer("the end of the transaction", commit).await
    }

    async fn row(
        &self,
        question: &str,
        statement: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Row, Trouble> {
        let row = self.session.client.query_typed_one(statement, values);
        self.answer(question, row).await
    }

    async fn answer<T>(
        &self,
        question: &str,
        asked: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Trouble> {
        timeout(LIMIT, asked)
            .await
            .map_err(|_| database::no_answer(question, LIMIT))?
            .map_err(|error| database::from_answer(self.session, &error))
    }

    fn value<'r, T: tokio_postgres::types::FromSql<'r>>(
        &self,
        row: &'r Row,
        column: &str,
    ) -> Result<T, Trouble> {
        row.try_get(column)
            .map_err(|error| database::from_answer(self.session, &error))
    }
}

fn text(value: &(dyn ToSql + Sync)) -> (&(dyn ToSql + Sync), Type) {
    (value, Type::TEXT)
}
