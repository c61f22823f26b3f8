//! One kind of figure: what it is called, what it means, and how it is had from a summary.

use crate::figures::line::{Bounded, Figure, Orientation};
use crate::summary::Unit;

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The end of its name, after the path, and the group, type or operation.
    pub name: &'static str,
    pub unit: Unit,
    pub orientation: Orientation,
    /// The section of `docs/definitions.md` that defines it.
    pub section: &'static str,
    /// In one line.
    pub meaning: &'static str,
    /// A time that is printed as response times are, and not as a length of seconds.
    pub is_response_time: bool,
}

impl About {
    const fn new(
        name: &'static str,
        unit: Unit,
        orientation: Orientation,
        section: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            unit,
            orientation,
            section,
            meaning,
            is_response_time: false,
        }
    }

    /// A length of time; less of it is better.
    pub(super) const fn time(
        name: &'static str,
        section: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self::new(name, Unit::Us, Orientation::LowerIsBetter, section, meaning)
    }

    /// A response time, or another that is printed like one.
    pub(super) const fn response(
        name: &'static str,
        section: &'static str,
        meaning: &'static str,
    ) -> Self {
        let about = Self::time(name, section, meaning);
        Self {
            is_response_time: true,
            ..about
        }
    }

    /// How often something bad came.
    pub(super) const fn count(
        name: &'static str,
        section: &'static str,
        meaning: &'static str,
    ) -> Self {
        let orientation = Orientation::LowerIsBetter;
        Self::new(name, Unit::Count, orientation, section, meaning)
    }

    /// A fraction of which more is better.
    pub(super) const fn share(
        name: &'static str,
        section: &'static str,
        meaning: &'static str,
    ) -> Self {
        let orientation = Orientation::HigherIsBetter;
        Self::new(name, Unit::Fraction, orientation, section, meaning)
    }

    /// A rate of which more is better.
    pub(super) const fn rate(
        name: &'static str,
        section: &'static str,
        meaning: &'static str,
    ) -> Self {
        let orientation = Orientation::HigherIsBetter;
        Self::new(name, Unit::PerSecond, orientation, section, meaning)
    }

    /// The same, of which more is better.
    pub(super) const fn higher(self) -> Self {
        Self {
            orientation: Orientation::HigherIsBetter,
            ..self
        }
    }

    /// The same, which is neither good nor bad.
    pub(super) const fn neutral(self) -> Self {
        Self {
            orientation: Orientation::Neutral,
            ..self
        }
    }
}

/// A kind of figure, with the function that has it: from a recording, a path, a group.
pub(super) struct Metric<F> {
    pub(super) is: About,
    pub(super) of: F,
}

impl About {
    /// The figure of a recording; `prefix` is what stands before its name, the dot included.
    pub(super) fn figure(&self, prefix: &str, value: Option<Bounded>) -> Figure {
        Figure {
            name: format!("{prefix}{}", self.name),
            unit: self.unit,
            orientation: self.orientation,
            value,
        }
    }
}

/// The truth is not below, and how far above is not known.
pub(super) const fn at_least(value: f64) -> Bounded {
    Bounded {
        value,
        least: Some(value),
        most: None,
    }
}

/// A value of what is left, on either side of the truth.
pub(super) const fn unsure(value: f64) -> Bounded {
    Bounded {
        value,
        least: None,
        most: None,
    }
}

/// A count, of which more would be counted where something is missing.
pub(super) const fn counted(count: u64, is_partial: bool) -> Bounded {
    match is_partial {
        true => at_least(count as f64),
        false => Bounded::exact(count as f64),
    }
}

/// A value that is exact, if nothing is missing.
pub(super) const fn sure(value: f64, is_partial: bool) -> Bounded {
    match is_partial {
        true => unsure(value),
        false => Bounded::exact(value),
    }
}

/// A downtime: the truth lies between it without its resolution, and it.
pub(super) fn downtime(us: Option<i64>, resolution_us: i64, is_bound: bool) -> Option<Bounded> {
    let us = us?;
    Some(Bounded {
        value: us as f64,
        least: Some((us - resolution_us.min(us)) as f64),
        most: (!is_bound).then_some(us as f64),
    })
}
