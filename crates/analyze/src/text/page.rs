//! What every section is written with.

use unicode_width::UnicodeWidthStr;

use crate::summary::{Span, Summary};
use crate::text::format::Calendar;
use crate::text::language::Words;
use crate::text::table::{Cell, Paint, Table};

#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) summary: &'a Summary,
    pub(super) words: &'static Words,
    pub(super) calendar: Calendar,
    pub(super) paint: Paint,
}

impl Page<'_> {
    pub(super) fn title(&self) -> String {
        let title = self.words.title;
        // The sample's line is longer than its title.
        let width = title.width().max(32);
        format!("{title}\n{}\n", "=".repeat(width))
    }

    /// How long the recorder was paused in all.
    pub(super) fn paused(&self) -> String {
        let pauses = self.summary.pauses.iter();
        let all_us: i64 = pauses.map(Span::length_us).sum();
        self.words.units.seconds(all_us, 2)
    }

    /// A section under its heading; nothing where it has no lines.
    pub(super) fn under(&self, heading: &str, body: &str) -> String {
        if body.is_empty() {
            return String::new();
        }
        format!("{}\n{body}", (self.words.heading)(heading))
    }

    /// A table under its heading; nothing where it has no rows.
    pub(super) fn tabled(&self, heading: &str, table: &Table) -> String {
        if table.is_empty() {
            return String::new();
        }
        self.under(heading, &table.render(self.paint))
    }

    /// A heading of times, which names UTC, with the zone in which they are written.
    pub(super) fn zoned(&self, heading: &str) -> String {
        heading.replace("UTC", &self.calendar.zone())
    }

    /// The cell that names a path.
    pub(super) fn path(&self, path: &str) -> Cell {
        (self.words.path_name)(path).into()
    }
}
