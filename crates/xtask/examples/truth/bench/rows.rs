//! A recording's figures, each with the fault that it belongs to.

use std::path::Path;

use anyhow::Result;
use lab::FailoverKind;

use super::batch::{Batch, Made};
use super::injected::injected;
use super::judge::{Case, Figure};
use super::lanes::{LANES, Lane};
use super::recorded::Recorded;
use super::reported::Report;
use super::samples::{Span, longest_gap_us, outages};
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
    let mut rows = Vec::new();
    for (lane, rows_of_it) in LANES.into_iter().zip(Recorded::of(&batch.folder)?) {
        let samples = witness.samples(lane, recorded);
        let injected: Vec<Span> = batch
            .made
            .iter()
            .flat_map(|made| injected(kind(made), &made.steps, lane))
            .collect();
        let (reported, unobserved) = (report.outages(lane)?, report.unobserved(lane)?);
        let witnessed = outages(&samples, recorded);
        let case = Case {
            reported: &reported,
            unobserved: &unobserved,
            witnessed: &witnessed,
            injected: &injected,
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

pub(crate) fn kind(made: &Made) -> FailoverKind {
    made.fault.options.kind
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
