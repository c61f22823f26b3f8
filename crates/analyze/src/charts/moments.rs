//! Moments that every chart over time shows: when a failover was triggered, and when a path first saw a new writer.

use plotters::style::RGBAColor;

use crate::charts::axis::TimeAxis;
use crate::charts::drawing::labels::{Label, Row};
use crate::charts::drawing::scene::{Align, Scene, Sign};
use crate::charts::drawing::style::SMALL;
use crate::charts::words::ChartWords;
use crate::summary::series::{PathSeries, Series};

/// Half the width of the sign of a new writer, points.
const SIGN: f64 = 4.5;

/// True where a chart needs room for the labels of moments.
pub(super) fn any(series: &Series) -> bool {
    let of_path = |path: &PathSeries| !path.new_writers_us.is_empty();
    !series.triggers_us.is_empty() || series.paths.iter().any(of_path)
}

/// Where their lines are, for labels to keep clear of: those of the triggers, and of one path's new writers.
pub(super) fn lines(
    series: &Series,
    path: Option<&PathSeries>,
    time: &TimeAxis,
) -> Vec<(f64, f64)> {
    let new_writers = path.iter().flat_map(|path| &path.new_writers_us);
    let at = |time_us: &i64| (time.at(*time_us), time.at(*time_us));
    series
        .triggers_us
        .iter()
        .chain(new_writers)
        .map(at)
        .collect()
}

/// The entry of a legend; `None` where the path saw no new writer.
pub(super) fn legend_entry(words: &ChartWords, path: &PathSeries) -> Option<(Sign, String)> {
    let name = path.path.clone();
    let sign: Sign = Box::new(move |scene, (x, y)| {
        let color = scene.theme().path_text(&name);
        new_writer(scene, x, (y - 7.0, y + 7.0), color);
    });
    let text = (words.new_writer_first_seen)(&(words.path_name)(&path.path));
    (!path.new_writers_us.is_empty()).then_some((sign, text))
}

/// The entry of a legend for triggers; `None` where there is one at most, whose label has room for what it is.
pub(super) fn triggers_entry(words: &ChartWords, series: &Series) -> Option<(Sign, String)> {
    let sign: Sign = Box::new(|scene, (x, y)| {
        let ink = scene.theme().ink;
        scene.dashed_vertical(x, (y - 7.0, y + 7.0), 1.5, ink);
    });
    let text = words.failover_triggered.to_owned();
    (series.triggers_us.len() > 1).then_some((sign, text))
}

/// The line of a new writer, with its sign at the top.
pub(super) fn new_writer(
    scene: &mut Scene<'_>,
    x: f64,
    (top, bottom): (f64, f64),
    color: RGBAColor,
) {
    scene.vertical(x, (top, bottom), 1.5, color);
    let sign = vec![(x - SIGN, top), (x + SIGN, top), (x, top + 1.6 * SIGN)];
    scene.polygon(sign, color);
}

/// Where moments are drawn.
pub(super) struct Over<'a> {
    /// Time from left to right.
    pub(super) time: &'a TimeAxis,
    /// Left and right end of their labels.
    pub(super) ends: (f64, f64),
    /// Top of the line of labels, and bottom of the lines.
    pub(super) rows: (f64, f64),
}

/// A moment, as it is drawn.
struct Moment {
    time_us: i64,
    is_new_writer: bool,
    color: RGBAColor,
}

impl Moment {
    const fn what(&self, words: &ChartWords) -> &'static str {
        match self.is_new_writer {
            true => words.new_writer,
            false => words.failover_triggered,
        }
    }
}

impl Over<'_> {
    /// Draws a broken line at each trigger and a whole one where the path first saw a new writer, their labels at the top.
    pub(super) fn draw(&self, scene: &mut Scene<'_>, series: &Series, path: Option<&PathSeries>) {
        let (theme, (top, bottom)) = (scene.theme(), self.rows);
        let mut moments = Vec::new();
        for time_us in &series.triggers_us {
            scene.dashed_vertical(self.time.at(*time_us), (top + 2.0, bottom), 1.5, theme.ink);
            moments.push(Moment {
                time_us: *time_us,
                is_new_writer: false,
                color: theme.ink,
            });
        }
        if let Some(path) = path {
            let color = theme.path_text(&path.path);
            for time_us in &path.new_writers_us {
                new_writer(scene, self.time.at(*time_us), (top + 4.0, bottom), color);
                moments.push(Moment {
                    time_us: *time_us,
                    is_new_writer: true,
                    color,
                });
            }
        }
        let obstacles = lines(series, path, self.time);
        self.labels(scene, &moments, obstacles);
    }

    /// Writes what each moment is and when, where there is room; the first ones first.
    pub(super) fn new_writer_labels(
        &self,
        scene: &mut Scene<'_>,
        series: &Series,
        path: &PathSeries,
    ) {
        let color = scene.theme().path_text(&path.path);
        let moments: Vec<Moment> = path
            .new_writers_us
            .iter()
            .map(|time_us| Moment {
                time_us: *time_us,
                is_new_writer: true,
                color,
            })
            .collect();
        self.labels(scene, &moments, lines(series, Some(path), self.time));
    }

    fn labels(&self, scene: &mut Scene<'_>, moments: &[Moment], obstacles: Vec<(f64, f64)>) {
        let (theme, words) = (scene.theme(), scene.words());
        let label = |(order, moment): (usize, &Moment)| {
            let x = self.time.at(moment.time_us);
            // The sign of a new writer is wider than its line.
            let around = if moment.is_new_writer { SIGN } else { 0.0 };
            let short = self.time.label(moment.time_us);
            Label {
                edges: (x - around, x + around),
                long: format!("{} {short}", moment.what(words)),
                short,
                weight: -(order as i64),
            }
        };
        let labels: Vec<Label> = moments.iter().enumerate().map(label).collect();
        let row = Row {
            face: scene.face(),
            em: SMALL,
            ends: self.ends,
            obstacles,
        };
        for placed in row.place(&labels) {
            let color = moments
                .get(placed.index)
                .map_or(theme.ink, |moment| moment.color);
            let at = (placed.left, self.rows.0 + 13.0);
            scene.text(at, placed.text, SMALL, Align::Left, color);
        }
    }
}
