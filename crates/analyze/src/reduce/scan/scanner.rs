//! The pass over some of the files.

use std::cell::OnceCell;
use std::sync::Arc;

use recording::vocabulary::{OperationType, Outcome, Path};

use crate::error::Cause;
use crate::load::batches::Batch;
use crate::load::plain::{Integers, Texts};
use crate::reduce::rows::{LeftOutRows, Names, Operation, Rows};
use crate::reduce::scan::first_uses::FirstUse;
use crate::reduce::scan::found::{
    ErrorCounts, Kept, MOST_SLOW, PathScan, Question, Scan, SlowFrom, earliest,
};
use crate::reduce::served::{Hidden, Served};
use crate::reduce::suspect::LOST;
use crate::reduce::times::Times;
use crate::summary::{Word, Words};

const PATHS: usize = Path::ALL.len();
const KINDS: usize = OperationType::ALL.len();
const OUTCOMES: usize = Outcome::ALL.len();

pub(super) struct Scanner<'q> {
    question: &'q Question<'q>,
    /// What is slow for a name, where that is known.
    slow_us: Option<&'q SlowFrom>,
    names: Names,
    words: Words,
    left_out: LeftOutRows,
    /// By path.
    paths: [PathScanner; PATHS],
}

/// What was found of a path, with numbers for names.
#[derive(Default)]
struct PathScanner {
    /// By name, and within it by type and outcome.
    times: Vec<[[Times; OUTCOMES]; KINDS]>,
    /// By type.
    served: [Option<Served>; KINDS],
    found: PathScan,
}

/// The columns that only the first use of a connection needs, and what is kept.
pub(super) const TIMES: [&str; 2] = ["checkout_us", "execute_us"];
/// The columns that only failures have.
pub(super) const ERRORS: [&str; 3] = ["error_class", "sqlstate", "error_message"];

struct Waits {
    checkout: Integers,
    execute: Integers,
}

struct Errors {
    class: Texts,
    sqlstate: Texts,
    message: Texts,
}

impl<'q> Scanner<'q> {
    pub(super) fn new(question: &'q Question<'q>, slow_us: Option<&'q SlowFrom>) -> Self {
        Self {
            question,
            slow_us,
            names: Names::default(),
            words: Words::default(),
            left_out: LeftOutRows::new(),
            paths: Default::default(),
        }
    }

    pub(super) fn add(&mut self, batch: &Batch<'_>) -> Result<(), Cause> {
        let rows = Rows::of(batch)?;
        let question = self.question;
        let known = rows.known(&mut self.names);
        let names = self.names.by_number();
        let any_us = question.slow_us(0);
        let slow_us = |path: &Path, name: &Word| {
            let of_path = self.slow_us.and_then(|slow| slow.get(path));
            let of_name = of_path.and_then(|slow| slow.get(name));
            of_name.copied().unwrap_or(any_us)
        };
        let by_name = |path: &Path| names.iter().map(|name| slow_us(path, name)).collect();
        let mut of_batch = OfBatch {
            question,
            names,
            slow_us: Path::ALL.iter().map(by_name).collect(),
            most_slow: self.slow_us.map_or(MOST_SLOW, |_| usize::MAX),
            waits: OnceCell::new(),
            errors: OnceCell::new(),
            words: &mut self.words,
            batch,
        };
        let paths = &mut self.paths;
        let mut done = Ok(());
        rows.judged_or_used(&known, &mut self.left_out, |operation, is_inside| {
            if question.path.is_none_or(|path| path == operation.path) && done.is_ok() {
                let path = &mut paths[operation.path as usize];
                done = match is_inside {
                    true => of_batch.add(path, operation),
                    false => of_batch.add_use(path, operation),
                };
            }
        });
        done
    }

    pub(super) fn finish(self) -> Scan {
        let names = self.names.by_number();
        let paths = Path::ALL.iter().copied().zip(self.paths);
        let paths = paths.filter(|(_, scanner)| scanner.found.last_us.is_some());
        let finish = |(path, scanner): (Path, PathScanner)| (path, scanner.finish(names));
        Scan {
            paths: paths.map(finish).collect(),
            left_out: self.left_out,
        }
    }
}

/// What the operations of a batch are added with.
struct OfBatch<'b> {
    question: &'b Question<'b>,
    /// By their numbers.
    names: &'b [Word],
    /// By path and the number of the name, what is slow, microseconds.
    slow_us: Vec<Vec<i64>>,
    /// So many successes of a path are kept because they were slow.
    most_slow: usize,
    batch: &'b Batch<'b>,
    waits: OnceCell<Waits>,
    errors: OnceCell<Errors>,
    words: &'b mut Words,
}

impl OfBatch<'_> {
    fn add(&mut self, path: &mut PathScanner, operation: &Operation) -> Result<(), Cause> {
        let question = self.question;
        let is_one = |id| question.lost.contains(&id);
        let is_lost = operation.outcome == Outcome::Ok && operation.id.is_some_and(is_one);
        let outcome = match is_lost {
            true => Outcome::Failed,
            false => operation.outcome,
        };
        path.count(operation, outcome);
        self.add_use(path, operation)?;
        let ended_us = operation.end_us;
        let ended_later = ended_us.is_some_and(|end_us| end_us > question.end_us);
        let is_paused = ended_us.is_some_and(|end_us| {
            let pauses = question.pauses;
            pauses.span_in(operation.scheduled_us, end_us).is_some()
        });
        if outcome.is_success() && !ended_later {
            let execute_us = match is_paused {
                true => self.waits()?.execute.get(operation.row),
                false => Some(0),
            };
            path.add_success(question, operation, execute_us);
        }
        let is_kept = !outcome.is_success() || ended_us.is_none() || ended_later || is_paused;
        let slow_us = self.slow_us[operation.path as usize][operation.name];
        let is_slow = operation.response_us.is_some_and(|us| us > slow_us);
        if is_kept || (is_slow && path.found.slow < self.most_slow) {
            path.found.slow += usize::from(!is_kept);
            let kept = self.kept(operation, outcome)?;
            match is_lost {
                true => path.found.kept.push(Kept {
                    class: Some(self.words.of(LOST)),
                    ..kept
                }),
                false => self.add_kept(path, operation, kept)?,
            }
        }
        Ok(())
    }

    /// Notes the use of a connection, where it may be the first.
    fn add_use(&self, path: &mut PathScanner, operation: &Operation) -> Result<(), Cause> {
        let used = operation.connection.zip(operation.start_us);
        let first_uses = &mut path.found.first_uses;
        if let Some((connection, start_us)) = used
            && first_uses.may_be_first(connection, start_us)
        {
            let checkout_us = self.waits()?.checkout.get(operation.row);
            let used_us = start_us + checkout_us.unwrap_or(0);
            first_uses.add(connection, FirstUse { used_us, start_us });
        }
        Ok(())
    }

    /// Keeps an operation, and counts its failure.
    fn add_kept(
        &mut self,
        path: &mut PathScanner,
        operation: &Operation,
        mut kept: Kept,
    ) -> Result<(), Cause> {
        // What is unfinished has no error, or has it after the part that is read.
        if kept.outcome.is_success() || kept.outcome == Outcome::Unfinished {
            path.found.kept.push(kept);
            return Ok(());
        }
        self.errors()?;
        kept.class = self.word(|errors| &errors.class, operation);
        kept.sqlstate = self.word(|errors| &errors.sqlstate, operation);
        if let Some(class) = kept.class.clone() {
            kept.message = self.word(|errors| &errors.message, operation);
            if !self.batch.cut.has_kind(operation.kind) {
                path.found.kept.push(kept);
                return Ok(());
            }
            let key = (class, kept.sqlstate.clone(), kept.message.clone());
            let counts = path.found.errors.entry(key).or_default();
            counts.add(&ErrorCounts {
                count: 1,
                first_us: kept.end_us,
                last_us: kept.end_us,
            });
        }
        path.found.kept.push(kept);
        Ok(())
    }

    fn kept(&self, operation: &Operation, outcome: Outcome) -> Result<Kept, Cause> {
        let waits = self.waits()?;
        Ok(Kept {
            file: self.batch.file,
            kind: operation.kind,
            name: self.names[operation.name].clone(),
            outcome,
            class: None,
            sqlstate: None,
            message: None,
            scheduled_us: operation.scheduled_us,
            start_us: operation.start_us,
            end_us: operation.end_us,
            response_us: operation.response_us,
            checkout_us: waits.checkout.get(operation.row),
            execute_us: waits.execute.get(operation.row),
            connection: operation.connection,
        })
    }

    /// The word of an error, once [`Self::errors`] has read them.
    fn word(&mut self, column: impl Fn(&Errors) -> &Texts, operation: &Operation) -> Option<Word> {
        let errors = self.errors.get()?;
        let text = column(errors).get(operation.row)?;
        Some(self.words.of(text))
    }

    fn waits(&self) -> Result<&Waits, Cause> {
        if let Some(waits) = self.waits.get() {
            return Ok(waits);
        }
        let late = self.batch.late(0)?;
        let waits = Waits {
            checkout: late.integers("checkout_us")?,
            execute: late.integers("execute_us")?,
        };
        Ok(self.waits.get_or_init(|| waits))
    }

    fn errors(&self) -> Result<&Errors, Cause> {
        if let Some(errors) = self.errors.get() {
            return Ok(errors);
        }
        let late = self.batch.late(1)?;
        let errors = Errors {
            class: late.texts("error_class")?,
            sqlstate: late.texts("sqlstate")?,
            message: late.texts("error_message")?,
        };
        Ok(self.errors.get_or_init(|| errors))
    }
}

impl PathScanner {
    fn count(&mut self, operation: &Operation, outcome: Outcome) {
        let name = operation.name;
        if name >= self.times.len() {
            self.times.resize_with(name + 1, Default::default);
        }
        let times = &mut self.times[name][operation.kind as usize];
        times[outcome as usize].add(operation.response_us);
        let found = &mut self.found;
        let time_us = operation.end_us.max(Some(operation.scheduled_us));
        found.first_us = earliest(found.first_us, Some(operation.scheduled_us));
        found.last_us = found.last_us.max(time_us);
    }

    fn finish(self, names: &[Word]) -> PathScan {
        let mut found = self.found;
        let served = OperationType::ALL.iter().copied().zip(self.served);
        let served = served.filter_map(|(kind, served)| Some((kind, served?)));
        found.served = Arc::new(served.collect());
        for (name, of_name) in names.iter().zip(self.times) {
            for (kind, of_kind) in OperationType::ALL.iter().zip(of_name) {
                for (outcome, times) in Outcome::ALL.iter().zip(of_kind) {
                    if times.counts().next().is_some() {
                        found.times.insert((*kind, name.clone(), *outcome), times);
                    }
                }
            }
        }
        found
    }
}

impl PathScanner {
    /// Adds a success that ended within the recording.
    fn add_success(
        &mut self,
        question: &Question<'_>,
        operation: &Operation,
        execute_us: Option<i64>,
    ) {
        let (Some(end_us), Some(response_us)) = (operation.end_us, operation.response_us) else {
            return;
        };
        let first_statement_us = end_us - execute_us.unwrap_or(response_us);
        let hidden_since_us = question.pauses.hidden_since_us(first_statement_us, end_us);
        let served = &mut self.served[operation.kind as usize];
        let served = served.get_or_insert_with(|| Served::new(question.start_us));
        match hidden_since_us {
            Some(since_us) => served.add_hidden(Hidden { end_us, since_us }),
            None => served.add(end_us),
        }
    }
}
