//! The tables of `analyze gaps --as heartbeat` and `--as three-failures`.

use crate::gaps::{Beside, PlacedReport, ReportedGaps};
use crate::naive::{Method, Source};
use crate::text::format::{Calendar, NONE, optional, plain};
use crate::text::gaps::{
    WORDS, axis, clock_notes, notes_section, recordings_section, span_of, titled,
};
use crate::text::sections::verdict::figure_in;
use crate::text::table::{Cell, Paint, Side, Table, Tone};

/// Every table, their lines ended by `\n`; `color` as in [`super::TextOptions`].
#[must_use]
pub fn render(gaps: &ReportedGaps, color: bool) -> String {
    let paint = Paint { color };
    let title = format!("What {} would have reported", name(gaps.method));
    let mut sections = vec![titled(&title)];
    if let Some(span) = span_of(&gaps.recordings) {
        let calendar = Calendar::new(span.start, span.length_us());
        sections.push(verdicts(gaps, paint));
        let under = |heading: &str, table: &Table| format!("{heading}\n{}", table.render(paint));
        let table = beside(gaps);
        sections.push(under(
            "Reported, and what the workload lived through",
            &table,
        ));
        if !gaps.reported_outages.is_empty() {
            let table = outages(gaps, calendar);
            sections.push(under("Outages that it reports", &table));
        }
        sections.push(recordings_section(&gaps.recordings, calendar, paint));
    }
    sections.push(notes(gaps, paint));
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}

fn name(method: Method) -> String {
    match method {
        Method::Heartbeat { interval_us } => {
            format!("a heartbeat every {}", WORDS.units.setting(interval_us))
        }
        Method::ThreeFailures => "a count of three failures in a row".to_owned(),
    }
}

/// The method, as the subject of a sentence.
const fn subject(method: Method) -> &'static str {
    match method {
        Method::Heartbeat { .. } => "heartbeat",
        Method::ThreeFailures => "three failures",
    }
}

/// One line per path: of the group that is its headline.
fn verdicts(gaps: &ReportedGaps, paint: Paint) -> String {
    let mut table = Table::new(&[("", Side::Left); 4], 2);
    for beside in gaps.beside.iter().filter(|beside| beside.is_headline) {
        let downtime = lived_through(beside);
        let downtime = (WORDS.down)(beside.group, &downtime);
        let reported = format!("{} {}", subject(gaps.method), reported(beside));
        let (share, tone) = match beside.reported_share {
            Some(share) => (
                format!(": {} of it", WORDS.units.percent(share, 1)),
                Tone::Bad,
            ),
            None => (String::new(), Tone::Plain),
        };
        table.row(vec![
            plain(&beside.host).into(),
            plain(&beside.run_id).into(),
            (WORDS.path_name)(&beside.path).into(),
            Cell::new(format!("{reported}, {downtime}{share}"), tone),
        ]);
    }
    if table.is_empty() {
        return String::new();
    }
    format!("{}\n{}", WORDS.verdict, table.render_rows(paint))
}

fn lived_through(beside: &Beside) -> String {
    let (resolution_us, at_least) = (beside.resolution_us, beside.at_least);
    optional(beside.downtime_us, |us| {
        figure_in(WORDS, us, resolution_us, at_least)
    })
}

fn reported(beside: &Beside) -> String {
    at_least(beside.reported_us, beside.reported_at_least)
}

fn at_least(us: i64, is_bound: bool) -> String {
    let text = WORDS.units.seconds(us, 2);
    match is_bound {
        true => (WORDS.at_least)(&text),
        false => text,
    }
}

fn beside(gaps: &ReportedGaps) -> Table {
    let mut table = Table::new(
        &[
            ("host", Side::Left),
            ("run", Side::Left),
            (WORDS.path_column, Side::Left),
            ("seen in", Side::Left),
            (WORDS.group, Side::Left),
            ("reported", Side::Right),
            ("outages", Side::Right),
            (WORDS.downtime, Side::Right),
            ("outages", Side::Right),
            ("noticed", Side::Right),
            ("difference", Side::Right),
            ("reported of it", Side::Right),
            ("longest answer", Side::Right),
        ],
        4,
    );
    for beside in &gaps.beside {
        table.row(beside_row(beside));
    }
    table
}

fn beside_row(beside: &Beside) -> Vec<Cell> {
    let source = match beside.source {
        Source::Probes => "probes",
        Source::Operations => "operations",
    };
    vec![
        plain(&beside.host).into(),
        plain(&beside.run_id).into(),
        (WORDS.path_name)(&beside.path).into(),
        source.into(),
        (WORDS.group_name)(beside.group).into(),
        reported(beside).into(),
        beside.reported_outages.to_string().into(),
        lived_through(beside).into(),
        beside.outages.to_string().into(),
        match beside.outages {
            0 => NONE.into(),
            outages => format!("{} of {outages}", beside.noticed_outages).into(),
        },
        optional(beside.difference_us, difference).into(),
        optional(beside.reported_share, |share| WORDS.units.percent(share, 1)).into(),
        optional(beside.longest_answer_us, |us| {
            WORDS.units.response(us as f64)
        })
        .into(),
    ]
}

/// A difference with its sign: `-10.30 s`.
fn difference(us: i64) -> String {
    let text = WORDS.units.seconds(us, 2);
    match us {
        ..=0 => text,
        _ => format!("+{text}"),
    }
}

fn outages(gaps: &ReportedGaps, calendar: Calendar) -> Table {
    let mut table = Table::new(
        &[
            ("host", Side::Left),
            ("run", Side::Left),
            (WORDS.path_column, Side::Left),
            (WORDS.from, Side::Left),
            (WORDS.until, Side::Left),
            ("reported", Side::Right),
            ("axis", Side::Right),
        ],
        0,
    );
    for outage in &gaps.reported_outages {
        table.row(outage_row(outage, calendar));
    }
    table
}

fn outage_row(outage: &PlacedReport, calendar: Calendar) -> Vec<Cell> {
    vec![
        plain(&outage.host).into(),
        plain(&outage.run_id).into(),
        (WORDS.path_name)(&outage.path).into(),
        calendar.time(outage.span.start).into(),
        calendar.time(outage.span.end).into(),
        at_least(outage.reported_us, outage.at_least).into(),
        axis(outage.uncertainty_us),
    ]
}

/// What the columns mean, then what holds for these recordings.
fn notes(gaps: &ReportedGaps, paint: Paint) -> String {
    let method = match gaps.method {
        Method::Heartbeat { .. } => {
            "reported: from the first question that nobody answered to the next that was answered, each when that was known. \
             A server that refuses writes (25006) answers a heartbeat. seen in: what the answers are taken from, probes (on a \
             connection of their own) where they were asked as often, else operations. longest answer: a heartbeat that waits in a \
             queue reports nothing."
        }
        Method::ThreeFailures => {
            "reported: from the third failed operation of the path in a row, of any kind, to the next success, of any kind. Reads that \
             the old writer serves reset the count."
        }
    };
    let mut notes = vec![
        method.to_owned(),
        "downtime: what the workload lived through, last success to first success of that group. \
         noticed: in how many of its outages the method had the path down for a moment. Sums over the recording, and per cent of \
         what it holds."
            .to_owned(),
    ];
    notes.extend(clock_notes(&gaps.recordings));
    notes_section(&notes, paint)
}
