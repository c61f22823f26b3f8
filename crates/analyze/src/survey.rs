//! The first look at the operations: which paths, how far they reach, and what this version does not know.

use std::collections::BTreeMap;

use polars::prelude::*;
use recording::vocabulary::{OperationType, Outcome, Path};

use crate::error::AnalyzeError;
use crate::frame::{booleans, integers, texts};
use crate::load::Loaded;
use crate::summary::LeftOut;

/// What was found.
pub(crate) struct Survey {
    /// The operations that can be judged.
    pub(crate) operations: LazyFrame,
    /// The paths that have such operations, each with the time of its last row: what a recording without an end reaches there.
    pub(crate) last_rows: BTreeMap<Path, i64>,
    /// The others, those of most rows first.
    pub(crate) left_out: Vec<LeftOut>,
}

/// One pass over all operations. A row without its words, or with one of a later version, can't be counted as anything: it is left
/// out, and told of.
pub(crate) fn operations(loaded: &Loaded, operations: LazyFrame) -> Result<Survey, AnalyzeError> {
    let keys = [
        col("path"),
        col("operation_type"),
        col("outcome"),
        col("operation_name").is_null().alias("unnamed"),
        col("scheduled_time").is_null().alias("unscheduled"),
    ];
    let figures = [
        len().alias("count"),
        col("end_time").max(),
        col("scheduled_time").max(),
    ];
    let frame = loaded.collect(operations.clone().group_by(keys).agg(figures))?;
    let (last_rows, left_out) = read(&frame).map_err(|source| loaded.read_error(source))?;
    let operations = if left_out.is_empty() {
        operations
    } else {
        operations.filter(can_be_judged())
    };
    let mut sorted: Vec<_> = left_out
        .into_iter()
        .map(|((column, word), rows)| LeftOut { column, word, rows })
        .collect();
    sorted.sort_by_key(|left_out| std::cmp::Reverse(left_out.rows));
    Ok(Survey {
        operations,
        last_rows,
        left_out: sorted,
    })
}

/// Rows by what is wrong with them: the column, and its word.
type Unjudged = BTreeMap<(&'static str, Option<String>), u64>;

fn read(frame: &DataFrame) -> PolarsResult<(BTreeMap<Path, i64>, Unjudged)> {
    let (paths, kinds) = (texts(frame, "path")?, texts(frame, "operation_type")?);
    let outcomes = texts(frame, "outcome")?;
    let unnamed = booleans(frame, "unnamed")?;
    let unscheduled = booleans(frame, "unscheduled")?;
    let counts = integers(frame, "count")?;
    let (ends, scheduled) = (
        integers(frame, "end_time")?,
        integers(frame, "scheduled_time")?,
    );
    let mut last_rows: BTreeMap<Path, i64> = BTreeMap::new();
    let mut unjudged = Unjudged::new();
    for row in 0..frame.height() {
        let path = paths[row].and_then(Path::parse);
        let is_unknown =
            |word: Option<&str>, is_known: fn(&str) -> bool| !word.is_some_and(is_known);
        let wrong = if path.is_none() {
            Some(("path", paths[row]))
        } else if is_unknown(kinds[row], |word| OperationType::parse(word).is_some()) {
            Some(("operation_type", kinds[row]))
        } else if is_unknown(outcomes[row], |word| Outcome::parse(word).is_some()) {
            Some(("outcome", outcomes[row]))
        } else if unnamed[row] == Some(true) {
            Some(("operation_name", None))
        } else if unscheduled[row] == Some(true) {
            Some(("scheduled_time", None))
        } else {
            None
        };
        match (wrong, path, ends[row].max(scheduled[row])) {
            (Some((column, word)), _, _) => {
                let rows = counts[row].unwrap_or(0).unsigned_abs();
                *unjudged
                    .entry((column, word.map(str::to_owned)))
                    .or_insert(0) += rows;
            }
            (None, Some(path), Some(last)) => {
                let reached = last_rows.entry(path).or_insert(last);
                *reached = last.max(*reached);
            }
            (None, _, _) => {}
        }
    }
    Ok((last_rows, unjudged))
}

fn can_be_judged() -> Expr {
    let is_one_of = |column: &str, words: Vec<&'static str>| {
        let is = |word| col(column).eq(lit(word));
        words
            .into_iter()
            .fold(lit(false), |any, word| any.or(is(word)))
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
