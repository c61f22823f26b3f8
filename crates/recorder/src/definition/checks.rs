//! Makes a workload of its file, or says what is wrong in it.

use std::collections::BTreeMap;

use recording::vocabulary::OperationType;
use toml::Spanned;

use crate::definition::error::{DefinitionError, in_plain_words};
use crate::definition::model::{
    Definition, KeyQuery, Operation, Parameter, SetupStatement, Step, TargetValues,
};
use crate::definition::reader::Reader;
use crate::definition::written::{self, Expect, File, Type, Value};
use crate::sql::scan::{first_word, is_column, scan};
use crate::sql::statement::Statement;

/// What the server can plan without doing it: `recorder check` asks that of every statement.
const PLANNED: [&str; 8] = [
    "select", "values", "table", "with", "insert", "update", "delete", "merge",
];
/// Of these, the statements that change nothing; WITH may.
const QUERIES: usize = 3;
/// What may write an identity into a row of its own.
const INSERTS: [&str; 3] = ["insert", "with", "merge"];
/// What would end the transaction of the set-up, or begin another.
const TRANSACTION_CONTROL: [&str; 6] = ["begin", "start", "commit", "end", "rollback", "abort"];
/// A name goes into every row of the recording.
const LONGEST_NAME: usize = 63;

/// # Errors
/// The first thing that is wrong.
pub(super) fn read(file: &str, text: &str) -> Result<Definition, DefinitionError> {
    let reader = Reader { file, text };
    let written: File = toml::from_str(text).map_err(|error| {
        let place = error.span().unwrap_or(0..0);
        let what = in_plain_words(error.message());
        reader.error(
            &place,
            format!("{what}; docs/workload.md has the keys and their values"),
        )
    })?;
    reader.definition(written)
}

impl Reader<'_> {
    fn definition(&self, file: File) -> Result<Definition, DefinitionError> {
        self.name(&file.name)?;
        let mut keys = Vec::new();
        for (name, sql) in &file.keys {
            self.query(sql)?;
            keys.push(KeyQuery {
                name: name.get_ref().clone(),
                place: self.place(sql),
                sql: sql.get_ref().clone(),
            });
        }
        let mut setup = Vec::new();
        for sql in &file.setup {
            self.setup(sql)?;
            setup.push(SetupStatement {
                place: self.place(sql),
                sql: sql.get_ref().clone(),
            });
        }
        let mut operations: Vec<Operation> = Vec::new();
        for written in file.operations.get_ref() {
            let operation = self.operation(written, &keys)?;
            if operations.iter().any(|other| other.name == operation.name) {
                return self.refuse(
                    &written.name,
                    "a second operation of this name: give each its own",
                );
            }
            operations.push(operation);
        }
        self.two_identities(file.operations.get_ref())?;
        let whole: f64 = operations.iter().map(|operation| operation.weight).sum();
        if whole == 0.0 || !whole.is_finite() {
            return self.refuse(
                &file.operations,
                match whole == 0.0 {
                    true => "no operation has a weight above 0: give one of them a weight",
                    false => "the weights are too large together: write smaller ones",
                },
            );
        }
        Ok(Definition {
            name: file.name.into_inner(),
            file: self.file.to_owned(),
            setup,
            keys,
            operations,
            sha256: None,
        })
    }

    fn name(&self, name: &Spanned<String>) -> Result<(), DefinitionError> {
        let is_plain = |text: &str| {
            text.chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
        };
        match name.get_ref().as_str() {
            text if (1..=LONGEST_NAME).contains(&text.len()) && is_plain(text) => Ok(()),
            _ => self.refuse(name, "a name has 1 to 63 letters, digits, _ and -"),
        }
    }

    fn query(&self, sql: &Spanned<String>) -> Result<(), DefinitionError> {
        self.one_statement(sql)?;
        let word = first_word(sql.get_ref());
        match PLANNED[..=QUERIES].contains(&word.as_str())
            && scan(sql.get_ref()).parameters.is_empty()
        {
            true => Ok(()),
            false => self.refuse(
                sql,
                "keys are what a SELECT without parameters returns in its first column",
            ),
        }
    }

    /// A statement of the set-up: anything that may stand in a transaction.
    fn setup(&self, sql: &Spanned<String>) -> Result<(), DefinitionError> {
        let word = self.whole(sql)?;
        if TRANSACTION_CONTROL.contains(&word.as_str()) {
            return self.refuse(
                sql,
                format!(
                    "the set-up is one transaction already: leave {} out",
                    word.to_uppercase()
                ),
            );
        }
        match scan(sql.get_ref()).semicolon {
            Some(at) if !sql.get_ref()[at + 1..].trim().is_empty() => {
                self.refuse(sql, "two statements in one: give each a text of its own")
            }
            _ => Ok(()),
        }
    }

    /// The first word of a text in which every quote and every comment ends.
    fn whole(&self, sql: &Spanned<String>) -> Result<String, DefinitionError> {
        let text = sql.get_ref();
        if let Some(at) = scan(text).unclosed {
            let rest: String = text[at..].chars().take(20).collect();
            return self.refuse(
                sql,
                format!("a quote or a comment that does not end: {rest}"),
            );
        }
        if text.contains('\0') {
            return self.refuse(sql, "a statement has no NUL character in it");
        }
        match first_word(text) {
            word if word.is_empty() => self.refuse(sql, "no statement"),
            word => Ok(word),
        }
    }

    fn one_statement(&self, sql: &Spanned<String>) -> Result<(), DefinitionError> {
        let word = self.whole(sql)?;
        if let Some(at) = scan(sql.get_ref()).semicolon {
            let rest = sql.get_ref()[at + 1..].trim();
            let what = match rest.is_empty() {
                true => "a statement has no semicolon at its end: remove it",
                false => {
                    "two statements in one: write a [[operation.statement]] for each, of an operation of type transaction"
                }
            };
            return self.refuse(sql, what);
        }
        match PLANNED.contains(&word.as_str()) {
            true => Ok(()),
            false => self.refuse(
                sql,
                format!("a statement begins with SELECT, VALUES, TABLE, WITH, INSERT, UPDATE, DELETE or MERGE, not {word:?}: the check has it planned before a run. Call a procedure through a function: SELECT f($1)"),
            ),
        }
    }

    fn operation(
        &self,
        written: &written::Operation,
        keys: &[KeyQuery],
    ) -> Result<Operation, DefinitionError> {
        self.name(&written.name)?;
        let weight = *written.weight.get_ref();
        if !weight.is_finite() || weight < 0.0 {
            return self.refuse(&written.weight, "a weight is 0 or a positive number");
        }
        let kind = *written.operation_type.get_ref();
        self.statements_of(written, kind)?;
        let mut values = Vec::new();
        for (name, value) in &written.values {
            values.push((
                name.get_ref().clone(),
                self.generator(value, value.get_ref(), keys)?,
            ));
        }
        self.identity(written, kind)?;
        let place = |name: &str| match kind {
            Type::Read => None,
            Type::Write | Type::Transaction => values.iter().position(|(value, _)| value == name),
        };
        let target = TargetValues {
            user_id: place("user_id"),
            product_id: place("product_id"),
            quantity: place("quantity"),
        };
        let steps = self.steps(written)?;
        Ok(Operation {
            name: written.name.get_ref().clone(),
            operation_type: match kind {
                Type::Read => OperationType::Read,
                Type::Write => OperationType::Write,
                Type::Transaction => OperationType::Transaction,
            },
            weight,
            values,
            steps,
            identity: written
                .identity
                .iter()
                .map(|column| column.get_ref().clone())
                .collect(),
            target,
        })
    }

    fn statements_of(
        &self,
        written: &written::Operation,
        kind: Type,
    ) -> Result<(), DefinitionError> {
        let (name, count) = (&written.name, written.statements.len());
        match (kind, count) {
            (_, 0) => {
                return self.refuse(
                    name,
                    "no statement: write one under [[operation.statement]]",
                );
            }
            (Type::Write, 2..) => {
                return self.refuse(
                    &written.operation_type,
                    "a write has one statement: make it a transaction, or the outcome of each statement would be its own",
                );
            }
            _ => {}
        }
        for statement in &written.statements {
            self.one_statement(&statement.sql)?;
            let word = first_word(statement.sql.get_ref());
            if kind == Type::Read && !PLANNED[..=QUERIES].contains(&word.as_str()) {
                return self.refuse(
                    &statement.sql,
                    format!(
                        "a read does not {}: make it a write or a transaction",
                        word.to_uppercase()
                    ),
                );
            }
        }
        Ok(())
    }

    fn identity(&self, written: &written::Operation, kind: Type) -> Result<(), DefinitionError> {
        let Some(first) = written.identity.first() else {
            return Ok(());
        };
        let is_identity = |name: &Spanned<String>| {
            let mut values = written.values.iter();
            values.any(|(of, value)| {
                of.get_ref() == name.get_ref() && *value.get_ref() == Value::Identity
            })
        };
        let mut writing = written
            .statements
            .iter()
            .filter(|statement| statement.parameters.iter().any(is_identity))
            .peekable();
        if kind == Type::Read || writing.peek().is_none() {
            return self.refuse(
                first,
                "an identity is for a write or a transaction that writes a value made by \"identity\" into this column",
            );
        }
        if !writing.any(|statement| INSERTS.contains(&first_word(statement.sql.get_ref()).as_str()))
        {
            return self.refuse(
                first,
                "the identity must be in a row of its own: an UPDATE writes over the last one, and an audit would call that lost",
            );
        }
        for (at, column) in written.identity.iter().enumerate() {
            if written.identity[..at]
                .iter()
                .any(|other| other.get_ref() == column.get_ref())
            {
                return self.refuse(column, "this column is named already");
            }
        }
        let mut columns = written.identity.iter();
        match columns.find(|column| !is_column(column.get_ref())) {
            Some(column) => self.refuse(column, "an identity's column is written table.column or schema.table.column, in small letters, digits and _"),
            None => Ok(()),
        }
    }

    /// Not more columns than an audit looks into.
    fn two_identities(&self, operations: &[written::Operation]) -> Result<(), DefinitionError> {
        let mut known: Vec<&str> = Vec::new();
        for column in operations.iter().flat_map(|operation| &operation.identity) {
            if !known.contains(&column.get_ref().as_str()) {
                known.push(column.get_ref());
            }
            if known.len() > 2 {
                return self.refuse(
                    column,
                    "an audit looks into two columns at most: leave one of the identities out",
                );
            }
        }
        Ok(())
    }

    fn steps(&self, written: &written::Operation) -> Result<Vec<Step>, DefinitionError> {
        let mut sources: BTreeMap<&str, Parameter> = BTreeMap::new();
        for (at, name) in written.values.keys().enumerate() {
            sources.insert(name.get_ref(), Parameter::Value(at));
        }
        let (mut steps, mut results) = (Vec::new(), 0);
        for statement in &written.statements {
            let parameters = self.parameters(statement, &sources)?;
            for name in &statement.results {
                if sources
                    .insert(name.get_ref(), Parameter::Result(results))
                    .is_some()
                {
                    return self.refuse(name, "this operation has a value or a result of that name already: rename the column with AS");
                }
                results += 1;
            }
            let sql = statement.sql.get_ref();
            let place = PLANNED.iter().position(|word| *word == first_word(sql));
            steps.push(Step {
                place: self.place(&statement.sql),
                statement: Statement::new(sql.trim().to_owned()),
                parameters,
                results: statement
                    .results
                    .iter()
                    .map(|name| name.get_ref().clone())
                    .collect(),
                expects_rows: statement.expect == Some(Expect::Rows),
                is_query: place.is_some_and(|place| place <= QUERIES),
            });
        }
        Ok(steps)
    }

    fn parameters(
        &self,
        statement: &written::Statement,
        sources: &BTreeMap<&str, Parameter>,
    ) -> Result<Vec<Parameter>, DefinitionError> {
        let used = scan(statement.sql.get_ref()).parameters;
        let (given, most) = (
            statement.parameters.len(),
            used.iter().map(|(_, number)| number + 1).max(),
        );
        for number in 0..most.unwrap_or(0).max(given) {
            let is_used = used.iter().any(|(_, other)| *other == number);
            if number >= given || !is_used {
                return self.refuse(
                    &statement.sql,
                    format!(
                        "{}, and ${} is {}: parameters = [...] names the value of $1, then of $2, and so on",
                        match given { 1 => "1 parameter".to_owned(), count => format!("{count} parameters") },
                        number + 1,
                        match is_used { true => "in the statement", false => "not in the statement" },
                    ),
                );
            }
        }
        let source = |name: &Spanned<String>| {
            match sources.get(name.get_ref().as_str()) {
            Some(source) => Ok(*source),
            None => self.refuse(name, format!(
                "no value of this operation, nor result of a statement before, is called {:?}: add it under [operation.values]",
                name.get_ref()
            )),
        }
        };
        statement.parameters.iter().map(source).collect()
    }
}
