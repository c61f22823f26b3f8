//! Outage detection: gaps between successes, the evidence in them, and what follows (`docs/definitions.md`, Downtime).

mod busy;
mod gap;
mod outage;
mod place;

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};

use recording::Timestamp;

use crate::metrics::outages::gap::{Gap, Kind};
use crate::metrics::outages::outage::outage;
use crate::metrics::outages::place::Placement;
use crate::reduce::suspect::Suspect;
use crate::reduce::timeline::Timeline;
use crate::summary::{Blip, Group, Outage, Span, Thresholds, Unobserved, UnobservedReason};

/// The first and the last gap are outages with one piece of evidence from this length on, microseconds.
const EDGE_GAP_US: i64 = 1_000_000;

/// What was found for one group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detected {
    /// Outages, in order.
    pub outages: Vec<Outage>,
    /// In gaps that are no outages, from the first to the last moment at which an operation waited; in order.
    pub brownouts: Vec<Span>,
    /// Availability failures that are no evidence of an outage, in order.
    pub blips: Vec<Blip>,
    /// Time in which nothing is known of the group, in order.
    pub unobserved: Vec<Unobserved>,
}

/// Finds the outages of every group that had operations. `median_gap_us` is the median gap between the successes of a group, and is asked
/// only where it decides.
pub fn detect(
    timeline: &Timeline,
    thresholds: &Thresholds,
    median_gap_us: &dyn Fn(Group) -> i64,
) -> BTreeMap<Group, Detected> {
    let detector = |group| Detector::new(timeline, thresholds, group, median_gap_us);
    let all = detector(Group::All).run(&[]);
    let mut detected = BTreeMap::new();
    for group in Group::ALL {
        if group != Group::All && timeline.has_operations(group) {
            let found = detector(group).run(&all.outages);
            detected.insert(group, found);
        }
    }
    if timeline.has_operations(Group::All) {
        detected.insert(Group::All, all);
    }
    detected
}

struct Detector<'a> {
    timeline: &'a Timeline,
    thresholds: &'a Thresholds,
    group: Group,
    suspects: Vec<&'a Suspect>,
    median_gap_us: &'a dyn Fn(Group) -> i64,
    /// Once it was asked.
    median: OnceCell<i64>,
}

impl<'a> Detector<'a> {
    fn new(
        timeline: &'a Timeline,
        thresholds: &'a Thresholds,
        group: Group,
        median_gap_us: &'a dyn Fn(Group) -> i64,
    ) -> Self {
        let in_group = |suspect: &&Suspect| group.contains(suspect.operation_type);
        let mut suspects: Vec<_> = timeline.suspects.iter().filter(in_group).collect();
        suspects.sort_by_key(|suspect| suspect.end_us);
        Self {
            timeline,
            thresholds,
            group,
            suspects,
            median_gap_us,
            median: OnceCell::new(),
        }
    }

    fn run(&self, outages_of_all: &[Outage]) -> Detected {
        let mut gaps = self.long_gaps();
        self.placement().place(&self.suspects, &mut gaps);
        let mut detected = Detected::default();
        let mut reached = self.timeline.start_us;
        for gap in &mut gaps {
            if gap.span.start.micros() < reached {
                // Its first success ended an outage, and so counts at its end.
                self.begin_at(reached, gap);
            }
            gap.add_refusals(self.timeline, self.group);
            let is_outage = self.is_outage(gap, outages_of_all);
            if is_outage
                && busy::no_worker_was_free(gap, self.timeline, self.thresholds, self.group)
            {
                detected.unobserved.push(Unobserved {
                    span: gap.span,
                    reason: UnobservedReason::NoFreeWorker,
                });
            } else if is_outage {
                reached = gap.span.end.micros();
                let outage = outage(gap, self.timeline, self.thresholds);
                detected.outages.push(outage);
            } else {
                detected.brownouts.extend(gap.waited);
            }
        }
        without_overlap(&mut detected);
        detected.blips = self.blips(&gaps, &detected.outages);
        detected
            .unobserved
            .extend(self.unobserved(outages_of_all, &detected));
        detected
            .unobserved
            .sort_by_key(|unobserved| unobserved.span.start);
        detected
    }

    /// A gap again, with a later start.
    fn begin_at(&self, start_us: i64, gap: &mut Gap<'a>) {
        let span = Span::new(start_us, gap.span.end.micros());
        *gap = Gap {
            running_us: self.running_us(&span),
            is_last: gap.is_last,
            ..Gap::new(span)
        };
        if gap.running_us >= self.thresholds.min_outage_us {
            self.placement()
                .place(&self.suspects, std::slice::from_mut(gap));
        }
    }

    fn placement(&self) -> Placement<'_> {
        Placement {
            timeline: self.timeline,
            thresholds: self.thresholds,
            group: self.group,
        }
    }

    /// The length of a gap without the pauses of the recorder: what decides.
    fn running_us(&self, span: &Span) -> i64 {
        let pauses = &self.timeline.pauses;
        pauses.running_us(span.start.micros(), span.end.micros())
    }

    /// The gaps that may be outages or brownouts: none shorter than `min_outage_us`.
    fn long_gaps(&self) -> Vec<Gap<'a>> {
        let served = self.timeline.served_by(self.group);
        let spans = served.gaps(self.timeline.end_us);
        let last = spans.len() - 1;
        let gaps = spans.into_iter().enumerate().filter_map(|(index, span)| {
            let running_us = self.running_us(&span);
            let is_long = running_us >= self.thresholds.min_outage_us;
            is_long.then(|| Gap {
                running_us,
                is_first: index == 0,
                is_last: index == last,
                ..Gap::new(span)
            })
        });
        gaps.collect()
    }

    fn is_outage(&self, gap: &Gap<'_>, outages_of_all: &[Outage]) -> bool {
        let [one] = gap.evidence.as_slice() else {
            return !gap.evidence.is_empty();
        };
        let is_at_an_edge = gap.is_first || gap.is_last;
        outages_of_all
            .iter()
            .any(|outage| outage.span.overlaps(&gap.span))
            || (is_at_an_edge && gap.running_us > EDGE_GAP_US)
            || (gap.is_first && gap.is_last)
            // No other worker could ask.
            || (one.is_stalled && self.timeline.workers == 1)
            || gap.running_us > 10 * self.median.get_or_init(|| (self.median_gap_us)(self.group))
    }

    /// Availability failures, but for those that are evidence of the outage in which they ended.
    fn blips(&self, gaps: &[Gap<'_>], outages: &[Outage]) -> Vec<Blip> {
        let spans: HashSet<Span> = outages.iter().map(|outage| outage.span).collect();
        let is_outage = |gap: &&Gap<'_>| spans.contains(&gap.span);
        let pieces = gaps.iter().filter(is_outage).flat_map(|gap| &gap.evidence);
        let ended_in_one: HashSet<*const Suspect> = pieces
            .filter(|piece| piece.kind == Kind::Failure)
            .map(|piece| std::ptr::from_ref(piece.suspect))
            .collect();
        let is_blip = |suspect: &&&Suspect| {
            suspect.is_availability_failure(self.group)
                && !ended_in_one.contains(&std::ptr::from_ref(**suspect))
        };
        let blip = |suspect: &&Suspect| Blip {
            time: Timestamp(suspect.end_us),
            operation_name: suspect.operation_name.clone(),
            class: suspect.class.clone().unwrap_or_default(),
            sqlstate: suspect.sqlstate.clone(),
        };
        self.suspects.iter().filter(is_blip).map(blip).collect()
    }

    /// Outages of `all` in which the group had no evidence, unless it was down all through one.
    fn unobserved(&self, outages_of_all: &[Outage], detected: &Detected) -> Vec<Unobserved> {
        let is_within =
            |span: &Span, other: &Span| other.start <= span.start && span.end <= other.end;
        let mut spans: Vec<Gap<'a>> = outages_of_all
            .iter()
            .map(|outage| Gap {
                running_us: self.running_us(&outage.span),
                is_first: outage.open_at_start,
                is_last: outage.open_at_end,
                ..Gap::new(outage.span)
            })
            .collect();
        self.placement().place(&self.suspects, &mut spans);
        for span in &mut spans {
            span.add_refusals(self.timeline, self.group);
        }
        let known = detected.outages.iter().map(|outage| outage.span);
        let known: Vec<Span> = known
            .chain(detected.unobserved.iter().map(|unobserved| unobserved.span))
            .collect();
        spans
            .iter()
            .filter(|gap| gap.evidence.is_empty())
            .filter(|gap| !known.iter().any(|span| is_within(&gap.span, span)))
            .map(|gap| Unobserved {
                span: gap.span,
                reason: UnobservedReason::NothingAsked,
            })
            .collect()
    }
}

/// Gaps overlap where a pause of the recorder hides a success. Of the time in both no brownout counts.
fn without_overlap(detected: &mut Detected) {
    let mut reached = Timestamp(i64::MIN);
    for brownout in &mut detected.brownouts {
        brownout.start = brownout.start.max(reached);
        for outage in &detected.outages {
            if outage.span.start < brownout.end && brownout.end <= outage.span.end {
                brownout.end = outage.span.start;
            }
        }
        reached = reached.max(brownout.end);
    }
    detected
        .brownouts
        .retain(|brownout| brownout.length_us() > 0);
}
