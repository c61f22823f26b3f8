//! Open loop: operations arrive at a rate, whether earlier ones have ended or not, as those of many users do. When each arrives is a pure
//! function of the settings and the seed, so both paths have the same arrivals.

use std::time::Duration;

use command_line::duration::micros;
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use recording::Arrival;

/// When operations arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OpenLoop {
    /// Per second and path.
    pub rate_per_s: f64,
    /// How they are spread.
    pub arrival: Arrival,
    /// The rate grows evenly from 0 for so long.
    pub ramp: Duration,
}

impl OpenLoop {
    /// As it stands in the manifest.
    #[must_use]
    pub fn record(&self) -> recording::Schedule {
        recording::Schedule::OpenLoop {
            rate_per_1000_s: (self.rate_per_s * 1_000.0).round() as i64,
            arrival: self.arrival,
            ramp_us: micros(self.ramp),
        }
    }

    /// The times of all arrivals since the start.
    pub(crate) fn arrivals(self, random: Xoshiro256PlusPlus) -> Arrivals {
        Arrivals {
            schedule: self,
            random,
            expected: 0.0,
        }
    }

    /// The longest time without an arrival: the first one, where the rate grows from 0.
    #[must_use]
    pub(crate) fn longest_rest(&self) -> Duration {
        // Of exponentially distributed times apart, one of 20,000 is longer than ten times the mean.
        let expected = match self.arrival {
            Arrival::Constant => 1.0,
            Arrival::Poisson => 10.0,
        };
        Duration::from_secs_f64(self.at_s(expected))
    }

    /// When so many arrivals are expected, seconds since the start: the inverse of the integral of the rate.
    fn at_s(&self, expected: f64) -> f64 {
        let ramp_s = self.ramp.as_secs_f64();
        let in_ramp = self.rate_per_s * ramp_s / 2.0;
        match expected < in_ramp {
            true => (2.0 * expected * ramp_s / self.rate_per_s).sqrt(),
            false => expected / self.rate_per_s + ramp_s / 2.0,
        }
    }
}

/// Arrivals in order of time, without end.
#[derive(Debug)]
pub(crate) struct Arrivals {
    schedule: OpenLoop,
    random: Xoshiro256PlusPlus,
    /// How many arrivals are expected until the last one: whole numbers where they are constant, a Poisson process of rate 1 where not.
    expected: f64,
}

impl Arrivals {
    /// The next one, since the start.
    pub(crate) fn advance(&mut self) -> Duration {
        self.expected += match self.schedule.arrival {
            Arrival::Constant => 1.0,
            // Of [0, 1), so that the logarithm is of more than 0.
            Arrival::Poisson => -(1.0 - self.random.random::<f64>()).ln(),
        };
        Duration::from_secs_f64(self.schedule.at_s(self.expected))
    }
}

impl Iterator for Arrivals {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(self.advance())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;

    fn arrivals(rate_per_s: f64, arrival: Arrival, ramp_s: u64, seed: u64) -> Arrivals {
        let schedule = OpenLoop {
            rate_per_s,
            arrival,
            ramp: Duration::from_secs(ramp_s),
        };
        schedule.arrivals(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    fn within(arrivals: Arrivals, from_s: u64, to_s: u64) -> usize {
        let span = Duration::from_secs(from_s)..Duration::from_secs(to_s);
        let arrivals = arrivals.take_while(|at| *at < span.end);
        arrivals.filter(|at| span.contains(at)).count()
    }

    #[test]
    fn constant_arrivals_are_an_interval_apart() {
        let first: Vec<Duration> = arrivals(200.0, Arrival::Constant, 0, 1).take(3).collect();
        assert_eq!(first, [5, 10, 15].map(Duration::from_millis));
    }

    #[test]
    fn the_longest_rest_is_that_before_the_first_arrival() {
        let longest_s = |rate_per_s, arrival, ramp_s| {
            let schedule = arrivals(rate_per_s, arrival, ramp_s, 1).schedule;
            schedule.longest_rest().as_secs_f64()
        };
        assert_eq!(longest_s(0.5, Arrival::Constant, 0), 2.0);
        assert_eq!(longest_s(0.5, Arrival::Poisson, 0), 20.0);
        // Of a rate that grows from 0 to 0.5/s in 100 s, one is expected after 20 s.
        assert_eq!(longest_s(0.5, Arrival::Constant, 100), 20.0);
    }

    #[test]
    fn a_ramp_grows_evenly() {
        // Half of the rate over the ramp, of that a quarter in its first half.
        let count = |from_s, to_s| within(arrivals(100.0, Arrival::Constant, 10, 1), from_s, to_s);
        assert!((124..=126).contains(&count(0, 5)), "{}", count(0, 5));
        assert!((499..=501).contains(&count(0, 10)), "{}", count(0, 10));
        assert!((999..=1_001).contains(&count(10, 20)), "{}", count(10, 20));
    }

    #[test]
    fn poisson_arrivals_have_the_rate_and_its_spread() {
        let counts: Vec<f64> = (0..400)
            .map(|second| within(arrivals(50.0, Arrival::Poisson, 0, 7), second, second + 1) as f64)
            .collect();
        let mean = counts.iter().sum::<f64>() / 400.0;
        let variance = counts.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 399.0;
        // Mean and variance of a Poisson distribution are the same; five standard errors of each.
        assert!(
            (mean - 50.0).abs() < 5.0 * (50.0_f64 / 400.0).sqrt(),
            "{mean}"
        );
        assert!(
            (variance - 50.0).abs() < 5.0 * 50.0 * (2.0_f64 / 399.0).sqrt(),
            "{variance}"
        );
    }

    proptest! {
        #[test]
        fn arrivals_go_forward_and_depend_on_nothing_but_the_seed(
            rate in 0.01..10_000.0_f64, is_poisson: bool, ramp_s in 0..100_u64, seed: u64
        ) {
            let arrival = if is_poisson { Arrival::Poisson } else { Arrival::Constant };
            let first: Vec<Duration> = arrivals(rate, arrival, ramp_s, seed).take(200).collect();
            prop_assert!(first.is_sorted());
            let again: Vec<Duration> = arrivals(rate, arrival, ramp_s, seed).take(200).collect();
            prop_assert_eq!(first, again);
        }
    }
}
