//! The recordings of a folder.

use command_line::text::one_line;

use crate::listing::{Found, Listed, ListedAudit, Listing, Recorded};
use crate::summary::{Headline, RecordingProgress};
use crate::text::Language;
use crate::text::document::{Block, Document, Section};
use crate::text::figures;
use crate::text::format::{NONE, optional, to_the_second};
use crate::text::language::Words;
use crate::text::table::{Cell, Side, Table, Tone};

/// The list.
#[must_use]
pub fn document(listing: &Listing, language: Language) -> Document {
    let words = language.words();
    let many = &words.many;
    let mut recorded = listing
        .recordings
        .iter()
        .filter_map(|listed| listed.recorded.as_ref());
    let first = recorded.next();
    // Of one host its name says nothing.
    let is_of_several_hosts =
        recorded.any(|other| first.is_some_and(|first| first.host != other.host));
    let mut columns = vec![(many.recording, Side::Left)];
    columns.extend(is_of_several_hosts.then_some((many.host, Side::Left)));
    columns.extend([
        (many.started, Side::Left),
        (words.length, Side::Right),
        (many.failovers, Side::Right),
        (words.path_column, Side::Left),
        (words.downtime, Side::Left),
        (many.audit, Side::Left),
        (many.state, Side::Left),
        (many.labels, Side::Left),
    ]);
    // A recording has a row for each path.
    let path = columns
        .iter()
        .position(|(name, _)| *name == words.path_column);
    let keys = std::iter::once(0).chain(path).collect();
    let mut table = Table::new(&columns, 0).named_by(keys);
    for listed in &listing.recordings {
        rows(words, &mut table, listed, is_of_several_hosts);
    }
    let count = listing.recordings.len();
    let unreadable = listing
        .recordings
        .iter()
        .filter(|listed| listed.error.is_some())
        .count();
    let sentence = match count {
        0 => many.nothing_listed.to_owned(),
        _ => (many.listed)(count, unreadable),
    };
    let definitions = (words.definitions_text)(listing.definitions);
    let notes = vec![
        many.note_list.to_owned(),
        format!("{}: {definitions}.", words.definitions),
    ];
    let blocks = vec![
        Block::Table(table),
        Block::Sentence(sentence, Tone::Plain),
        Block::Prose(notes),
    ];
    let sections = vec![Section::new("recordings", "", blocks)];
    Document::new(words, many.list_title, sections)
}

/// A row for each of its paths: those after the first repeat nothing.
fn rows(words: &Words, table: &mut Table, listed: &Listed, with_host: bool) {
    let recorded = listed.recorded.as_ref();
    let found = listed.found.as_ref();
    let labels = recorded.map_or_else(String::new, |recorded| labels(words, recorded));
    let mut paths: Vec<[Cell; 2]> = found.map_or_else(Vec::new, |found| of_paths(words, found));
    if paths.is_empty() {
        paths.push([NONE.into(), NONE.into()]);
    }
    for (index, [path, downtime]) in paths.into_iter().enumerate() {
        let once = |cell: Cell| if index == 0 { cell } else { "".into() };
        let mut cells = vec![once(one_line(&listed.folder).into())];
        if with_host {
            let host = optional(recorded, |recorded| one_line(&recorded.host));
            cells.push(once(host.into()));
        }
        cells.extend([
            once(optional(recorded, |recorded| to_the_second(recorded.start_time)).into()),
            once(optional(found, |found| words.units.length(found.duration_us)).into()),
            once(optional(found, |found| found.failovers.to_string()).into()),
            path,
            downtime,
            once(found.map_or_else(|| NONE.into(), |found| audit(words, found.audit))),
            once(state(words, found)),
            once(labels.as_str().into()),
        ]);
        table.row(cells);
    }
    if let Some(error) = &listed.error {
        table.note(one_line(error));
    }
}

fn labels(words: &Words, recorded: &Recorded) -> String {
    let labels = recorded.labels.iter();
    let labels: Vec<String> = labels
        .map(|(key, value)| one_line(&format!("{key}={value}")))
        .collect();
    labels.join(words.separator)
}

fn of_paths(words: &Words, found: &Found) -> Vec<[Cell; 2]> {
    let of_path = |path: &crate::listing::ListedPath| {
        let headline = path.headline.as_ref();
        let is_served = |headline: &&Headline| {
            headline.downtime_us == Some(0)
                && !headline.at_least
                && headline.other_unobserved.is_none()
        };
        let text = match headline.filter(is_served) {
            Some(_) => words.no_outage.to_owned(),
            None => optional(headline, |headline| figures::headline(words, headline)),
        };
        [(words.path_name)(&path.path).into(), text.into()]
    };
    found.paths.iter().map(of_path).collect()
}

fn audit(words: &Words, audit: ListedAudit) -> Cell {
    let tone = match audit {
        ListedAudit::Audited { lost: 0 } => Tone::Good,
        ListedAudit::Audited { .. } => Tone::Bad,
        ListedAudit::NotAudited | ListedAudit::Unusable => Tone::Plain,
    };
    Cell::new((words.many.audit_text)(audit), tone)
}

fn state(words: &Words, found: Option<&Found>) -> Cell {
    let Some(found) = found else {
        return Cell::new(words.many.unreadable, Tone::Bad);
    };
    let tone = match found.progress {
        RecordingProgress::Killed => Tone::Bad,
        _ => Tone::Plain,
    };
    Cell::new((words.many.state_name)(found.progress), tone)
}
