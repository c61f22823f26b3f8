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
mod page;
mod sections;
pub(crate) mod table;

use crate::summary::Summary;
use crate::text::document::{Block, Section};
use crate::text::format::Calendar;
use crate::text::language::{Words, chinese, english};
use crate::text::page::Page;
use crate::text::sections::{
    comparison, configuration, downtime, durability, errors, events, failovers, notes, pgbench,
    rates, recovery, sample, service, verdict,
};

pub use document::Document;
pub use gaps::render as render_gaps;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    En,
    /// Chinese, opening with the sections and the wording of the original design's sample.
    Zh,
}

impl Language {
    pub(crate) fn words(self) -> &'static Words {
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
}

/// The whole report as text, its lines ended by `\n`.
#[must_use]
pub fn render(summary: &Summary, options: &TextOptions) -> String {
    document(summary, options.language).text(options.color)
}

/// The whole report.
#[must_use]
pub fn document(summary: &Summary, language: Language) -> Document {
    let page = Page {
        summary,
        words: language.words(),
        calendar: Calendar::new(summary.recording.start_time, summary.recording.duration_us),
    };
    let mut sections = match page.words.sample {
        Some(words) => sample::sections(&page, &words),
        None => vec![
            configuration::recording(&page),
            configuration::section(&page),
        ],
    };
    sections.extend([
        verdict::section(&page),
        durability::section(&page),
        Section::new("charts", page.words.page.charts, vec![Block::Charts]),
        failovers::failovers(&page),
        failovers::distribution(&page),
        events::section(&page),
        rates::operations(&page),
        rates::response_times(&page),
        downtime::groups(&page),
        downtime::outages(&page),
        service::outages(&page),
        downtime::blips(&page),
        downtime::brownouts(&page),
        recovery::episodes(&page),
        recovery::impacts(&page),
        durability::durable_figures(&page),
        durability::durable_recovery(&page),
        durability::lost_writes(&page),
        errors::errors(&page),
        errors::connections(&page),
        pgbench::section(&page),
        comparison::section(&page),
        notes::section(&page),
    ]);
    Document::new(page.words, page.words.title, sections).with_headline(verdict::headline(&page))
}
