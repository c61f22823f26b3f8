//! The outages of several recordings on one axis: the database server's clock, the one clock that all hosts can ask.
//!
//! Each recording holds its offset to that clock ([`recording::ClockOffset`]); added to the recording's times it puts them on the axis. What
//! an outage is, is decided elsewhere ([`crate::metrics::outages`]): here outages are moved and compared.

mod placed;
mod together;

use serde::Serialize;

use crate::summary::{DEFINITIONS, Group, Summary, Thresholds};

pub use placed::{Axis, PlacedOutage, PlacedRecording};
pub(crate) use placed::{moved, recording as place};
pub use together::{Observer, Together};

/// The groups that the headline is chosen from: what a reader and what only a writer serves.
pub const HEADLINE_GROUPS: [Group; 2] = [Group::Read, Group::Writer];

#[derive(Debug, Clone, Serialize)]
pub struct Gaps {
    /// The version of the definitions that the outages follow: [`DEFINITIONS`].
    pub definitions: u32,
    /// The thresholds that they were found with.
    pub thresholds: Thresholds,
    /// The groups whose outages are listed.
    pub groups: Vec<Group>,
    /// Where each recording stands on the axis, in order of its start.
    pub recordings: Vec<PlacedRecording>,
    /// Every outage, in order of its start.
    pub outages: Vec<PlacedOutage>,
    /// Outages of any host, path and group that overlap, in order of their start.
    pub together: Vec<Together>,
}

impl Gaps {
    /// Puts the outages of `groups` in all of the analyzed recordings onto the axis.
    #[must_use]
    pub fn new(summaries: &[Summary], groups: &[Group], thresholds: Thresholds) -> Self {
        let mut recordings: Vec<PlacedRecording> = Vec::with_capacity(summaries.len());
        let mut outages = Vec::new();
        for summary in summaries {
            let recording = placed::recording(summary);
            outages.extend(placed::outages(summary, groups, &recording));
            recordings.push(recording);
        }
        recordings.sort_by(|a, b| {
            (a.span.start, &a.host, &a.run_id).cmp(&(b.span.start, &b.host, &b.run_id))
        });
        // Stable: outages of a recording that begin together stay in the order of its report.
        outages.sort_by(|a, b| {
            (a.span.start, &a.host, &a.run_id).cmp(&(b.span.start, &b.host, &b.run_id))
        });
        Self {
            definitions: DEFINITIONS,
            thresholds,
            groups: groups.to_vec(),
            together: together::find(&outages, &recordings),
            recordings,
            outages,
        }
    }
}
