//! Outage detection: gaps between successes, the evidence in them, and what follows (`semantics.md`, Downtime).

use std::collections::BTreeMap;

use recording::Timestamp;
use recording::vocabulary::Outcome;

use crate::reduce::timeline::{Suspect, Timeline};
use crate::summary::{Blip, ErrorCount, Group, Outage, Span, Thresholds};

/// A closing gap with one piece of evidence is an outage from this length on, microseconds.
const CLOSING_GAP_US: i64 = 1_000_000;

/// What was found for one group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detected {
    /// Outages, in order.
    pub outages: Vec<Outage>,
    /// Gaps below the floor in which operations waited, in order.
    pub brownouts: Vec<Span>,
    /// Availability failures outside every outage, in order.
    pub blips: Vec<Blip>,
    /// Outages of `all` in which this group had neither success nor evidence.
    pub unobserved: Vec<Span>,
}

/// Finds the outages of every group that had operations.
#[must_use]
pub fn detect(timeline: &Timeline, thresholds: &Thresholds) -> BTreeMap<Group, Detected> {
    let all = Detector::new(timeline, thresholds, Group::All).run(&[]);
    let mut detected = BTreeMap::new();
    for group in Group::ALL {
        if group != Group::All && timeline.has_operations(group) {
            let found = Detector::new(timeline, thresholds, group).run(&all.outages);
            detected.insert(group, found);
        }
    }
    if timeline.has_operations(Group::All) {
        detected.insert(Group::All, all);
    }
    detected
}

/// A gap (start, end] between two successes, or between one and the recording's edge.
#[derive(Debug, Clone)]
struct Gap<'a> {
    span: Span,
    is_first: bool,
    is_last: bool,
    evidence: Vec<&'a Suspect>,
    waited: bool,
}

struct Detector<'a> {
    timeline: &'a Timeline,
    thresholds: &'a Thresholds,
    group: Group,
    suspects: Vec<&'a Suspect>,
}

impl<'a> Detector<'a> {
    fn new(timeline: &'a Timeline, thresholds: &'a Thresholds, group: Group) -> Self {
        let in_group = |suspect: &&Suspect| group.contains(suspect.operation_type);
        let mut suspects: Vec<_> = timeline.suspects.iter().filter(in_group).collect();
        suspects.sort_by_key(|suspect| suspect.end_us);
        Self {
            timeline,
            thresholds,
            group,
            suspects,
        }
    }

    fn run(&self, outages_of_all: &[Outage]) -> Detected {
        let mut edges = Vec::with_capacity(2);
        edges.push(self.timeline.start_us);
        edges.extend(self.timeline.successes_of(self.group).end_us);
        edges.push(self.timeline.end_us);
        let median_gap_us = median_gap_us(&edges);

        let mut gaps = self.long_gaps(&edges);
        for suspect in &self.suspects {
            self.place(suspect, &mut gaps);
        }
        let mut detected = Detected::default();
        for gap in &gaps {
            if self.is_outage(gap, median_gap_us, outages_of_all) {
                detected.outages.push(outage(gap));
            } else if gap.waited && gap.span.length_us() < self.thresholds.min_stall_us {
                detected.brownouts.push(gap.span);
            }
        }
        detected.blips = self.blips(&detected.outages);
        let successes = &edges[1..edges.len() - 1];
        detected.unobserved = outages_of_all
            .iter()
            .map(|outage| outage.span)
            .filter(|span| !self.observed(span, successes, &detected.outages))
            .collect();
        detected
    }

    /// The gaps that may be outages or brownouts: none shorter than `min_outage_us`.
    fn long_gaps(&self, edges: &[i64]) -> Vec<Gap<'a>> {
        let last = edges.len() - 2;
        let gap = |(index, pair): (usize, &[i64])| Gap {
            span: Span::new(pair[0], pair[1]),
            is_first: index == 0,
            is_last: index == last,
            evidence: Vec::new(),
            waited: false,
        };
        edges
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[1] - pair[0] >= self.thresholds.min_outage_us)
            .map(gap)
            .collect()
    }

    /// Puts an operation as evidence into every gap that it ended in as a failure, or that it is stalled in.
    fn place(&self, suspect: &'a Suspect, gaps: &mut [Gap<'a>]) {
        let exempt = suspect.is_exempt(self.group);
        let waited = !exempt
            && suspect.response_us > self.timeline.wait_threshold_us(&suspect.operation_name);
        // From the first gap that ends at or after the operation's begin, to the last that starts before its end.
        let from = gaps.partition_point(|gap| gap.span.end.micros() < suspect.scheduled_us);
        for gap in &mut gaps[from..] {
            let starts_at_the_recordings_start =
                gap.is_first && suspect.end_us == gap.span.start.micros();
            if gap.span.start.micros() >= suspect.end_us && !starts_at_the_recordings_start {
                break;
            }
            let failed_in_it =
                suspect.is_availability_failure(self.group) && ended_in(suspect, gap);
            if failed_in_it || self.is_stalled_in(suspect, &gap.span) {
                gap.evidence.push(suspect);
            }
            gap.waited |= waited && overlap_us(suspect, &gap.span) > 0;
        }
    }

    fn is_stalled_in(&self, suspect: &Suspect, span: &Span) -> bool {
        let threshold = self
            .timeline
            .stall_threshold_us(&suspect.operation_name, self.thresholds);
        !suspect.is_exempt(self.group)
            && suspect.response_us > threshold
            && overlap_us(suspect, span) > self.thresholds.min_stall_us
    }

    fn is_outage(&self, gap: &Gap<'_>, median_gap_us: i64, outages_of_all: &[Outage]) -> bool {
        match gap.evidence.len() {
            0 => false,
            1 => {
                let length = gap.span.length_us();
                length > 10 * median_gap_us
                    || outages_of_all
                        .iter()
                        .any(|outage| outage.span.overlaps(&gap.span))
                    || (gap.is_last && length > CLOSING_GAP_US)
                    || (gap.is_first && gap.is_last)
            }
            _ => true,
        }
    }

    fn blips(&self, outages: &[Outage]) -> Vec<Blip> {
        let in_an_outage = |end_us: i64| {
            let next = outages.partition_point(|outage| outage.span.end.micros() < end_us);
            outages.get(next).is_some_and(|outage| {
                let start = outage.span.start.micros();
                start < end_us || (outage.open_at_start && start == end_us)
            })
        };
        self.suspects
            .iter()
            .filter(|suspect| suspect.is_availability_failure(self.group))
            .filter(|suspect| !in_an_outage(suspect.end_us))
            .map(|suspect| Blip {
                time: Timestamp(suspect.end_us),
                operation_name: suspect.operation_name.clone(),
                class: suspect.class.clone().unwrap_or_default(),
                sqlstate: suspect.sqlstate.clone(),
            })
            .collect()
    }

    /// True where the group had a success or evidence in an outage of `all`, or was down all through it.
    fn observed(&self, span: &Span, successes: &[i64], outages: &[Outage]) -> bool {
        let (start, end) = (span.start.micros(), span.end.micros());
        let first_after = successes.partition_point(|success| *success <= start);
        let succeeded_in_it = successes
            .get(first_after)
            .is_some_and(|success| *success <= end);
        let down_all_through =
            |outage: &Outage| outage.span.start <= span.start && span.end <= outage.span.end;
        succeeded_in_it
            || outages.iter().any(down_all_through)
            || self.suspects.iter().any(|suspect| {
                let failed_in_it = suspect.is_availability_failure(self.group)
                    && start < suspect.end_us
                    && suspect.end_us <= end;
                failed_in_it || self.is_stalled_in(suspect, span)
            })
    }
}

/// Nearest-rank median over all gaps, microseconds.
fn median_gap_us(edges: &[i64]) -> i64 {
    let mut gaps: Vec<i64> = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let rank = gaps.len().div_ceil(2) - 1;
    *gaps.select_nth_unstable(rank).1
}

/// A gap is (start, end]: a failure at the microsecond of a success comes before it. The first gap has its start too.
fn ended_in(suspect: &Suspect, gap: &Gap<'_>) -> bool {
    let (start, end) = (gap.span.start.micros(), gap.span.end.micros());
    (start < suspect.end_us || (gap.is_first && start == suspect.end_us)) && suspect.end_us <= end
}

fn overlap_us(suspect: &Suspect, span: &Span) -> i64 {
    suspect.end_us.min(span.end.micros()) - suspect.scheduled_us.max(span.start.micros())
}

fn outage(gap: &Gap<'_>) -> Outage {
    let (start, end) = (gap.span.start.micros(), gap.span.end.micros());
    let asked = gap
        .evidence
        .iter()
        .map(|suspect| suspect.scheduled_us)
        .min()
        .unwrap_or(start);
    let head = (asked - start).max(0);
    // A stalled success that ends the gap was waiting up to that very moment.
    let closed_by_stalled = gap
        .evidence
        .iter()
        .any(|suspect| suspect.outcome.is_success() && suspect.end_us == end && !gap.is_last);
    let known_down = gap
        .evidence
        .iter()
        .map(|suspect| suspect.known_down_us())
        .max()
        .unwrap_or(start);
    let tail = if closed_by_stalled {
        0
    } else {
        end - known_down.clamp(start, end)
    };
    Outage {
        span: gap.span,
        downtime_us: gap.span.length_us(),
        resolution_us: (head + tail).min(gap.span.length_us()),
        paused_us: 0,
        open_at_start: gap.is_first,
        open_at_end: gap.is_last,
        first_failure: failures_in(gap)
            .map(|suspect| Timestamp(suspect.end_us))
            .min(),
        evidence: gap.evidence.len() as u64,
        errors: error_counts(gap),
    }
}

/// The operations that failed in an outage.
fn failures_in<'g>(gap: &'g Gap<'_>) -> impl Iterator<Item = &'g Suspect> {
    gap.evidence
        .iter()
        .copied()
        .filter(|suspect| matches!(suspect.outcome, Outcome::Failed | Outcome::Unknown))
        .filter(|suspect| ended_in(suspect, gap))
}

/// Failures in an outage by class, most frequent first.
fn error_counts(gap: &Gap<'_>) -> Vec<ErrorCount> {
    let mut counts: BTreeMap<(&str, Option<&str>), u64> = BTreeMap::new();
    for suspect in failures_in(gap) {
        let class = suspect.class.as_deref().unwrap_or_default();
        *counts
            .entry((class, suspect.sqlstate.as_deref()))
            .or_insert(0) += 1;
    }
    let mut counts: Vec<_> = counts
        .into_iter()
        .map(|((class, sqlstate), count)| ErrorCount {
            class: class.to_owned(),
            sqlstate: sqlstate.map(str::to_owned),
            count,
        })
        .collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    counts
}
