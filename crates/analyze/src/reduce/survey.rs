//! What was found of all operations: which paths, how far they reach, and what this version does not know.

use std::collections::BTreeMap;

use recording::vocabulary::Path;

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::load::range::Cut;
use crate::reduce::events;
use crate::reduce::pauses::Pauses;
use crate::reduce::scan::{self, PathScan, Question};
use crate::summary::{EventSummary, LeftOut, Span, Thresholds};

pub(crate) struct Survey {
    /// The paths that have operations which can be judged.
    pub(crate) paths: BTreeMap<Path, PathScan>,
    /// Each with the time of its last row, UTC microseconds: what a recording without an end reaches there.
    pub(crate) last_rows: BTreeMap<Path, i64>,
    /// The operations that can't be judged, those of most rows first.
    pub(crate) left_out: Vec<LeftOut>,
    /// The time of the last row of any path, UTC microseconds.
    pub(crate) end: i64,
}

/// Reads all operations. A row without its words, or with one of a later version, can't be counted as anything: it is left out, and the
/// report says so.
pub(crate) fn survey(
    loaded: &Loaded,
    events: &[EventSummary],
    thresholds: &Thresholds,
) -> Result<Survey, AnalyzeError> {
    let start_us = loaded.manifest().start_time.micros();
    let end_us = loaded.duration_us().map(|us| start_us.saturating_add(us));
    let recording = Span::new(start_us, end_us.unwrap_or(i64::MAX));
    let recording = loaded.cut().time().unwrap_or(recording);
    let pauses = Pauses::new(events::pauses(events, &recording));
    let scan = scan::scan(
        loaded,
        &Question {
            start_us: recording.start.micros(),
            end_us: recording.end.micros(),
            pauses: &pauses,
            min_stall_us: thresholds.min_stall_us,
            path: None,
            lost: std::collections::BTreeSet::new(),
        },
    )?;
    let left_out = scan.left_out.into_iter();
    let mut left_out: Vec<_> = left_out
        .map(|((column, word), rows)| LeftOut { column, word, rows })
        .collect();
    left_out.sort_by_key(|left_out| std::cmp::Reverse(left_out.rows));
    let last_us = |(path, scan): (&Path, &PathScan)| Some((*path, scan.last_us?));
    let last_rows: BTreeMap<Path, i64> = scan.paths.iter().filter_map(last_us).collect();
    let mut counted = scan.paths.values().flat_map(|path| path.times.keys());
    let is_in_part = counted.any(|(kind, ..)| loaded.cut().has_kind(*kind));
    let last = last_rows.values().copied().max().filter(|_| is_in_part);
    let Some(end) = last.or_else(|| end_of_none(loaded, &left_out)) else {
        return Err(nothing_left(loaded, &left_out));
    };
    let survey = Survey {
        paths: scan.paths,
        last_rows,
        left_out,
        end,
    };
    check_times(loaded, &survey)?;
    Ok(survey)
}

/// Refuses rows of another time than the manifest's: all of them would be moved to the recording's edge, where nothing fails.
fn check_times(loaded: &Loaded, survey: &Survey) -> Result<(), AnalyzeError> {
    for (path, last_us) in &survey.last_rows {
        let span = loaded.whole_span(*last_us)?;
        let first_us = survey.paths.get(path).and_then(|scan| scan.first_us);
        let first_us = first_us.unwrap_or(*last_us);
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

/// When a recording ended in which no operation began, as at a low rate, UTC microseconds: the report says so, and its probes tell of the service all
/// the same. `None` where operations are left out, or where nothing says when it ended.
fn end_of_none(loaded: &Loaded, left_out: &[LeftOut]) -> Option<i64> {
    let is_all = *loaded.cut() == Cut::WHOLE && loaded.damaged().is_empty() && left_out.is_empty();
    let duration_us = loaded.duration_us().filter(|_| is_all)?;
    Some(
        loaded
            .manifest()
            .start_time
            .micros()
            .saturating_add(duration_us),
    )
}

/// The error of a recording without operations: a damaged one, a part, or one without an end.
fn nothing_left(loaded: &Loaded, left_out: &[LeftOut]) -> AnalyzeError {
    let folder = loaded.folder().to_path_buf();
    if *loaded.cut() != Cut::WHOLE {
        return AnalyzeError::NoneInRange(folder);
    }
    if loaded.damaged().is_empty() && left_out.is_empty() {
        return AnalyzeError::NoOperations(folder);
    }
    AnalyzeError::NothingLeft {
        folder,
        damaged: loaded.damaged().len(),
        left_out: left_out.iter().map(|left_out| left_out.rows).sum(),
    }
}
