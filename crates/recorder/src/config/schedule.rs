//! When operations begin, and how many may run at once: the same for a run and for the check of one.

use std::time::Duration;

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

/// A ramp that is not over when the recording ends: the rate is never reached.
pub(crate) fn ramp_note(rate: &RateArgs, duration: Duration) -> Option<String> {
    let per_s = rate.rate?;
    (rate.ramp > duration).then(|| {
        format!(
            "warning: --ramp {:?} is longer than --duration {duration:?}: the rate does not reach {per_s} operations per second",
            rate.ramp
        )
    })
}

/// Workers of a path: operations that may run at once.
pub(crate) fn workers(rate: &RateArgs, concurrent_workers: u32) -> u32 {
    let more = concurrent_workers.saturating_mul(IN_FLIGHT);
    match rate.rate {
        None => concurrent_workers,
        Some(_) => rate.max_in_flight.unwrap_or(more),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::open_loop::ArrivalArg;

    #[test]
    fn a_ramp_that_outlasts_the_recording_is_told() {
        let rate = |rate, ramp_s| RateArgs {
            rate,
            arrival: ArrivalArg::Constant,
            max_in_flight: None,
            ramp: Duration::from_secs(ramp_s),
        };
        let three = Duration::from_secs(3);
        let told = ramp_note(&rate(Some(10.0), 20), three);
        assert_eq!(
            told.as_deref(),
            Some(
                "warning: --ramp 20s is longer than --duration 3s: the rate does not reach 10 operations per second"
            )
        );
        for (per_s, ramp_s) in [(Some(10.0), 3), (Some(10.0), 0), (None, 0)] {
            assert_eq!(ramp_note(&rate(per_s, ramp_s), three), None);
        }
    }
}
