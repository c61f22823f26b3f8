//! The questions to the database: one transaction, which changes nothing and sees one moment.

use std::time::Duration;

use recording::PathBaseline;
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row};

use crate::audit::announce::Announcer;
use crate::audit::identities::Identities;
use crate::audit::writes::{Batch, Code};
use crate::connect::{self, Session};
use crate::database::{self, Trouble};
use crate::sql;

/// On a statement: a server that is gone must not hold us for ever. A million writes take some seconds, and the rest is reading the tables.
const LIMIT: Duration = Duration::from_secs(1_800);
/// On a lock: one that an administrator holds on the tables must not hold us for as long.
const LOCK_LIMIT: Duration = Duration::from_secs(30);
/// The sort of a million writes takes 100 MB. With the server's default of 4 MB it goes over files in many small pieces. Where rows are hidden
/// from the user, the server is to refuse: they would count as lost. PostgreSQL has `transaction_timeout` since version 17.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                     SET LOCAL statement_timeout = 0; \
                     SET LOCAL lock_timeout = '30s'; \
                     SET LOCAL idle_in_transaction_session_timeout = 0; \
                     SET LOCAL row_security = off; \
                     SET LOCAL work_mem = '64MB'; \
                     SELECT set_config(name, '0', true) FROM pg_settings WHERE name = 'transaction_timeout'";

/// A write that is not as it was acknowledged, or whose outcome the recording does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) operation_id: i64,
    pub(crate) code: Code,
    /// Rows of the first table with its identity.
    pub(crate) orders: i32,
    /// Rows of the second table.
    pub(crate) logs: i32,
}

/// What is known before the writes are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    /// The server is no writer any more.
    pub(crate) is_reader: bool,
    pub(crate) has_token: bool,
    /// Any row of the run is there.
    pub(crate) has_rows: bool,
    /// The tokens of paths that are there.
    pub(crate) path_tokens: Vec<String>,
    /// `business_orders` and `business_logs` are in two schemas: `search_path` may hide one behind another of the same name.
    pub(crate) are_apart: bool,
    /// A run that wrote into the tables since the token.
    pub(crate) other_run: Option<String>,
}

/// A transaction of questions. Dropped, it ends.
pub(crate) struct Snapshot<'s> {
    session: &'s Session,
    announcer: Announcer<'s>,
    identities: &'s Identities,
}

impl<'s> Snapshot<'s> {
    pub(crate) async fn begin(
        session: &'s Session,
        announcer: Announcer<'s>,
        identities: &'s Identities,
    ) -> Result<Self, Trouble> {
        let missing = async {
            session.client.batch_execute(BEGIN).await?;
            // Tables of a workload of the user's own are missed by the statements that name them.
            match identities.is_shop() {
                true => session.client.query_typed(sql::MISSING_TABLES, &[]).await,
                false => Ok(Vec::new()),
            }
        };
        let snapshot = Self {
            session,
            announcer,
            identities,
        };
        let missing = snapshot.answer("the tables", missing).await?;
        if missing.is_empty() {
            return Ok(snapshot);
        }
        let names: Vec<String> = missing
            .iter()
            .filter_map(|row| row.try_get(0).ok())
            .collect();
        // A user who sees none of them may not be told to make them: the run had them.
        Err(Trouble {
            remedy: "check database and search_path: these are not the run's tables".to_owned(),
            ..database::no_tables(&names, false)
        })
    }

    /// The tables, as far as they tell of the run as a whole.
    pub(crate) async fn state(&self, run_id: &str) -> Result<State, Trouble> {
        let row = self
            .row(
                "the run's token",
                self.identities.state_statement(),
                &[text(&run_id)],
            )
            .await?;
        let has_token = self.value(&row, "has_token")?;
        let mut state = State {
            is_reader: self.value(&row, "is_reader")?,
            has_token,
            has_rows: has_token,
            path_tokens: self.value(&row, "path_tokens")?,
            are_apart: self.value(&row, "are_apart")?,
            other_run: self.value(&row, "other_run")?,
        };
        if !has_token {
            let prefix = format!("{run_id}-");
            let values = [text(&prefix)];
            let row = self
                .row(
                    "rows of the run",
                    &self.identities.has_rows_statement(),
                    &values,
                )
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
        let statement = self.identities.writes_statement();
        let rows = self.session.client.query_typed(&statement, &values);
        for row in self.answer("the writes", rows).await? {
            let code: i32 = self.value(&row, "code")?;
            let (orders, logs) = (self.value(&row, "orders")?, self.value(&row, "logs")?);
            let ids: Vec<i64> = self.value(&row, "ids")?;
            // The statement gives back what it was given, a byte.
            let Some(code) = Code::parse(code) else {
                continue;
            };
            found.extend(ids.into_iter().map(|operation_id| Found {
                operation_id,
                code,
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
        let what = format!("reading {question}");
        let asked = self.announcer.patiently(&what, asked);
        timeout(LIMIT, asked)
            .await
            .map_err(|_| database::no_answer(question, LIMIT))?
            .map_err(|error| self.trouble(&error))
    }

    fn trouble(&self, error: &Error) -> Trouble {
        let trouble = database::from_answer(self.session, error);
        let answer = connect::answer_of(error);
        let answer = answer.as_ref().map(connect::Notice::answer);
        match answer.map(|answer| (answer.sqlstate, answer.routine)) {
            Some(("42501", Some("check_enable_rls"))) => Trouble {
                remedy: "the user must see every row (BYPASSRLS, or the table's owner)".to_owned(),
                ..trouble
            },
            Some(("55P03", _)) => Trouble {
                found: format!("{} (waited {LOCK_LIMIT:?})", trouble.found),
                ..trouble
            },
            _ => trouble,
        }
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
