//! Attempts to connect before, during and after the episodes, and what failed.

use crate::summary::{ConnectionFigures, ConnectionSummary};
use crate::text::document::Section;
use crate::text::format::{NONE, count, decimal, optional};
use crate::text::page::Page;
use crate::text::sections::downtime::{LISTED, note_rest};
use crate::text::sections::effects::servers;
use crate::text::sections::errors::note_text;
use crate::text::table::{Side, Table};
use command_line::text::one_line;

/// How often each path connected before, during and after its episodes, and how long that took; nothing without an episode.
pub(crate) fn spans(page: &Page<'_>) -> Section {
    let (words, effects) = (page.words, page.words.effects);
    let paths = || page.summary.paths.iter();
    let times = paths()
        .flat_map(|path| spans_of(&path.connections))
        .flatten();
    let times = times.flat_map(|figures| [figures.p50_us, figures.p95_us, figures.max_us]);
    let scale = words.units.scale(times.flatten().map(|us| us as f64));
    let [median, p95, max] =
        [words.median, "p95", words.max].map(|name| format!("{name} ({})", scale.unit));
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (words.span, Side::Left),
            (words.length, Side::Right),
            (words.attempts, Side::Right),
            (effects.per_second, Side::Right),
            (effects.most_in_a_second, Side::Right),
            (words.failed, Side::Right),
            (&median, Side::Right),
            (&p95, Side::Right),
            (&max, Side::Right),
        ],
        1,
    );
    for path in paths().filter(|path| path.connections.attempts > 0) {
        let names = [words.before, words.during, words.after];
        for (name, figures) in names.into_iter().zip(spans_of(&path.connections)) {
            let Some(figures) = figures.filter(|figures| figures.span_us > 0) else {
                continue;
            };
            let time = |us: Option<i64>| scale.number(us.map(|us| us as f64));
            table.row(vec![
                page.path(&path.path),
                name.into(),
                words.units.length(figures.span_us).into(),
                count(figures.attempts).into(),
                optional(figures.per_second, |rate| decimal(rate, 2)).into(),
                count(figures.most_in_a_second).into(),
                count(figures.failed).into(),
                time(figures.p50_us).into(),
                time(figures.p95_us).into(),
                time(figures.max_us).into(),
            ]);
        }
    }
    Section::of("connection-spans", effects.connection_spans_heading, table)
}

/// Before, during and after; none where there was no episode.
fn spans_of(connections: &ConnectionSummary) -> [Option<&ConnectionFigures>; 3] {
    let before = connections.during.as_ref().map(|_| &connections.before);
    [
        before,
        connections.during.as_ref(),
        connections.after.as_ref(),
    ]
}

/// Attempts that failed, by phase and class.
pub(crate) fn errors(page: &Page<'_>) -> Section {
    let (words, effects) = (page.words, page.words.effects);
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (effects.phase, Side::Left),
            (words.class, Side::Left),
            ("SQLSTATE", Side::Left),
            (words.count, Side::Right),
            (&page.zoned(words.first), Side::Left),
            (&page.zoned(words.last), Side::Left),
            (effects.address, Side::Left),
        ],
        1,
    );
    for path in &page.summary.paths {
        let errors = &path.connections.errors;
        for failed in errors.iter().take(LISTED) {
            let error = &failed.error;
            table.row(vec![
                page.path(&path.path),
                one_line(&failed.phase).into(),
                one_line(&error.class).into(),
                error
                    .sqlstate
                    .as_deref()
                    .map_or(NONE.to_owned(), one_line)
                    .into(),
                count(error.count).into(),
                page.calendar.time(error.first).into(),
                page.calendar.time(error.last).into(),
                servers(page, &error.servers),
            ]);
            let counts = [error.message_count, error.count, error.other_messages];
            note_text(page, &mut table, &error.message, counts);
        }
        note_rest(page, &mut table, errors.len());
    }
    Section::of("connect-errors", effects.connect_errors_heading, table)
}
