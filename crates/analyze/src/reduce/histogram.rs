//! Exact histograms of response times.

use std::collections::BTreeMap;

use recording::vocabulary::{OperationType, Outcome};

use crate::stats::percentile;

/// One cell of the histogram of a path: operations that ended alike after the same number of microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub operation_type: OperationType,
    pub operation_name: String,
    /// What became of them.
    pub outcome: Outcome,
    /// Their response time, microseconds; `None` for unfinished ones.
    pub response_us: Option<i64>,
    pub count: u64,
}

/// Cells of a path, in any order.
pub type Histogram = Vec<Cell>;

/// Median response time of successes per operation name, microseconds; nearest-rank, from however few.
#[must_use]
pub fn median_response_us(cells: &Histogram) -> BTreeMap<String, i64> {
    let mut histograms: BTreeMap<&str, BTreeMap<i64, u64>> = BTreeMap::new();
    for cell in cells.iter().filter(|cell| cell.outcome.is_success()) {
        if let Some(response) = cell.response_us {
            *histograms
                .entry(&cell.operation_name)
                .or_default()
                .entry(response)
                .or_insert(0) += cell.count;
        }
    }
    histograms
        .into_iter()
        .filter_map(|(name, histogram)| {
            let samples = histogram.values().sum();
            Some((
                name.to_owned(),
                at_rank(&histogram, percentile::rank(samples, 0.5))?,
            ))
        })
        .collect()
}

/// The value at an index, from 0, of a histogram's sorted values.
pub(crate) fn at_rank(histogram: &BTreeMap<i64, u64>, rank: u64) -> Option<i64> {
    let mut seen = 0;
    histogram.iter().find_map(|(value, count)| {
        seen += count;
        (seen > rank).then_some(*value)
    })
}
