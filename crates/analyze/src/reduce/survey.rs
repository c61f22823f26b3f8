//! The first look at the operations: which paths, how far they reach, and what this version does not know.

use std::collections::BTreeMap;

use polars::prelude::*;
use recording::vocabulary::{OperationType, Outcome, Path};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::reduce::values::{booleans, integers, texts};
use crate::summary::{LeftOut, Span};

/// What was found.
pub(crate) struct Survey {
    /// The operations that can be judged.
    pub(crate) operations: LazyFrame,
    /// The paths that have such operations, each with the time of its last row: what a recording without an end reaches there.
    pub(crate) last_rows: BTreeMap<Path, i64>,
    /// When the first operation of each was to begin.
    pub(crate) first_rows: BTreeMap<Path, i64>,
    /// The others, those of most rows first.
    pub(crate) left_out: Vec<LeftOut>,
}

/// The operations that can be judged, and the time of the last row of any path.
pub(crate) fn surveyed(loaded: &Loaded) -> Result<(Survey, i64), AnalyzeError> {
    let nothing = |left_out: &[LeftOut]| nothing_left(loaded, left_out);
    let rows = loaded.operations()?.ok_or_else(|| nothing(&[]))?;
    let survey = operations(loaded, rows)?;
    let end = survey.last_rows.values().copied().max();
    let end = end.ok_or_else(|| nothing(&survey.left_out))?;
    check_times(loaded, &survey)?;
    Ok((survey, end))
}

/// Refuses rows of another time than the manifest's: all of them would be moved to the recording's edge, where nothing fails.
fn check_times(loaded: &Loaded, survey: &Survey) -> Result<(), AnalyzeError> {
    for (path, last_us) in &survey.last_rows {
        let span = loaded.span(*last_us)?;
        let first_us = survey.first_rows.get(path).copied().unwrap_or(*last_us);
        let has_end = loaded.manifest().duration_us.is_some();
        let is_after = has_end && first_us > span.end.micros();
        if is_after || *last_us < span.start.micros() {
            return Err(AnalyzeError::OtherTime {
                folder: loaded.folder().to_path_buf(),
                path: path.as_str(),
                span,
                rows: Span::new(first_us, *last_us),
            });
        }
    }
    Ok(())
}

/// The error of a recording without operations: a damaged one, or one in which nothing happened.
fn nothing_left(loaded: &Loaded, left_out: &[LeftOut]) -> AnalyzeError {
    let folder = loaded.folder().to_path_buf();
    if loaded.damaged().is_empty() && left_out.is_empty() {
        return AnalyzeError::NoOperations(folder);
    }
    AnalyzeError::NothingLeft {
        folder,
        damaged: loaded.damaged().len(),
        left_out: left_out.iter().map(|left_out| left_out.rows).sum(),
    }
}

/// One pass over all operations. A row without its words, or with one of a later version, can't be counted as anything: it is left
/// out, and the report says so. Nearly no recording has such rows; only those that do pay for counting them.
fn operations(loaded: &Loaded, operations: LazyFrame) -> Result<Survey, AnalyzeError> {
    let paths = reach(loaded, &operations)?;
    if paths.values().all(|path| path.strange == 0) {
        return Ok(Survey {
            operations,
            last_rows: rows_at(&paths, |reach| reach.last_us),
            first_rows: rows_at(&paths, |reach| reach.first_us),
            left_out: Vec::new(),
        });
    }
    let strange = operations.clone().filter(can_be_judged().not());
    let operations = operations.filter(can_be_judged());
    let paths = reach(loaded, &operations)?;
    Ok(Survey {
        last_rows: rows_at(&paths, |reach| reach.last_us),
        first_rows: rows_at(&paths, |reach| reach.first_us),
        left_out: left_out(loaded, strange)?,
        operations,
    })
}

/// The rows under one word for a path.
struct Reach {
    /// When the first of them was to begin, where one has a time, UTC microseconds.
    first_us: Option<i64>,
    /// The time of the last of them, where one has a time, UTC microseconds.
    last_us: Option<i64>,
    /// Those that can't be judged.
    strange: i64,
}

fn reach(
    loaded: &Loaded,
    operations: &LazyFrame,
) -> Result<BTreeMap<Option<String>, Reach>, AnalyzeError> {
    let figures = [
        col("end_time").max(),
        col("scheduled_time").max(),
        col("scheduled_time").min().alias("first"),
        can_be_judged().not().sum().alias("strange"),
    ];
    let frame = loaded.collect(operations.clone().group_by([col("path")]).agg(figures))?;
    let read = |name| integers(&frame, name).map_err(|source| loaded.read_error(source));
    let paths = texts(&frame, "path").map_err(|source| loaded.read_error(source))?;
    let (ends, scheduled, strange) = (read("end_time")?, read("scheduled_time")?, read("strange")?);
    let firsts = read("first")?;
    let reach = |row: usize| Reach {
        first_us: firsts[row],
        last_us: ends[row].max(scheduled[row]),
        strange: strange[row].unwrap_or(0),
    };
    let path = |row: usize| paths[row].map(str::to_owned);
    Ok((0..frame.height())
        .map(|row| (path(row), reach(row)))
        .collect())
}

fn rows_at(
    paths: &BTreeMap<Option<String>, Reach>,
    time_us: fn(&Reach) -> Option<i64>,
) -> BTreeMap<Path, i64> {
    let known = paths.iter().filter_map(|(word, reach)| {
        let path = Path::parse(word.as_deref()?)?;
        Some((path, time_us(reach)?))
    });
    known.collect()
}

/// Counts rows that can't be judged by the first thing that is wrong with them, most first.
fn left_out(loaded: &Loaded, strange: LazyFrame) -> Result<Vec<LeftOut>, AnalyzeError> {
    let keys = [
        col("path"),
        col("operation_type"),
        col("outcome"),
        col("operation_name").is_null().alias("unnamed"),
    ];
    let grouped = strange.group_by(keys).agg([len().alias("count")]);
    let frame = loaded.collect(grouped)?;
    let rows = count(&frame).map_err(|source| loaded.read_error(source))?;
    let mut left_out: Vec<_> = rows
        .into_iter()
        .map(|((column, word), rows)| LeftOut { column, word, rows })
        .collect();
    left_out.sort_by_key(|left_out| std::cmp::Reverse(left_out.rows));
    Ok(left_out)
}

/// Rows by what is wrong with them: the column, and its word.
type Counts = BTreeMap<(&'static str, Option<String>), u64>;

fn count(frame: &DataFrame) -> PolarsResult<Counts> {
    let (paths, kinds) = (texts(frame, "path")?, texts(frame, "operation_type")?);
    let outcomes = texts(frame, "outcome")?;
    let unnamed = booleans(frame, "unnamed")?;
    let counts = integers(frame, "count")?;
    let mut of_words = Counts::new();
    for row in 0..frame.height() {
        let (path, kind, outcome) = (paths[row], kinds[row], outcomes[row]);
        let (column, word) = if path.and_then(Path::parse).is_none() {
            ("path", path)
        } else if kind.and_then(OperationType::parse).is_none() {
            ("operation_type", kind)
        } else if outcome.and_then(Outcome::parse).is_none() {
            ("outcome", outcome)
        } else if unnamed[row] == Some(true) {
            ("operation_name", None)
        } else {
            ("scheduled_time", None)
        };
        let rows = counts[row].unwrap_or(0).unsigned_abs();
        *of_words
            .entry((column, word.map(str::to_owned)))
            .or_insert(0) += rows;
    }
    Ok(of_words)
}

/// True for rows that have every word and a time, false for others: never null.
fn can_be_judged() -> Expr {
    let is_one_of = |column: &str, words: Vec<&'static str>| {
        let is = |word| col(column).eq(lit(word));
        words
            .into_iter()
            .fold(lit(false), |any, word| any.or(is(word)))
            .fill_null(lit(false))
    };
    is_one_of("path", Path::ALL.iter().map(|word| word.as_str()).collect())
        .and(is_one_of(
            "operation_type",
            OperationType::ALL
                .iter()
                .map(|word| word.as_str())
                .collect(),
        ))
        .and(is_one_of(
            "outcome",
            Outcome::ALL.iter().map(|word| word.as_str()).collect(),
        ))
        .and(col("operation_name").is_not_null())
        .and(col("scheduled_time").is_not_null())
}
