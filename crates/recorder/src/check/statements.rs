//! Every statement of the workload, planned and not done (EXPLAIN), with parameters as a run sends them. No named statement
//! is made: behind a pooler it would stay on a connection that others get.

use postgres_protocol::escape::escape_identifier;
use recording::vocabulary::OperationType;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::check::examine::{End, Examination};
use crate::check::row::{Check, Sizing};
use crate::connect::Session;
use crate::database::{self, Trouble};
use crate::definition::model::{Operation, Parameter, Step};
use crate::sql::protocol::{Executor, Protocol};
use crate::sql::question::is_refused;
use crate::sql::statement::{Statement, Value};

/// A statement that was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct StatementCheck {
    /// The operation that it belongs to.
    pub(super) operation: &'static Operation,
    /// Which of its statements, from 0.
    pub(super) number: usize,
}

impl StatementCheck {
    /// Its place, in words.
    pub(super) fn name(self) -> String {
        match self.operation.steps.len() {
            1 => self.operation.name.clone(),
            _ => format!("statement {} of {}", self.number + 1, self.operation.name),
        }
    }

    fn step(self) -> &'static Step {
        &self.operation.steps[self.number]
    }

    /// Its text.
    pub(super) fn text(self) -> &'static str {
        &self.step().statement.text
    }
}

impl Examination {
    /// Has every statement of the user's own workload planned.
    pub(super) async fn statements(&mut self, session: &Session) -> Result<(), End> {
        let limit = self.sizing.limit;
        let workload = self.sizing.workload;
        let writes = self.sizing.writes && !self.rows.connector.is_reader();
        // The extended protocol takes one statement at a time: what is planned can't end, and another one begin.
        let asked = Sizing {
            writes,
            protocol: Protocol::Extended,
            ..self.sizing
        };
        let planned = first_refused(session, asked);
        let refused = self
            .rows
            .ask(Check::Statements, "the plans", limit, session, planned)
            .await?;
        if let Some((asked, error)) = refused {
            let remedy = match error.code() {
                Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                    "grant the user of the URL what the statement needs"
                }
                _ => {
                    "correct the statement in the workload file, or make its tables with: recorder setup --workload FILE"
                }
            };
            let trouble = Trouble {
                found: format!("{}: {}", asked.name(), session.explain(&error).message),
                remedy: remedy.to_owned(),
                is_mistake: true,
            };
            return Err(self.rows.fail(Check::Statements, trouble));
        }
        let keys = database::find_keys(workload, &self.rows.connector, session, limit).await;
        keys.map_err(|trouble| self.rows.fail(Check::Statements, trouble))?;
        let operations = workload.operations.iter();
        let statements: usize = operations.map(|operation| operation.steps.len()).sum();
        let found = match writes {
            true => format!(
                "all {statements} of the workload {} can be planned",
                workload.name
            ),
            false => format!("the reads of the workload {} can be planned", workload.name),
        };
        self.rows.ok(Check::Statements, found);
        Ok(())
    }
}

/// The first statement that the server refuses to plan, and what it says.
///
/// # Errors
/// The driver's, where it is no refusal.
pub(super) async fn first_refused(
    session: &Session,
    sizing: Sizing,
) -> Result<Option<(StatementCheck, Error)>, Error> {
    let protocol = match sizing.protocol {
        Protocol::Simple => Protocol::Simple,
        Protocol::Extended | Protocol::Prepared => Protocol::Extended,
    };
    let mut text = String::new();
    for operation in &sizing.workload.operations {
        if !sizing.writes && operation.operation_type != OperationType::Read {
            continue;
        }
        for number in 0..operation.steps.len() {
            let asked = StatementCheck { operation, number };
            let executor = Executor {
                client: &session.client,
                protocol,
                text: &mut text,
            };
            match plan(executor, asked.step(), operation).await {
                Ok(()) => {}
                Err(error) if is_refused(&error) => return Ok(Some((asked, error))),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(None)
}

/// As `execute` sends it. What an earlier statement returns is not known: NULL takes any type.
async fn plan(mut executor: Executor<'_>, step: &Step, operation: &Operation) -> Result<(), Error> {
    let value = |parameter: &Parameter| match parameter {
        Parameter::Value(number) => operation.values[*number]
            .1
            .example()
            .map_or(Value::Null, Value::Text),
        Parameter::Result(_) => Value::Null,
    };
    let values: Vec<Value<'_>> = step.parameters.iter().map(value).collect();
    let text = &step.statement.text;
    let explained = match step.results.is_empty() {
        true => format!("EXPLAIN {text}"),
        false => {
            // The columns that are taken of it must be there. It may end with a comment.
            let names: Vec<String> = step
                .results
                .iter()
                .map(|name| escape_identifier(name))
                .collect();
            format!(
                "EXPLAIN WITH statement AS ({text}\n) SELECT {} FROM statement",
                names.join(", ")
            )
        }
    };
    let planned = executor.query(&Statement::new(explained), &values).await;
    planned.map(drop)
}
