//! The report as text: what goes into a post-mortem. Every figure comes from the [`Summary`]; here only units change.
//!
//! A section is a file with functions from a page to text, empty where there is nothing to say. The words of a language
//! stand in one value of `language::Words`.

pub(crate) mod figures;
mod format;
mod gaps;
mod language;
pub mod many;
mod page;
pub mod rules;
mod sections;
mod table;

use crate::summary::Summary;
use crate::text::format::Calendar;
use crate::text::language::{Words, chinese, english};
use crate::text::page::Page;
use crate::text::sections::{
    comparison, configuration, downtime, durability, errors, events, failovers, notes, pgbench,
    rates, recovery, sample, service, verdict,
};
use crate::text::table::Paint;

pub use gaps::render as render_gaps;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    En,
    /// Chinese, opening with the sections and the wording of the original design's sample.
    Zh,
}

/// How the report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TextOptions {
    pub language: Language,
    /// With ANSI colours: red for bad, green for good, dim for detail. The caller knows of `NO_COLOR` and terminals.
    pub color: bool,
}

impl TextOptions {
    fn words(&self) -> &'static Words {
        match self.language {
            Language::En => &english::ENGLISH,
            Language::Zh => &chinese::CHINESE,
        }
    }
}

/// The whole report, its lines ended by `\n`.
#[must_use]
pub fn render(summary: &Summary, options: &TextOptions) -> String {
    let page = Page {
        summary,
        words: options.words(),
        calendar: Calendar::new(summary.recording.start_time, summary.recording.duration_us),
        paint: Paint {
            color: options.color,
        },
    };
    let mut sections = vec![page.title()];
    match page.words.sample {
        Some(words) => sections.extend(sample::sections(&page, &words)),
        None => sections.extend([
            configuration::recording(&page),
            configuration::section(&page),
        ]),
    }
    sections.extend([
        verdict::section(&page),
        durability::section(&page),
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
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}
