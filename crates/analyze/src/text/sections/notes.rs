//! How to read the figures, and where they are weak.

use recording::vocabulary::ErrorClass;

use crate::summary::{GroupSummary, PathSummary};
use crate::text::format::decimal;
use crate::text::page::Page;
use crate::text::table::{Tone, wrapped};

/// Operations per second below which the limit of what can be seen is worth a line.
const FEW_PER_SECOND: f64 = 20.0;

/// Columns of a line of prose.
const WIDTH: usize = 100;

/// Definitions first, then what holds for this recording.
pub(crate) fn section(page: &Page<'_>) -> String {
    let (words, thresholds) = (page.words, &page.summary.thresholds);
    let setting = |us| words.units.setting(us);
    let mut notes = vec![words.note_downtime.to_owned()];
    if !page.summary.failovers.failovers.is_empty() {
        notes.push(words.note_parts.to_owned());
    }
    notes.extend(coarse_note(page));
    notes.extend(slow_note(page));
    if groups(page).any(|(_, group)| group.unobserved) {
        notes.push(words.note_unobserved.to_owned());
    }
    let mut episodes = groups(page).flat_map(|(_, group)| &group.episodes);
    if episodes.any(|episode| episode.baseline_tps.is_some() && episode.baseline_p99_us.is_none()) {
        notes.push(words.note_baseline_p99.to_owned());
    }
    let mut endpoints = page.summary.recording.endpoints.iter();
    if endpoints.any(|endpoint| endpoint.tls_error.is_some()) {
        notes.push(words.note_without_tls.to_owned());
    }
    notes.extend(class_notes(page));
    notes.push(words.note_none.to_owned());
    notes.push((words.note_thresholds)(
        &setting(thresholds.min_outage_us),
        &setting(thresholds.min_stall_us),
        &setting(thresholds.merge_within_us),
    ));

    let lines = notes.iter().flat_map(|note| wrapped(note, WIDTH));
    let lines = lines.map(|line| format!("  {}\n", page.paint.apply(Tone::Detail, &line)));
    page.under(words.notes_heading, &lines.collect::<String>())
}

fn groups<'a>(page: &Page<'a>) -> impl Iterator<Item = (&'a PathSummary, &'a GroupSummary)> {
    let paths = page.summary.paths.iter();
    paths.flat_map(|path| path.groups.iter().map(move |group| (path, group)))
}

/// Downtimes of which a large part is resolution.
fn coarse_note(page: &Page<'_>) -> Option<String> {
    let words = page.words;
    let is_coarse = |group: &GroupSummary| {
        // An outage that is open is a lower bound already.
        let closed = group.downtime_us.filter(|us| *us > 0 && !group.at_least);
        closed.is_some_and(|us| group.resolution_us * 10 > us * 3)
    };
    let coarse: Vec<String> = groups(page)
        .filter(|(_, group)| is_coarse(group))
        .map(|(path, group)| (words.coarse_group)(&(words.path_name)(&path.path), group.group))
        .collect();
    (!coarse.is_empty()).then(|| (words.note_coarse)(&coarse.join(words.separator)))
}

/// Paths with so few operations that short outages can't be seen.
fn slow_note(page: &Page<'_>) -> Option<String> {
    let words = page.words;
    let rate = |path: &PathSummary| {
        let rate = path.overall.steady_tps.or(path.overall.tps)?;
        let text = (words.path_rate)(&(words.path_name)(&path.path), &decimal(rate, 1));
        (rate < FEW_PER_SECOND).then_some(text)
    };
    let slow: Vec<String> = page.summary.paths.iter().filter_map(rate).collect();
    (!slow.is_empty()).then(|| (words.note_slow)(&slow.join(words.separator)))
}

/// What the classes of failures that were seen mean.
fn class_notes(page: &Page<'_>) -> impl Iterator<Item = String> {
    let failed = |class: &&ErrorClass| {
        let mut errors = page.summary.paths.iter().flat_map(|path| &path.errors);
        errors.any(|error| error.class == class.as_str())
    };
    let classes = ErrorClass::ALL.iter().filter(failed);
    classes
        .filter_map(|class| (page.words.class_text)(*class))
        .map(str::to_owned)
}
