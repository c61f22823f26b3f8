//! The one pass over all operations: what every figure needs of them, in frames that stay small.

mod first_uses;
mod found;
mod scanner;

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::load::batches::Selection;
use crate::reduce::histogram::cells;
use crate::reduce::rows;
use crate::summary::Word;
use found::{MOST_SLOW, SlowFrom};
use scanner::Scanner;

pub(crate) use first_uses::FirstUse;
pub(crate) use found::{ErrorCounts, ErrorKey, Kept, PathScan, Question, Scan};

/// Reads every operation once; twice where so many are slow that what is slow for their names must be known first.
pub(crate) fn scan(loaded: &Loaded, question: &Question<'_>) -> Result<Scan, AnalyzeError> {
    let scan = pass(loaded, question, None)?;
    if scan.paths.values().all(|path| path.slow < MOST_SLOW) {
        return Ok(scan);
    }
    let slow_us = scan.paths.iter().map(|(path, found)| {
        let medians = found.medians_us(&cells(&found.times), question.end_us, question.pauses);
        let slow_us = |(name, median_us): (&String, &i64)| {
            (Word::from(name.as_str()), question.slow_us(*median_us))
        };
        (*path, medians.iter().map(slow_us).collect())
    });
    let slow_us: SlowFrom = slow_us.collect();
    // It holds very many rows.
    drop(scan);
    pass(loaded, question, Some(&slow_us))
}

fn pass(
    loaded: &Loaded,
    question: &Question<'_>,
    slow_us: Option<&SlowFrom>,
) -> Result<Scan, AnalyzeError> {
    let mut columns = rows::COLUMNS.to_vec();
    if !question.lost.is_empty() {
        columns.push("operation_id");
    }
    let selection = Selection {
        columns: &columns,
        late: &[&scanner::TIMES, &scanner::ERRORS],
        path: question.path,
        near: None,
    };
    let new = || Scanner::new(question, slow_us);
    let scanners =
        loaded.fold_operations(&selection, question.path.is_none(), new, Scanner::add)?;
    let mut whole = Scan::default();
    for scanner in scanners {
        whole.merge(scanner.finish());
    }
    for path in whole.paths.values_mut() {
        path.kept.sort_by_key(|kept| kept.file);
    }
    Ok(whole)
}
