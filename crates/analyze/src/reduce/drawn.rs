//! Successes as charts draw them.

use crate::summary::Span;
use crate::summary::heat::HeatMap;
use crate::summary::series::{Drawn, HEAT_COLUMNS, MOST_POINTS, Point};

/// Successes of a path: each by itself while they are few, and as a heat map.
pub(crate) struct DrawnSuccesses {
    start_us: i64,
    points: Vec<Point>,
    heat: HeatMap,
    /// Of each whole second of the recording.
    seconds: Vec<u64>,
}

impl DrawnSuccesses {
    /// None. The heat map reaches as far as the charts do: a path may end before.
    pub(super) fn new(recording: &Span, charts: &Span) -> Self {
        let start_us = recording.start.micros();
        let seconds = usize::try_from(recording.length_us() / 1_000_000).unwrap_or(0) + 1;
        Self {
            start_us,
            points: Vec::new(),
            heat: HeatMap::new(charts.start.micros(), charts.end.micros(), HEAT_COLUMNS),
            seconds: vec![0; seconds],
        }
    }

    /// Adds a success that ended within the recording.
    pub(super) fn add(&mut self, end_us: i64, response_us: i64) {
        if self.points.len() <= MOST_POINTS {
            self.points.push(Point {
                end_us,
                response_us,
            });
        }
        self.heat.add(end_us, response_us);
        let second = usize::try_from((end_us - self.start_us) / 1_000_000);
        if let Some(count) = second.ok().and_then(|second| self.seconds.get_mut(second)) {
            *count += 1;
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.points.extend(other.points);
        self.heat.merge(&other.heat);
        for (count, more) in self.seconds.iter_mut().zip(other.seconds) {
            *count += more;
        }
    }

    /// What is drawn, and how many succeeded in each second.
    pub(super) fn finish(mut self) -> (Drawn, Vec<u64>) {
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
