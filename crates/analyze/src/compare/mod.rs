//! Two sets of runs: what differs in their configuration, and every figure of both with its change and its significance
//! (`docs/definitions.md`, Two sets of runs).

mod columns;
mod lines;
mod settings;

use serde::Serialize;

use crate::campaign::{Run, described, of_one_run};
use crate::figures::{Line, Significance};
use crate::summary::{DEFINITIONS, Summary, Thresholds};

pub use settings::{Setting, SettingValue};

/// Below this a chance is small: the two sets differ.
pub const SIGNIFICANT: f64 = 0.05;

/// Runs a side from which on something is tested.
pub const LEAST_RUNS: usize = 5;

/// Two sets of runs, side by side.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// The version of the definitions that the figures follow: [`DEFINITIONS`].
    pub definitions: u32,
    pub thresholds: Thresholds,
    /// What the other set is compared with.
    pub base: Vec<Run>,
    pub new: Vec<Run>,
    /// Every setting that differs between the sets.
    pub settings: Vec<Setting>,
    /// Runs have different numbers of failovers: sums over them are not compared.
    pub failovers_differ: bool,
    /// The figures, those first that matter most.
    pub families: Vec<Family>,
}

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
    /// The service's downtime, recovery, success rates, percentiles, throughput, lost writes.
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

impl Compared {
    /// Of recordings that were analyzed with the same thresholds.
    #[must_use]
    pub fn new(base: &[Summary], new: &[Summary], thresholds: Thresholds) -> Self {
        let (base_runs, new_runs) = (of_one_run(base), of_one_run(new));
        let failovers_differ = lines::failovers_differ(base.iter().chain(new));
        Self {
            definitions: DEFINITIONS,
            thresholds,
            settings: settings::differing(base, new),
            failovers_differ,
            families: lines::families(&base_runs, &new_runs, failovers_differ),
            base: described(&base_runs),
            new: described(&new_runs),
        }
    }

    /// True where a side has fewer runs than a test needs.
    #[must_use]
    pub fn is_too_small(&self) -> bool {
        self.base.len().min(self.new.len()) < LEAST_RUNS
    }
}
