//! Waiting for a connection against executing, around the episodes.

use std::collections::BTreeMap;

use crate::metrics::effects::seen::Seen;
use crate::reduce::histogram::at_rank;
use crate::reduce::times::Times;
use crate::reduce::waits;
use crate::stats::percentile;
use crate::summary::{Span, WaitFigures, WaitTimes, Waits};

/// So long before and after an episode, microseconds: as a baseline.
const AROUND_US: i64 = 30_000_000;

/// The time before and after the episodes.
pub(super) fn around(seen: &Seen<'_>) -> [Vec<Span>; 2] {
    let (start_us, end_us) = (seen.timeline.start_us, seen.timeline.end_us);
    let clipped = |from_us: i64, to_us: i64| {
        Span::new(
            from_us.clamp(start_us, end_us),
            to_us.clamp(start_us, end_us),
        )
    };
    let before = seen.episodes.iter().map(|episode| {
        let until_us = episode.start.micros();
        clipped(until_us - AROUND_US, until_us)
    });
    let after = seen.episodes.iter().map(|episode| {
        let from_us = episode.end.micros();
        clipped(from_us, from_us.saturating_add(AROUND_US))
    });
    [Span::union(before), Span::union(after)].map(|spans| Span::without(&spans, seen.episodes))
}

/// Before, in and after the episodes; `None` where there is none.
pub(super) fn waits(lists: [&[Span]; 3], found: &[waits::Waits; 3]) -> Option<Waits> {
    if lists[1].is_empty() {
        return None;
    }
    let [before, during, after] = std::array::from_fn(|index| figures(lists[index], &found[index]));
    Some(Waits {
        before,
        during,
        after,
    })
}

fn figures(spans: &[Span], found: &waits::Waits) -> WaitFigures {
    let (checkout, checkout_us) = times(&found.checkout);
    let (execute, execute_us) = times(&found.execute);
    let share =
        |part_us: i128| (found.response_us > 0).then(|| part_us as f64 / found.response_us as f64);
    WaitFigures {
        span_us: spans.iter().map(Span::length_us).sum(),
        successes: found.checkout.count(),
        checkout,
        execute,
        checkout_share: share(checkout_us),
        execute_share: share(execute_us),
    }
}

/// The figures, and the sum.
fn times(times: &Times) -> (WaitTimes, i128) {
    let mut histogram: BTreeMap<i64, u64> = BTreeMap::new();
    for (us, count) in times.counts() {
        if let Some(us) = us {
            *histogram.entry(us).or_insert(0) += count;
        }
    }
    let samples: u64 = histogram.values().sum();
    let at = |q: f64| {
        percentile::has_enough(samples, q)
            .then(|| at_rank(&histogram, percentile::rank(samples, q)))?
    };
    let sum = |(us, count): (&i64, &u64)| i128::from(*us) * i128::from(*count);
    let figures = WaitTimes {
        p50_us: at(0.5),
        p95_us: at(0.95),
        p99_us: at(0.99),
        max_us: histogram.keys().next_back().copied(),
    };
    (figures, histogram.iter().map(sum).sum())
}
