//! Response time of every operation over time.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use command_line::text::thousands;
use plotters::style::RGBAColor;
use recording::vocabulary::Outcome;

use crate::charts::axis::{LogAxis, TimeAxis};
use crate::charts::drawing::density::{self, Density};
use crate::charts::drawing::scene::{Area, Position, Scene, Sign};
use crate::charts::drawing::theme::translucent;
use crate::charts::frame::{self, TimePanel};
use crate::charts::headline::{self, HeadlineOutages};
use crate::charts::moments;
use crate::charts::words::ChartWords;
use crate::summary::Summary;
use crate::summary::series::{Drawn, FailurePoint, MOST_POINTS, PathSeries, Series};

/// Half the size of the mark of a failure, points.
const MARK: f64 = 3.6;
/// No two marks of a served client are nearer, points.
const SERVED_APART: f64 = 2.0 * MARK + 4.0;
/// Among very many failures, those of an outcome that has no more keep their marks: a cell of a density is small.
const FEW_FAILURES: usize = 100;
/// Width of the scale of colours in the legend, points: of the successes, which come first, and of failures.
const SUCCESS_SCALE: f64 = 36.0;
const FAILURE_SCALE: f64 = 24.0;

pub(super) fn draw(scene: &mut Scene<'_>, summary: &Summary, series: &Series) {
    let is_dense =
        |path: &PathSeries| matches!(path.successes, Drawn::Heat(_)) || has_many_failures(path);
    let (theme, words) = (scene.theme(), scene.words());
    let note = match (series.paths.iter().any(is_dense), theme.is_dark) {
        (true, false) => words.darker_the_more,
        (true, true) => words.brighter_the_more,
        (false, _) => words.each_is_one,
    };
    let mut top = frame::header(scene, words.response_time, note, summary);
    if series.paths.is_empty() {
        return frame::nothing(scene, top, words.no_operation);
    }
    let height = if series.paths.len() == 1 {
        380.0
    } else {
        278.0
    };
    for (index, path) in series.paths.iter().enumerate() {
        let from = scene.len();
        let mut panel = TimePanel::new(series, top, height);
        let axis = response_axis(series, &panel.plot);
        let outages = headline::outages(summary, series, path);
        panel.background(scene, (&outages, &series.pauses), &axis.ticks(words));
        let at = |end_us: i64, response_us: i64| (panel.time.at(end_us), axis.at(response_us));
        let mut entries = vec![successes(scene, path, &panel.plot, at)];
        // Over the successes: a few failures among millions must be seen.
        entries.extend(failures(scene, path, &panel.plot, at));
        lost_writes(scene, path, at);
        panel.foreground(scene, series, path, &outages);
        let rows = (panel.plot.top, panel.plot.bottom);
        for x in served_at(&panel.time, &outages.served_us) {
            served(scene, x, rows);
        }
        entries.extend(legend(words, path, &outages));
        entries.extend(moments::triggers_entry(words, series));
        entries.extend(frame::pauses_entry(words, series, theme.paused_band));
        panel.heading(scene, (&path.path, words.response_axis), entries, from);
        if index + 1 == series.paths.len() {
            panel.below(scene, series);
        }
        top = panel.plot.bottom + 16.0;
    }
}

/// One axis for all paths: they are there to be compared.
fn response_axis(series: &Series, plot: &Area) -> LogAxis {
    let values = series.paths.iter().flat_map(|path| {
        let successes = path.successes.range_us().map(|range| [range.0, range.1]);
        let failures = path.failures.iter().map(|point| point.response_us);
        successes.into_iter().flatten().chain(failures)
    });
    LogAxis::new(values, plot.bottom, plot.top)
}

/// Draws the successes of a path and returns the sign and the text of their legend.
fn successes(
    scene: &mut Scene<'_>,
    path: &PathSeries,
    plot: &Area,
    at: impl Fn(i64, i64) -> Position,
) -> (Sign, String) {
    let (color, words) = (scene.theme().path(&path.path), scene.words());
    let text = format!("{} {}", thousands(path.successes.len()), words.ok);
    let map = match &path.successes {
        Drawn::Heat(map) => map,
        Drawn::Points(points) => {
            let (radius, alpha) = dot(points.len());
            for point in points {
                let at = at(point.end_us, point.response_us);
                scene.dot(at, radius, translucent(color, alpha));
            }
            return (
                Box::new(move |scene, at| scene.dot(at, radius.max(3.0), color)),
                text,
            );
        }
    };
    let mut density = Density::new(*plot);
    for (end_us, response_us, count) in map.cells() {
        density.add(at(end_us, response_us), count);
    }
    density.draw(scene, color);
    (
        density_sign(color, SUCCESS_SCALE),
        format!("{text}: {}", in_one_place(words, &density)),
    )
}

/// A scale of colours, this wide, points.
fn density_sign(color: RGBAColor, width: f64) -> Sign {
    Box::new(move |scene, (x, y)| {
        let area = Area::new(x + 7.0 - width, y - 5.0, x + 7.0, y + 5.0);
        density::scale(scene, area, color);
    })
}

/// What the ends of a density's scale stand for.
fn in_one_place(words: &ChartWords, density: &Density) -> String {
    (words.in_one_place)(&match density.most() {
        ..=1 => "1".to_owned(),
        most => (words.from_to)("1", &thousands(most)),
    })
}

/// Radius, points, and opacity of a dot among `points`: few must be seen, many must not hide each other.
fn dot(points: usize) -> (f64, f64) {
    match points {
        ..=100 => (4.0, 0.9),
        101..=3_000 => (2.5, 0.6),
        _ => (1.5, 0.5),
    }
}

/// More than can be told apart as marks.
fn has_many_failures(path: &PathSeries) -> bool {
    path.failures.len() > MOST_POINTS
}

/// Draws what did not succeed and returns the signs and the texts of its legend.
fn failures(
    scene: &mut Scene<'_>,
    path: &PathSeries,
    plot: &Area,
    at: impl Fn(i64, i64) -> Position,
) -> Vec<(Sign, String)> {
    let (theme, words) = (scene.theme(), scene.words());
    let (mut entries, mut densities, mut marked) = (Vec::new(), Vec::new(), Vec::new());
    for outcome in [Outcome::Failed, Outcome::Unknown, Outcome::Unfinished] {
        let failures = path.failures.iter();
        let failures: Vec<_> = failures.filter(|found| found.outcome == outcome).collect();
        let text = format!(
            "{} {}",
            thousands(failures.len() as u64),
            (words.outcome)(outcome)
        );
        match failures.len() {
            0 => {}
            number if has_many_failures(path) && number > FEW_FAILURES => {
                let mut density = Density::new(*plot);
                for failure in failures {
                    density.add(at(failure.end_us, failure.response_us), 1);
                }
                let color = theme.outcome(outcome);
                let text = format!("{text}: {}", in_one_place(words, &density));
                entries.push((density_sign(color, FAILURE_SCALE), text));
                densities.push((number, color, density));
            }
            _ => {
                let sign: Sign = Box::new(move |scene, at| mark(scene, at, outcome));
                entries.push((sign, text));
                marked.extend(failures);
            }
        }
    }
    // The rarest lies over the others.
    densities.sort_by_key(|(number, ..)| Reverse(*number));
    for (_, color, density) in densities {
        density.draw(scene, color);
    }
    marks(scene, &marked, at);
    entries
}

/// Draws a mark for each failure; those that would lie on top of each other once.
fn marks(scene: &mut Scene<'_>, failures: &[&FailurePoint], at: impl Fn(i64, i64) -> Position) {
    let mut drawn = BTreeSet::new();
    for failure in failures {
        let (x, y) = at(failure.end_us, failure.response_us);
        if drawn.insert((failure.outcome, x.round() as i32, y.round() as i32)) {
            mark(scene, (x, y), failure.outcome);
        }
    }
}

/// Draws the writes that were acknowledged and lost, over their dots; marks that would lie on top of each other once.
fn lost_writes(scene: &mut Scene<'_>, path: &PathSeries, at: impl Fn(i64, i64) -> Position) {
    let mut drawn = BTreeSet::new();
    for lost in &path.lost {
        let (x, y) = at(lost.end_us, lost.response_us);
        if drawn.insert((x.round() as i32, y.round() as i32)) {
            lost_mark(scene, (x, y));
        }
    }
}

/// A triangle that points down.
fn lost_mark(scene: &mut Scene<'_>, (x, y): Position) {
    let triangle = vec![(x - MARK, y - MARK), (x + MARK, y - MARK), (x, y + MARK)];
    scene.polygon(triangle, scene.theme().lost);
}

/// The mark of a failure. Shapes differ as well as colours: x failed, + unknown, a diamond unfinished.
fn mark(scene: &mut Scene<'_>, (x, y): Position, outcome: Outcome) {
    let theme = scene.theme();
    let color = theme.outcome(outcome);
    let size = MARK;
    match outcome {
        Outcome::Unknown => {
            scene.horizontal((x - size - 1.0, x + size + 1.0), y, 2.0, color);
            scene.vertical(x, (y - size - 1.0, y + size + 1.0), 2.0, color);
        }
        Outcome::Unfinished => {
            let diamond =
                |size: f64| vec![(x, y - size), (x + size, y), (x, y + size), (x - size, y)];
            scene.polygon(diamond(size + 1.5), color);
            scene.polygon(diamond(size - 1.0), theme.background);
        }
        Outcome::Failed | Outcome::Ok | Outcome::Rejected => {
            scene.path(vec![(x - size, y - size), (x + size, y + size)], 1.5, color);
            scene.path(vec![(x - size, y + size), (x + size, y - size)], 1.5, color);
        }
    }
}

/// From here on a client that connects anew was served: a line with a triangle that points up at its foot.
fn served(scene: &mut Scene<'_>, x: f64, (top, bottom): (f64, f64)) {
    let color = scene.theme().served;
    scene.dashed_vertical(x, (top, bottom), 1.5, color);
    let foot = vec![
        (x - MARK - 1.0, bottom),
        (x + MARK + 1.0, bottom),
        (x, bottom - 2.0 * MARK),
    ];
    scene.polygon(foot, color);
}

/// Where fresh clients were served again; of moments that would lie on top of each other, the last.
fn served_at(time: &TimeAxis, served_us: &[i64]) -> Vec<f64> {
    let mut at: Vec<f64> = Vec::new();
    for served_us in served_us {
        let x = time.at(*served_us);
        at.pop_if(|before| x - *before < SERVED_APART);
        at.push(x);
    }
    at
}

/// What the legend explains besides operations.
fn legend(
    words: &'static ChartWords,
    path: &PathSeries,
    outages: &HeadlineOutages<'_>,
) -> Vec<(Sign, String)> {
    let mut entries: Vec<(Sign, String)> = Vec::new();
    if !path.lost.is_empty() {
        let text = (words.ok_then_lost)(&thousands(path.lost.len() as u64));
        entries.push((Box::new(lost_mark), text));
    }
    if !outages.spans.is_empty() {
        entries.push(frame::outages_entry(words, outages));
    }
    if !outages.served_us.is_empty() {
        let sign: Sign = Box::new(|scene, (x, y)| served(scene, x, (y - 7.0, y + 7.0)));
        entries.push((sign, words.fresh_client_served.to_owned()));
    }
    entries.extend(moments::legend_entry(words, path));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::drawing::style::{PLOT_LEFT, PLOT_RIGHT};
    use crate::summary::heat::HeatMap;
    use crate::summary::series::HEAT_COLUMNS;

    /// Else some columns of the picture had more columns of the map than others: stripes.
    #[test]
    fn every_column_of_the_picture_is_one_of_the_map() {
        let plot = Area::new(PLOT_LEFT, 0.0, PLOT_RIGHT, 2.0);
        let start_us = 1_795_380_180_000_000;
        for length_us in [0, 20_000, 1_000_000, 60_000_001, 30 * 86_400_000_000_i64] {
            let series = Series {
                origin_us: start_us,
                start_us,
                end_us: start_us + length_us,
                triggers_us: vec![],
                pauses: vec![],
                marks: vec![],
                paths: vec![],
            };
            let time = TimeAxis::new(&series, PLOT_LEFT, PLOT_RIGHT);
            let mut map = HeatMap::new(series.start_us, series.end_us, HEAT_COLUMNS);
            let axis_us = length_us.max(1_000_000) as f64;
            for column in 0..HEAT_COLUMNS {
                let share = (column as f64 + 0.5) / HEAT_COLUMNS as f64;
                map.add(start_us + (share * axis_us) as i64, 5);
            }
            let mut density = Density::new(plot);
            for (end_us, _, count) in map.cells() {
                density.add((time.at(end_us), 1.0), count);
            }
            let counts = (density.most(), density.total());
            assert_eq!(counts, (1, HEAT_COLUMNS as u64), "{length_us}");
        }
    }
}
