//! Response time of every operation over time.

use std::collections::BTreeSet;

use command_line::text::thousands;
use recording::vocabulary::Outcome;

use crate::charts::axis::LogAxis;
use crate::charts::drawing::density::{self, Density};
use crate::charts::drawing::scene::{Area, Position, Scene, Sign};
use crate::charts::drawing::style::{
    DOWN_BAND, LOST, PAUSED_BAND, SERVED, WHITE, outcome_color, path_color, translucent,
};
use crate::charts::frame::{self, TimePanel, box_sign};
use crate::charts::headline::{self, HeadlineOutages};
use crate::charts::moments;
use crate::summary::Summary;
use crate::summary::series::{PathSeries, Series};

/// Up to so many successes are drawn as a dot each; more, as a density.
const MOST_DOTS: usize = 20_000;
/// Half the size of the mark of a failure, points.
const MARK: f64 = 3.6;

pub(super) fn draw(scene: &mut Scene<'_>, summary: &Summary, series: &Series) {
    let note = if series
        .paths
        .iter()
        .any(|path| path.successes.len() > MOST_DOTS)
    {
        "operations at the moment they ended, the darker the more"
    } else {
        "each dot or sign is one operation, at the moment it ended"
    };
    let mut top = frame::header(scene, "Response time", note, summary);
    if series.paths.is_empty() {
        return frame::nothing(scene, top, "no operation was recorded");
    }
    let height = if series.paths.len() == 1 {
        380.0
    } else {
        278.0
    };
    for (index, path) in series.paths.iter().enumerate() {
        let panel = TimePanel::new(series, top, height);
        let axis = response_axis(series, &panel.plot);
        let outages = headline::outages(summary, series, path);
        panel.background(
            scene,
            (&path.path, "response time, logarithmic"),
            (&outages, &series.pauses),
            &axis.ticks(),
        );
        let at = |end_us: i64, response_us: i64| (panel.time.at(end_us), axis.at(response_us));
        let success_sign = successes(scene, path, &panel.plot, at);
        failures(scene, path, at);
        lost_writes(scene, path, at);
        panel.foreground(scene, series, path, &outages);
        for served_us in &outages.served_us {
            let rows = (panel.plot.top, panel.plot.bottom);
            served(scene, panel.time.at(*served_us), rows);
        }
        let mut entries = legend(path, &outages, success_sign);
        entries.extend(frame::pauses_entry(series, PAUSED_BAND));
        frame::legend(scene, top + 18.0, entries);
        if index + 1 == series.paths.len() {
            panel.below(scene, series);
        }
        top = panel.plot.bottom + 16.0;
    }
}

/// One axis for all paths: they are there to be compared.
fn response_axis(series: &Series, plot: &Area) -> LogAxis {
    let values = series.paths.iter().flat_map(|path| {
        let successes = path.successes.iter().map(|point| point.response_us);
        successes.chain(path.failures.iter().map(|point| point.response_us))
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
    let color = path_color(&path.path);
    let text = format!("{} ok", thousands(path.successes.len() as u64));
    let positions = path
        .successes
        .iter()
        .map(|point| at(point.end_us, point.response_us));
    if path.successes.len() <= MOST_DOTS {
        let (radius, alpha) = dot(path.successes.len());
        for position in positions {
            scene.dot(position, radius, translucent(color, alpha));
        }
        return (
            Box::new(move |scene, at| scene.dot(at, radius.max(3.0), color)),
            text,
        );
    }
    let mut density = Density::new(*plot);
    for (x, y) in positions {
        density.add(x, y);
    }
    density.draw(scene, color);
    let sign: Sign = Box::new(move |scene, (x, y)| {
        density::scale(scene, Area::new(x - 29.0, y - 5.0, x + 7.0, y + 5.0), color);
    });
    (
        sign,
        format!(
            "{text}, 1 to {} in one place",
            thousands(u64::from(density.most()))
        ),
    )
}

/// Radius, points, and opacity of a dot among `points`: few must be seen, many must not hide each other.
fn dot(points: usize) -> (f64, f64) {
    match points {
        ..=100 => (4.0, 0.9),
        101..=3_000 => (2.5, 0.6),
        _ => (1.5, 0.5),
    }
}

/// Draws what did not succeed; marks that would lie on top of each other once.
fn failures(scene: &mut Scene<'_>, path: &PathSeries, at: impl Fn(i64, i64) -> Position) {
    let mut drawn = BTreeSet::new();
    for failure in &path.failures {
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
    scene.polygon(triangle, LOST);
}

/// The mark of a failure. Shapes differ as well as colours: x failed, + unknown, a diamond unfinished.
fn mark(scene: &mut Scene<'_>, (x, y): Position, outcome: Outcome) {
    let color = outcome_color(outcome);
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
            scene.polygon(diamond(size - 1.0), WHITE);
        }
        Outcome::Failed | Outcome::Ok | Outcome::Rejected => {
            scene.path(vec![(x - size, y - size), (x + size, y + size)], 1.5, color);
            scene.path(vec![(x - size, y + size), (x + size, y - size)], 1.5, color);
        }
    }
}

/// From here on a client that connects anew was served: a line with a triangle that points up at its foot.
fn served(scene: &mut Scene<'_>, x: f64, (top, bottom): (f64, f64)) {
    scene.dashed_vertical(x, (top, bottom), 1.5, SERVED);
    let foot = vec![
        (x - MARK - 1.0, bottom),
        (x + MARK + 1.0, bottom),
        (x, bottom - 2.0 * MARK),
    ];
    scene.polygon(foot, SERVED);
}

fn legend(
    path: &PathSeries,
    outages: &HeadlineOutages<'_>,
    success_sign: (Sign, String),
) -> Vec<(Sign, String)> {
    let mut entries = vec![success_sign];
    for outcome in [Outcome::Failed, Outcome::Unknown, Outcome::Unfinished] {
        let number = path
            .failures
            .iter()
            .filter(|failure| failure.outcome == outcome)
            .count();
        if number > 0 {
            let sign: Sign = Box::new(move |scene, at| mark(scene, at, outcome));
            entries.push((sign, format!("{} {outcome}", thousands(number as u64))));
        }
    }
    if !path.lost.is_empty() {
        let text = format!(
            "{} ok, then lost or torn",
            thousands(path.lost.len() as u64)
        );
        entries.push((Box::new(lost_mark), text));
    }
    if !outages.spans.is_empty() {
        entries.push((box_sign(DOWN_BAND), format!("{} down", outages.subject)));
    }
    if !outages.served_us.is_empty() {
        let sign: Sign = Box::new(|scene, (x, y)| served(scene, x, (y - 7.0, y + 7.0)));
        entries.push((sign, "fresh client served".to_owned()));
    }
    entries.extend(moments::legend_entry(path));
    entries
}
