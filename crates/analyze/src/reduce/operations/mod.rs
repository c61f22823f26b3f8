//! The operations of a path: what the one pass found of them, and second looks at those of some time.

pub(crate) mod around;
mod seen;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use recording::vocabulary::{OperationType, Outcome, Path};
use recording::{Schedule, Timestamp};

use crate::error::AnalyzeError;
use crate::load::Loaded;
use crate::load::batches::{Batch, Selection};
use crate::reduce::drawn::DrawnOperations;
use crate::reduce::histogram::{Alike, Histogram, cell, cells};
use crate::reduce::implied::AcknowledgedWrite;
use crate::reduce::operations::seen::Seen;
use crate::reduce::pauses::Pauses;
use crate::reduce::rows::{LeftOutRows, Names, Operation, Rows};
use crate::reduce::scan::{self, ErrorCounts, ErrorKey, Kept, PathScan, Question};
use crate::reduce::timeline::Timeline;
use crate::reduce::times::Times;
use crate::reduce::{server_probes, suspects};
use crate::summary::series::{Drawn, SecondCounts};
use crate::summary::{Group, Span, Thresholds};

/// The columns that tell what an operation was and when it ended.
const ENDS: [&str; 7] = [
    "path",
    "operation_type",
    "operation_name",
    "outcome",
    "scheduled_time",
    "end_time",
    "response_time_us",
];

/// A group with more successes per second has a median gap below 10 ms for certain.
const MOST_SLOW_PER_SECOND: f64 = 200.0;

pub(crate) struct PathOperations<'l> {
    loaded: &'l Loaded,
    path: Path,
    scan: PathScan,
    lost: BTreeSet<i64>,
}

impl<'l> PathOperations<'l> {
    pub(crate) fn new(loaded: &'l Loaded, path: Path, scan: PathScan) -> Self {
        Self {
            loaded,
            path,
            scan,
            lost: BTreeSet::new(),
        }
    }

    /// The same with these operations as failures of class [`crate::reduce::suspect::LOST`]: they were acknowledged, and are not there.
    pub(crate) fn counting_as_failed(
        &self,
        ids: &[i64],
        span: &Span,
        pauses: &Pauses,
        thresholds: &Thresholds,
    ) -> Result<Self, AnalyzeError> {
        let question = Question {
            start_us: span.start.micros(),
            end_us: span.end.micros(),
            pauses,
            min_stall_us: thresholds.min_stall_us,
            path: Some(self.path),
            lost: ids.iter().copied().collect(),
        };
        let mut scan = scan::scan(self.loaded, &question)?;
        Ok(Self {
            loaded: self.loaded,
            path: self.path,
            scan: scan.paths.remove(&self.path).unwrap_or_default(),
            lost: question.lost,
        })
    }

    /// The acknowledged writes that overlap the span.
    pub(crate) fn acknowledged_writes(
        &self,
        span: &Span,
    ) -> Result<Vec<AcknowledgedWrite>, AnalyzeError> {
        let mut columns = ENDS.to_vec();
        columns.extend(["operation_id", "start_time", "checkout_us", "quantity"]);
        let selection = Selection {
            columns: &columns,
            late: &[],
            path: Some(self.path),
            near: Some(&[*span]),
        };
        let add = |writes: &mut Vec<(usize, AcknowledgedWrite)>, seen: &Seen<'_>| {
            writes.extend(seen.acknowledged_in(span).map(|write| (seen.file, write)));
        };
        let mut writes = self.fold(&selection, Vec::new, add)?.concat();
        writes.sort_by_key(|(file, _)| *file);
        Ok(writes.into_iter().map(|(_, write)| write).collect())
    }

    /// How many operations of all types ended alike after the same number of microseconds.
    pub(crate) fn histogram(&self) -> Histogram {
        cells(&self.scan.times)
    }

    /// True for the types of which figures are given.
    fn is_shown(&self, kind: OperationType) -> bool {
        self.loaded.cut().has_kind(kind)
    }

    /// Arrivals of an open loop that no worker took before the recording ended, of the types of which figures are given.
    pub(crate) fn not_begun(&self) -> u64 {
        let is_open_loop = matches!(self.loaded.manifest().schedule, Schedule::OpenLoop { .. });
        let waited = |kept: &&Kept| {
            is_open_loop
                && kept.outcome == Outcome::Unfinished
                && kept.start_us.is_none()
                && self.is_shown(kept.kind)
        };
        self.scan.kept.iter().filter(waited).count() as u64
    }

    /// Those of the types of which figures are given.
    pub(crate) fn shown(&self, mut cells: Histogram) -> Histogram {
        cells.retain(|cell| self.is_shown(cell.operation_type));
        cells
    }

    /// The same of those that ended outside all `spans`, which are in order and apart.
    pub(crate) fn histogram_outside(&self, spans: &[Span]) -> Result<Histogram, AnalyzeError> {
        let inside = self.inside(spans, |_| 0)?;
        let outside = |(alike, times): (&Alike, &Times)| {
            let inside = inside.get(&0).and_then(|inside| inside.get(alike));
            let cells = times.without(inside).into_iter();
            cells
                .map(|(response_us, count)| cell(alike, response_us, count))
                .collect::<Histogram>()
        };
        Ok(self.shown(self.scan.times.iter().flat_map(outside).collect()))
    }

    /// The histograms of windows, which are in order and apart, of these types: of the operations that ended in each, or that never ended and were to
    /// begin before its end and after that of the window before.
    pub(crate) fn histograms_inside(
        &self,
        windows: &[Span],
    ) -> Result<Vec<Histogram>, AnalyzeError> {
        let mut inside = self.inside(windows, |window| window)?;
        let mut after_us = i64::MIN;
        let mut histograms = Vec::with_capacity(windows.len());
        for (index, window) in windows.iter().enumerate() {
            let mut times = inside.remove(&index).unwrap_or_default();
            let end_us = window.end.micros();
            let unfinished = self.scan.kept.iter().filter(|kept| {
                kept.end_us.is_none() && after_us < kept.scheduled_us && kept.scheduled_us <= end_us
            });
            for kept in unfinished {
                let alike = (kept.kind, kept.name.clone(), kept.outcome);
                times.entry(alike).or_default().add(kept.response_us);
            }
            histograms.push(self.shown(cells(&times)));
            after_us = end_us;
        }
        Ok(histograms)
    }

    /// What ended in the spans, (start, end], which are in order and apart; those of a span under the number that `slot` gives it.
    fn inside(
        &self,
        spans: &[Span],
        slot: impl Fn(usize) -> usize + Sync,
    ) -> Result<BTreeMap<usize, BTreeMap<Alike, Times>>, AnalyzeError> {
        let mut inside: BTreeMap<usize, BTreeMap<Alike, Times>> = BTreeMap::new();
        if spans.is_empty() {
            return Ok(inside);
        }
        let selection = Selection {
            columns: &ENDS,
            late: &[],
            path: Some(self.path),
            near: Some(spans),
        };
        let add = |found: &mut BTreeMap<usize, BTreeMap<Alike, Times>>, seen: &Seen<'_>| {
            let operation = &seen.operation;
            let Some(end_us) = operation.end_us else {
                return;
            };
            let index = spans.partition_point(|span| span.end.micros() < end_us);
            if spans
                .get(index)
                .is_some_and(|span| span.start.micros() < end_us)
            {
                let alike = (operation.kind, seen.name.clone(), operation.outcome);
                let of_slot = found.entry(slot(index)).or_default();
                of_slot.entry(alike).or_default().add(operation.response_us);
            }
        };
        for found in self.fold(&selection, BTreeMap::new, add)? {
            for (slot, times) in found {
                let of_slot = inside.entry(slot).or_default();
                for (alike, times) in times {
                    of_slot.entry(alike).or_default().merge(&times);
                }
            }
        }
        Ok(inside)
    }

    /// Successes of each type that ended in one of the spans, both ends included: (end, response time).
    pub(crate) fn successes_in(
        &self,
        recording: &Span,
        spans: &[Span],
    ) -> Result<BTreeMap<OperationType, Vec<(i64, i64)>>, AnalyzeError> {
        let mut successes: BTreeMap<OperationType, Vec<(i64, i64)>> = BTreeMap::new();
        if spans.is_empty() {
            return Ok(successes);
        }
        // What ended before the recording counts at its start.
        let (start, before) = (recording.start, Timestamp(i64::MIN));
        let looked_at: Vec<Span> = spans
            .iter()
            .map(|span| Span {
                start: if span.start <= start {
                    before
                } else {
                    span.start
                },
                end: span.end,
            })
            .collect();
        let selection = Selection {
            columns: &ENDS,
            late: &[],
            path: Some(self.path),
            near: Some(&looked_at),
        };
        let add = |found: &mut BTreeMap<OperationType, Vec<(i64, i64)>>, seen: &Seen<'_>| {
            if let Some((end_us, response_us)) = seen.success_in(recording) {
                let index = spans.partition_point(|span| span.end.micros() < end_us);
                if spans
                    .get(index)
                    .is_some_and(|span| span.start.micros() <= end_us)
                {
                    let of_kind = found.entry(seen.operation.kind).or_default();
                    of_kind.push((end_us, response_us));
                }
            }
        };
        for found in self.fold(&selection, BTreeMap::new, add)? {
            for (kind, found) in found {
                successes.entry(kind).or_default().extend(found);
            }
        }
        Ok(successes)
    }

    /// Successes of the types of which figures are given, as charts over that time draw them, and how many operations there were in each second of
    /// the recording, without the failures.
    pub(crate) fn drawn(
        &self,
        recording: &Span,
        charts: &Span,
    ) -> Result<(Drawn, Vec<SecondCounts>), AnalyzeError> {
        let selection = Selection {
            columns: &ENDS,
            late: &[],
            path: Some(self.path),
            near: None,
        };
        let add = |drawn: &mut DrawnOperations, seen: &Seen<'_>| {
            if !self.is_shown(seen.operation.kind) {
                return;
            }
            drawn.add_arrival(seen.operation.scheduled_us);
            if let Some((end_us, response_us)) = seen.success_in(recording) {
                drawn.add_success(end_us, response_us);
            }
        };
        let none = || DrawnOperations::new(recording, charts);
        let mut whole = none();
        for drawn in self.fold(&selection, none, add)? {
            whole.merge(drawn);
        }
        Ok(whole.finish())
    }

    /// The median gap between successes of a group, nearest-rank, microseconds; 0 where it is below 10 ms for certain.
    pub(crate) fn median_gap_us(
        &self,
        timeline: &Timeline,
        group: Group,
    ) -> Result<i64, AnalyzeError> {
        let recording = Span::new(timeline.start_us, timeline.end_us);
        let count = timeline.served_by(group).count();
        if count as f64 > MOST_SLOW_PER_SECOND * recording.length_us() as f64 / 1e6 {
            return Ok(0);
        }
        let mut columns = ENDS.to_vec();
        columns.push("execute_us");
        let selection = Selection {
            columns: &columns,
            late: &[],
            path: Some(self.path),
            near: None,
        };
        // When each was read, and from when on the next one was waited for.
        let add = |found: &mut Vec<(i64, i64)>, seen: &Seen<'_>| {
            let success = seen.success_in(&recording);
            if let Some((end_us, response_us)) =
                success.filter(|_| group.contains(seen.operation.kind))
            {
                let execute_us = seen.operation.execute_us.unwrap_or(response_us);
                let hidden = timeline.pauses.hidden_since_us(end_us - execute_us, end_us);
                found.push((end_us, hidden.unwrap_or(end_us)));
            }
        };
        let mut ends = self.fold(&selection, Vec::new, add)?.concat();
        // Of two at one moment, the one that a pause does not hide comes first.
        ends.sort_unstable_by_key(|(end_us, since_us)| (*end_us, Reverse(*since_us)));
        Ok(median_gap_us(&ends, timeline))
    }

    /// What outage detection looks at; `span` is the recording.
    pub(crate) fn timeline(
        &self,
        span: &Span,
        histogram: &Histogram,
        pauses: Pauses,
        thresholds: &Thresholds,
    ) -> Result<Timeline, AnalyzeError> {
        let manifest = self.loaded.manifest();
        let median_response_us = self.scan.medians_us(histogram, span.end.micros(), &pauses);
        let pool = u32::try_from(manifest.pool.size).unwrap_or(u32::MAX);
        Ok(Timeline {
            path: self.path,
            start_us: span.start.micros(),
            end_us: span.end.micros(),
            served: Arc::clone(&self.scan.served),
            suspects: suspects::suspects(
                &self.scan,
                span,
                &median_response_us,
                &pauses,
                thresholds,
            ),
            median_response_us,
            pauses,
            workers: manifest.workers,
            slots: manifest.workers.min(pool),
            server_probes: server_probes::read(self.loaded, self.path)?,
            servers: BTreeMap::new(),
        })
    }

    /// Failures of these types by class, SQLSTATE and text.
    pub(crate) fn errors(&self) -> &BTreeMap<ErrorKey, ErrorCounts> {
        &self.scan.errors
    }
}

/// Of all gaps between the recording's start, the successes and its end.
fn median_gap_us(ends: &[(i64, i64)], timeline: &Timeline) -> i64 {
    let mut lengths = Vec::with_capacity(ends.len() + 1);
    let mut from_us = timeline.start_us;
    for (end_us, since_us) in ends {
        lengths.push(timeline.pauses.running_us(from_us, *end_us));
        from_us = from_us.max(*since_us);
    }
    lengths.push(timeline.pauses.running_us(from_us, timeline.end_us));
    let rank = lengths.len().div_ceil(2) - 1;
    *lengths.select_nth_unstable(rank).1
}

impl PathOperations<'_> {
    /// Folds over the operations of the path.
    fn fold<S: Send>(
        &self,
        selection: &Selection<'_>,
        new: impl Fn() -> S + Sync,
        add: impl Fn(&mut S, &Seen<'_>) + Sync,
    ) -> Result<Vec<S>, AnalyzeError> {
        let mut columns = selection.columns.to_vec();
        if !self.lost.is_empty() && !columns.contains(&"operation_id") {
            columns.push("operation_id");
        }
        let selection = Selection {
            columns: &columns,
            ..*selection
        };
        let new = || (Names::default(), new());
        let add_batch = |(names, state): &mut (Names, S), batch: &Batch<'_>| {
            let rows = Rows::of(batch)?;
            let known = rows.known(names);
            rows.judged(&known, &mut LeftOutRows::new(), |operation| {
                if operation.path != self.path {
                    return;
                }
                let is_lost = operation.id.is_some_and(|id| self.lost.contains(&id));
                let outcome = match operation.outcome {
                    Outcome::Ok if is_lost => Outcome::Failed,
                    outcome => outcome,
                };
                let seen = Seen {
                    file: batch.file,
                    operation: Operation {
                        outcome,
                        ..*operation
                    },
                    name: &names.by_number()[operation.name],
                };
                add(state, &seen);
            });
            Ok(())
        };
        let states = self
            .loaded
            .fold_operations(&selection, false, new, add_batch)?;
        Ok(states.into_iter().map(|(_, state)| state).collect())
    }
}
