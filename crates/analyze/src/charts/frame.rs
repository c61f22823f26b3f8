//! What surrounds data: the title, the legend, and panels over time with their axes, outages, moments and marks.

use chrono::{DateTime, Utc};
use plotters::style::RGBAColor;
use recording::Timestamp;

use crate::charts::axis::{Tick, TimeAxis};
use crate::charts::drawing::fonts::{NEEDS_FONT, Typeface};
use crate::charts::drawing::labels::{Label, Row};
use crate::charts::drawing::scene::{Align, Area, Scene, Sign};
use crate::charts::drawing::style::{
    DOWN, DOWN_BAND, DOWN_EDGE, FAINT_GRID, FRAME, GREY, GRID, INK, LARGE, MARGIN, PAUSED_BAND,
    PLOT_LEFT, PLOT_RIGHT, SMALL, TITLE, WIDTH, path_color, seconds,
};
use crate::charts::headline::{self, HeadlineOutages};
use crate::charts::{marks, moments};
use crate::summary::series::{PathSeries, Series};
use crate::summary::{Span, Summary};

/// Height of a line of labels above a plot.
const LANE: f64 = 20.0;
/// Height of the line with a panel's name and legend.
const HEADING: f64 = 27.0;

/// Draws what stands above every chart and returns where it ends: what is shown, of which run, each path's headline, and
/// how it was recorded, with a `note` on how to read the chart.
pub(super) fn header(scene: &mut Scene<'_>, title: &str, note: &str, summary: &Summary) -> f64 {
    let room = WIDTH - 2.0 * MARGIN;
    let title_width = scene.text((MARGIN, 40.0), title, TITLE, Align::Left, INK);
    let run_id = scene
        .face()
        .fit(&summary.recording.run_id, LARGE, room - title_width - 16.0);
    scene.text(
        (MARGIN + title_width + 16.0, 40.0),
        run_id,
        LARGE,
        Align::Left,
        GREY,
    );

    let (mut x, mut y) = (MARGIN, 66.0);
    for path in &summary.paths {
        let text = scene.face().fit(&headline::text(path), LARGE, room);
        if x > MARGIN && x + scene.face().width(&text, LARGE) > WIDTH - MARGIN {
            (x, y) = (MARGIN, y + 21.0);
        }
        x += scene.text((x, y), text, LARGE, Align::Left, path_color(&path.path)) + 28.0;
    }

    y += 22.0;
    let recording = &summary.recording;
    let mut caption = format!(
        "{} · started {} · {} recorded · definitions {} · {note}",
        recording.host,
        utc(recording.start_time),
        seconds(recording.duration_us),
        summary.definitions
    );
    if let Some(missing) = headline::missing(summary) {
        caption = format!("{missing} · {caption}");
    }
    if !scene.face().covers(&caption) || !scene.face().covers(&recording.run_id) {
        caption = format!("{NEEDS_FONT} · {caption}");
    }
    let caption = scene.face().fit(&caption, SMALL, room);
    scene.text((MARGIN, y), caption, SMALL, Align::Left, GREY);
    y + 10.0
}

fn utc(time: Timestamp) -> String {
    DateTime::<Utc>::from_timestamp_micros(time.micros()).map_or_else(
        || time.to_string(),
        |time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

/// Writes, in place of panels, that there is nothing to draw, and ends the page.
pub(super) fn nothing(scene: &mut Scene<'_>, top: f64, text: &str) {
    scene.text((WIDTH / 2.0, top + 60.0), text, LARGE, Align::Centre, GREY);
    scene.set_height(top + 120.0);
}

/// A filled box as a sign.
pub(super) fn box_sign(color: RGBAColor) -> Sign {
    Box::new(move |scene, (x, y)| {
        scene.rectangle(Area::new(x - 7.0, y - 5.0, x + 7.0, y + 5.0), color);
    })
}

/// Room that an entry of a legend takes besides its text: its sign, and the space to the entry before it.
const AROUND: f64 = 42.0;

/// Draws entries in one line between `left` and the right margin.
pub(super) fn legend(
    scene: &mut Scene<'_>,
    baseline: f64,
    left: f64,
    entries: Vec<(Sign, String)>,
) {
    let (signs, texts): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
    let texts = fitted(scene.face(), texts, PLOT_RIGHT - left);
    let mut right = PLOT_RIGHT;
    for (sign, text) in signs.into_iter().zip(texts).rev() {
        let width = scene.text((right, baseline), text, SMALL, Align::Right, INK);
        sign(scene, (right - width - 14.0, baseline - 4.5));
        right -= width + AROUND;
    }
}

/// The texts of a legend. As long as there is no room for all, one more of the last is without what explains it, after a colon.
fn fitted(face: &Typeface, mut texts: Vec<String>, room: f64) -> Vec<String> {
    for index in (0..texts.len()).rev() {
        if legend_width(face, texts.iter().map(String::as_str)) <= room {
            break;
        }
        let name = without_explanation(&texts[index]).len();
        texts[index].truncate(name);
    }
    texts
}

fn legend_width<'a>(face: &Typeface, texts: impl Iterator<Item = &'a str>) -> f64 {
    texts.map(|text| face.width(text, SMALL) + AROUND).sum()
}

fn without_explanation(text: &str) -> &str {
    text.split_once(':').map_or(text, |(name, _)| name)
}

/// The entry of a legend for pauses of the recorder; `None` where there were none.
pub(super) fn pauses_entry(series: &Series, color: RGBAColor) -> Option<(Sign, String)> {
    let text = "recorder paused".to_owned();
    (!series.pauses.is_empty()).then(|| (box_sign(color), text))
}

/// A panel over time.
pub(super) struct TimePanel {
    /// Where data is drawn.
    pub(super) plot: Area,
    /// Time from its left to its right.
    pub(super) time: TimeAxis,
    outage_lane: f64,
    trigger_lane: f64,
    /// Over the plot, below the others: so the lines of marks cross no label but their own.
    mark_lane: f64,
}

impl TimePanel {
    /// Lays out a panel whose heading begins at `top`, with a plot of `height`.
    pub(super) fn new(series: &Series, top: f64, height: f64) -> Self {
        let trigger_lane = top + HEADING;
        let outage_lane = trigger_lane
            + match moments::any(series) {
                true => LANE,
                false => 0.0,
            };
        let mark_lane = outage_lane + LANE;
        let plot_top = mark_lane + if series.marks.is_empty() { 0.0 } else { LANE };
        Self {
            plot: Area::new(PLOT_LEFT, plot_top, PLOT_RIGHT, plot_top + height),
            time: TimeAxis::new(series, PLOT_LEFT, PLOT_RIGHT),
            outage_lane,
            trigger_lane,
            mark_lane,
        }
    }

    /// Draws the line over a panel: its path, what its values are, and the legend. Where there is no room for all, the values are left
    /// out: a chart's title says them too.
    pub(super) fn heading(
        &self,
        scene: &mut Scene<'_>,
        (path, values): (&str, &str),
        entries: Vec<(Sign, String)>,
    ) {
        let baseline = self.trigger_lane - 9.0;
        let mut left = self.plot.left + 10.0;
        left += scene.text(
            (self.plot.left, baseline),
            path,
            LARGE,
            Align::Left,
            path_color(path),
        );
        let shortest = entries.iter().map(|(_, text)| without_explanation(text));
        let room = PLOT_RIGHT - legend_width(scene.face(), shortest);
        let after_values = left + scene.face().width(values, SMALL);
        if after_values <= room {
            scene.text((left, baseline), values, SMALL, Align::Left, GREY);
            left = after_values;
        }
        legend(scene, baseline, left, entries);
    }

    /// Draws what lies behind data: shaded outages, the grid, the frame and the labels of the y axis.
    pub(super) fn background(
        &self,
        scene: &mut Scene<'_>,
        (outages, pauses): (&HeadlineOutages<'_>, &[Span]),
        y_ticks: &[Tick],
    ) {
        for span in outages.spans {
            let (from, to) = self.time.edges(span);
            let rows = (self.outage_lane, self.plot.bottom);
            scene.rectangle(Area::new(from, rows.0, to, rows.1), DOWN_BAND);
            scene.vertical(from, rows, 1.0, DOWN_EDGE);
            scene.vertical(to, rows, 1.0, DOWN_EDGE);
        }
        // Over the outage, whose band still shows above the plot.
        for span in pauses {
            let (from, to) = self.time.edges(span);
            let area = Area::new(from, self.plot.top, to, self.plot.bottom);
            scene.rectangle(area, PAUSED_BAND);
        }
        for tick in self.time.ticks() {
            scene.vertical(tick.at, (self.plot.top, self.plot.bottom), 0.5, GRID);
        }
        value_axis(scene, &self.plot, y_ticks);
    }

    /// Draws what lies over data: the frame, moments and marks, and the labels of outages and moments above the plot.
    pub(super) fn foreground(
        &self,
        scene: &mut Scene<'_>,
        series: &Series,
        path: &PathSeries,
        outages: &HeadlineOutages<'_>,
    ) {
        frame(scene, &self.plot);
        let ends = (self.plot.left, self.plot.right);
        let labels: Vec<Label> = outages
            .spans
            .iter()
            .map(|span| {
                let (long, short) = headline::outage_length(span, series);
                let long = format!("{} down {long}", outages.subject);
                Label {
                    edges: self.time.edges(span),
                    long,
                    short,
                    weight: span.length_us(),
                }
            })
            .collect();
        let row = Row {
            face: scene.face(),
            em: SMALL,
            ends,
            obstacles: moments::lines(series, Some(path), &self.time),
        };
        for label in row.place(&labels) {
            scene.text(
                (label.left, self.outage_lane + 12.5),
                label.text,
                SMALL,
                Align::Left,
                DOWN,
            );
        }
        let over = moments::Over {
            time: &self.time,
            ends,
            rows: (self.trigger_lane, self.plot.bottom),
        };
        over.draw(scene, series, Some(path));
        let rows = (self.mark_lane, self.plot.top, self.plot.bottom);
        marks::lines(scene, series, &self.time, ends, rows);
        // Over the trigger's line: an outage as thin as that must be visible.
        for span in outages.spans {
            let (from, to) = self.time.edges(span);
            scene.rectangle(
                Area::new(from, self.plot.top - 3.5, to, self.plot.top),
                DOWN,
            );
        }
    }

    /// Draws what stands under the last panel, the labels of the time axis and the texts of the marks, and ends the page.
    pub(super) fn below(&self, scene: &mut Scene<'_>, series: &Series) {
        time_labels(scene, &self.time, self.plot.bottom);
        let bottom = marks::list(scene, series, &self.time, self.plot.bottom + 52.0);
        scene.set_height(bottom);
    }
}

/// Draws the labels of a time axis whose plot ends at `bottom`.
pub(super) fn time_labels(scene: &mut Scene<'_>, time: &TimeAxis, bottom: f64) {
    for tick in time.ticks() {
        scene.vertical(tick.at, (bottom, bottom + 5.0), 1.0, FRAME);
        if let Some(label) = tick.label {
            scene.text((tick.at, bottom + 19.0), label, SMALL, Align::Centre, INK);
        }
    }
    let text = format!("time since the start, {}", time.unit());
    scene.text((time.left(), bottom + 38.0), text, SMALL, Align::Left, GREY);
}

/// Draws the grid and the labels of a y axis.
pub(super) fn value_axis(scene: &mut Scene<'_>, plot: &Area, ticks: &[Tick]) {
    for tick in ticks {
        let color = if tick.label.is_some() {
            GRID
        } else {
            FAINT_GRID
        };
        scene.horizontal((plot.left, plot.right), tick.at, 0.5, color);
        if let Some(label) = &tick.label {
            scene.text(
                (plot.left - 8.0, tick.at + 4.5),
                label,
                SMALL,
                Align::Right,
                INK,
            );
        }
    }
}

/// Draws the frame of a plot.
pub(super) fn frame(scene: &mut Scene<'_>, plot: &Area) {
    for y in [plot.top, plot.bottom] {
        scene.horizontal((plot.left, plot.right), y, 1.0, FRAME);
    }
    for x in [plot.left, plot.right] {
        scene.vertical(x, (plot.top, plot.bottom), 1.0, FRAME);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_explains_the_last_entries_goes_first() {
        let face = Typeface::load(None).unwrap();
        let texts = ["10 ok: 1 to 9", "writes down", "3 failed: 1 to 2"].map(str::to_owned);
        let short = ["10 ok", "writes down", "3 failed"];
        let width = |texts: [&str; 3]| legend_width(&face, texts.into_iter());
        let fitted = |room: f64| fitted(&face, texts.to_vec(), room);
        assert_eq!(fitted(width(texts.each_ref().map(String::as_str))), texts);
        let some = [texts[0].as_str(), short[1], short[2]];
        assert_eq!(fitted(width(some)), some);
        assert_eq!(fitted(width(some) - 1.0), short);
        assert_eq!(fitted(0.0), short);
    }
}
