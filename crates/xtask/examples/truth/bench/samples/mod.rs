//! What a witness saw, and the outages in it: version 2 of `docs/definitions.md` (Downtime), applied to the witness's own samples and written
//! once more, without any code of `analyze`.
//!
//! A loop of the witness is a path of one group, with one worker and one kind of operation: one attempt after the other. So none was
//! late already when a gap began, no other group has an outage, and none waits in a pool, a back-off or a queue. Of what was *not* down
//! (brownouts, blips) nothing is worked out: nothing is judged by it.

use super::lanes::Path;

mod gap;
mod sample;
mod service;
#[cfg(test)]
mod tests;

use gap::Gap;
pub(crate) use gap::MIN_REFUSED_US;
pub(crate) use sample::{Answer, Sample, Span};
pub(crate) use service::service_outages;

/// The shortest gap that may be an outage, microseconds (`--min-outage`).
pub(crate) const MIN_OUTAGE_US: i64 = 100_000;
/// How much longer than usual an attempt must take to count as stalled, microseconds (`--min-stall`).
pub(crate) const MIN_STALL_US: i64 = 500_000;
/// A first or last gap with one piece of evidence is an outage if it is longer, microseconds.
const MIN_AT_AN_END_US: i64 = 1_000_000;

/// An outage, as the witness or the report has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outage {
    /// Last success to first success.
    pub(crate) span: Span,
    /// The part of it in which it is not known whether there was service, microseconds.
    pub(crate) resolution_us: i64,
    /// Attempts that failed or stalled in it.
    pub(crate) evidence: usize,
}

/// The outages that a witness lived through in `within`. `samples` are those of one loop on `path`, in their order.
pub(crate) fn outages(samples: &[Sample], within: Span, path: Path) -> Vec<Outage> {
    let samples = inside(samples, within);
    let edges = edges(&samples, within);
    let mut lengths: Vec<i64> = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let gaps = lengths.len();
    let median_gap_us = median(&mut lengths);
    let successes = samples.iter().filter(|sample| sample.answer == Answer::Yes);
    let usual_us = median(&mut successes.map(Sample::length_us).collect::<Vec<_>>());
    let late_us = (MIN_STALL_US + usual_us).max(3 * usual_us);

    let mut found = Vec::new();
    for (number, pair) in edges.windows(2).enumerate() {
        let span = Span {
            start_us: pair[0],
            end_us: pair[1],
        };
        if span.length_us() < MIN_OUTAGE_US {
            continue;
        }
        let after = |end_us: i64| samples.partition_point(|sample| sample.end_us <= end_us);
        // The first gap has its start.
        let from = if number == 0 { 0 } else { after(span.start_us) };
        let gap = Gap::new(span, &samples[from..after(span.end_us)], late_us, path);
        let one_is_enough = || {
            let is_at_an_end = number == 0 || number + 1 == gaps;
            span.length_us() > 10 * median_gap_us
                || (is_at_an_end && span.length_us() > MIN_AT_AN_END_US)
                || gaps == 1
                || gap.is_stalled()
        };
        let is_outage = match gap.evidence() {
            0 => false,
            1 => one_is_enough(),
            _ => true,
        };
        if is_outage {
            found.push(Outage {
                span,
                resolution_us: gap.resolution_us(),
                evidence: gap.evidence(),
            });
        }
    }
    found
}

/// The longest time without a success around `span`, whatever was in it; microseconds.
pub(crate) fn longest_gap_us(samples: &[Sample], within: Span, span: Span) -> i64 {
    let edges = edges(&inside(samples, within), within);
    let gaps = edges.windows(2).map(|pair| Span {
        start_us: pair[0],
        end_us: pair[1],
    });
    let around = gaps.filter(|gap| gap.overlap_us(&span) > 0);
    around.map(|gap| gap.length_us()).max().unwrap_or(0)
}

/// Nothing but successes, and some of them, since `since_us`?
pub(crate) fn is_calm(samples: &[Sample], since_us: i64) -> bool {
    let from = samples.partition_point(|sample| sample.end_us < since_us);
    let latest = &samples[from..];
    latest.len() >= 5 && latest.iter().all(|sample| sample.answer == Answer::Yes)
}

/// Nearest rank; 0 of nothing.
pub(crate) fn median(values: &mut [i64]) -> i64 {
    if values.is_empty() {
        return 0;
    }
    let rank = values.len().div_ceil(2) - 1;
    *values.select_nth_unstable(rank).1
}

/// What began before is clipped, and what ended after was unfinished.
fn inside(samples: &[Sample], within: Span) -> Vec<Sample> {
    let is_inside =
        |sample: &&Sample| sample.end_us > within.start_us && sample.start_us < within.end_us;
    let clip = |sample: &Sample| {
        let mut sample = *sample;
        sample.start_us = sample.start_us.max(within.start_us);
        if sample.end_us >= within.end_us {
            sample.end_us = within.end_us;
            sample.answer = Answer::Unfinished;
        }
        sample
    };
    samples.iter().filter(is_inside).map(clip).collect()
}

/// The successes, between the two ends of what is looked at.
fn edges(samples: &[Sample], within: Span) -> Vec<i64> {
    let successes = samples
        .iter()
        .filter(|sample| sample.answer == Answer::Yes)
        .map(|sample| sample.end_us);
    let mut edges = vec![within.start_us];
    edges.extend(successes);
    edges.push(within.end_us);
    // Clients that do not wait for one another end in any order.
    edges.sort_unstable();
    edges
}
