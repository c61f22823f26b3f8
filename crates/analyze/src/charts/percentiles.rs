//! Response time at every percentile, both paths in one plot.

use command_line::text::thousands;
use plotters::style::RGBAColor;

use crate::charts::axis::{LogAxis, Tick};
use crate::charts::drawing::scene::{Align, Area, Position, Scene};
use crate::charts::drawing::style::{LARGE, PLOT_LEFT, PLOT_RIGHT, SMALL};
use crate::charts::drawing::theme::is_proxy;
use crate::charts::frame;
use crate::charts::headline;
use crate::summary::series::{PathSeries, Series};
use crate::summary::{PathSummary, ResponseTimes, Summary};

/// The labelled percentiles: their distance from the right end in nines, `-log10(1 - q)`.
const LABELLED: [(f64, &str); 9] = [
    (0.5, "50 %"),
    (0.75, "75 %"),
    (0.9, "90 %"),
    (0.95, "95 %"),
    (0.99, "99 %"),
    (0.999, "99.9 %"),
    (0.9999, "99.99 %"),
    (0.99999, "99.999 %"),
    (0.999999, "99.9999 %"),
];
/// Curves of up to so many points show each of them.
const MOST_MARKS: usize = 60;

pub(super) fn draw(scene: &mut Scene<'_>, summary: &Summary, series: &Series) {
    let (theme, words) = (scene.theme(), scene.words());
    let mut top = frame::header(scene, words.percentiles, words.percentiles_note, summary) + 8.0;
    let curves: Vec<(&PathSeries, Vec<(f64, i64)>)> = series
        .paths
        .iter()
        .map(|path| (path, curve(path)))
        .filter(|(_, curve)| !curve.is_empty())
        .collect();
    for path in &series.paths {
        let times =
            headline::figures(summary, path).map(|figures: &PathSummary| &figures.overall.response);
        key(scene, top + 14.0, path, times);
        top += 23.0;
    }
    if curves.is_empty() {
        return frame::nothing(scene, top, words.no_success);
    }

    let plot = Area::new(PLOT_LEFT, top + 12.0, PLOT_RIGHT, top + 532.0);
    let values = curves
        .iter()
        .flat_map(|(_, curve)| curve.iter().map(|(_, us)| *us));
    let axis = LogAxis::new(values, plot.bottom, plot.top);
    let most_nines = curves
        .iter()
        .filter_map(|(_, curve)| curve.last())
        .map(|(nines, _)| *nines)
        .fold(1.0, f64::max);
    let at = |nines: f64| plot.left + nines / (most_nines * 1.02) * plot.width();

    for tick in ticks(most_nines, at) {
        scene.vertical(tick.at, (plot.top, plot.bottom), 0.5, theme.grid);
        scene.vertical(tick.at, (plot.bottom, plot.bottom + 5.0), 1.0, theme.frame);
        if let Some(label) = tick.label {
            scene.text(
                (tick.at, plot.bottom + 19.0),
                label,
                SMALL,
                Align::Centre,
                theme.ink,
            );
        }
    }
    frame::value_axis(scene, &plot, &axis.ticks(words));
    frame::frame(scene, &plot);
    scene.text(
        (PLOT_LEFT, plot.bottom + 38.0),
        words.percentiles_axis,
        SMALL,
        Align::Left,
        theme.grey,
    );
    for (path, curve) in &curves {
        let points: Vec<Position> = curve
            .iter()
            .map(|(nines, us)| (at(*nines), axis.at(*us)))
            .collect();
        draw_curve(scene, points, path);
    }
    scene.set_height(plot.bottom + 52.0);
}

/// The percentiles of a path as (nines, microseconds). A percentile q takes 1 / (1 - q) samples, so the curve ends at
/// 1 - 1 / n, with the nearest-rank value there.
fn curve(path: &PathSeries) -> Vec<(f64, i64)> {
    let samples = path.successes.len();
    let Some((_, first_us)) = path.percentiles.first().filter(|_| samples > 0) else {
        return Vec::new();
    };
    let last = 1.0 - 1.0 / samples as f64;
    let nines = |fraction: f64| -(1.0 - fraction).log10();
    let mut curve = vec![(0.0, *first_us)];
    for (fraction, us) in &path.percentiles {
        if *fraction >= last - 1e-12 {
            curve.push((nines(last), *us));
            break;
        }
        curve.push((nines(*fraction), *us));
    }
    curve
}

fn ticks(most_nines: f64, at: impl Fn(f64) -> f64) -> Vec<Tick> {
    let minimum = std::iter::once(Tick {
        at: at(0.0),
        label: Some("0 %".to_owned()),
    });
    let labelled = LABELLED
        .into_iter()
        .map(|(fraction, label)| (-(1.0_f64 - fraction).log10(), label))
        .filter(|(nines, _)| *nines <= most_nines + 1e-9)
        .map(|(nines, label)| Tick {
            at: at(nines),
            label: Some(label.to_owned()),
        });
    minimum.chain(labelled).collect()
}

/// A dashed line and squares for the proxy, a whole line and dots for direct: so that colour is not the only difference.
fn draw_curve(scene: &mut Scene<'_>, points: Vec<Position>, path: &PathSeries) {
    let color = scene.theme().path(&path.path);
    let marks = if points.len() <= MOST_MARKS {
        points.clone()
    } else {
        Vec::new()
    };
    for stroke in strokes(&thinned(points), is_dashed(path)) {
        scene.path(stroke, thickness(path), color);
    }
    for at in marks {
        mark(scene, at, is_dashed(path), color);
    }
}

fn is_dashed(path: &PathSeries) -> bool {
    is_proxy(&path.path)
}

/// The whole line is the thicker one: where curves meet, it shows on both sides of the dashes.
fn thickness(path: &PathSeries) -> f64 {
    if is_dashed(path) { 2.0 } else { 3.5 }
}

fn mark(scene: &mut Scene<'_>, (x, y): Position, square: bool, color: RGBAColor) {
    if square {
        scene.rectangle(Area::new(x - 3.5, y - 3.5, x + 3.5, y + 3.5), color);
    } else {
        scene.dot((x, y), 4.0, color);
    }
}

/// Without the points that lie within a pixel of the one before; the last stays.
fn thinned(points: Vec<Position>) -> Vec<Position> {
    let mut kept: Vec<Position> = Vec::new();
    let last = points.last().copied();
    for point in points {
        let apart = kept
            .last()
            .is_none_or(|kept| (kept.0 - point.0).hypot(kept.1 - point.1) >= 1.0);
        if apart || Some(point) == last {
            kept.push(point);
        }
    }
    kept
}

/// The strokes of a line: all of it, or dashes of 10 points with gaps of 8.
fn strokes(points: &[Position], dashed: bool) -> Vec<Vec<Position>> {
    let (dash, gap) = (10.0, 8.0);
    if !dashed {
        return vec![points.to_vec()];
    }
    let mut strokes = vec![points.iter().take(1).copied().collect::<Vec<_>>()];
    let (mut drawing, mut rest) = (true, dash);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length < rest {
                rest -= length;
                if drawing && let Some(stroke) = strokes.last_mut() {
                    stroke.push(to);
                }
                break;
            }
            from = (
                from.0 + (to.0 - from.0) * rest / length,
                from.1 + (to.1 - from.1) * rest / length,
            );
            if drawing && let Some(stroke) = strokes.last_mut() {
                stroke.push(from);
            } else {
                strokes.push(vec![from]);
            }
            drawing = !drawing;
            rest = if drawing { dash } else { gap };
        }
    }
    strokes
}

/// Draws a path's line of the legend: its curve's sign and its figures.
fn key(scene: &mut Scene<'_>, baseline: f64, path: &PathSeries, times: Option<&ResponseTimes>) {
    let dashed = is_dashed(path);
    let (theme, words) = (scene.theme(), scene.words());
    let color = theme.path(&path.path);
    let y = baseline - 5.0;
    for stroke in strokes(&[(PLOT_LEFT, y), (PLOT_LEFT + 46.0, y)], dashed) {
        scene.path(stroke, thickness(path), color);
    }
    mark(scene, (PLOT_LEFT + 23.0, y), dashed, color);
    scene.text(
        (PLOT_LEFT + 56.0, baseline),
        (words.path_name)(&path.path),
        LARGE,
        Align::Left,
        theme.path_text(&path.path),
    );
    let figure =
        |us: Option<i64>| us.map_or_else(|| "-".to_owned(), |us| words.response_time_of(us));
    let mut figures = vec![(words.successes, thousands(path.successes.len()))];
    if let Some(times) = times {
        figures.extend([
            ("p50", figure(times.p50_us)),
            ("p90", figure(times.p90_us)),
            ("p99", figure(times.p99_us)),
            ("p99.9", figure(times.p99_9_us)),
            (words.max, figure(times.max_us)),
        ]);
    }
    let mut x = PLOT_LEFT + 134.0;
    for (name, figure) in figures {
        let width = scene.text((x, baseline), name, SMALL, Align::Left, theme.grey);
        scene.text(
            (x + width + 7.0, baseline),
            figure,
            SMALL,
            Align::Left,
            theme.ink,
        );
        x += 162.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::series::{Drawn, Point};

    fn path(times: &[i64]) -> PathSeries {
        let count = times.len() as f64;
        let point = |us: &i64| Point {
            end_us: 0,
            response_us: *us,
        };
        PathSeries {
            path: "direct".to_owned(),
            successes: Drawn::new(times.iter().map(point), (0, 0)),
            failures: vec![],
            lost: vec![],
            error_bucket_us: 1_000_000,
            errors_over_time: vec![],
            seconds: vec![],
            new_writers_us: vec![],
            endpoints: vec![],
            percentiles: times
                .iter()
                .enumerate()
                .map(|(index, us)| ((index + 1) as f64 / count, *us))
                .collect(),
            strips: vec![],
        }
    }

    #[test]
    fn a_curve_ends_where_samples_end() {
        let times: Vec<i64> = (1..=100).collect();
        let curve = curve(&path(&times));
        let (nines, us) = *curve.last().unwrap();
        assert!(
            (nines - 2.0).abs() < 1e-9 && us == 99,
            "p99 of 100 samples is the 99th: {nines} {us}"
        );
    }

    #[test]
    fn one_sample_is_one_place_and_none_is_no_curve() {
        assert!(curve(&path(&[5])).iter().all(|point| *point == (0.0, 5)));
        assert!(curve(&path(&[])).is_empty());
    }

    #[test]
    fn dashes_cover_the_same_part_of_a_line_however_it_is_cut() {
        let points: Vec<Position> = (0..=180).map(|x| (f64::from(x), 0.0)).collect();
        let length = |strokes: Vec<Vec<Position>>| -> f64 {
            strokes
                .iter()
                .filter(|stroke| stroke.len() > 1)
                .map(|stroke| stroke[stroke.len() - 1].0 - stroke[0].0)
                .sum()
        };
        assert!((length(strokes(&points, true)) - 100.0).abs() < 1.0);
        assert!((length(strokes(&[points[0], points[180]], true)) - 100.0).abs() < 1.0);
        assert!((length(strokes(&points, false)) - 180.0).abs() < 1e-9);
    }
}
