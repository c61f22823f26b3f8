//! When operations begin, and how many may run at once: the same for a run and for the check of one.

use crate::cli::open_loop::RateArgs;
use crate::workload::open_loop::OpenLoop;
use crate::workload::schedule::{ClosedLoop, Schedule};

/// Operations that may run at once on an open loop, where it is not said: so many times the workers.
const IN_FLIGHT: u32 = 10;

/// Arrivals at a rate, or else workers with think times.
pub(crate) fn schedule(rate: &RateArgs, think_times: ClosedLoop) -> Schedule {
    match rate.rate {
        None => Schedule::Closed(think_times),
        Some(rate_per_s) => Schedule::Open(OpenLoop {
            rate_per_s,
            arrival: rate.arrival.arrival(),
            ramp: rate.ramp,
        }),
    }
}

/// Workers of a path: operations that may run at once.
pub(crate) fn workers(rate: &RateArgs, concurrent_workers: u32) -> u32 {
    let more = concurrent_workers.saturating_mul(IN_FLIGHT);
    match rate.rate {
        None => concurrent_workers,
        Some(_) => rate.max_in_flight.unwrap_or(more),
    }
}
