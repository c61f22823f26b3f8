//! The view `seconds`: the operations of each second in which any ended, from one pass over them. A group-by of the query engine
//! holds 70 bytes for each operation.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::*;
use recording::vocabulary::{OperationType, Path};

use crate::error::{AnalyzeError, Cause};
use crate::load::Loaded;
use crate::load::batches::{Batch, Selection};
use crate::load::range::Cut;
use crate::query::frame::{NamedFrame, TIME};

/// The columns of `seconds`: name, type and meaning.
pub(crate) const SECONDS: [(&str, &str, &str); 13] = [
    ("run_id", "string", "Name of the recording"),
    ("host", "string", "Label of the host that recorded"),
    ("path", "string", "direct or proxy"),
    ("operation_type", "string", "read, write or transaction"),
    ("operation_name", "string", "Which statement or purchase"),
    (
        "second",
        "timestamp",
        "The beginning of the second in which they ended",
    ),
    (
        "ended",
        "int64",
        "Operations that ended in it, of whatever outcome; without unfinished ones, which have no end",
    ),
    ("ok", "int64", "Of these, acknowledged by the server"),
    (
        "rejected",
        "int64",
        "Of these, refused by a business rule: a success",
    ),
    ("failed", "int64", "Of these, certainly not committed"),
    ("unknown", "int64", "Of these, perhaps committed"),
    (
        "mean_response_us",
        "double",
        "Mean response time of those that ended, failures included, microseconds",
    ),
    (
        "max_response_us",
        "int64",
        "Longest response time of those that ended, failures included, microseconds",
    ),
];

/// What is read of the operations.
const COLUMNS: [&str; 6] = [
    "path",
    "operation_type",
    "operation_name",
    "outcome",
    "end_time",
    "response_time_us",
];

/// The operations of one path, type and name that ended in one second.
pub(crate) struct Second {
    run_id: String,
    host: String,
    /// Path, type and name.
    words: [Option<String>; 3],
    start_us: i64,
    counts: Counts,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    ended: i64,
    ok: i64,
    rejected: i64,
    failed: i64,
    unknown: i64,
    /// Those with a response time, and its sum and maximum.
    timed: i64,
    response_us: i128,
    max_response_us: Option<i64>,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.ended += other.ended;
        self.ok += other.ok;
        self.rejected += other.rejected;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.timed += other.timed;
        self.response_us += other.response_us;
        self.max_response_us = self.max_response_us.max(other.max_response_us);
    }

    fn mean_response_us(&self) -> Option<f64> {
        (self.timed > 0).then(|| self.response_us as f64 / self.timed as f64)
    }
}

/// What a pass has seen. Words are numbers here, their places in `words`.
#[derive(Default)]
struct Seen {
    words: Vec<Option<String>>,
    numbers: HashMap<Option<String>, usize>,
    seconds: HashMap<([usize; 3], i64), Counts>,
}

impl Seen {
    fn number(&mut self, word: Option<&str>) -> usize {
        let word = word.map(str::to_owned);
        if let Some(number) = self.numbers.get(&word) {
            return *number;
        }
        self.words.push(word.clone());
        let number = self.words.len() - 1;
        self.numbers.insert(word, number);
        number
    }

    fn add(&mut self, batch: &Batch<'_>) -> Result<(), Cause> {
        let (paths, types) = (batch.texts("path")?, batch.texts("operation_type")?);
        let (names, outcomes) = (batch.texts("operation_name")?, batch.texts("outcome")?);
        let (ends, responses) = (
            batch.integers("end_time")?,
            batch.integers("response_time_us")?,
        );
        let words = (batch.cut != Cut::WHOLE).then(|| {
            let path = paths.meanings(|word| word.and_then(Path::parse));
            (
                path,
                types.meanings(|word| word.and_then(OperationType::parse)),
            )
        });
        let is_in = |row, end_us| {
            words.as_ref().is_none_or(|(path, kind)| {
                batch.cut.has_ended(*path.get(row), *kind.get(row), end_us)
            })
        };
        let paths = paths.meanings(|word| self.number(word));
        let types = types.meanings(|word| self.number(word));
        let names = names.meanings(|word| self.number(word));
        let outcomes = outcomes.meanings(of_outcome);
        for row in 0..batch.rows() {
            let (Some(end), Some(one)) = (ends.get(row), outcomes.get(row)) else {
                continue;
            };
            if !is_in(row, end) {
                continue;
            }
            let key = [*paths.get(row), *types.get(row), *names.get(row)];
            let start = end.div_euclid(1_000_000) * 1_000_000;
            let response = responses.get(row);
            self.seconds.entry((key, start)).or_default().add(&Counts {
                timed: i64::from(response.is_some()),
                response_us: response.unwrap_or(0).into(),
                max_response_us: response,
                ..*one
            });
        }
        Ok(())
    }
}

/// What one operation of an outcome counts as; `None` for one without an end.
fn of_outcome(word: Option<&str>) -> Option<Counts> {
    let is = |outcome: &str| i64::from(word == Some(outcome));
    (word != Some("unfinished")).then(|| Counts {
        ended: 1,
        ok: is("ok"),
        rejected: is("rejected"),
        failed: is("failed"),
        unknown: is("unknown"),
        ..Counts::default()
    })
}

/// The seconds of a recording, as far as it decodes.
pub(crate) fn of(loaded: &Loaded) -> Result<Vec<Second>, AnalyzeError> {
    let seen = loaded.as_far_as_it_decodes(|loaded| {
        let selection = Selection {
            columns: &COLUMNS,
            late: &[],
            path: None,
            near: None,
        };
        loaded.fold_operations(&selection, true, Seen::default, Seen::add)
    })?;
    let mut seconds: BTreeMap<([Option<String>; 3], i64), Counts> = BTreeMap::new();
    for seen in &seen {
        for ((numbers, start_us), counts) in &seen.seconds {
            let words = numbers.map(|number| seen.words[number].clone());
            seconds.entry((words, *start_us)).or_default().add(counts);
        }
    }
    let manifest = loaded.manifest();
    let second = |((words, start_us), counts)| Second {
        run_id: manifest.run_id.clone(),
        host: manifest.host.clone(),
        words,
        start_us,
        counts,
    };
    Ok(seconds.into_iter().map(second).collect())
}

/// The view.
pub(crate) fn view(seconds: &[Second]) -> PolarsResult<NamedFrame> {
    fn column<'s, T>(
        name: &str,
        seconds: &'s [Second],
        value: impl Fn(&'s Second) -> Option<T>,
    ) -> Column
    where
        Series: NamedFrom<Vec<Option<T>>, [Option<T>]>,
    {
        let values: Vec<Option<T>> = seconds.iter().map(value).collect();
        Column::from(Series::new(name.into(), values))
    }
    let count =
        |name: &str, get: fn(&Counts) -> i64| column(name, seconds, |of| Some(get(&of.counts)));
    let word = |name: &str, at: usize| column(name, seconds, move |of| of.words[at].as_deref());
    let columns = vec![
        column("run_id", seconds, |of| Some(of.run_id.as_str())),
        column("host", seconds, |of| Some(of.host.as_str())),
        word("path", 0),
        word("operation_type", 1),
        word("operation_name", 2),
        column("second", seconds, |of| Some(of.start_us)).cast(&TIME)?,
        count("ended", |counts| counts.ended),
        count("ok", |counts| counts.ok),
        count("rejected", |counts| counts.rejected),
        count("failed", |counts| counts.failed),
        count("unknown", |counts| counts.unknown),
        column("mean_response_us", seconds, |of| {
            of.counts.mean_response_us()
        }),
        column("max_response_us", seconds, |of| of.counts.max_response_us),
    ];
    let frame = DataFrame::new(seconds.len(), columns)?;
    let schema = frame.schema().clone();
    Ok(NamedFrame {
        name: "seconds",
        frame: frame.lazy(),
        schema,
    })
}
