//! Where the outages hurt: writes refused while reads were served, stuck connections, waiting, hung writes, no writer.

use crate::summary::{PathSummary, Span, WaitFigures, WaitTimes, Waits};
use crate::text::document::Section;
use crate::text::format::{NONE, count, optional};
use crate::text::language::effects::SyncRepWords;
use crate::text::page::Page;
use crate::text::sections::downtime::{LISTED, note_rest};
use crate::text::table::{Cell, Side, Table, Tone};
use command_line::text::one_line;

/// Spans in which reads were served and writes refused.
pub(crate) fn writes_refused(page: &Page<'_>) -> Section {
    let (words, effects) = (page.words, page.words.effects);
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (&page.zoned(words.from), Side::Left),
            (words.offset, Side::Right),
            (words.until, Side::Left),
            (words.length, Side::Right),
            (effects.refused, Side::Right),
            (effects.reads_served, Side::Right),
            (effects.writes_served, Side::Right),
            (effects.refused_by, Side::Left),
        ],
        1,
    );
    for path in &page.summary.paths {
        let spans = &path.effects.writes_refused;
        for refused in spans.iter().take(LISTED) {
            table.row(vec![
                page.path(&path.path),
                page.calendar.time(refused.span.start).into(),
                page.calendar.offset(refused.span.start).into(),
                page.calendar.time(refused.span.end).into(),
                words.units.seconds(refused.span.length_us(), 2).into(),
                count(refused.refusals).into(),
                count(refused.reads_served).into(),
                count(refused.writes_served).into(),
                servers(page, &refused.servers),
            ]);
            if refused.open_at_end {
                table.note(effects.no_write_after.to_owned());
            }
        }
        note_rest(page, &mut table, spans.len());
    }
    Section::of("writes-refused", effects.refused_heading, table)
}

/// Connections that still led to a reader.
pub(crate) fn stuck_connections(page: &Page<'_>) -> Section {
    let (words, effects) = (page.words, page.words.effects);
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (&page.zoned(effects.new_writer), Side::Left),
            (effects.last_refusal, Side::Left),
            (effects.after, Side::Right),
            (effects.refused, Side::Right),
            (effects.connections, Side::Right),
            (effects.peak, Side::Left),
            (effects.refused_by, Side::Left),
        ],
        1,
    );
    for path in &page.summary.paths {
        let stuck = &path.effects.stuck_connections;
        for found in stuck.iter().take(LISTED) {
            let after_us = found.until.micros() - found.new_writer.micros();
            let share = found.peak_stuck as f64 / found.peak_used.max(1) as f64;
            let peak = (found.peak_used > 0).then(|| {
                (effects.peak_text)(
                    &count(found.peak_stuck),
                    &count(found.peak_used),
                    &words.units.percent(share, 0),
                    &page.calendar.offset(found.peak),
                )
            });
            table.row(vec![
                page.path(&path.path),
                page.calendar.time(found.new_writer).into(),
                page.calendar.time(found.until).into(),
                words.units.seconds(after_us, 2).into(),
                count(found.refusals).into(),
                count(found.connections).into(),
                optional(peak, |peak| peak).into(),
                servers(page, &found.servers),
            ]);
        }
        note_rest(page, &mut table, stuck.len());
    }
    Section::of("stuck-connections", effects.stuck_heading, table)
}

/// Checkout and execute before, during and after the episodes.
pub(crate) fn waits(page: &Page<'_>) -> Section {
    let (words, effects) = (page.words, page.words.effects);
    let found = || {
        let paths = page.summary.paths.iter();
        paths.filter_map(|path| Some((path, path.effects.waits.as_ref()?)))
    };
    let times = found().flat_map(|(_, waits)| spans(waits));
    let times = times.flat_map(|figures| [&figures.checkout, &figures.execute]);
    let times = times.flat_map(figures_of).flatten();
    let scale = words.units.scale(times.map(|us| us as f64));
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (words.span, Side::Left),
            (words.length, Side::Right),
            (words.successes, Side::Right),
            (effects.part, Side::Left),
            ("p50", Side::Right),
            ("p95", Side::Right),
            ("p99", Side::Right),
            (words.max, Side::Right),
            (effects.share, Side::Right),
        ],
        4,
    );
    let row = |path: &PathSummary, name: &str, figures: &WaitFigures, part, times, share| {
        let mut cells = vec![
            page.path(&path.path),
            name.into(),
            words.units.length(figures.span_us).into(),
            count(figures.successes).into(),
            Cell::from(part),
        ];
        let number = |us: Option<i64>| Cell::from(scale.number(us.map(|us| us as f64)));
        cells.extend(figures_of(times).map(number));
        cells.push(optional(share, |share| words.units.percent(share, 1)).into());
        cells
    };
    for (path, waits) in found() {
        let names = [words.before, words.during, words.after];
        for (name, figures) in names.into_iter().zip(spans(waits)) {
            if figures.span_us == 0 {
                continue;
            }
            let (checkout, execute) = (&figures.checkout, &figures.execute);
            let shares = (figures.checkout_share, figures.execute_share);
            table.row(row(
                path,
                name,
                figures,
                effects.checkout,
                checkout,
                shares.0,
            ));
            table.row(row(path, name, figures, effects.execute, execute, shares.1));
        }
    }
    Section::of("waits", (effects.waits_heading)(scale.unit), table)
}

fn spans(waits: &Waits) -> [&WaitFigures; 3] {
    [&waits.before, &waits.during, &waits.after]
}

/// In the order of the columns.
fn figures_of(times: &WaitTimes) -> [Option<i64>; 4] {
    [times.p50_us, times.p95_us, times.p99_us, times.max_us]
}

/// From the last answer of one writer to the first answer of another.
pub(crate) fn without_writer(page: &Page<'_>) -> Section {
    let (words, effects) = (page.words, page.words.effects);
    let mut changes = page
        .summary
        .paths
        .iter()
        .flat_map(|path| &path.effects.without_writer);
    let from = page.zoned(words.from);
    let on_either = changes.any(|change| change.on_either_path.is_some());
    let mut columns = vec![
        (words.path_column, Side::Left),
        (words.part_of, Side::Left),
        (from.as_str(), Side::Left),
        (words.offset, Side::Right),
        (words.until, Side::Left),
        (words.length, Side::Right),
    ];
    columns.extend(on_either.then_some((effects.on_either_path, Side::Right)));
    columns.extend([
        (effects.old_writer, Side::Left),
        (effects.new_writer_server, Side::Left),
    ]);
    let mut table = Table::new(&columns, 1);
    let length = |span: &Span| words.units.seconds(span.length_us(), 2);
    for path in &page.summary.paths {
        let changes = &path.effects.without_writer;
        for change in changes.iter().take(LISTED) {
            let failovers = &page.summary.failovers;
            let own = change.failover;
            let number = own.and_then(|own| failovers.number_of(&path.path, own));
            let mut cells = vec![
                page.path(&path.path),
                optional(number, words.failover_number).into(),
                page.calendar.time(change.span.start).into(),
                page.calendar.offset(change.span.start).into(),
                page.calendar.time(change.span.end).into(),
                length(&change.span).into(),
            ];
            let either = change.on_either_path.as_ref();
            cells.extend(on_either.then(|| optional(either, length).into()));
            let server = |name: &Option<String>| optional(name.as_deref(), one_line);
            cells.extend([server(&change.old).into(), server(&change.new).into()]);
            table.row(cells);
        }
        note_rest(page, &mut table, changes.len());
    }
    Section::of("without-writer", effects.without_writer_heading, table)
}

/// Writes that hung while the writer answered.
pub(crate) fn hung_writes(page: &Page<'_>) -> Section {
    let (words, effects) = (page.words, page.words.effects);
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (&page.zoned(words.from), Side::Left),
            (words.offset, Side::Right),
            (words.length, Side::Right),
            (effects.hung_probes, Side::Right),
            (effects.hung_operations, Side::Right),
            (effects.unreplicated, Side::Right),
            (effects.reads_answered, Side::Right),
            (effects.writer, Side::Left),
        ],
        1,
    );
    for path in &page.summary.paths {
        let spans = &path.effects.hung_writes;
        for hung in spans.iter().take(LISTED) {
            table.row(vec![
                page.path(&path.path),
                page.calendar.time(hung.span.start).into(),
                page.calendar.offset(hung.span.start).into(),
                words.units.seconds(hung.span.length_us(), 2).into(),
                count(hung.probes).into(),
                count(hung.operations).into(),
                count(hung.unreplicated).into(),
                count(hung.reads_answered).into(),
                servers(page, &hung.servers),
            ]);
            if let Some(wait) = &hung.sync_rep_wait {
                table.note((effects.sync_rep_wait)(&SyncRepWords {
                    from: &page.calendar.time(wait.span.start),
                    to: &page.calendar.time(wait.span.end),
                    servers: &one_line(&wait.servers.join(words.separator)),
                    sessions: wait.most_sessions,
                }));
            }
        }
        note_rest(page, &mut table, spans.len());
    }
    Section::of("hung-writes", effects.hung_heading, table)
}

/// Names of servers; `-` where none is known.
pub(crate) fn servers(page: &Page<'_>, servers: &[String]) -> Cell {
    match servers {
        [] => NONE.into(),
        servers => Cell::new(one_line(&servers.join(page.words.separator)), Tone::Detail),
    }
}
