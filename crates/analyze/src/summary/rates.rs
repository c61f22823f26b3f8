//! Counts, rates and response times.

use serde::Serialize;

/// Counts, rates and response times of some operations.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rates {
    /// Every row, `unfinished` included.
    pub total: u64,
    /// All but `unfinished`.
    pub finished: u64,
    /// `ok` and `rejected`.
    pub successes: u64,
    /// Of the successes: rejected by the business, as out of stock.
    pub rejected: u64,
    /// Certainly not committed.
    pub failed: u64,
    /// May be committed.
    pub unknown: u64,
    /// Still running at the end.
    pub unfinished: u64,
    /// Successes of finished, 0 to 1; `None` where nothing finished.
    pub success_rate: Option<f64>,
    /// Successes per second of the recording.
    pub tps: Option<f64>,
    /// Successes per second outside all episodes of the path.
    pub steady_tps: Option<f64>,
    /// Response times of successes.
    pub response: ResponseTimes,
    /// Response times of successes that ended outside all episodes of the path.
    pub response_steady: ResponseTimes,
    /// Response times of all finished operations.
    pub response_finished: ResponseTimes,
}

/// Response times, microseconds; exact, nearest-rank. A percentile q of fewer than 1/(1-q) samples is `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ResponseTimes {
    pub samples: u64,
    pub mean_us: Option<f64>,
    pub min_us: Option<i64>,
    pub max_us: Option<i64>,
    pub p50_us: Option<i64>,
    pub p90_us: Option<i64>,
    pub p95_us: Option<i64>,
    pub p99_us: Option<i64>,
    pub p99_9_us: Option<i64>,
}

/// [`Rates`] of an operation type or of an operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedRates {
    /// The type or the operation.
    pub name: String,
    #[serde(flatten)]
    pub rates: Rates,
}
