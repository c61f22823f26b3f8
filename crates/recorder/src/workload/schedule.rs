//! When operations begin. Closed loop: a worker waits a think time after each operation, so arrivals slow down with the
//! database, as those of a user do. Open loop: `workload::open_loop`.

use std::time::Duration;

use command_line::duration::micros;
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;

use crate::workload::open_loop::OpenLoop;

/// When operations begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Schedule {
    Closed(ClosedLoop),
    Open(OpenLoop),
}

impl Schedule {
    /// As it stands in the manifest.
    #[must_use]
    pub fn record(&self) -> recording::Schedule {
        match self {
            Self::Closed(schedule) => schedule.record(),
            Self::Open(schedule) => schedule.record(),
        }
    }

    /// In words.
    #[must_use]
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Closed(schedule) => format!(
                "think time {:?} to {:?}",
                schedule.min_interval, schedule.max_interval
            ),
            Self::Open(schedule) => format!(
                "open loop, {} operations per second and path, {} arrivals, ramp {:?}",
                schedule.rate_per_s,
                schedule.arrival.as_str(),
                schedule.ramp
            ),
        }
    }

    /// So long a connection may not be needed between two operations.
    #[must_use]
    pub(crate) fn longest_rest(&self) -> Duration {
        match self {
            Self::Closed(schedule) => schedule.max_interval,
            Self::Open(schedule) => schedule.longest_rest(),
        }
    }
}

/// Think times, uniform between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedLoop {
    /// The shortest.
    pub min_interval: Duration,
    /// The longest.
    pub max_interval: Duration,
}

impl ClosedLoop {
    /// The next think time of a worker.
    pub fn think_time(&self, random: &mut Xoshiro256PlusPlus) -> Duration {
        random.random_range(self.min_interval..=self.max_interval)
    }

    fn record(self) -> recording::Schedule {
        recording::Schedule::ClosedLoop {
            min_operation_interval_us: micros(self.min_interval),
            max_operation_interval_us: micros(self.max_interval),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn think_times_fill_their_range() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let (min_interval, max_interval) = (Duration::from_millis(100), Duration::from_millis(500));
        let schedule = ClosedLoop {
            min_interval,
            max_interval,
        };
        let times: Vec<_> = (0..1_000)
            .map(|_| schedule.think_time(&mut random))
            .collect();
        assert!(
            times
                .iter()
                .all(|time| (min_interval..=max_interval).contains(time))
        );
        assert!(times.iter().min() < Some(&Duration::from_millis(110)));
        assert!(times.iter().max() > Some(&Duration::from_millis(490)));
        let none = ClosedLoop {
            min_interval: Duration::ZERO,
            max_interval: Duration::ZERO,
        };
        assert_eq!(none.think_time(&mut random), Duration::ZERO);
    }
}
