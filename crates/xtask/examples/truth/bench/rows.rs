//! A recording's figures, each with the fault that it belongs to.

use std::path::Path;

use anyhow::Result;

use super::batch::Batch;
use super::breaks::{LOCK_TIMEOUT_US, Made};
use super::injected::{broken, disturbed, injected};
use super::judge::{Case, Figure};
use super::kinds::Kind;
use super::lanes::{Group, LANES, Lane};
use super::load::Load;
use super::recorded::Recorded;
use super::reported::Report;
use super::samples::{MIN_REFUSED_US, Span, longest_gap_us, outages};
use super::witness::Witness;

/// How long before a fault's first step, and after its last one, what is found is put down to it. There is more calm than that
/// between two.
const BEFORE_US: i64 = 500_000;
const AFTER_US: i64 = 1_500_000;

/// A judged figure.
#[derive(Debug)]
pub(crate) struct Row {
    /// Which recording.
    pub(crate) batch: usize,
    /// Which of its faults; `None` where none was near.
    pub(crate) fault: Option<usize>,
    pub(crate) lane: Lane,
    pub(crate) figure: Figure,
}

/// Judges every group of every path.
pub(crate) fn judge(
    batch: &Batch,
    number: usize,
    witness: &Witness,
    programs: &Path,
) -> Result<Vec<Row>> {
    let report = Report::of(&batch.folder, programs)?;
    let recorded = report.span()?;
    let pauses = report.pauses()?;
    let mut rows = Vec::new();
    for (lane, rows_of_it) in LANES.into_iter().zip(Recorded::of(&batch.folder)?) {
        let samples = witness.samples(lane, recorded);
        let injected: Vec<Span> = batch
            .made
            .iter()
            .flat_map(|made| injected(made.fault.kind, &made.steps, lane))
            .collect();
        let disturbed: Vec<Span> = batch
            .made
            .iter()
            .flat_map(|made| disturbed(made.fault.kind, &made.steps))
            .collect();
        let refused: Vec<(Span, i64)> = batch
            .made
            .iter()
            .flat_map(|made| refused(made, batch.load, lane.group))
            .collect();
        let (reported, unobserved) = (report.outages(lane)?, report.unobserved(lane)?);
        let witnessed = outages(&samples, recorded, lane.path);
        let case = Case {
            path: lane.path,
            reported: &reported,
            unobserved: &unobserved,
            pauses: &pauses,
            witnessed: &witnessed,
            injected: &injected,
            disturbed: &disturbed,
            refused: &refused,
            recorded: &rows_of_it,
            interval_us: batch.load.interval_us(lane.group),
        };
        let figures = case.judge(|span| longest_gap_us(&samples, recorded, span));
        rows.extend(figures.into_iter().map(|figure| Row {
            batch: number,
            fault: fault_of(&batch.made, figure.span),
            lane,
            figure,
        }));
    }
    Ok(rows)
}

/// Where nothing but refusals came back, and the shortest outage that this load shows then: five operations, of each type that the group
/// has, writes and transactions. With twenty operations of writers the rarer type is among them in all but one of 1,000 cases.
fn refused(made: &Made, load: Load, group: Group) -> Vec<(Span, i64)> {
    let wait_us = match made.fault.kind {
        Kind::LockTimeout => LOCK_TIMEOUT_US,
        Kind::Revoke => 0,
        _ => return Vec::new(),
    };
    let operations = match group {
        Group::Read => 5,
        Group::Writer => 20,
    };
    let interval_us = load.interval_with_us(group, wait_us);
    let least_us = MIN_REFUSED_US.max(operations * interval_us) + interval_us;
    let spans = broken(&made.steps).into_iter();
    spans.map(|span| (span, least_us)).collect()
}

/// The fault that was going on.
fn fault_of(made: &[Made], span: Span) -> Option<usize> {
    made.iter().position(|made| {
        let (Some(first), Some(last)) = (made.steps.first(), made.steps.last()) else {
            return false;
        };
        let window = Span {
            start_us: first.time_us,
            end_us: last.time_us,
        };
        window.widened(BEFORE_US, AFTER_US).overlap_us(&span) > 0
    })
}
