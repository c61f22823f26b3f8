//! Operations as charts draw them.

use crate::summary::Span;
use crate::summary::heat::HeatMap;
use crate::summary::series::{Drawn, HEAT_COLUMNS, MOST_POINTS, Point, SecondCounts};

/// Successes of a path, each by itself while they are few, and as a heat map; and how many operations there were over time.
pub(crate) struct DrawnOperations {
    start_us: i64,
    points: Vec<Point>,
    heat: HeatMap,
    /// Of each whole second of the recording. Failures are not counted here.
    seconds: Vec<SecondCounts>,
}

impl DrawnOperations {
    /// None. The heat map reaches as far as the charts do: a path may end before.
    pub(super) fn new(recording: &Span, charts: &Span) -> Self {
        let start_us = recording.start.micros();
        let seconds = usize::try_from(recording.length_us() / 1_000_000).unwrap_or(0) + 1;
        Self {
            start_us,
            points: Vec::new(),
            heat: HeatMap::new(charts.start.micros(), charts.end.micros(), HEAT_COLUMNS),
            seconds: vec![SecondCounts::default(); seconds],
        }
    }

    /// Adds a success that ended within the recording.
    pub(super) fn add_success(&mut self, end_us: i64, response_us: i64) {
        if self.points.len() <= MOST_POINTS {
            self.points.push(Point {
                end_us,
                response_us,
            });
        }
        self.heat.add(end_us, response_us);
        if let Some(second) = self.second(end_us) {
            second.succeeded += 1;
        }
    }

    /// Adds the arrival of an operation, however it ended.
    pub(super) fn add_arrival(&mut self, scheduled_us: i64) {
        if let Some(second) = self.second(scheduled_us) {
            second.arrived += 1;
        }
    }

    fn second(&mut self, time_us: i64) -> Option<&mut SecondCounts> {
        let second = usize::try_from((time_us - self.start_us).div_euclid(1_000_000));
        self.seconds.get_mut(second.ok()?)
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.points.extend(other.points);
        self.heat.merge(&other.heat);
        for (second, more) in self.seconds.iter_mut().zip(other.seconds) {
            second.succeeded += more.succeeded;
            second.arrived += more.arrived;
        }
    }

    /// What is drawn, and how many there were in each second.
    pub(super) fn finish(mut self) -> (Drawn, Vec<SecondCounts>) {
        let drawn = match self.points.len() > MOST_POINTS {
            true => Drawn::Heat(self.heat),
            false => {
                self.points
                    .sort_by_key(|point| (point.end_us, point.response_us));
                Drawn::Points(self.points)
            }
        };
        (drawn, self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_count_when_they_were_due_and_successes_when_they_ended() {
        let recording = Span::new(10_000_000, 12_500_000);
        let of_file = |operations: &[(i64, i64)]| {
            let mut drawn = DrawnOperations::new(&recording, &recording);
            for (scheduled_us, end_us) in operations {
                drawn.add_arrival(*scheduled_us);
                drawn.add_success(*end_us, end_us - scheduled_us);
            }
            drawn
        };
        let mut drawn = of_file(&[(10_000_000, 10_999_999), (10_999_999, 12_000_000)]);
        // Before the part that is read, and after it.
        drawn.merge(of_file(&[(9_999_999, 11_000_000)]));
        drawn.add_arrival(13_000_000);
        let (successes, seconds) = drawn.finish();
        assert_eq!(successes.len(), 3);
        let counts = seconds.iter().map(|of| (of.arrived, of.succeeded));
        assert_eq!(counts.collect::<Vec<_>>(), [(2, 1), (0, 1), (0, 1)]);
    }
}
