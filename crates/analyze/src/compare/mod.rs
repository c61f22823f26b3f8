//! Two sets of runs: what differs in their configuration, and every figure of both with its change and its significance
//! (`docs/definitions.md`, Two sets of runs).

mod columns;
mod family;
mod lines;

use serde::Serialize;

use crate::campaign::{Run, described, of_one_run, settings};
use crate::summary::{DEFINITIONS, Summary, Thresholds};

pub use crate::campaign::settings::{Setting, SettingValue};
pub use family::{ComparedLine, Family, FamilyKind, LEAST_RUNS, SIGNIFICANT, Verdict};

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
