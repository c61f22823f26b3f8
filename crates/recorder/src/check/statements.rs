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
use crate::definition::Definition;
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
        if let Some((asked, refusal)) = refused {
            let trouble = trouble(workload, asked, &refusal, session);
            return Err(self.rows.fail(Check::Statements, trouble));
        }
        // A reader is not written to.
        let looked = async {
            match writes {
                true => identities(session, workload).await,
                false => Ok(None),
            }
        };
        let refused = self
            .rows
            .ask(Check::Statements, "the identities", limit, session, looked)
            .await?;
        if let Some((column, error)) = refused {
            let found = match error.code() {
                // Of starts_with(): there is one for texts.
                Some(&SqlState::UNDEFINED_FUNCTION) => "it is not of type text".to_owned(),
                _ => session.explain(&error).message,
            };
            let trouble = Trouble {
                found: format!("{column}: {found}"),
                remedy: "name the column of type text that the identity is written into".to_owned(),
                is_mistake: true,
            };
            return Err(self.rows.fail(Check::Statements, trouble));
        }
        let keys = database::keys::find_keys(workload, &self.rows.connector, session, limit).await;
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

/// What is wrong with a statement, and what to do.
fn trouble(
    workload: &Definition,
    asked: StatementCheck,
    refusal: &Refusal,
    session: &Session,
) -> Trouble {
    let place = format!("{}: {}", asked.step().place, asked.name());
    let (found, remedy) = match refusal {
        Refusal::NoRead => (
            "it is of type read, and changes or locks rows, or makes a table".to_owned(),
            "make the operation a write or a transaction".to_owned(),
        ),
        Refusal::Server(error) => {
            let code = error.code().map(SqlState::code).unwrap_or_default();
            let remedy = match code {
                "42501" => "grant the user of the URL what the statement needs".to_owned(),
                code if code.starts_with("22") => {
                    "change how the value is made, or cast the parameter".to_owned()
                }
                _ if workload.setup.is_empty() => {
                    "correct the statement, or make its tables first; those of the shop: recorder setup".to_owned()
                }
                _ => format!(
                    "correct the statement, or make its tables with: recorder setup --workload {}",
                    workload.file
                ),
            };
            (session.explain(error).message, remedy)
        }
    };
    Trouble {
        found: format!("{place}: {found}"),
        remedy,
        is_mistake: true,
    }
}

/// Why a statement can't run as it is.
pub(super) enum Refusal {
    /// What the server says.
    Server(Error),
    /// It stands in a read, and is none.
    NoRead,
}

/// The first statement that can't run: the server refuses to plan it, or it is no read where it should be one.
///
/// # Errors
/// The driver's, where it is no refusal.
pub(super) async fn first_refused(
    session: &Session,
    sizing: Sizing,
) -> Result<Option<(StatementCheck, Refusal)>, Error> {
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
            let mut executor = Executor {
                client: &session.client,
                protocol,
                text: &mut text,
            };
            match plan(&mut executor, asked, sizing.workload.is_shop()).await {
                Ok(None) => {}
                Ok(Some(refusal)) => return Ok(Some((asked, refusal))),
                Err(error) if is_refused(&error) || is_no_value(&error) => {
                    return Ok(Some((asked, Refusal::Server(error))));
                }
                // A planner that works with the example itself, as by dividing by it: no value of a run.
                Err(error) if has_class(&error, "22") => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(None)
}

fn has_class(error: &Error, class: &str) -> bool {
    error
        .code()
        .is_some_and(|code| code.code().starts_with(class))
}

/// True where a value is none of the type that its place asks for.
fn is_no_value(error: &Error) -> bool {
    const CODES: [SqlState; 7] = [
        SqlState::INVALID_TEXT_REPRESENTATION,
        SqlState::INVALID_BINARY_REPRESENTATION,
        SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
        SqlState::STRING_DATA_RIGHT_TRUNCATION,
        SqlState::INVALID_DATETIME_FORMAT,
        SqlState::DATETIME_FIELD_OVERFLOW,
        SqlState::UNTRANSLATABLE_CHARACTER,
    ];
    error.code().is_some_and(|code| CODES.contains(code))
}

/// As `execute` sends it, once for each example of its values; of the shop, one of each is enough. What an earlier statement returns is not known:
/// NULL takes any type.
async fn plan(
    executor: &mut Executor<'_>,
    asked: StatementCheck,
    is_shop: bool,
) -> Result<Option<Refusal>, Error> {
    let (step, operation) = (asked.step(), asked.operation);
    let examples: Vec<_> = operation
        .values
        .iter()
        .map(|(_, generator)| generator.examples())
        .collect();
    let is_read = operation.operation_type == OperationType::Read && !is_shop;
    let rounds = match is_shop {
        true => 1,
        false => examples.iter().map(Vec::len).max().unwrap_or(0).max(1),
    };
    for round in 0..rounds {
        let value = |parameter: &Parameter| match parameter {
            Parameter::Value(number) => {
                let examples = &examples[*number];
                let example = examples.get(round % examples.len().max(1));
                example.map_or(Value::Null, |example| Value::Text(example))
            }
            Parameter::Result(_) => Value::Null,
        };
        let values: Vec<Value<'_>> = step.parameters.iter().map(value).collect();
        if is_read && round == 0 && !is_read_only(executor, step, &values).await? {
            return Ok(Some(Refusal::NoRead));
        }
        let explained = Statement::new(explain(step));
        executor.query(&explained, &values).await?;
    }
    Ok(None)
}

/// The statement that has it planned. The columns that are taken of its rows must be there.
fn explain(step: &Step) -> String {
    let text = &step.statement.text;
    if step.results.is_empty() {
        return format!("EXPLAIN {text}");
    }
    let names: Vec<String> = step
        .results
        .iter()
        .map(|name| escape_identifier(name))
        .collect();
    // It may end with a comment.
    format!(
        "EXPLAIN WITH statement AS ({text}\n) SELECT {} FROM statement",
        names.join(", ")
    )
}

/// False for what the server plans, but not as a part of a query (a table that is made, rows that are changed in WITH), or with a lock on rows.
async fn is_read_only(
    executor: &mut Executor<'_>,
    step: &Step,
    values: &[Value<'_>],
) -> Result<bool, Error> {
    let text = &step.statement.text;
    let part = format!("EXPLAIN (FORMAT JSON) SELECT FROM ({text}\n) AS statement");
    match executor.query(&Statement::new(part), values).await {
        Ok((_, row)) => {
            let plan = row.map(|row| row.field("QUERY PLAN")).transpose()?;
            Ok(!plan.is_some_and(|plan| plan.contains("\"Node Type\": \"LockRows\"")))
        }
        // Where the server refuses the whole as well, that is what is told.
        Err(error) if is_refused(&error) => {
            let whole = Statement::new(format!("EXPLAIN {text}"));
            executor.query(&whole, values).await.map(|_| false)
        }
        Err(error) => Err(error),
    }
}

/// The first column of an identity that an audit could not look into, with the place of its operation.
async fn identities(
    session: &Session,
    workload: &Definition,
) -> Result<Option<(String, Error)>, Error> {
    for operation in &workload.operations {
        for named in &operation.identity {
            // The file's reader has seen to it that it is a name.
            let Some((table, column)) = named.rsplit_once('.') else {
                continue;
            };
            let text = format!("EXPLAIN SELECT FROM {table} WHERE starts_with({column}, 'x')");
            match session.client.batch_execute(&text).await {
                Ok(()) => {}
                Err(error) if is_refused(&error) => {
                    let place = &operation.steps[0].place;
                    let column = format!("{place}: identity {named} of {}", operation.name);
                    return Ok(Some((column, error)));
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(None)
}
