//! What comes of holding a rule against a figure.

use serde::Serialize;

use crate::figures::{Bounded, Figure, known};
use crate::rules::grammar::Comparison;
use crate::rules::rule::Rule;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole of the figure is as the rule has it, its bounds included.
    Holds,
    /// No part of it is.
    Broken,
    /// Its bounds leave it open, or it has none.
    Undecided,
    /// The figure can't be given.
    Absent,
    /// The same, and the rule allows that.
    AbsentAllowed,
}

impl Verdict {
    #[must_use]
    pub const fn is_pass(self) -> bool {
        matches!(self, Self::Holds | Self::AbsentAllowed)
    }
}

/// A rule, and what came of it in one recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged<'r> {
    pub rule: &'r Rule,
    /// `None` where it can't be given, or the recording has no such figure.
    pub value: Option<Bounded>,
    pub verdict: Verdict,
}

impl<'r> Judged<'r> {
    /// Holds a rule against the figures of a recording.
    #[must_use]
    pub fn new(rule: &'r Rule, figures: &[Figure]) -> Self {
        let value = rule.figure(figures).and_then(|figure| figure.value);
        let expression = &rule.expression;
        let verdict = match value {
            Some(value) => judge(expression.comparison, value, rule.limit),
            None if expression.or_absent => Verdict::AbsentAllowed,
            None => Verdict::Absent,
        };
        Self {
            rule,
            value,
            verdict,
        }
    }

    /// The figure, as a list of figures has it.
    #[must_use]
    pub fn figure(&self) -> Option<Figure> {
        let name = &self.rule.expression.figure;
        let about = known(name)?.about();
        Some(Figure {
            name: name.clone(),
            unit: about.unit,
            orientation: about.orientation,
            value: self.value,
        })
    }
}

fn judge(comparison: Comparison, value: Bounded, limit: f64) -> Verdict {
    let (least, most) = (value.least, value.most);
    let is = |bound: Option<f64>, test: fn(&f64, &f64) -> bool| {
        bound.is_some_and(|bound| test(&bound, &limit))
    };
    // Whether the whole of it is so, and whether no part of it is.
    let (whole, none) = match comparison {
        Comparison::AtMost => (is(most, f64::le), is(least, f64::gt)),
        Comparison::Below => (is(most, f64::lt), is(least, f64::ge)),
        Comparison::AtLeast => (is(least, f64::ge), is(most, f64::lt)),
        Comparison::Above => (is(least, f64::gt), is(most, f64::le)),
        Comparison::Equal => (
            is(least, f64::eq) && is(most, f64::eq),
            is(most, f64::lt) || is(least, f64::gt),
        ),
        Comparison::NotEqual => (
            is(most, f64::lt) || is(least, f64::gt),
            is(least, f64::eq) && is(most, f64::eq),
        ),
    };
    match (whole, none) {
        (true, _) => Verdict::Holds,
        (false, true) => Verdict::Broken,
        (false, false) => Verdict::Undecided,
    }
}
