//! Several recordings: which of them are of one run, each failover once, and what holds over all of them (`docs/definitions.md`,
//! Several recordings).

mod distribution;
mod failovers;
mod found;
mod runs;
pub(crate) mod settings;

use serde::Serialize;

use crate::summary::{DEFINITIONS, Summary, Thresholds};

pub use found::{
    Distribution, FailoverFigure, Measured, Paired, Run, RunFailover, RunRecording, TogetherBy,
};
pub(crate) use runs::{Member, OneRun, described, of_one_run};
pub use settings::VaryingSetting;

/// What is known over all recordings.
#[derive(Debug, Clone, Serialize)]
pub struct Campaign {
    /// The version of the definitions that the figures follow: [`DEFINITIONS`].
    pub definitions: u32,
    pub thresholds: Thresholds,
    /// In order of their start.
    pub runs: Vec<Run>,
    /// The settings that are not the same in all recordings.
    pub settings: Vec<VaryingSetting>,
    /// Each failover once, in order of time.
    pub failovers: Vec<RunFailover>,
    /// Per figure, group and path.
    pub figures: Vec<Distribution>,
    /// Direct - proxy, failover by failover.
    pub paired: Vec<Paired>,
}

impl Campaign {
    /// Of recordings that were analyzed with the same thresholds.
    #[must_use]
    pub fn new(summaries: &[Summary], thresholds: Thresholds) -> Self {
        let grouped = of_one_run(summaries);
        let failovers = failovers::of_runs(&grouped);
        Self {
            definitions: DEFINITIONS,
            thresholds,
            figures: distribution::figures(&failovers),
            paired: distribution::paired(&failovers),
            runs: runs::described(&grouped),
            settings: settings::varying(summaries),
            failovers,
        }
    }
}
