//! The values of a figure in the two columns of a comparison.

use crate::figures::{Bounded, Column, Line};
use crate::summary::Unit;
use crate::text::format::{NONE, Scale, count, decimal};
use crate::text::language::Words;

/// From this on a length of time is written in seconds, microseconds.
const IN_SECONDS_US: f64 = 1e6;

/// How the values of a line are written: all of them alike, so that they can be compared at a glance.
pub(super) struct Written {
    words: &'static Words,
    unit: Unit,
    scale: Option<Scale>,
    /// Counts of several runs may have a median between two.
    places: usize,
}

impl Written {
    pub(super) fn new(words: &'static Words, line: &Line) -> Self {
        let columns = || std::iter::once(line.a).chain(line.b);
        let values = || {
            columns()
                .flat_map(|column| [column.min, column.max])
                .flatten()
        };
        let medians = || columns().filter_map(|column| column.value.map(|bounded| bounded.value));
        // 0 says nothing of a scale.
        let largest = values().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let is_in_seconds = largest >= IN_SECONDS_US || line.name.ends_with("downtime");
        let is_time = line.unit == Unit::Us && !is_in_seconds;
        let is_whole = medians().all(|median| median.fract() == 0.0);
        Self {
            words,
            unit: line.unit,
            scale: is_time.then(|| {
                words
                    .units
                    .scale(values().map(f64::abs).filter(|us| *us > 0.0))
            }),
            places: usize::from(!is_whole),
        }
    }

    fn number(&self, value: f64) -> String {
        match (self.unit, self.scale) {
            (Unit::Us, Some(scale)) => scale.number(Some(value)),
            (Unit::Us, None) => decimal(value / 1e6, 2),
            (Unit::Fraction, _) => decimal(value * 100.0, 3),
            (Unit::PerSecond, _) => decimal(value, 2),
            (Unit::Count, _) if self.places == 0 && value.fract() == 0.0 && value >= 0.0 => {
                count(value as u64)
            }
            (Unit::Count, _) => decimal(value, self.places),
        }
    }

    fn with_unit(&self, value: f64) -> String {
        let units = self.words.units;
        let unit = match (self.unit, self.scale) {
            (Unit::Us, Some(scale)) => scale.unit,
            (Unit::Us, None) => units.second,
            (Unit::Fraction, _) => return units.percent(value, 3),
            (Unit::PerSecond | Unit::Count, _) => return self.number(value),
        };
        format!("{}{}{unit}", self.number(value), units.gap)
    }

    /// `12.31 s (11.80 to 13.02)`: the median, and the least and the greatest of the runs; how many have one, where not all do.
    pub(super) fn column(&self, column: &Column, runs: usize) -> String {
        let Some(bounded) = column.value else {
            return NONE.to_owned();
        };
        let mut text = self.bounded(&bounded);
        let mut around = Vec::new();
        let ends = column.min.zip(column.max);
        let ends = ends.map(|(min, max)| (self.number(min), self.number(max)));
        // Of one run, and of runs that read alike, it says nothing more.
        if let Some((min, max)) = ends.filter(|(min, max)| min != max) {
            around.push((self.words.from_to)(&min, &max));
        }
        if column.runs < runs {
            around.push((self.words.many.runs_with)(column.runs));
        }
        if !around.is_empty() {
            text = format!("{text} ({})", around.join(self.words.separator));
        }
        text
    }

    fn bounded(&self, bounded: &Bounded) -> String {
        let text = self.with_unit(bounded.value);
        match (bounded.least, bounded.most) {
            (Some(_), Some(_)) => text,
            (Some(_), None) => (self.words.at_least)(&text),
            (None, Some(_)) => (self.words.at_most)(&text),
            (None, None) => (self.words.many.about)(&text),
        }
    }
}
