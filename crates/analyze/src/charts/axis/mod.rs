//! Axes: where a value lies, which ticks there are, and their labels.

use command_line::text::thousands;

use crate::charts::words::ChartWords;
use crate::summary::Span;
use crate::summary::heat::SHORTEST_US;
use crate::summary::series::Series;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    /// Where on the page, points.
    pub(super) at: f64,
    /// Its label; none for a grid line between two labels.
    pub(super) label: Option<String>,
}

/// What is down is drawn at least this wide, points: the shortest outage must be seen.
const THINNEST_SPAN: f64 = 2.0;
/// The labels of a time axis stand at least this far apart, points: `72:00:00` is 56 wide.
const TIME_LABEL_PITCH: f64 = 80.0;

/// Distances between the labels of a time axis, microseconds; longer ones are whole days.
const TIME_STEPS_US: [i64; 19] = [
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    15_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
    300_000_000,
    600_000_000,
    900_000_000,
    1_800_000_000,
    3_600_000_000,
    10_800_000_000,
    21_600_000_000,
    43_200_000_000,
];
const DAY_US: i64 = 86_400_000_000;

/// Time since the start of the recording, from left to right.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeAxis {
    /// Labels count from here.
    origin_us: i64,
    start_us: i64,
    length_us: i64,
    left: f64,
    right: f64,
}

impl TimeAxis {
    pub(super) fn new(series: &Series, left: f64, right: f64) -> Self {
        let length_us = series
            .end_us
            .saturating_sub(series.start_us)
            .max(SHORTEST_US);
        Self {
            origin_us: series.origin_us,
            start_us: series.start_us,
            length_us,
            left,
            right,
        }
    }

    pub(super) const fn left(&self) -> f64 {
        self.left
    }

    pub(super) const fn right(&self) -> f64 {
        self.right
    }

    /// Where a UTC microsecond lies; what is outside the recording lies on its edge.
    pub(super) fn at(&self, time_us: i64) -> f64 {
        let share = time_us.saturating_sub(self.start_us) as f64 / self.length_us as f64;
        self.left + share.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// The edges of a span, never closer than the eye can see.
    pub(super) fn edges(&self, span: &Span) -> (f64, f64) {
        let (from, to) = (self.at(span.start.micros()), self.at(span.end.micros()));
        if to - from >= THINNEST_SPAN {
            return (from, to);
        }
        let from =
            (from.midpoint(to) - THINNEST_SPAN / 2.0).clamp(self.left, self.right - THINNEST_SPAN);
        (from, from + THINNEST_SPAN)
    }

    pub(super) fn ticks(&self) -> Vec<Tick> {
        let step_us = self.step_us();
        let moments = self.moments_us().into_iter();
        moments
            .map(|time_us| Tick {
                at: self.at(time_us),
                label: Some(self.clock(time_us - self.origin_us, step_us)),
            })
            .collect()
    }

    /// When the ticks are, UTC microseconds: whole steps since the recording's start.
    pub(super) fn moments_us(&self) -> Vec<i64> {
        let step_us = self.step_us();
        let before_us = self.before_us();
        let first = before_us.div_euclid(step_us) + i64::from(before_us.rem_euclid(step_us) > 0);
        let last = (before_us + self.length_us).div_euclid(step_us);
        (first..=last)
            .map(|index| self.origin_us + index * step_us)
            .collect()
    }

    /// How much of the recording is left of the axis.
    fn before_us(&self) -> i64 {
        self.start_us.saturating_sub(self.origin_us)
    }

    /// True where labels need hours.
    fn has_hours(&self) -> bool {
        self.before_us() + self.length_us >= 3_600_000_000
    }

    /// A point in time, as a label of the axis.
    pub(super) fn label(&self, time_us: i64) -> String {
        let since_start_us = time_us.saturating_sub(self.origin_us);
        self.clock(
            since_start_us.max(0),
            if self.length_us < 100_000_000 {
                100_000
            } else {
                1_000_000
            },
        )
    }

    /// What the labels are made of.
    pub(super) fn unit(&self) -> &'static str {
        if self.has_hours() { "h:mm:ss" } else { "m:ss" }
    }

    fn step_us(&self) -> i64 {
        let most = (((self.right - self.left) / TIME_LABEL_PITCH) as i64).max(1);
        let fits = |step_us: i64| self.length_us / step_us <= most;
        TIME_STEPS_US
            .into_iter()
            .find(|step_us| fits(*step_us))
            .unwrap_or_else(|| (self.length_us / (DAY_US * most) + 1) * DAY_US)
    }

    /// `m:ss`, with tenths where steps are shorter than a second; `h:mm:ss` for a recording of an hour and more.
    fn clock(&self, us: i64, step_us: i64) -> String {
        let (minutes, second) = (us / 60_000_000, us / 1_000_000 % 60);
        let tenths = if step_us < 1_000_000 {
            format!(".{}", us / 100_000 % 10)
        } else {
            String::new()
        };
        if self.has_hours() {
            format!("{}:{:02}:{second:02}{tenths}", minutes / 60, minutes % 60)
        } else {
            format!("{minutes}:{second:02}{tenths}")
        }
    }
}

/// Response times from bottom to top, each decade as high as the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogAxis {
    low_us: i64,
    high_us: i64,
    bottom: f64,
    top: f64,
}

impl LogAxis {
    /// An axis that holds all of `values_us`, with some air.
    pub(super) fn new(values_us: impl Iterator<Item = i64>, bottom: f64, top: f64) -> Self {
        let range = values_us.fold(None, |range: Option<(i64, i64)>, value| {
            let value = value.max(1);
            Some(range.map_or((value, value), |(low, high)| {
                (low.min(value), high.max(value))
            }))
        });
        let (low, high) = range.unwrap_or((1_000, 1_000_000));
        let low_us = round_steps(low)
            .rev()
            .find(|step| *step as f64 <= low as f64 * 0.9)
            .unwrap_or(1);
        let mut high_us = round_steps(high)
            .find(|step| *step as f64 >= high as f64 * 1.1)
            .unwrap_or(i64::MAX);
        if high_us < low_us.saturating_mul(10) {
            high_us = low_us.saturating_mul(10);
        }
        Self {
            low_us,
            high_us,
            bottom,
            top,
        }
    }

    pub(super) fn at(&self, us: i64) -> f64 {
        let share = (us.max(1) as f64 / self.low_us as f64).ln()
            / (self.high_us as f64 / self.low_us as f64).ln();
        self.bottom + share.clamp(0.0, 1.0) * (self.top - self.bottom)
    }

    /// Decades are labelled; 2 and 5 too where there are few of them.
    pub(super) fn ticks(&self, words: &ChartWords) -> Vec<Tick> {
        let few = self.high_us / self.low_us <= 1_000;
        round_steps(self.high_us)
            .filter(|us| (self.low_us..=self.high_us).contains(us))
            .map(|us| {
                let label = (few || is_decade(us)).then(|| words.round_duration(us));
                Tick {
                    at: self.at(us),
                    label,
                }
            })
            .collect()
    }
}

/// 1, 2, 5, 10, 20, ... up to the decade after `limit`.
fn round_steps(limit: i64) -> impl DoubleEndedIterator<Item = i64> {
    let decades = limit.max(1).ilog10().min(17) + 2;
    (0..decades).flat_map(|decade| [1, 2, 5].map(|factor| factor * 10_i64.pow(decade)))
}

fn is_decade(us: i64) -> bool {
    us == 10_i64.pow(us.max(1).ilog10())
}

/// Rates from 0 at the bottom upwards.
#[derive(Debug, Clone, Copy)]
pub(super) struct RateAxis {
    step: f64,
    high: f64,
    bottom: f64,
    top: f64,
}

impl RateAxis {
    /// An axis up to `largest`, with some air.
    pub(super) fn new(largest: f64, bottom: f64, top: f64) -> Self {
        let largest = if largest.is_finite() && largest > 0.0 {
            largest * 1.05
        } else {
            1.0
        };
        let magnitude = 10_f64.powf((largest / 5.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|factor| factor * magnitude)
            .into_iter()
            .find(|step| largest / step <= 5.0)
            .unwrap_or(largest);
        Self {
            step,
            high: (largest / step).ceil() * step,
            bottom,
            top,
        }
    }

    pub(super) fn at(&self, rate: f64) -> f64 {
        self.bottom + (rate / self.high).clamp(0.0, 1.0) * (self.top - self.bottom)
    }

    pub(super) fn ticks(&self) -> Vec<Tick> {
        let decimals = (-self.step.log10().floor()).max(0.0) as usize;
        (0..=(self.high / self.step).round() as i64)
            .map(|index| {
                let rate = index as f64 * self.step;
                let text = if decimals == 0 {
                    thousands(rate as u64)
                } else {
                    format!("{rate:.decimals$}")
                };
                Tick {
                    at: self.at(rate),
                    label: Some(text),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
