//! Failures by class, and attempts to connect.

use crate::summary::PathSummary;
use crate::text::document::{Block, Section};
use crate::text::format::{NONE, count};
use crate::text::page::Page;
use crate::text::table::{Side, Table, Tone};
use command_line::text::one_line;

/// Every class with its SQLSTATE, and its commonest text.
pub(crate) fn errors(page: &Page<'_>) -> Section {
    let words = page.words;
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (words.class, Side::Left),
            ("SQLSTATE", Side::Left),
            (words.count, Side::Right),
            (&page.zoned(words.first), Side::Left),
            (&page.zoned(words.last), Side::Left),
        ],
        1,
    );
    for path in &page.summary.paths {
        for error in &path.errors {
            table.row(vec![
                page.path(&path.path),
                error.class.as_str().into(),
                error.sqlstate.as_deref().unwrap_or(NONE).into(),
                count(error.count).into(),
                page.calendar.time(error.first).into(),
                page.calendar.time(error.last).into(),
            ]);
            let counts = [error.message_count, error.count, error.other_messages];
            note_text(page, &mut table, &error.message, counts);
        }
    }
    let block = match table.is_empty() {
        true => Block::Sentence(words.none.to_owned(), Tone::Plain),
        false => table.into(),
    };
    Section::of("errors", words.errors_heading, block)
}

/// The commonest text of some failures, under their row: how many had it, of how many, and how many other texts there were.
pub(crate) fn note_text(page: &Page<'_>, table: &mut Table, text: &str, counts: [u64; 3]) {
    let text = one_line(text);
    let [these, all, others] = counts;
    if text.is_empty() {
        return;
    }
    table.note(match others {
        0 => text,
        others => (page.words.commonest_text)(&text, &count(these), &count(all), others),
    });
}

/// How often each path connected, and who answered.
pub(crate) fn connections(page: &Page<'_>) -> Section {
    let words = page.words;
    // Every path connects at least once: this recording has no table of it.
    let unrecorded = |path: &PathSummary| path.connections.attempts == 0;
    if page.summary.paths.iter().all(unrecorded) {
        return Section::none();
    }
    let times = page.summary.paths.iter().flat_map(|path| {
        let connections = &path.connections;
        [connections.p50_us, connections.max_us]
    });
    let scale = words.units.scale(times.flatten().map(|us| us as f64));
    let [median, max] = [words.median, words.max].map(|name| format!("{name} ({})", scale.unit));
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (words.attempts, Side::Right),
            (words.failed, Side::Right),
            (&median, Side::Right),
            (&max, Side::Right),
            (words.addresses, Side::Left),
        ],
        0,
    );
    for path in &page.summary.paths {
        let connections = &path.connections;
        let time = |us: Option<i64>| scale.number(us.map(|us| us as f64));
        let addresses = match connections.addresses.as_slice() {
            [] => NONE.to_owned(),
            addresses => one_line(&addresses.join(words.separator)),
        };
        table.row(vec![
            page.path(&path.path),
            count(connections.attempts).into(),
            count(connections.failed).into(),
            time(connections.p50_us).into(),
            time(connections.max_us).into(),
            addresses.into(),
        ]);
    }
    Section::of("connections", words.connections_heading, table)
}

/// A class with the server's code: `read_only 25006`.
pub(crate) fn name(class: &str, sqlstate: Option<&str>) -> String {
    match sqlstate {
        Some(code) => format!("{class} {code}"),
        None => class.to_owned(),
    }
}
