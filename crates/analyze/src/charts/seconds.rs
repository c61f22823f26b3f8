//! Lengths of time from left to right, in seconds.

use crate::charts::axis::Tick;

/// So many labels at most.
const LABELS: f64 = 8.0;

/// A linear axis with round seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct SecondsAxis {
    low_us: i64,
    high_us: i64,
    step_s: f64,
    left: f64,
    right: f64,
}

impl SecondsAxis {
    /// An axis from the lower of 0 and `low_us` to `high_us`.
    pub(super) fn new((low_us, high_us): (i64, i64), left: f64, right: f64) -> Self {
        let low_us = low_us.min(0);
        let high_us = high_us.max(low_us + 1_000);
        let length_s = (high_us - low_us) as f64 / 1e6;
        let magnitude = 10_f64.powf((length_s / LABELS).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * magnitude);
        let step = steps.into_iter().find(|step| length_s / step <= LABELS);
        Self {
            low_us,
            high_us,
            step_s: step.unwrap_or(length_s),
            left,
            right,
        }
    }

    pub(super) fn at(&self, us: i64) -> f64 {
        let share = (us - self.low_us) as f64 / (self.high_us - self.low_us) as f64;
        self.left + share.clamp(0.0, 1.0) * (self.right - self.left)
    }

    pub(super) fn ticks(&self) -> Vec<Tick> {
        let decimals = (-self.step_s.log10().floor()).max(0.0) as usize;
        let index = |us: i64| us as f64 / 1e6 / self.step_s;
        let first = (index(self.low_us) - 1e-9).ceil() as i64;
        let last = (index(self.high_us) + 1e-9).floor() as i64;
        (first..=last)
            .map(|index| {
                let seconds = index as f64 * self.step_s;
                Tick {
                    at: self.at((seconds * 1e6).round() as i64),
                    label: Some(format!("{seconds:.decimals$}")),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low_us: i64, high_us: i64) -> Vec<String> {
        let ticks = SecondsAxis::new((low_us, high_us), 0.0, 100.0).ticks();
        ticks.into_iter().filter_map(|tick| tick.label).collect()
    }

    #[test]
    fn seconds_are_round() {
        assert_eq!(labels(0, 5_200_000), ["0", "1", "2", "3", "4", "5"]);
        assert_eq!(labels(-400_000, 3_000_000).first().unwrap(), "0.0");
        assert_eq!(labels(0, 90_000_000).last().unwrap(), "80");
        for high_us in [0, 1, 999, 1_000_000, 86_400_000_000] {
            assert!((1..=9).contains(&labels(0, high_us).len()), "{high_us}");
        }
    }

    #[test]
    fn zero_is_on_the_axis() {
        let axis = SecondsAxis::new((-1_000_000, 3_000_000), 0.0, 100.0);
        assert!((axis.at(0) - 25.0).abs() < 1e-9 && axis.at(9_000_000) <= 100.0);
    }
}
