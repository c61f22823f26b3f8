//! Exact histograms of response times.

use std::collections::BTreeMap;

use recording::vocabulary::{OperationType, Outcome};

use crate::reduce::times::Times;
use crate::stats::percentile;
use crate::summary::Word;

/// A name of operations of one type that ended alike.
pub(crate) type Alike = (OperationType, Word, Outcome);

/// One cell of the histogram of a path: operations that ended alike after the same number of microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub operation_type: OperationType,
    pub operation_name: Word,
    /// What became of them.
    pub outcome: Outcome,
    /// Their response time, microseconds; `None` for unfinished ones.
    pub response_us: Option<i64>,
    pub count: u64,
}

/// Cells of a path, in any order.
pub type Histogram = Vec<Cell>;

pub(crate) fn cells(times: &BTreeMap<Alike, Times>) -> Histogram {
    let of_alike = |(alike, times): (&'_ Alike, &'_ Times)| {
        let cells = times
            .counts()
            .map(|(response_us, count)| cell(alike, response_us, count));
        cells.collect::<Vec<Cell>>()
    };
    times.iter().flat_map(of_alike).collect()
}

pub(crate) fn cell((kind, name, outcome): &Alike, response_us: Option<i64>, count: u64) -> Cell {
    Cell {
        operation_type: *kind,
        operation_name: name.clone(),
        outcome: *outcome,
        response_us,
        count,
    }
}

/// Response times of successes by operation name, microseconds, with how many took each.
#[derive(Debug, Clone, Default)]
pub struct SuccessTimes {
    by_name: BTreeMap<String, BTreeMap<i64, u64>>,
}

impl SuccessTimes {
    #[must_use]
    pub fn of(cells: &Histogram) -> Self {
        let mut times = Self::default();
        for cell in cells.iter().filter(|cell| cell.outcome.is_success()) {
            if let Some(response_us) = cell.response_us {
                *times.count_of(&cell.operation_name, response_us) += cell.count;
            }
        }
        times
    }

    pub(crate) fn add(&mut self, name: &str, response_us: i64) {
        *self.count_of(name, response_us) += 1;
    }

    pub(crate) fn remove(&mut self, name: &str, response_us: i64) {
        let count = self.count_of(name, response_us);
        *count = count.saturating_sub(1);
    }

    fn count_of(&mut self, name: &str, response_us: i64) -> &mut u64 {
        let times = self.by_name.entry(name.to_owned()).or_default();
        times.entry(response_us).or_insert(0)
    }

    /// The median of each name; nearest-rank, from however few.
    #[must_use]
    pub fn medians_us(&self) -> BTreeMap<String, i64> {
        let median = |(name, times): (&String, &BTreeMap<i64, u64>)| {
            let samples: u64 = times.values().sum();
            let rank = percentile::rank(samples, 0.5);
            (samples > 0).then(|| Some((name.clone(), at_rank(times, rank)?)))?
        };
        self.by_name.iter().filter_map(median).collect()
    }
}

/// The value at an index, from 0, of a histogram's sorted values.
pub(crate) fn at_rank(histogram: &BTreeMap<i64, u64>, rank: u64) -> Option<i64> {
    let mut seen = 0;
    histogram.iter().find_map(|(value, count)| {
        seen += count;
        (seen > rank).then_some(*value)
    })
}
