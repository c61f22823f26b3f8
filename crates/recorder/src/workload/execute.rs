//! The statements of one operation, in the protocol in use; BEGIN, COMMIT and ROLLBACK are simple queries in each.

use recording::vocabulary::{ErrorPhase, OperationType};
use tokio_postgres::Error;

use crate::definition::model::{Parameter, Step};
use crate::sql::protocol::Executor;
use crate::sql::statement::{Field, Value};
use crate::workload::draws::Draw;

/// How far an operation came; it stays readable where the operation is cut off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OperationProgress {
    /// Where it is.
    pub phase: ErrorPhase,
    /// COMMIT, or an autocommitted write, was handed to the connection.
    pub may_commit: bool,
    /// BEGIN was sent, and neither COMMIT nor ROLLBACK was answered.
    pub in_transaction: bool,
}

/// An operation that the database served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Served {
    /// All of it; the rows returned or changed.
    Done(i64),
    /// The business's no, such as too little stock; nothing changed.
    Rejected,
}

/// What the statements of an operation have returned so far.
#[derive(Default)]
struct Answers {
    /// Fields that later statements take.
    results: Vec<Field>,
    /// Rows returned by a read, changed by anything else.
    rows: u64,
}

/// Runs the statements of a draw.
///
/// # Errors
/// The driver's; `progress` tells where.
pub(crate) async fn execute(
    executor: &mut Executor<'_>,
    draw: &Draw,
    progress: &mut OperationProgress,
) -> Result<Served, Error> {
    let operation_type = draw.operation().operation_type;
    let mut answers = Answers::default();
    progress.phase = ErrorPhase::Statement;
    if operation_type == OperationType::Transaction {
        return transaction(executor, draw, answers, progress).await;
    }
    for step in &draw.operation().steps {
        if operation_type == OperationType::Write {
            // Apart: where this fails, the write was never sent.
            let values = values(step, draw, &answers.results);
            executor.prepare(&step.statement, &values).await?;
            // A connection known to be closed takes nothing: the write was never sent.
            progress.may_commit = !executor.client.is_closed();
        }
        if !answers.take(executor, step, draw).await? {
            return Ok(Served::Rejected);
        }
    }
    Ok(Served::Done(count(answers.rows)))
}

async fn transaction(
    executor: &mut Executor<'_>,
    draw: &Draw,
    mut answers: Answers,
    progress: &mut OperationProgress,
) -> Result<Served, Error> {
    progress.phase = ErrorPhase::Begin;
    progress.in_transaction = true;
    executor.client.batch_execute("BEGIN").await?;
    progress.phase = ErrorPhase::Statement;
    for step in &draw.operation().steps {
        if !answers.take(executor, step, draw).await? {
            progress.phase = ErrorPhase::Commit;
            executor.client.batch_execute("ROLLBACK").await?;
            progress.in_transaction = false;
            return Ok(Served::Rejected);
        }
    }
    progress.phase = ErrorPhase::Commit;
    progress.may_commit = !executor.client.is_closed();
    executor.client.batch_execute("COMMIT").await?;
    progress.in_transaction = false;
    Ok(Served::Done(count(answers.rows)))
}

impl Answers {
    /// Runs a statement; false where it answers the business's no.
    async fn take(
        &mut self,
        executor: &mut Executor<'_>,
        step: &Step,
        draw: &Draw,
    ) -> Result<bool, Error> {
        let values = values(step, draw, &self.results);
        let is_read = draw.operation().operation_type == OperationType::Read;
        let rows = if step.results.is_empty() {
            // The server says how many it sent or changed, after the last of them. No row is taken apart for that.
            executor.execute(&step.statement, &values).await?
        } else {
            let (rows, first) = executor.query(&step.statement, &values).await?;
            for column in &step.results {
                self.results.push(match &first {
                    Some(row) => row.field(column)?,
                    None => Field::Null,
                });
            }
            rows
        };
        if is_read || !step.is_query {
            self.rows += rows;
        }
        Ok(rows > 0 || !step.expects_rows)
    }
}

fn values<'a>(step: &Step, draw: &'a Draw, results: &'a [Field]) -> Vec<Value<'a>> {
    let value = |parameter: &Parameter| match parameter {
        Parameter::Value(number) => Value::Text(draw.value(*number)),
        Parameter::Result(number) => results.get(*number).map_or(Value::Null, Value::Field),
    };
    step.parameters.iter().map(value).collect()
}

fn count(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
