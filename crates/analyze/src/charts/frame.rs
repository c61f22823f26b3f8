//! What surrounds data: the title, the legend, and panels over time with their axes, outages, moments and marks.

use command_line::text::one_line;
use plotters::style::RGBAColor;

use crate::charts::axis::{Tick, TimeAxis};
use crate::charts::drawing::fonts::Typeface;
use crate::charts::drawing::labels::{Label, Row};
use crate::charts::drawing::scene::{Align, Area, Scene, Sign};
use crate::charts::drawing::style::{LARGE, MARGIN, PLOT_LEFT, PLOT_RIGHT, SMALL, TITLE, WIDTH};
use crate::charts::headline::{self, HeadlineOutages};
use crate::charts::words::ChartWords;
use crate::charts::{marks, moments};
use crate::summary::series::{PathSeries, Series};
use crate::summary::{Span, Summary};

/// Height of a line of labels above a plot.
const LANE: f64 = 20.0;
/// Height of a line of the caption.
const CAPTION_LINE: f64 = 17.0;
/// Height of the line with a panel's name and legend.
const HEADING: f64 = 27.0;

/// A host's name takes no more room in a caption: what follows it must be read.
const HOST: f64 = 360.0;

/// Draws what stands above every chart and returns where it ends: what is shown, of which run, each path's headline, and
/// how it was recorded, with a `note` on how to read the chart.
pub(super) fn header(scene: &mut Scene<'_>, title: &str, note: &str, summary: &Summary) -> f64 {
    let (theme, words) = (scene.theme(), scene.words());
    let room = WIDTH - 2.0 * MARGIN;
    let title_width = scene.text((MARGIN, 40.0), title, TITLE, Align::Left, theme.ink);
    let run_id = &summary.recording.run_id;
    let run = scene.face().fit(run_id, LARGE, room - title_width - 16.0);
    let after_title = (MARGIN + title_width + 16.0, 40.0);
    scene.text(after_title, run, LARGE, Align::Left, theme.grey);

    let (mut x, mut y) = (MARGIN, 66.0);
    let headlines: Vec<String> = summary
        .paths
        .iter()
        .map(|path| headline::text(words, path))
        .collect();
    for (path, text) in summary.paths.iter().zip(&headlines) {
        let text = scene.face().fit(text, LARGE, room);
        if x > MARGIN && x + scene.face().width(&text, LARGE) > WIDTH - MARGIN {
            (x, y) = (MARGIN, y + 21.0);
        }
        let color = theme.path_text(&path.path);
        x += scene.text((x, y), text, LARGE, Align::Left, color) + 28.0;
    }
    scene.set_label(format!("{title}. {}", headlines.join("; ")));

    y += 22.0;
    let caption = caption(scene, note, summary);
    for line in two_lines(scene.face(), &caption, SMALL, room) {
        scene.text((MARGIN, y), line, SMALL, Align::Left, theme.grey);
        y += CAPTION_LINE;
    }
    y + 10.0 - CAPTION_LINE
}

/// A text in one line where it has room, else in two, of which the second is cut.
fn two_lines(face: &Typeface, text: &str, em: f64, room: f64) -> Vec<String> {
    let mut lines = face.wrap(text, em, room).into_iter();
    let first = lines.next().unwrap_or_default();
    let rest: Vec<String> = lines.collect();
    let second = face.fit(&rest.join(" "), em, room);
    [first, second]
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect()
}

/// How it was recorded, behind what is missing, and a note on how to read the chart.
pub(super) fn caption(scene: &Scene<'_>, note: &str, summary: &Summary) -> String {
    let (words, recording) = (scene.words(), &summary.recording);
    let start_us = recording.whole_start().micros();
    let zone = scene.zone().unwrap_or_default();
    let span = (start_us, start_us.saturating_add(recording.duration_us));
    let time = zone.format(start_us, "%Y-%m-%d %H:%M:%S");
    let time = time.unwrap_or_else(|| recording.whole_start().to_string());
    let length = words.seconds(recording.duration_us);
    let part = recording.part.as_ref().filter(|part| part.is_timed);
    let recorded = match part.and_then(|part| part.recording_duration_us) {
        Some(whole_us) => {
            let of_the_whole = match recording.is_shortened() {
                true => words.recorded_part,
                false => words.recorded_warm,
            };
            of_the_whole(&length, &words.seconds(whole_us))
        }
        None => (words.recorded)(&length),
    };
    let host = one_line(&recording.host);
    let mut caption = [
        scene.face().fit(&host, SMALL, HOST),
        (words.started)(&format!("{time} {}", zone.full_label(span))),
        recorded,
        (words.definitions)(&summary.definitions.to_string()),
        note.to_owned(),
    ]
    .join(" · ");
    if let Some(missing) = headline::missing(words, summary) {
        caption = format!("{missing} · {caption}");
    }
    if scene.has_boxes(&caption) || scene.has_boxes(&recording.run_id) {
        caption = format!("{} · {caption}", words.needs_font);
    }
    caption
}

/// Writes, in place of panels, that there is nothing to draw, and ends the page.
pub(super) fn nothing(scene: &mut Scene<'_>, top: f64, text: &str) {
    let at = (WIDTH / 2.0, top + 60.0);
    scene.text(at, text, LARGE, Align::Centre, scene.theme().grey);
    scene.set_height(top + 120.0);
}

/// A filled box as a sign.
pub(super) fn box_sign(color: RGBAColor) -> Sign {
    Box::new(move |scene, (x, y)| {
        scene.rectangle(Area::new(x - 7.0, y - 5.0, x + 7.0, y + 5.0), color);
    })
}

/// Grey with slanted lines.
pub(super) fn hatched(scene: &mut Scene<'_>, area: Area) {
    let theme = scene.theme();
    scene.rectangle(area, theme.unobserved);
    let height = area.height();
    let mut x = area.left - height;
    while x < area.right {
        // The part of the slanted line that lies inside.
        let from = (area.left - x).max(0.0);
        let to = (area.right - x).min(height);
        if from < to {
            let ends = vec![(x + from, area.bottom - from), (x + to, area.bottom - to)];
            scene.path(ends, 0.5, theme.frame);
        }
        x += 7.0;
    }
}

/// Room that an entry of a legend takes besides its text: its sign, and the space to the entry before it.
const AROUND: f64 = 42.0;
/// Height of a line of a legend.
const LEGEND_LINE: f64 = 18.0;

/// Draws entries between `left` and the right margin, in as many lines as they need, and returns how much lower the last one is than
/// the first.
pub(super) fn legend(
    scene: &mut Scene<'_>,
    baseline: f64,
    left: f64,
    entries: Vec<(Sign, String)>,
) -> f64 {
    let theme = scene.theme();
    let (signs, texts): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
    let room = PLOT_RIGHT - left;
    let texts = fitted(scene.face(), &texts, room);
    let lines = lines(scene.face(), &texts, room);
    let entries: Vec<_> = signs.into_iter().zip(texts).collect();
    let (mut y, mut from) = (baseline, 0);
    for line in &lines {
        let mut right = PLOT_RIGHT;
        for (sign, text) in entries[from..from + line].iter().rev() {
            let width = scene.text((right, y), text, SMALL, Align::Right, theme.ink);
            sign(scene, (right - width - 14.0, y - 4.5));
            right -= width + AROUND;
        }
        from += line;
        y += LEGEND_LINE;
    }
    lines.len().saturating_sub(1) as f64 * LEGEND_LINE
}

/// The texts of a legend, each in a line at most.
fn fitted(face: &Typeface, texts: &[String], room: f64) -> Vec<String> {
    let texts = texts.iter();
    texts
        .map(|text| face.fit(text, SMALL, room - AROUND))
        .collect()
}

/// How many entries each line of a legend has.
fn lines(face: &Typeface, texts: &[String], room: f64) -> Vec<usize> {
    let mut lines: Vec<usize> = Vec::new();
    let mut used = f64::INFINITY;
    for text in texts {
        let width = face.width(text, SMALL) + AROUND;
        match lines.last_mut() {
            Some(line) if used + width <= room => {
                *line += 1;
                used += width;
            }
            _ => {
                lines.push(1);
                used = width;
            }
        }
    }
    lines
}

/// The entry of a legend for the outages of a headline's group.
pub(super) fn outages_entry(words: &ChartWords, outages: &HeadlineOutages<'_>) -> (Sign, String) {
    let sign: Sign = Box::new(|scene, at| box_sign(scene.theme().down_band)(scene, at));
    (sign, (words.group_down)(outages.subject(words)))
}

/// The entry of a legend for pauses of the recorder; `None` where there were none.
pub(super) fn pauses_entry(
    words: &ChartWords,
    series: &Series,
    color: RGBAColor,
) -> Option<(Sign, String)> {
    let text = words.recorder_paused.to_owned();
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

    /// Draws the line over a panel: its path, what its values are, and the legend. A legend that has no room beside them stands in lines of its
    /// own below, and moves what was drawn before, from the shape `from` on, down.
    pub(super) fn heading(
        &mut self,
        scene: &mut Scene<'_>,
        (path, values): (&str, &str),
        entries: Vec<(Sign, String)>,
        from: usize,
    ) {
        let (theme, name) = (scene.theme(), (scene.words().path_name)(path));
        let drawn = from..scene.len();
        let baseline = self.trigger_lane - 9.0;
        let mut left = self.plot.left + 10.0;
        let at = (self.plot.left, baseline);
        left += scene.text(at, name, LARGE, Align::Left, theme.path_text(path));
        left += scene.text((left, baseline), values, SMALL, Align::Left, theme.grey);
        let widths = entries
            .iter()
            .map(|(_, text)| scene.face().width(text, SMALL) + AROUND);
        let lower = match widths.sum::<f64>() <= PLOT_RIGHT - left {
            true => legend(scene, baseline, left, entries),
            false => LEGEND_LINE + legend(scene, baseline + LEGEND_LINE, self.plot.left, entries),
        };
        scene.lower(drawn, lower);
        self.plot.top += lower;
        self.plot.bottom += lower;
    }

    /// Draws what lies behind data: shaded outages, the grid, the frame and the labels of the y axis.
    pub(super) fn background(
        &self,
        scene: &mut Scene<'_>,
        (outages, pauses): (&HeadlineOutages<'_>, &[Span]),
        y_ticks: &[Tick],
    ) {
        let theme = scene.theme();
        for span in outages.spans {
            let (from, to) = self.time.edges(span);
            let rows = (self.outage_lane, self.plot.bottom);
            scene.rectangle(Area::new(from, rows.0, to, rows.1), theme.down_band);
            scene.vertical(from, rows, 1.0, theme.down_edge);
            scene.vertical(to, rows, 1.0, theme.down_edge);
        }
        // Over the outage, whose band still shows above the plot.
        for span in pauses {
            let (from, to) = self.time.edges(span);
            let area = Area::new(from, self.plot.top, to, self.plot.bottom);
            scene.rectangle(area, theme.paused_band);
        }
        for tick in self.time.ticks() {
            scene.vertical(tick.at, (self.plot.top, self.plot.bottom), 0.5, theme.grid);
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
        let (theme, words) = (scene.theme(), scene.words());
        let subject = outages.subject(words);
        let ends = (self.plot.left, self.plot.right);
        let labels: Vec<Label> = outages
            .spans
            .iter()
            .map(|span| {
                let (long, short) = headline::outage_length(words, span, series);
                let long = (words.outage_label)(subject, &long);
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
                theme.down_text,
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
                theme.down,
            );
        }
    }

    /// Draws what stands under the last panel, the labels of the time axis and the texts of the marks, and ends the page.
    pub(super) fn below(&self, scene: &mut Scene<'_>, series: &Series) {
        let bottom = time_labels(scene, &self.time, self.plot.bottom);
        let bottom = marks::list(scene, series, &self.time, bottom);
        scene.set_height(bottom);
    }
}

/// Draws the labels of a time axis whose plot ends at `bottom`, with the time of day where a time zone was asked for, and returns where
/// they end.
pub(super) fn time_labels(scene: &mut Scene<'_>, time: &TimeAxis, bottom: f64) -> f64 {
    let (theme, words) = (scene.theme(), scene.words());
    for tick in time.ticks() {
        scene.vertical(tick.at, (bottom, bottom + 5.0), 1.0, theme.frame);
        if let Some(label) = tick.label {
            let at = (tick.at, bottom + 19.0);
            scene.text(at, label, SMALL, Align::Centre, theme.ink);
        }
    }
    let Some(zone) = scene.zone() else {
        let text = (words.since_start)(time.unit());
        let at = (time.left(), bottom + 38.0);
        scene.text(at, text, SMALL, Align::Left, theme.grey);
        return bottom + 52.0;
    };
    let moments = time.moments_us();
    let last = moments.last().copied().unwrap_or_default();
    let first = moments.first().copied().unwrap_or_default();
    for time_us in moments {
        let text = zone.format(time_us, "%H:%M:%S").unwrap_or_default();
        let half = scene.face().width(&text, SMALL) / 2.0;
        let x = time.at(time_us).min(WIDTH - half - 6.0);
        scene.text((x, bottom + 36.0), text, SMALL, Align::Centre, theme.grey);
    }
    let text = (words.since_start_and_time)(time.unit(), &zone.full_label((first, last)));
    let at = (time.left(), bottom + 55.0);
    scene.text(at, text, SMALL, Align::Left, theme.grey);
    bottom + 69.0
}

/// Draws the grid and the labels of a y axis.
pub(super) fn value_axis(scene: &mut Scene<'_>, plot: &Area, ticks: &[Tick]) {
    let theme = scene.theme();
    for tick in ticks {
        let color = if tick.label.is_some() {
            theme.grid
        } else {
            theme.faint_grid
        };
        scene.horizontal((plot.left, plot.right), tick.at, 0.5, color);
        if let Some(label) = &tick.label {
            scene.text(
                (plot.left - 8.0, tick.at + 4.5),
                label,
                SMALL,
                Align::Right,
                theme.ink,
            );
        }
    }
}

/// Draws the frame of a plot.
pub(super) fn frame(scene: &mut Scene<'_>, plot: &Area) {
    let theme = scene.theme();
    for y in [plot.top, plot.bottom] {
        scene.horizontal((plot.left, plot.right), y, 1.0, theme.frame);
    }
    for x in [plot.left, plot.right] {
        scene.vertical(x, (plot.top, plot.bottom), 1.0, theme.frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legend_takes_the_lines_that_it_needs_and_no_line_more_than_its_room() {
        let face = Typeface::load(None).unwrap();
        let texts: Vec<String> = (0..9)
            .map(|n| format!("{n} of a kind: 1 to 9,999"))
            .collect();
        let width = |texts: &[String]| -> f64 {
            texts
                .iter()
                .map(|text| face.width(text, SMALL) + AROUND)
                .sum()
        };
        assert_eq!(lines(&face, &texts, width(&texts)), [9]);
        let room = width(&texts[..4]) + 1.0;
        assert_eq!(lines(&face, &texts, room), [4, 4, 1]);
        // What alone is wider is cut, and runs over nothing.
        let long = vec!["a class with a name without an end ".repeat(9)];
        assert!(width(&long) > 900.0 && width(&fitted(&face, &long, 900.0)) <= 900.0);
        assert_eq!(fitted(&face, &texts, 900.0), texts);
    }
}
