//! Operations per second over time, what failed stacked on what succeeded.

use plotters::style::RGBAColor;
use recording::Schedule;

use crate::charts::axis::{RateAxis, TimeAxis};
use crate::charts::drawing::scene::{Area, Position, Scene};
use crate::charts::drawing::style::{PLOT_LEFT, PLOT_RIGHT};
use crate::charts::drawing::theme::Palette;
use crate::charts::frame::{self, TimePanel, box_sign};
use crate::charts::headline;
use crate::charts::moments;
use crate::summary::Summary;
use crate::summary::series::{PathSeries, Series};

/// No bar is narrower, points.
const THINNEST_BAR: f64 = 1.0;
/// Bars at least this wide stand a point apart, points.
const WIDE_BAR: f64 = 6.0;
/// Thickness of the line of arrivals, points.
const ARRIVALS: f64 = 1.2;
/// How many seconds a bar may stand for.
const SECONDS_PER_BAR: [usize; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600];

/// Mean rates over some seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bar {
    start_us: i64,
    end_us: i64,
    succeeded: u64,
    failed: u64,
    arrived: u64,
}

impl Bar {
    fn rate(&self, operations: u64) -> f64 {
        operations as f64 / ((self.end_us - self.start_us) as f64 / 1e6)
    }
}

pub(super) fn draw(scene: &mut Scene<'_>, summary: &Summary, series: &Series) {
    let (theme, words) = (scene.theme(), scene.words());
    let seconds = seconds_per_bar(series);
    let note = match seconds {
        1 => words.bar_of_a_second.to_owned(),
        _ => (words.bar_of_seconds)(&seconds.to_string()),
    };
    let mut top = frame::header(scene, words.throughput, &note, summary);
    if series.paths.is_empty() {
        return frame::nothing(scene, top, words.no_operation);
    }
    let bars: Vec<Vec<Bar>> = series
        .paths
        .iter()
        .map(|path| bars(path, series, seconds))
        .collect();
    // In a closed loop, operations arrive as they end.
    let has_arrivals = matches!(summary.recording.schedule, Schedule::OpenLoop { .. });
    let most = |bar: &Bar| match has_arrivals {
        true => bar.arrived.max(bar.succeeded + bar.failed),
        false => bar.succeeded + bar.failed,
    };
    let rates = bars.iter().flatten().map(|bar| bar.rate(most(bar)));
    let largest = rates.fold(0.0, f64::max);

    let height = if series.paths.len() == 1 {
        380.0
    } else {
        268.0
    };
    for (index, (path, bars)) in series.paths.iter().zip(&bars).enumerate() {
        let from = scene.len();
        let mut panel = TimePanel::new(series, top, height);
        let axis = RateAxis::new(largest, panel.plot.bottom, panel.plot.top);
        let outages = headline::outages(summary, series, path);
        panel.background(scene, (&outages, &series.pauses), &axis.ticks());
        draw_bars(scene, path, bars, &panel.time, &axis);
        if has_arrivals {
            draw_arrivals(scene, bars, &panel.time, &axis);
        }
        panel.foreground(scene, series, path, &outages);

        let mut entries = vec![
            (box_sign(ok_color(theme, path)), words.ok.to_owned()),
            (box_sign(theme.down), words.failed_or_unknown.to_owned()),
        ];
        if has_arrivals {
            entries.push((Box::new(arrivals_sign), words.arrivals.to_owned()));
        }
        if !outages.spans.is_empty() {
            entries.push(frame::outages_entry(words, &outages));
        }
        entries.extend(moments::legend_entry(words, path));
        entries.extend(moments::triggers_entry(words, series));
        entries.extend(frame::pauses_entry(words, series, theme.paused_band));
        panel.heading(scene, (&path.path, words.throughput_axis), entries, from);
        if index + 1 == series.paths.len() {
            panel.below(scene, series);
        }
        top = panel.plot.bottom + 16.0;
    }
}

/// Lighter than a path's dots: bars are large areas.
fn ok_color(theme: &Palette, path: &PathSeries) -> RGBAColor {
    theme.tint(theme.path(&path.path), 0.75)
}

fn draw_bars(
    scene: &mut Scene<'_>,
    path: &PathSeries,
    bars: &[Bar],
    time: &TimeAxis,
    axis: &RateAxis,
) {
    let theme = scene.theme();
    for bar in bars {
        let (left, mut right) = (time.at(bar.start_us), time.at(bar.end_us));
        if right - left >= WIDE_BAR {
            right -= 1.0;
        }
        let ok_top = axis.at(bar.rate(bar.succeeded));
        if bar.succeeded > 0 {
            scene.rectangle(
                Area::new(left, ok_top, right, axis.at(0.0)),
                ok_color(theme, path),
            );
        }
        if bar.failed > 0 {
            // A few failures among thousands must be seen.
            let top = axis
                .at(bar.rate(bar.succeeded + bar.failed))
                .min(ok_top - 1.5);
            scene.rectangle(Area::new(left, top, right, ok_top), theme.down);
        }
    }
}

fn arrivals_sign(scene: &mut Scene<'_>, (x, y): Position) {
    let color = scene.theme().ink;
    scene.path(vec![(x - 7.0, y), (x + 7.0, y)], ARRIVALS, color);
}

/// The rate at which operations arrived: what is above a bar had to wait.
fn draw_arrivals(scene: &mut Scene<'_>, bars: &[Bar], time: &TimeAxis, axis: &RateAxis) {
    let steps = bars.iter().flat_map(|bar| {
        let y = axis.at(bar.rate(bar.arrived));
        [(time.at(bar.start_us), y), (time.at(bar.end_us), y)]
    });
    let color = scene.theme().ink;
    scene.path(steps.collect(), ARRIVALS, color);
}

/// As few as leave each bar wide enough to be seen.
fn seconds_per_bar(series: &Series) -> usize {
    let bars = ((PLOT_RIGHT - PLOT_LEFT) / THINNEST_BAR) as usize;
    let seconds = series
        .paths
        .iter()
        .map(|path| path.seconds.len())
        .max()
        .unwrap_or(0);
    SECONDS_PER_BAR
        .into_iter()
        .find(|per_bar| seconds.div_ceil(*per_bar) <= bars)
        .unwrap_or_else(|| seconds.div_ceil(bars))
}

/// Sums `seconds` into one bar each. A rest of less than half a bar joins the bar before it: its own rate would mean little.
fn bars(path: &PathSeries, series: &Series, seconds: usize) -> Vec<Bar> {
    let full_us = seconds as i64 * 1_000_000;
    let mut bars: Vec<Bar> = Vec::new();
    for (index, chunk) in path.seconds.chunks(seconds).enumerate() {
        let start_us = series.start_us + index as i64 * full_us;
        let end_us = series.end_us.min(start_us + full_us);
        let succeeded = chunk.iter().map(|second| second.succeeded).sum();
        let failed = chunk.iter().map(|second| second.failed).sum();
        let arrived = chunk.iter().map(|second| second.arrived).sum::<u64>();
        match bars.last_mut() {
            Some(last) if end_us - start_us < full_us / 2 => {
                last.end_us = last.end_us.max(end_us);
                last.succeeded += succeeded;
                last.failed += failed;
                last.arrived += arrived;
            }
            _ if end_us > start_us => bars.push(Bar {
                start_us,
                end_us,
                succeeded,
                failed,
                arrived,
            }),
            _ => {}
        }
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::series::{Drawn, SecondCounts};

    fn bars_of(counts: &[u64], length_us: i64, seconds: usize) -> Vec<(i64, i64, u64)> {
        let path = PathSeries {
            path: "direct".to_owned(),
            successes: Drawn::Points(vec![]),
            failures: vec![],
            lost: vec![],
            error_bucket_us: 1_000_000,
            errors_over_time: vec![],
            seconds: counts
                .iter()
                .map(|succeeded| SecondCounts {
                    succeeded: *succeeded,
                    ..SecondCounts::default()
                })
                .collect(),
            percentiles: vec![],
            new_writers_us: vec![],
            endpoints: vec![],
            strips: vec![],
        };
        let series = Series {
            origin_us: 100,
            start_us: 100,
            end_us: 100 + length_us,
            triggers_us: vec![],
            pauses: vec![],
            marks: vec![],
            paths: vec![],
        };
        bars(&path, &series, seconds)
            .into_iter()
            .map(|bar| (bar.start_us - 100, bar.end_us - 100, bar.succeeded))
            .collect()
    }

    #[test]
    fn a_short_rest_joins_the_bar_before_it() {
        assert_eq!(
            bars_of(&[4, 6, 1], 2_100_000, 1),
            [(0, 1_000_000, 4), (1_000_000, 2_100_000, 7)]
        );
        assert_eq!(
            bars_of(&[4, 6, 3], 2_600_000, 1)[2],
            (2_000_000, 2_600_000, 3)
        );
        assert_eq!(
            bars_of(&[4, 6, 1], 2_000_000, 1),
            [(0, 1_000_000, 4), (1_000_000, 2_000_000, 7)]
        );
        assert_eq!(
            bars_of(&[1, 2, 3, 4, 5], 5_000_000, 2).last().unwrap(),
            &(4_000_000, 5_000_000, 5)
        );
    }

    #[test]
    fn a_recording_of_less_than_a_second_has_one_bar_and_one_of_no_length_none() {
        assert_eq!(bars_of(&[4], 200_000, 1), [(0, 200_000, 4)]);
        assert_eq!(bars_of(&[4], 0, 1), []);
    }
}
