//! What every section is written with.

use crate::summary::{Span, Summary};
use crate::text::format::Calendar;
use crate::text::language::Words;
use crate::text::table::Cell;

#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) summary: &'a Summary,
    pub(super) words: &'static Words,
    pub(super) calendar: Calendar,
}

impl Page<'_> {
    /// How long the recorder was paused in all.
    pub(super) fn paused(&self) -> String {
        let pauses = self.summary.pauses.iter();
        let all_us: i64 = pauses.map(Span::length_us).sum();
        self.words.units.seconds(all_us, 2)
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
