//! The tables of `analyze gaps`.

use command_line::text::one_line;
use std::collections::BTreeSet;

use recording::ClockOffset;

use crate::gaps::{Axis, Gaps, PlacedOutage, PlacedRecording, Together};
use crate::summary::Span;
use crate::text::document::{Block, Document, Section};
use crate::text::figures::{Downtime, figure};
use crate::text::format::{Calendar, count, date_time, optional};
use crate::text::language::Words;
use crate::text::language::english::ENGLISH;
use crate::text::table::{Cell, Side, Table, Tone};
use crate::zone::Zone;

const TITLE: &str = "Outages on the database server's clock";
/// A clock that was not compared with the server's.
const HOST_CLOCK: &str = "host clock";
/// The words of these tables.
pub(crate) const WORDS: &Words = &ENGLISH;

/// Every table.
#[must_use]
pub fn document(gaps: &Gaps) -> Document {
    let mut sections = Vec::new();
    if let Some(span) = span_of(&gaps.recordings) {
        let length = span.end.micros().saturating_sub(span.start.micros());
        let calendar = Calendar::new(span.start, length, Zone::default());
        sections.push(recordings_section(&gaps.recordings, calendar));
        sections.push(match gaps.outages.is_empty() {
            true => {
                let nothing = Block::Sentence("No outage found.".to_owned(), Tone::Good);
                Section::of("outages", "", nothing)
            }
            false => Section::of("outages", "Outages", outages(gaps, calendar)),
        });
        let table = together(gaps, calendar);
        sections.push(Section::of("together", "Outages seen together", table));
    }
    sections.push(notes(gaps));
    Document::new(WORDS, TITLE, sections)
}

/// From the first recording's start to the last one's end.
pub(crate) fn span_of(recordings: &[PlacedRecording]) -> Option<Span> {
    Some(Span {
        start: recordings
            .iter()
            .map(|recording| recording.span.start)
            .min()?,
        end: recordings
            .iter()
            .map(|recording| recording.span.end)
            .max()?,
    })
}

/// Where each recording stands on the axis, under its heading.
pub(crate) fn recordings_section(recordings: &[PlacedRecording], calendar: Calendar) -> Section {
    let mut table = Table::new(
        &[
            ("host", Side::Left),
            ("run", Side::Left),
            ("from", Side::Left),
            (WORDS.until, Side::Left),
            ("on the clock of", Side::Left),
            ("offset", Side::Right),
            ("uncertainty", Side::Right),
            ("change by the end", Side::Right),
        ],
        1,
    );
    for recording in recordings {
        table.row(recording_row(recording, calendar));
    }
    Section::of("recordings", "Recordings", table)
}

fn recording_row(recording: &PlacedRecording, calendar: Calendar) -> Vec<Cell> {
    let offset = recording.offset.as_ref();
    let clock = match offset {
        Some(offset) => one_line(&server(offset)).into(),
        None => Cell::new(HOST_CLOCK, Tone::Bad),
    };
    vec![
        one_line(&recording.host).into(),
        one_line(&recording.run_id).into(),
        date_time(recording.span.start).into(),
        calendar.time(recording.span.end).into(),
        clock,
        optional(offset, |offset| signed(offset.offset_us)).into(),
        optional(offset, |offset| around(offset.uncertainty_us)).into(),
        optional(recording.offset_change_us, signed).into(),
    ]
}

fn server(offset: &ClockOffset) -> String {
    match (&offset.server_address, offset.server_port) {
        (Some(address), Some(port)) => format!("{address}:{port}"),
        _ => WORDS.the_server.to_owned(),
    }
}

fn outages(gaps: &Gaps, calendar: Calendar) -> Table {
    let mut table = Table::new(
        &[
            ("host", Side::Left),
            ("run", Side::Left),
            (WORDS.path_column, Side::Left),
            (WORDS.group, Side::Left),
            (WORDS.from, Side::Left),
            (WORDS.until, Side::Left),
            (WORDS.downtime, Side::Right),
            ("axis", Side::Right),
            (WORDS.evidence, Side::Right),
        ],
        0,
    );
    for outage in &gaps.outages {
        table.row(outage_row(outage, calendar));
    }
    table
}

fn outage_row(outage: &PlacedOutage, calendar: Calendar) -> Vec<Cell> {
    vec![
        one_line(&outage.host).into(),
        one_line(&outage.run_id).into(),
        (WORDS.path_name)(&outage.path).into(),
        (WORDS.group_name)(outage.group).into(),
        calendar.time(outage.span.start).into(),
        calendar.time(outage.span.end).into(),
        figure(WORDS, Downtime::from(outage)).into(),
        axis(outage.uncertainty_us),
        count(outage.evidence).into(),
    ]
}

/// How far a time may be off on the axis.
pub(crate) fn axis(uncertainty_us: Option<i64>) -> Cell {
    match uncertainty_us {
        Some(us) => around(us).into(),
        None => Cell::new(HOST_CLOCK, Tone::Bad),
    }
}

fn together(gaps: &Gaps, calendar: Calendar) -> Table {
    let mut table = Table::new(
        &[
            (WORDS.from, Side::Left),
            (WORDS.until, Side::Left),
            ("length", Side::Right),
            ("hosts", Side::Left),
            ("outages", Side::Right),
            ("longest downtime", Side::Right),
            ("seen by", Side::Left),
        ],
        0,
    );
    for together in &gaps.together {
        table.row(together_row(together, calendar));
    }
    table
}

fn together_row(together: &Together, calendar: Calendar) -> Vec<Cell> {
    let (start, end) = (together.span.start, together.span.end);
    let length_us = end.micros().saturating_sub(start.micros());
    let seen_by = together.seen_by.iter().map(|observer| {
        let mark = match observer.axis {
            Axis::Server => String::new(),
            Axis::Host => format!(" ({HOST_CLOCK})"),
        };
        one_line(&format!("{} {}{mark}", observer.host, observer.path))
    });
    let seen_by: Vec<String> = seen_by.collect();
    vec![
        calendar.time(start).into(),
        calendar.time(end).into(),
        WORDS.units.seconds(length_us, 2).into(),
        format!("{} of {}", together.hosts, together.hosts_recording).into(),
        together.outages.to_string().into(),
        figure(WORDS, Downtime::from(together)).into(),
        Cell::new(seen_by.join(WORDS.separator), Tone::Detail),
    ]
}

/// What the columns mean, then what holds for these recordings.
fn notes(gaps: &Gaps) -> Section {
    let groups: Vec<&str> = gaps.groups.iter().map(|group| group.as_str()).collect();
    let mut notes = vec![
        format!(
            "Groups: {}. Times are UTC; offset: what was added to the recording's own times. axis: how far a time may be off \
             on the server's clock.",
            groups.join(WORDS.separator)
        ),
        format!(
            "{}: {}.",
            WORDS.definitions,
            (WORDS.definitions_text)(gaps.definitions)
        ),
        "hosts: those that saw an outage, of those that were recording at that time.".to_owned(),
    ];
    notes.extend(clock_notes(&gaps.recordings));
    notes_section(notes)
}

/// What holds for the clocks of these recordings.
pub(crate) fn clock_notes(recordings: &[PlacedRecording]) -> Vec<String> {
    let mut notes = Vec::new();
    if recordings
        .iter()
        .any(|recording| recording.axis == Axis::Host)
    {
        notes.push(format!(
            "{HOST_CLOCK}: no offset to the server's clock was measured, so these times are the host's own; \
             what overlaps them may not have been at the same time."
        ));
    }
    let offsets = recordings
        .iter()
        .filter_map(|recording| recording.offset.as_ref());
    let servers: BTreeSet<String> = offsets.map(server).collect();
    if servers.len() > 1 {
        notes.push(format!(
            "The offsets were measured against {} servers, whose clocks are taken to agree.",
            servers.len()
        ));
    }
    notes
}

/// Notes under their heading.
pub(crate) fn notes_section(notes: Vec<String>) -> Section {
    Section::of("notes", WORDS.notes_heading, Block::Prose(notes))
}

/// A change or an offset with its sign: `-37 s`, `+12 us`.
fn signed(us: i64) -> String {
    let length = WORDS.units.setting(us.saturating_abs());
    match us {
        0 => length,
        1.. => format!("+{length}"),
        _ => format!("-{length}"),
    }
}

fn around(us: i64) -> String {
    format!("± {}", WORDS.units.setting(us.saturating_abs()))
}
