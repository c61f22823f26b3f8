//! The pass over some of the files.

use std::collections::BTreeMap;
use std::sync::Arc;

use recording::vocabulary::{OperationType, Outcome, Path};

use crate::error::Cause;
use crate::load::batches::Batch;
use crate::load::plain::Texts;
use crate::reduce::rows::{LeftOutRows, Names, Operation, Rows};
use crate::reduce::scan::{
    ErrorCounts, FirstUse, Kept, MOST_SLOW, PathScan, Question, Scan, earliest,
};
use crate::reduce::served::{Hidden, Served};
use crate::reduce::suspect::LOST;
use crate::reduce::times::Times;
use crate::summary::{Word, Words};

const KINDS: usize = OperationType::ALL.len();
const OUTCOMES: usize = Outcome::ALL.len();

pub(super) struct Scanner<'q> {
    question: &'q Question<'q>,
    /// What is slow for a name, where that is known.
    slow_us: Option<&'q BTreeMap<Word, i64>>,
    names: Names,
    words: Words,
    left_out: LeftOutRows,
    paths: BTreeMap<Path, PathScanner>,
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

/// The columns that only failures have.
struct Failures {
    class: Texts,
    sqlstate: Texts,
    message: Texts,
}

impl<'q> Scanner<'q> {
    pub(super) fn new(
        question: &'q Question<'q>,
        slow_us: Option<&'q BTreeMap<Word, i64>>,
    ) -> Self {
        Self {
            question,
            slow_us,
            names: Names::default(),
            words: Words::default(),
            left_out: LeftOutRows::new(),
            paths: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, batch: &Batch) -> Result<(), Cause> {
        let rows = Rows::of(batch)?;
        let failures = Failures {
            class: batch.texts("error_class")?,
            sqlstate: batch.texts("sqlstate")?,
            message: batch.texts("error_message")?,
        };
        let question = self.question;
        let known = rows.known(&mut self.names);
        let names = self.names.by_number();
        let any_us = question.slow_us(0);
        let slow_us = |name| self.slow_us.and_then(|slow| slow.get(name).copied());
        let mut of_batch = OfBatch {
            question,
            names,
            slow_us: names
                .iter()
                .map(|name| slow_us(name).unwrap_or(any_us))
                .collect(),
            most_slow: self.slow_us.map_or(MOST_SLOW, |_| usize::MAX),
            failures: &failures,
            words: &mut self.words,
            file: batch.file,
        };
        let is_lost = |operation: &Operation| {
            let is_one = |id| question.lost.contains(&id);
            operation.outcome == Outcome::Ok && operation.id.is_some_and(is_one)
        };
        let paths = &mut self.paths;
        rows.judged(&known, &mut self.left_out, |operation| {
            if question.path.is_some_and(|path| path != operation.path) {
                return;
            }
            let path = paths.entry(operation.path).or_default();
            match is_lost(operation) {
                true => of_batch.add_lost(path, operation),
                false => of_batch.add(path, operation),
            }
        });
        Ok(())
    }

    pub(super) fn finish(self) -> Scan {
        let names = self.names.by_number();
        let finish = |(path, scanner): (Path, PathScanner)| (path, scanner.finish(names));
        Scan {
            paths: self.paths.into_iter().map(finish).collect(),
            left_out: self.left_out,
        }
    }
}

/// What an operation is added with.
struct OfBatch<'b> {
    question: &'b Question<'b>,
    /// By their numbers.
    names: &'b [Word],
    /// By the number of its name, what is slow, microseconds.
    slow_us: Vec<i64>,
    /// So many successes of a path are kept because they were slow.
    most_slow: usize,
    failures: &'b Failures,
    words: &'b mut Words,
    file: usize,
}

impl OfBatch<'_> {
    /// Adds an acknowledged write that is not there.
    fn add_lost(&mut self, path: &mut PathScanner, operation: &Operation) {
        let failed = Operation {
            outcome: Outcome::Failed,
            ..*operation
        };
        let class = self.words.of(LOST);
        self.add_with(path, &failed, Some(class));
    }

    fn add(&mut self, path: &mut PathScanner, operation: &Operation) {
        let class = self.failures.class.get(operation.row);
        let class = class.map(|class| self.words.of(class));
        self.add_with(path, operation, class);
    }

    fn add_with(&mut self, path: &mut PathScanner, operation: &Operation, class: Option<Word>) {
        let question = self.question;
        path.count(operation);
        let is_success = operation.outcome.is_success();
        let ended_us = operation.end_us;
        let ended_later = ended_us.is_some_and(|end_us| end_us > question.end_us);
        if is_success && !ended_later {
            path.add_success(question, operation);
        }
        if class.is_some() {
            self.add_error(path, operation, class.clone());
        }
        let is_paused = ended_us.is_some_and(|end_us| {
            let pauses = question.pauses;
            pauses.span_in(operation.scheduled_us, end_us).is_some()
        });
        let is_kept = !is_success || ended_later || is_paused;
        let slow_us = self.slow_us[operation.name];
        let is_slow = operation.response_us.is_some_and(|us| us > slow_us);
        if is_kept || (is_slow && path.found.slow < self.most_slow) {
            path.found.slow += usize::from(!is_kept);
            path.found.kept.push(self.kept(operation, class));
        }
    }

    fn add_error(&mut self, path: &mut PathScanner, operation: &Operation, class: Option<Word>) {
        let key = (
            class.unwrap_or_default(),
            self.word(|failures| &failures.sqlstate, operation),
            self.word(|failures| &failures.message, operation),
        );
        path.found.errors.entry(key).or_default().add(&ErrorCounts {
            count: 1,
            first_us: operation.end_us,
            last_us: operation.end_us,
        });
    }

    fn kept(&mut self, operation: &Operation, class: Option<Word>) -> Kept {
        Kept {
            file: self.file,
            kind: operation.kind,
            name: self.names[operation.name].clone(),
            outcome: operation.outcome,
            class,
            sqlstate: self.word(|failures| &failures.sqlstate, operation),
            scheduled_us: operation.scheduled_us,
            start_us: operation.start_us,
            end_us: operation.end_us,
            response_us: operation.response_us,
            checkout_us: operation.checkout_us,
            execute_us: operation.execute_us,
            connection: operation.connection,
        }
    }

    fn word(
        &mut self,
        column: impl Fn(&Failures) -> &Texts,
        operation: &Operation,
    ) -> Option<Word> {
        let text = column(self.failures).get(operation.row)?;
        Some(self.words.of(text))
    }
}

impl PathScanner {
    fn count(&mut self, operation: &Operation) {
        let name = operation.name;
        if name >= self.times.len() {
            self.times.resize_with(name + 1, Default::default);
        }
        let times = &mut self.times[name][operation.kind as usize];
        times[operation.outcome as usize].add(operation.response_us);
        let found = &mut self.found;
        let time_us = operation.end_us.max(Some(operation.scheduled_us));
        found.first_us = earliest(found.first_us, Some(operation.scheduled_us));
        found.last_us = found.last_us.max(time_us);
        if let Some((connection, start_us)) = operation.connection.zip(operation.start_us) {
            let used_us = start_us + operation.checkout_us.unwrap_or(0);
            found
                .first_uses
                .add(connection, FirstUse { used_us, start_us });
        }
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
    fn add_success(&mut self, question: &Question<'_>, operation: &Operation) {
        let (Some(end_us), Some(response_us)) = (operation.end_us, operation.response_us) else {
            return;
        };
        let first_statement_us = end_us - operation.execute_us.unwrap_or(response_us);
        let hidden_since_us = question.pauses.hidden_since_us(first_statement_us, end_us);
        let served = &mut self.served[operation.kind as usize];
        let served = served.get_or_insert_with(|| Served::new(question.start_us));
        match hidden_since_us {
            Some(since_us) => served.add_hidden(Hidden { end_us, since_us }),
            None => served.add(end_us),
        }
    }
}
