//! Which recordings were analyzed, and which of them are one run.

use command_line::text::one_line;

use crate::campaign::{Run, RunRecording, TogetherBy};
use crate::gaps::Axis;
use crate::summary::Span;
use crate::text::document::Block;
use crate::text::format::{Calendar, optional};
use crate::text::language::Words;
use crate::text::table::{Cell, Side, Table, Tone};
use crate::zone::Zone;

/// Runs of a set; its name stands in a column where there are two.
pub(super) struct Set<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) runs: &'a [Run],
}

/// A line for each recording, and what made several of them one run.
pub(super) fn blocks(words: &Words, sets: &[Set<'_>], calendar: Option<Calendar>) -> Vec<Block> {
    let many = &words.many;
    let is_named = sets.iter().any(|set| set.name.is_some());
    let mut columns = Vec::new();
    columns.extend(is_named.then_some((many.set, Side::Left)));
    columns.extend([
        (many.run, Side::Right),
        (many.host, Side::Left),
        (many.recording, Side::Left),
        (many.started, Side::Left),
        (words.length, Side::Right),
        (many.paths, Side::Left),
        (many.failovers, Side::Right),
        (many.clock, Side::Left),
    ]);
    let mut table = Table::new(&columns, if is_named { 2 } else { 1 });
    let mut sentences = Vec::new();
    for Set { name, runs } in sets {
        for run in *runs {
            for recording in &run.recordings {
                let mut cells: Vec<Cell> = Vec::new();
                cells.extend(name.map(Cell::from));
                cells.push(run.number.to_string().into());
                cells.extend(row(words, recording, calendar));
                table.row(cells);
            }
        }
        for by in [TogetherBy::Label, TogetherBy::Servers] {
            let together = runs.iter().filter(|run| run.together_by == Some(by));
            let numbers: Vec<String> = together.map(|run| run.number.to_string()).collect();
            if !numbers.is_empty() {
                let set = name.map_or_else(String::new, |name| format!("{name}: "));
                let text = (many.one_run)(&numbers.join(words.separator), by);
                sentences.push(Block::Sentence(format!("{set}{text}"), Tone::Plain));
            }
        }
    }
    let mut blocks = vec![Block::Table(table)];
    blocks.extend(sentences);
    blocks
}

fn row(words: &Words, recording: &RunRecording, calendar: Option<Calendar>) -> Vec<Cell> {
    let (many, placed) = (&words.many, &recording.placed);
    let clock = match placed.axis {
        Axis::Server => many.server_clock.into(),
        Axis::Host => Cell::new(many.host_clock, Tone::Detail),
    };
    vec![
        one_line(&placed.host).into(),
        one_line(&placed.run_id).into(),
        optional(calendar, |calendar| calendar.date_time(placed.span.start)).into(),
        words.units.length(placed.span.length_us()).into(),
        (many.mode)(recording.mode).into(),
        recording.failovers.to_string().into(),
        clock,
    ]
}

/// Of the times of all recordings.
pub(super) fn calendar<'a>(
    runs: impl IntoIterator<Item = &'a Run>,
    zone: Zone,
) -> Option<Calendar> {
    let runs: Vec<&Run> = runs.into_iter().collect();
    let spans = || {
        runs.iter()
            .flat_map(|run| &run.recordings)
            .map(|recording| &recording.placed.span)
    };
    let all = Span {
        start: spans().map(|span| span.start).min()?,
        end: spans().map(|span| span.end).max()?,
    };
    Some(Calendar::new(
        all.start,
        all.end.micros().saturating_sub(all.start.micros()),
        zone,
    ))
}

/// True where a run has several hosts.
pub(super) fn has_several_hosts(runs: &[Run]) -> bool {
    runs.iter().any(|run| run.recordings.len() > 1)
}

/// True where a recording is on its host's clock.
pub(super) fn has_host_clock(runs: &[Run]) -> bool {
    let mut recordings = runs.iter().flat_map(|run| &run.recordings);
    recordings.any(|recording| recording.placed.axis == Axis::Host)
}
