//! The report: what goes into a post-mortem. Every figure comes from the [`Summary`]; here only units change.
//!
//! A section is a file with functions from a page to a [`document`] section, without blocks where there is nothing to say. The
//! document is written here as text; `markdown` and `html` write it too. The words of a language stand in one value of
//! `language::Words`.

pub(crate) mod document;
pub(crate) mod figures;
pub(crate) mod format;
mod gaps;
pub(crate) mod language;
pub mod many;
mod narrow;
mod page;
pub mod rules;
mod sections;
pub(crate) mod table;

use crate::summary::{RecordingSummary, Summary};
use crate::text::document::{Block, Section};
use crate::text::format::Calendar;
use crate::text::language::{Words, chinese, english};
use crate::text::page::Page;
use crate::text::sections::{
    comparison, configuration, connections, downtime, durability, effects, errors, events,
    failovers, notes, outage_errors, pgbench, rates, recovery, sample, service, verdict,
};
use crate::zone::Zone;

pub use document::Document;
pub use gaps::document as gaps_document;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    En,
    /// Chinese: after the verdict come the sections of the original design's sample, in its wording.
    Zh,
}

impl Language {
    pub(crate) const fn words(self) -> &'static Words {
        match self {
            Self::En => &english::ENGLISH,
            Self::Zh => &chinese::CHINESE,
        }
    }
}

/// How the report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TextOptions {
    pub language: Language,
    /// With ANSI colours: red for bad, green for good, dim for detail. The caller knows of `NO_COLOR` and terminals.
    pub color: bool,
    /// Columns of the terminal, where it is written to one: a table that is wider takes several pieces.
    pub columns: Option<usize>,
}

/// Times of day with the date where the recording lasts over midnight, and offsets from its start.
fn calendar(recording: &RecordingSummary, zone: Zone) -> Calendar {
    let start = recording.whole_start();
    let before_us = recording.start_time.micros() - start.micros();
    let duration_us = before_us.saturating_add(recording.duration_us);
    Calendar::new(start, duration_us, zone)
}

/// The whole report as text, its lines ended by `\n`, times of day in UTC.
#[must_use]
pub fn render(summary: &Summary, options: &TextOptions) -> String {
    document(summary, options.language, Zone::default()).text_within(options.color, options.columns)
}

/// The whole report, with times of day in a time zone, which it names.
#[must_use]
pub fn document(summary: &Summary, language: Language, zone: Zone) -> Document {
    let page = Page {
        summary,
        words: language.words(),
        calendar: calendar(&summary.recording, zone),
    };
    // The answer first, then what it rests on; how it was recorded comes last.
    let mut sections = vec![configuration::recording(&page), verdict::section(&page)];
    let sample = page.words.sample;
    sections.extend(
        sample
            .iter()
            .flat_map(|words| sample::sections(&page, words)),
    );
    sections.extend([
        durability::section(&page),
        Section::new("charts", page.words.page.charts, vec![Block::Charts]),
        comparison::section(&page),
        failovers::failovers(&page),
        failovers::distribution(&page),
        events::section(&page),
        downtime::groups(&page),
        downtime::outages(&page),
        service::outages(&page),
        downtime::blips(&page),
        downtime::brownouts(&page),
        recovery::episodes(&page),
        recovery::impacts(&page),
        effects::writes_refused(&page),
        effects::stuck_connections(&page),
        effects::without_writer(&page),
        effects::hung_writes(&page),
        effects::waits(&page),
        durability::durable_figures(&page),
        durability::durable_recovery(&page),
        durability::lost_writes(&page),
        errors::errors(&page),
        outage_errors::section(&page),
        errors::connections(&page),
        connections::spans(&page),
        connections::errors(&page),
        rates::operations(&page),
        rates::response_times(&page),
        rates::names(&page),
        pgbench::section(&page),
        match sample {
            Some(words) => configuration::section(&page, words.other_settings, false),
            None => configuration::section(&page, page.words.configuration, true),
        },
        notes::section(&page),
    ]);
    Document::new(page.words, page.words.title, sections).with_headline(verdict::headline(&page))
}
