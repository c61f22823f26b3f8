//! A recording's figures, each with the fault that it belongs to.

use std::path::Path;

use anyhow::Result;

use super::batch::Batch;
use super::breaks::{LOCK_TIMEOUT_US, Made};
use super::fresh::Fresh;
use super::injected::{beginning_us, broken, comes_back, disturbed, injected};
use super::judge::{Case, Figure, Truth};
use super::kinds::Kind;
use super::lanes::{self, Group, LANES, Lane};
use super::load::Load;
use super::recorded::Recorded;
use super::reported::{Report, ServiceOutage};
use super::samples::{
    MIN_OUTAGE_US, MIN_REFUSED_US, MIN_STALL_US, Outage, Sample, Span, longest_gap_us, outages,
    service_outages,
};
use super::witness::Witness;

/// How long before a fault's first step, and after its last one, what is found is put down to it. There is more calm than that
/// between two.
const BEFORE_US: i64 = 500_000;
const AFTER_US: i64 = 1_500_000;

/// From one availability probe to the next, microseconds: the recorder's default.
const PROBE_INTERVAL_US: i64 = 50_000;
/// A shorter outage need not show, microseconds: two probes that took 100 ms, of which the second was sent 100 ms after the first.
const SHORTEST_SERVICE_US: i64 = 300_000;
/// How long a probe may wait for a first host that is silent before it asks the second: half of its limit, microseconds.
const SILENT_HOST_US: i64 = 500_000;

/// Of whose downtime a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Application,
    Service,
}

impl Measure {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Service => "service",
        }
    }
}

/// A judged figure.
#[derive(Debug)]
pub(crate) struct Row {
    /// Which recording.
    pub(crate) batch: usize,
    /// Which of its faults; `None` where none was near.
    pub(crate) fault: Option<usize>,
    pub(crate) measure: Measure,
    pub(crate) lane: Lane,
    pub(crate) figure: Figure,
    /// The largest resolution of a service outage in it that no pause of the recorder lies in, microseconds.
    pub(crate) resolution_us: Option<i64>,
}

/// Who else looked.
#[derive(Clone, Copy)]
pub(crate) struct Witnesses<'w> {
    /// On connections that are kept.
    pub(crate) witness: &'w Witness,
    /// On a new connection each, around faults.
    pub(crate) fresh: &'w Fresh,
}

/// Judges every group of every path, the application's downtime and the service's.
pub(crate) fn judge(
    batch: &Batch,
    number: usize,
    witnesses: Witnesses<'_>,
    programs: &Path,
) -> Result<Vec<Row>> {
    let report = Report::of(&batch.folder, programs)?;
    let judging = Judging {
        batch,
        number,
        witnesses,
        recorded: report.span()?,
        pauses: report.pauses()?,
        report,
    };
    let mut rows = Vec::new();
    for (lane, of_lane) in LANES.into_iter().zip(Recorded::of(&batch.folder)?) {
        rows.extend(judging.application(lane, &of_lane)?);
    }
    for (lane, of_lane) in LANES.into_iter().zip(Recorded::of_probes(&batch.folder)?) {
        rows.extend(judging.service(lane, &of_lane)?);
    }
    Ok(rows)
}

struct Judging<'b> {
    batch: &'b Batch,
    number: usize,
    witnesses: Witnesses<'b>,
    recorded: Span,
    pauses: Vec<Span>,
    report: Report,
}

impl Judging<'_> {
    fn application(&self, lane: Lane, recorded: &Recorded) -> Result<Vec<Row>> {
        let samples = self.witnesses.witness.samples(lane, self.recorded);
        let made = || self.batch.made.iter();
        let refused: Vec<(Span, i64)> = made()
            .flat_map(|made| refused(made, self.batch.load, lane.group))
            .collect();
        let (broken, disturbed) = self.broken(lane);
        let interval_us = self.batch.load.interval_us(lane.group);
        let case = Case {
            path: lane.path,
            reported: &self.report.outages(lane)?,
            unobserved: &self.report.unobserved(lane)?,
            pauses: &self.pauses,
            witnessed: &outages(&samples, self.recorded, lane.path),
            injected: &broken,
            disturbed: &disturbed,
            refused: &refused,
            recorded,
            interval_us,
            // By definition one of 100 ms; with a single piece of evidence one of ten median gaps.
            shortest_us: MIN_OUTAGE_US.max(10 * interval_us),
            // A wait below the floor of a stall is none by definition.
            shortest_hang_us: MIN_STALL_US + MIN_OUTAGE_US,
            truth: Truth::Unknown,
            beginnings_us: &[],
            endings_us: &[],
            detour_us: 0,
        };
        Ok(self.rows(&case, lane, Measure::Application, &samples, &[]))
    }

    fn service(&self, lane: Lane, recorded: &Recorded) -> Result<Vec<Row>> {
        let reported = self.report.service_outages(lane)?;
        let outages_of: Vec<Outage> = reported.iter().map(|of| of.outage).collect();
        let (broken, disturbed) = self.broken(lane);
        // Where nothing is broken no client connects anew.
        let (samples, witnessed) = match self.batch.made.is_empty() {
            true => {
                let samples = self.witnesses.witness.samples(lane, self.recorded);
                let witnessed = outages(&samples, self.recorded, lane.path);
                (samples, witnessed)
            }
            false => {
                let samples = self.witnesses.fresh.samples(lane, self.recorded);
                let witnessed = service_outages(&samples, self.recorded);
                (samples, witnessed)
            }
        };
        let (beginnings_us, endings_us) = self.edges_us(lane);
        let mut made = self.batch.made.iter();
        let has_detour = lane.path == lanes::Path::Direct
            && made.any(|made| made.fault.kind == Kind::SilentHost);
        let case = Case {
            path: lane.path,
            reported: &outages_of,
            unobserved: &[],
            pauses: &self.pauses,
            witnessed: &witnessed,
            injected: &broken,
            disturbed: &disturbed,
            // Every failure is evidence.
            refused: &[],
            recorded,
            interval_us: PROBE_INTERVAL_US,
            shortest_us: SHORTEST_SERVICE_US,
            shortest_hang_us: SHORTEST_SERVICE_US,
            // The proxy has the waiting clients' logins to do before a new one is served.
            truth: match lane.path {
                lanes::Path::Direct => Truth::Exact,
                lanes::Path::Proxy => Truth::AtLeast,
            },
            beginnings_us: &beginnings_us,
            endings_us: &endings_us,
            detour_us: if has_detour { SILENT_HOST_US } else { 0 },
        };
        let mut rows = self.rows(&case, lane, Measure::Service, &samples, &reported);
        // It asks more often, if on connections that it keeps.
        let samples = self.witnesses.witness.samples(lane, self.recorded);
        for row in &mut rows {
            let waited_us = longest_gap_us(&samples, self.recorded, row.figure.span);
            row.figure.hold_against(waited_us);
        }
        Ok(rows)
    }

    /// How long each injected outage of a lane took to begin, and how much sooner it may have ended, microseconds.
    fn edges_us(&self, lane: Lane) -> (Vec<i64>, Vec<i64>) {
        let edges = self.batch.made.iter().flat_map(|made| {
            let kind = made.fault.kind;
            // Of a writer that comes back in place its first write is noted: reads are served some time before.
            let is_served_before = lane.group == Group::Read && comes_back(kind);
            let of_outage = move |span: Span| {
                let sooner_us = if is_served_before {
                    span.length_us()
                } else {
                    0
                };
                (beginning_us(&made.steps, span), sooner_us)
            };
            injected(kind, &made.steps, lane).into_iter().map(of_outage)
        });
        edges.unzip()
    }

    /// What was injected on a lane, and where a client may have noticed a fault though new ones were served.
    fn broken(&self, lane: Lane) -> (Vec<Span>, Vec<Span>) {
        let made = || self.batch.made.iter();
        let injected = made().flat_map(|made| injected(made.fault.kind, &made.steps, lane));
        let disturbed = made().flat_map(|made| disturbed(made.fault.kind, &made.steps));
        (injected.collect(), disturbed.collect())
    }

    fn rows(
        &self,
        case: &Case<'_>,
        lane: Lane,
        measure: Measure,
        samples: &[Sample],
        reported: &[ServiceOutage],
    ) -> Vec<Row> {
        let figures = case.judge(|span| longest_gap_us(samples, self.recorded, span));
        let row = |figure: Figure| Row {
            batch: self.number,
            fault: fault_of(&self.batch.made, figure.span),
            measure,
            lane,
            resolution_us: resolution_us(reported, figure.span),
            figure,
        };
        figures.into_iter().map(row).collect()
    }
}

/// The largest resolution in there without a pause of the recorder.
fn resolution_us(reported: &[ServiceOutage], span: Span) -> Option<i64> {
    let inside = reported
        .iter()
        .filter(|of| of.paused_us == 0 && of.outage.span.overlap_us(&span) > 0);
    inside.map(|of| of.outage.resolution_us).max()
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
