//! Figures of two sets, in families that are tested together.

use serde::Serialize;

use crate::figures::{Line, Significance};

/// Below this a chance is small: the two sets differ.
pub const SIGNIFICANT: f64 = 0.05;

/// Runs a side from which on something is tested.
pub const LEAST_RUNS: usize = 5;

/// Figures that are tested together: their chances are adjusted for each other.
#[derive(Debug, Clone, Serialize)]
pub struct Family {
    pub kind: FamilyKind,
    pub lines: Vec<ComparedLine>,
}

/// What a family of figures is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FamilyKind {
    /// The application's downtime of reads and of writes, on each path.
    Downtime,
    /// The same of the service.
    Service,
    /// Recovery, success rates, percentiles, throughput, lost writes.
    Key,
    /// Every other figure of recordings, paths, groups and types.
    Other,
    /// Figures of single operations, such as `place_order`.
    Operations,
}

/// A figure of both sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedLine {
    #[serde(flatten)]
    pub line: Line,
    /// From the base's median to the other's, in per cent of the base's; `None` where one is missing or a bound, or the base's is 0.
    pub change_percent: Option<f64>,
    /// The same in percentage points, for fractions.
    pub change_points: Option<f64>,
    /// What the significant difference is; `None` where it is not significant, or was not tested.
    pub verdict: Option<Verdict>,
}

/// What a significant difference means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Better,
    Worse,
    /// A figure that is neither, or medians that are the same.
    Different,
}

impl Family {
    /// How many of its lines were tested.
    #[must_use]
    pub fn tested(&self) -> usize {
        let is_tested = |line: &&ComparedLine| {
            matches!(line.line.significance, Some(Significance::Tested { .. }))
        };
        self.lines.iter().filter(is_tested).count()
    }

    /// Of these, how many have a chance below 5 %, adjusted or not.
    #[must_use]
    pub fn below(&self, is_adjusted: bool) -> usize {
        let is_below = |line: &&ComparedLine| match line.line.significance {
            Some(Significance::Tested { p, adjusted_p, .. }) => {
                (if is_adjusted { adjusted_p } else { p }) < SIGNIFICANT
            }
            _ => false,
        };
        self.lines.iter().filter(is_below).count()
    }
}
