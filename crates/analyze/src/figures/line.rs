//! A figure with its name, and the line of a table that shows it: of one recording, or of two sets of recordings.

use serde::Serialize;

use crate::summary::Unit;

/// Which way a figure is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    LowerIsBetter,
    HigherIsBetter,
    /// Neither: a count of what was asked, for example.
    Neutral,
}

/// A value, and between which values the truth is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bounded {
    /// As the report prints it, in the figure's unit: microseconds for times, 0 to 1 for fractions.
    pub value: f64,
    /// The truth is not below; `None` where that is not known.
    pub least: Option<f64>,
    /// The truth is not above; `None` where that is not known (`at least`).
    pub most: Option<f64>,
}

impl Bounded {
    /// A value that is exact.
    #[must_use]
    pub const fn exact(value: f64) -> Self {
        Self {
            value,
            least: Some(value),
            most: Some(value),
        }
    }
}

/// A figure of one recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Path, group or type, and metric, with dots: `proxy.writer.downtime`.
    pub name: String,
    pub unit: Unit,
    pub orientation: Orientation,
    /// `None` where it can't be given: it prints `-`.
    pub value: Option<Bounded>,
}

/// One line of a table of figures: one column for a recording, two for a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// The name of the figure.
    pub name: String,
    pub unit: Unit,
    pub orientation: Orientation,
    pub a: Column,
    /// What `a` is compared with; `None` for a single column.
    pub b: Option<Column>,
    /// Whether the two differ; `None` where there is nothing to test.
    pub significance: Option<Significance>,
}

/// The figure of one set of recordings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Column {
    /// How many recordings have a value.
    pub runs: usize,
    /// That of the recording, the median of several; `None` where none has one.
    pub value: Option<Bounded>,
    /// The least of them.
    pub min: Option<f64>,
    /// The greatest of them.
    pub max: Option<f64>,
}

/// How sure it is that two columns differ.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Significance {
    /// A side has fewer than five values: nothing is tested.
    TooFewRuns,
    /// A value is a bound, so that its rank is not known: nothing is tested.
    Bounds,
    /// The values are sums over different numbers of failovers: nothing is tested.
    OtherFailovers,
    Tested {
        test: Test,
        /// The chance of a difference like this, or a larger one, where there is none; two-sided.
        p: f64,
        /// The same, adjusted for the other lines that were tested with it.
        adjusted_p: f64,
    },
}

/// A test of significance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// Of times and downtimes, which are not normally distributed.
    MannWhitney,
    /// Of rates: successes of attempts on both sides.
    TwoProportions,
}

impl From<Figure> for Line {
    fn from(figure: Figure) -> Self {
        Self {
            name: figure.name,
            unit: figure.unit,
            orientation: figure.orientation,
            a: Column {
                runs: usize::from(figure.value.is_some()),
                value: figure.value,
                min: figure.value.map(|bounded| bounded.value),
                max: figure.value.map(|bounded| bounded.value),
            },
            b: None,
            significance: None,
        }
    }
}
