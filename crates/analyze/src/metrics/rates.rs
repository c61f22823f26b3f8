//! Counts, rates and response times from exact histograms (`docs/definitions.md`, Rates and times).

use std::collections::BTreeMap;

use recording::vocabulary::{OperationType, Outcome};

use crate::reduce::histogram::{Cell, Histogram, at_rank};
use crate::stats::percentile;
use crate::summary::{NamedRates, Rates, ResponseTimes};

/// The spans over which operations are counted, microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Durations {
    /// The recording, or the window.
    pub whole_us: i64,
    /// Outside all episodes.
    pub steady_us: i64,
}

/// Figures of some cells. `steady` counts the operations that ended outside all episodes.
pub fn rates<'a>(
    cells: impl Iterator<Item = &'a Cell>,
    steady: impl Iterator<Item = &'a Cell>,
    durations: Durations,
) -> Rates {
    let mut counts: BTreeMap<Outcome, u64> = BTreeMap::new();
    let mut of_successes: BTreeMap<i64, u64> = BTreeMap::new();
    let mut of_finished: BTreeMap<i64, u64> = BTreeMap::new();
    for cell in cells {
        *counts.entry(cell.outcome).or_insert(0) += cell.count;
        if let (Some(response), true) = (cell.response_us, cell.outcome != Outcome::Unfinished) {
            *of_finished.entry(response).or_insert(0) += cell.count;
            if cell.outcome.is_success() {
                *of_successes.entry(response).or_insert(0) += cell.count;
            }
        }
    }
    let count = |outcome: Outcome| counts.get(&outcome).copied().unwrap_or(0);
    let total: u64 = counts.values().sum();
    let successes = count(Outcome::Ok) + count(Outcome::Rejected);
    let finished = total - count(Outcome::Unfinished);
    let mut steady_successes = 0;
    let mut of_steady: BTreeMap<i64, u64> = BTreeMap::new();
    for cell in steady.filter(|cell| cell.outcome.is_success()) {
        steady_successes += cell.count;
        if let Some(response) = cell.response_us {
            *of_steady.entry(response).or_insert(0) += cell.count;
        }
    }
    Rates {
        total,
        finished,
        successes,
        rejected: count(Outcome::Rejected),
        failed: count(Outcome::Failed),
        unknown: count(Outcome::Unknown),
        unfinished: count(Outcome::Unfinished),
        success_rate: (finished > 0).then(|| successes as f64 / finished as f64),
        tps: per_second(successes, durations.whole_us),
        steady_tps: per_second(steady_successes, durations.steady_us),
        response: response_times(&of_successes),
        response_steady: response_times(&of_steady),
        response_finished: response_times(&of_finished),
    }
}

/// [`Rates`] per operation type, in the order of reports.
#[must_use]
pub fn by_type(cells: &Histogram, steady: &Histogram, durations: Durations) -> Vec<NamedRates> {
    let of = |kind: OperationType| move |cell: &&Cell| cell.operation_type == kind;
    OperationType::ALL
        .iter()
        .filter(|kind| cells.iter().any(|cell| cell.operation_type == **kind))
        .map(|kind| NamedRates {
            name: kind.as_str().to_owned(),
            rates: rates(
                cells.iter().filter(of(*kind)),
                steady.iter().filter(of(*kind)),
                durations,
            ),
        })
        .collect()
}

/// [`Rates`] per operation name, by type and then by name.
#[must_use]
pub fn by_name(cells: &Histogram, steady: &Histogram, durations: Durations) -> Vec<NamedRates> {
    let mut named: BTreeMap<(OperationType, &str), [Vec<&Cell>; 2]> = BTreeMap::new();
    for (index, part) in [cells, steady].into_iter().enumerate() {
        for cell in part {
            let key = (cell.operation_type, cell.operation_name.as_str());
            named.entry(key).or_default()[index].push(cell);
        }
    }
    named
        .into_iter()
        .map(|((_, name), [cells, steady])| NamedRates {
            name: name.to_owned(),
            rates: rates(cells.into_iter(), steady.into_iter(), durations),
        })
        .collect()
}

/// (fraction, response time of successes) at each percentile of a curve: 0, 1, ... 99 %, then ever finer towards 1, as far
/// as the samples allow.
#[must_use]
pub fn percentile_curve(cells: &Histogram) -> Vec<(f64, i64)> {
    let mut histogram: BTreeMap<i64, u64> = BTreeMap::new();
    for cell in cells.iter().filter(|cell| cell.outcome.is_success()) {
        if let Some(response) = cell.response_us {
            *histogram.entry(response).or_insert(0) += cell.count;
        }
    }
    let samples: u64 = histogram.values().sum();
    // 20 points per decade of 1 - q, down to one in ten million.
    let fractions = (0..=140).map(|step| 1.0 - 10_f64.powf(-f64::from(step) / 20.0));
    let fractions = fractions.filter(|q| percentile::has_enough(samples, *q));
    fractions
        .filter_map(|q| Some((q, at_rank(&histogram, percentile::rank(samples, q))?)))
        .collect()
}

fn response_times(histogram: &BTreeMap<i64, u64>) -> ResponseTimes {
    let samples: u64 = histogram.values().sum();
    if samples == 0 {
        return ResponseTimes::default();
    }
    let sum: f64 = histogram
        .iter()
        .map(|(response, count)| *response as f64 * *count as f64)
        .sum();
    let at = |q: f64| {
        percentile::has_enough(samples, q)
            .then(|| at_rank(histogram, percentile::rank(samples, q)))?
    };
    ResponseTimes {
        samples,
        mean_us: Some(sum / samples as f64),
        min_us: histogram.keys().next().copied(),
        max_us: histogram.keys().next_back().copied(),
        p50_us: at(0.5),
        p90_us: at(0.9),
        p95_us: at(0.95),
        p99_us: at(0.99),
        p99_9_us: at(0.999),
    }
}

fn per_second(count: u64, duration_us: i64) -> Option<f64> {
    (duration_us > 0).then(|| count as f64 * 1e6 / duration_us as f64)
}
