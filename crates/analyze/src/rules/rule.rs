//! A rule that was read and checked: its figure exists, and its value is in that figure's unit.

use std::collections::BTreeSet;

use crate::figures::{self, Figure, Known};
use crate::near::near;
use crate::rules::grammar::{self, Expression, Mistake};

/// A rule that can be held against recordings.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// As the user calls it.
    pub name: Option<String>,
    /// As the user wrote it.
    text: String,
    /// Where in the text the figure stands.
    figure_at: usize,
    pub expression: Expression,
    /// What the figure is compared with, in its unit.
    pub limit: f64,
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// [`Mistake`] where it is no rule, its figure is none, or its value has a unit that does not fit.
    pub fn new(name: Option<String>, text: &str) -> Result<Self, Mistake> {
        let parsed = grammar::parse(text)?;
        let figure = parsed.expression.figure.as_str();
        let Some(known) = figures::known(figure) else {
            let names = figures::names();
            let names = names.iter().map(String::as_str);
            return Err(no_figure(text, parsed.figure_at, figure, names));
        };
        let limit = parsed.expression.literal.in_unit(known.about().unit);
        let limit = limit.map_err(|what| Mistake::new(text, parsed.literal_at, what))?;
        Ok(Self {
            name,
            text: text.to_owned(),
            figure_at: parsed.figure_at,
            expression: parsed.expression,
            limit,
        })
    }

    /// The figure of the recording that the rule is about.
    #[must_use]
    pub fn figure<'f>(&self, figures: &'f [Figure]) -> Option<&'f Figure> {
        let mut figures = figures.iter();
        figures.find(|figure| figure.name == self.expression.figure)
    }

    /// Holds against the recordings that it has a figure at all: one of an operation may be misspelt, which only the recordings tell.
    ///
    /// # Errors
    /// [`Mistake`] where none of the recordings has an operation of that name.
    pub fn check_operation(&self, recordings: &[&[Figure]]) -> Result<(), Mistake> {
        let figure = self.expression.figure.as_str();
        let is_of_operation = matches!(figures::known(figure), Some(Known::OfOperation(_)));
        let mut all = recordings.iter();
        if !is_of_operation || all.any(|figures| self.figure(figures).is_some()) {
            return Ok(());
        }
        let names: BTreeSet<&str> = recordings
            .iter()
            .copied()
            .flatten()
            .map(|figure| figure.name.as_str())
            .collect();
        Err(no_figure(
            &self.text,
            self.figure_at,
            figure,
            names.into_iter(),
        ))
    }
}

fn no_figure<'n>(
    text: &str,
    at: usize,
    figure: &str,
    names: impl Iterator<Item = &'n str>,
) -> Mistake {
    let near = near(figure, names);
    let advice = match near.as_slice() {
        [] => "`analyze assert --figures RUN` lists all".to_owned(),
        near => format!("near it: {}", near.join(", ")),
    };
    Mistake::new(text, at, format!("there is no figure `{figure}`; {advice}"))
}
