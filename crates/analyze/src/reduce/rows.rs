//! Rows of operations, one after the other, in words that this version knows.

use std::collections::BTreeMap;

use recording::vocabulary::{OperationType, Outcome, Path};

use crate::error::Cause;
use crate::load::batches::Batch;
use crate::load::plain::{Integers, Meanings, Texts};
use crate::load::range::{Cut, Place};
use crate::summary::Word;

/// Rows that can't be judged, by what is wrong with them: the column, and its word.
pub(crate) type LeftOutRows = BTreeMap<(&'static str, Option<String>), u64>;

/// An operation, with what the columns hold that were read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    /// Its row in the batch.
    pub(crate) row: usize,
    pub(crate) path: Path,
    pub(crate) kind: OperationType,
    /// The number of its name, among [`Names`].
    pub(crate) name: usize,
    pub(crate) outcome: Outcome,
    /// When it was to begin, UTC microseconds.
    pub(crate) scheduled_us: i64,
    pub(crate) start_us: Option<i64>,
    pub(crate) end_us: Option<i64>,
    pub(crate) response_us: Option<i64>,
    pub(crate) checkout_us: Option<i64>,
    pub(crate) execute_us: Option<i64>,
    pub(crate) connection: Option<i64>,
    /// Its number.
    pub(crate) id: Option<i64>,
    /// Pieces of stock.
    pub(crate) quantity: Option<i64>,
}

impl Operation {
    /// The same as long as it ran.
    const fn unfinished(self) -> Self {
        Self {
            outcome: Outcome::Unfinished,
            end_us: None,
            response_us: None,
            execute_us: None,
            ..self
        }
    }
}

/// The columns of every operation's figures.
pub(crate) const COLUMNS: [&str; 9] = [
    "path",
    "operation_type",
    "operation_name",
    "outcome",
    "scheduled_time",
    "start_time",
    "end_time",
    "response_time_us",
    "connection_id",
];

/// The names of operations, each with a number.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: BTreeMap<Word, usize>,
    by_number: Vec<Word>,
}

impl Names {
    fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let (number, word) = (self.by_number.len(), Word::from(name));
        self.by_number.push(word.clone());
        self.numbers.insert(word, number);
        number
    }

    /// The names, by their numbers.
    pub(crate) fn by_number(&self) -> &[Word] {
        &self.by_number
    }
}

/// The columns of a batch.
pub(crate) struct Rows {
    count: usize,
    cut: Cut,
    path: Texts,
    kind: Texts,
    name: Texts,
    outcome: Texts,
    scheduled: Integers,
    start: Integers,
    end: Integers,
    response: Integers,
    checkout: Integers,
    execute: Integers,
    connection: Integers,
    id: Integers,
    quantity: Integers,
}

impl Rows {
    pub(crate) fn of(batch: &Batch<'_>) -> Result<Self, Cause> {
        Ok(Self {
            count: batch.rows(),
            cut: batch.cut,
            path: batch.texts("path")?,
            kind: batch.texts("operation_type")?,
            name: batch.texts("operation_name")?,
            outcome: batch.texts("outcome")?,
            scheduled: batch.integers("scheduled_time")?,
            start: batch.integers("start_time")?,
            end: batch.integers("end_time")?,
            response: batch.integers("response_time_us")?,
            checkout: batch.integers("checkout_us")?,
            execute: batch.integers("execute_us")?,
            connection: batch.integers("connection_id")?,
            id: batch.integers("operation_id")?,
            quantity: batch.integers("quantity")?,
        })
    }

    /// What its words mean; a name that is new gets a number.
    pub(crate) fn known(&self, names: &mut Names) -> Known<'_> {
        Known {
            path: self.path.meanings(|word| word.and_then(Path::parse)),
            kind: self
                .kind
                .meanings(|word| word.and_then(OperationType::parse)),
            outcome: self.outcome.meanings(|word| word.and_then(Outcome::parse)),
            name: self
                .name
                .meanings(|word| word.map(|word| names.number(word))),
        }
    }

    /// Hands every operation of the part that can be judged to `add`, and counts those that can't be.
    pub(crate) fn judged(
        &self,
        words: &Known<'_>,
        left_out: &mut LeftOutRows,
        mut add: impl FnMut(&Operation),
    ) {
        self.judged_or_used(words, left_out, |operation, is_inside| {
            if is_inside {
                add(operation);
            }
        });
    }

    /// The same with those outside of the part that were to begin before its end: their connections were used. Each with whether it is in the part.
    #[inline]
    pub(crate) fn judged_or_used(
        &self,
        words: &Known<'_>,
        left_out: &mut LeftOutRows,
        mut add: impl FnMut(&Operation, bool),
    ) {
        let is_whole = self.cut == Cut::WHOLE;
        for row in 0..self.count {
            // By reference: to move each operation takes a quarter of the pass.
            let found = self.operation(words, row);
            let Some(operation) = &found else {
                *left_out.entry(self.what_is_wrong(words, row)).or_insert(0) += 1;
                continue;
            };
            if is_whole {
                add(operation, true);
                continue;
            }
            let (scheduled_us, end_us) = (operation.scheduled_us, operation.end_us);
            match self.cut.place(operation.path, scheduled_us, end_us) {
                Place::Inside => add(operation, true),
                Place::Unfinished => add(&operation.unfinished(), true),
                Place::Outside => add(operation, false),
                Place::Later => {}
            }
        }
    }

    #[inline]
    fn operation(&self, words: &Known<'_>, row: usize) -> Option<Operation> {
        Some(Operation {
            row,
            path: (*words.path.get(row))?,
            kind: (*words.kind.get(row))?,
            outcome: (*words.outcome.get(row))?,
            name: (*words.name.get(row))?,
            scheduled_us: self.scheduled.get(row)?,
            start_us: self.start.get(row),
            end_us: self.end.get(row),
            response_us: self.response.get(row),
            checkout_us: self.checkout.get(row),
            execute_us: self.execute.get(row),
            connection: self.connection.get(row),
            id: self.id.get(row),
            quantity: self.quantity.get(row),
        })
    }

    /// The first thing that is wrong with a row that can't be judged.
    fn what_is_wrong(&self, words: &Known<'_>, row: usize) -> (&'static str, Option<String>) {
        let column = |name: &'static str, texts: &Texts| (name, texts.get(row).map(str::to_owned));
        if words.path.get(row).is_none() {
            column("path", &self.path)
        } else if words.kind.get(row).is_none() {
            column("operation_type", &self.kind)
        } else if words.outcome.get(row).is_none() {
            column("outcome", &self.outcome)
        } else if words.name.get(row).is_none() {
            ("operation_name", None)
        } else {
            ("scheduled_time", None)
        }
    }
}

/// What the words of a batch mean.
pub(crate) struct Known<'b> {
    path: Meanings<'b, Option<Path>>,
    kind: Meanings<'b, Option<OperationType>>,
    outcome: Meanings<'b, Option<Outcome>>,
    name: Meanings<'b, Option<usize>>,
}
