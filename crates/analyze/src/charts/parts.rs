//! What the downtime of each failover is made of, path by path.

use plotters::style::RGBAColor;

use crate::charts::drawing::scene::{Align, Area, Scene};
use crate::charts::drawing::style::{MARGIN, PLOT_RIGHT, SMALL};
use crate::charts::frame;
use crate::charts::seconds::SecondsAxis;
use crate::charts::words::{ChartWords, Part};
use crate::summary::{
    DecomposedOutage, Decomposition, GroupFailover, GroupSummary, Parts, PathFailover, PathSummary,
    Summary,
};
use crate::text::figures::{Downtime, in_chart};

/// Left edge of the bars, and how far the widest label of a row may push it.
const LEFT: f64 = 128.0;
/// Width of a column of lengths.
const COLUMN: f64 = 92.0;
/// Height of a bar, and from one to the next.
const BAR: f64 = 20.0;
const ROW: f64 = 27.0;
/// Space over the first row of a failover.
const GAP: f64 = 11.0;
/// More failovers are not drawn: an image has an end.
const MOST: usize = 30;
/// Half the height of a whisker's ends.
const CAP: f64 = 4.0;

const PARTS: [Part; 5] = [
    Part::FirstFailure,
    Part::AddressChanged,
    Part::NewWriter,
    Part::FreshClient,
    Part::FirstSuccess,
];

const fn lengths(parts: &Parts) -> [Option<i64>; 5] {
    [
        parts.first_failure_us,
        parts.address_changed_us,
        parts.new_writer_us,
        parts.fresh_client_served_us,
        Some(parts.first_success_us),
    ]
}

/// A path in a failover, in its headline's group.
struct Bar<'s> {
    path: &'s PathSummary,
    failover: &'s PathFailover,
    of_group: &'s GroupFailover,
    decomposed: Vec<&'s Decomposition>,
}

impl<'s> Bar<'s> {
    fn new(path: &'s PathSummary, own: usize) -> Option<Self> {
        let failover = path.failovers.get(own.checked_sub(1)?)?;
        let group = path.headline.as_ref()?.group;
        let of_group = failover.groups.iter().find(|found| found.group == group)?;
        let summary: &GroupSummary = path.groups.iter().find(|found| found.group == group)?;
        let episode = |number: &usize| {
            let episode = summary.episodes.get(number.checked_sub(1)?)?;
            episode.decomposition.as_ref()
        };
        Some(Self {
            path,
            failover,
            of_group,
            decomposed: of_group.episodes.iter().filter_map(episode).collect(),
        })
    }

    fn outages(&self) -> impl Iterator<Item = &'s DecomposedOutage> + use<'s> {
        let decomposed = self.decomposed.clone().into_iter();
        decomposed.flat_map(|decomposed| &decomposed.outages)
    }

    fn parts(&self) -> Option<Parts> {
        let parts = self.decomposed.iter().map(|decomposed| decomposed.parts);
        parts.reduce(Parts::plus)
    }

    /// What its times count from: the trigger, or else the last success before the first outage.
    fn zero_us(&self) -> i64 {
        let trigger = self.failover.trigger.map(recording::Timestamp::micros);
        let first = self
            .outages()
            .next()
            .map(|outage| outage.span.start.micros());
        trigger
            .or(first)
            .unwrap_or_else(|| self.failover.span.start.micros())
    }

    /// From its first to its last moment, since zero.
    fn range_us(&self) -> (i64, i64) {
        let zero = self.zero_us();
        let starts = self
            .outages()
            .map(|outage| outage.span.start.micros() - zero);
        let ends = self.outages().map(|outage| outage.span.end.micros() - zero);
        (starts.min().unwrap_or(0), ends.max().unwrap_or(0))
    }

    fn downtime(&self) -> Option<Downtime> {
        Some(Downtime {
            us: self.of_group.downtime_us?,
            resolution_us: self.of_group.resolution_us,
            paused_us: self.of_group.paused_us,
            at_least: self.of_group.at_least,
        })
    }

    fn is_open_at_end(&self) -> bool {
        self.decomposed
            .iter()
            .any(|decomposed| decomposed.open_at_end)
    }
}

/// The failovers, each with the bars of its paths.
fn failovers(summary: &Summary) -> Vec<(usize, Vec<Bar<'_>>)> {
    let bars = |failover: &crate::summary::Failover| {
        let bar = |path| Bar::new(path, failover.on(&path.path)?);
        (
            failover.number,
            summary.paths.iter().filter_map(bar).collect(),
        )
    };
    let failovers = summary.failovers.failovers.iter().map(bars);
    failovers
        .filter(|(_, bars): &(usize, Vec<_>)| !bars.is_empty())
        .collect()
}

pub(super) fn is_empty(summary: &Summary) -> bool {
    failovers(summary).is_empty()
}

/// Where things are.
struct Layout {
    axis: SecondsAxis,
    ends: (f64, f64),
    /// The parts that were seen at all, each with the right edge of its column.
    columns: Vec<(usize, f64)>,
}

impl Layout {
    fn new(scene: &Scene<'_>, bars: &[&Bar<'_>]) -> Self {
        let words = scene.words();
        let width = |text: &str| scene.face().width(text, SMALL);
        let downtimes = bars
            .iter()
            .map(|bar| width(&in_chart(words.report, bar.downtime())));
        let downtime = downtimes.fold(width(words.downtime_column), f64::max);
        let labels = bars.iter().map(|bar| width(&label(words, bar)));
        let left = labels.fold(LEFT, |left, label| left.max(MARGIN + label + 12.0));
        let was_seen = |part: usize| {
            let mut parts = bars.iter().filter_map(|bar| bar.parts());
            parts.any(|parts| lengths(&parts)[part].is_some())
        };
        let seen: Vec<usize> = (0..PARTS.len()).filter(|part| was_seen(*part)).collect();
        let table = PLOT_RIGHT - downtime - 18.0;
        let columns: Vec<(usize, f64)> = seen
            .iter()
            .enumerate()
            .map(|(index, part)| (*part, table - (seen.len() - 1 - index) as f64 * COLUMN))
            .collect();
        let right = table - seen.len() as f64 * COLUMN - 14.0;
        let ranges = bars.iter().map(|bar| bar.range_us());
        let range = ranges.fold((0, 0), |(low, high), (from, to)| {
            (low.min(from), high.max(to))
        });
        Self {
            axis: SecondsAxis::new(range, left, right),
            ends: (left, right),
            columns,
        }
    }
}

fn label(words: &ChartWords, bar: &Bar<'_>) -> String {
    let group = (words.subject)(bar.of_group.group);
    format!("{} {group}", (words.path_name)(&bar.path.path))
}

pub(super) fn draw(scene: &mut Scene<'_>, summary: &Summary) {
    let (theme, words) = (scene.theme(), scene.words());
    let top = frame::header(scene, words.parts, words.parts_note, summary);
    let all = failovers(summary);
    let drawn = &all[..all.len().min(MOST)];
    let bars: Vec<&Bar<'_>> = drawn.iter().flat_map(|(_, bars)| bars).collect();
    let layout = Layout::new(scene, &bars);
    heads(scene, &layout, top + 14.0);
    let (first, mut y) = (top + 52.0, top + 52.0);
    let mut rows = Vec::new();
    for (number, bars) in drawn {
        y += GAP;
        let name = (words.failover_number)(&number.to_string());
        scene.text((MARGIN, y + 6.0), name, SMALL, Align::Left, theme.grey);
        y += 14.0;
        for bar in bars {
            rows.push((bar, y));
            y += ROW;
        }
    }
    let bottom = y + 4.0;
    for tick in layout.axis.ticks() {
        scene.vertical(tick.at, (first, bottom), 0.5, theme.grid);
        scene.vertical(tick.at, (bottom, bottom + 5.0), 1.0, theme.frame);
        let text = tick.label.unwrap_or_default();
        scene.text(
            (tick.at, bottom + 19.0),
            text,
            SMALL,
            Align::Centre,
            theme.ink,
        );
    }
    scene.horizontal(layout.ends, bottom, 1.0, theme.frame);
    scene.vertical(layout.axis.at(0), (first, bottom), 1.0, theme.frame);
    for (bar, y) in rows {
        draw_bar(scene, bar, &layout, y);
    }
    let mut end = bottom + 38.0;
    scene.text(
        (MARGIN, end),
        words.parts_axis,
        SMALL,
        Align::Left,
        theme.grey,
    );
    if all.len() > drawn.len() {
        end += 18.0;
        let text = (words.more_failovers)(&(all.len() - drawn.len()).to_string());
        scene.text((MARGIN, end), text, SMALL, Align::Left, theme.grey);
    }
    scene.set_height(end + 14.0);
}

/// Draws the heads of the columns: the colour of each part, and the milestone at its end.
fn heads(scene: &mut Scene<'_>, layout: &Layout, top: f64) {
    let (theme, words) = (scene.theme(), scene.words());
    whisker(
        scene,
        (layout.ends.0 + 2.0, layout.ends.0 + 26.0),
        top + 20.0,
    );
    let at = (layout.ends.0 + 34.0, top + 24.5);
    let room = layout.ends.1 - at.0;
    let text = scene.face().fit(words.resolution, SMALL, room);
    scene.text(at, text, SMALL, Align::Left, theme.ink);
    if let Some((_, right)) = layout.columns.first() {
        let at = (right - COLUMN + 8.0, top + 5.0);
        scene.text(at, words.until, SMALL, Align::Left, theme.grey);
    }
    for (part, right) in &layout.columns {
        let band = Area::new(right - COLUMN + 8.0, top + 28.0, *right, top + 33.0);
        scene.rectangle(band, theme.parts[*part]);
        let text = (words.part)(PARTS[*part]);
        scene.text((*right, top + 24.0), text, SMALL, Align::Right, theme.ink);
    }
    let at = (PLOT_RIGHT, top + 24.0);
    scene.text(at, words.downtime_column, SMALL, Align::Right, theme.ink);
}

fn draw_bar(scene: &mut Scene<'_>, bar: &Bar<'_>, layout: &Layout, top: f64) {
    let (theme, words) = (scene.theme(), scene.words());
    let baseline = top + 14.5;
    let color = theme.path_text(&bar.path.path);
    let name = label(words, bar);
    scene.text((MARGIN, baseline), name, SMALL, Align::Left, color);
    let downtime = in_chart(words.report, bar.downtime());
    scene.text(
        (PLOT_RIGHT, baseline),
        downtime,
        SMALL,
        Align::Right,
        theme.ink,
    );
    let Some(parts) = bar.parts() else {
        let text = match (bar.of_group.downtime_us, bar.of_group.at_most_us) {
            (None, _) => words.not_observed.to_owned(),
            (Some(_), Some(most)) => (words.no_outage_at_most)(&words.seconds(most)),
            (Some(_), None) => String::new(),
        };
        let at = (layout.axis.at(0) + 6.0, baseline);
        scene.text(at, text, SMALL, Align::Left, theme.grey);
        return;
    };
    for (part, right) in &layout.columns {
        let length = lengths(&parts)[*part];
        let text = length.map_or_else(|| "-".to_owned(), |us| words.seconds(us));
        scene.text((*right, baseline), text, SMALL, Align::Right, theme.ink);
    }
    draw_outages(scene, bar, layout, top);
    let end_us = bar.range_us().1;
    let from_us = end_us - bar.of_group.resolution_us;
    let ends = (layout.axis.at(from_us), layout.axis.at(end_us));
    whisker(scene, ends, top + BAR + 2.0);
    if bar.is_open_at_end() {
        let (x, y) = (ends.1, top + BAR / 2.0);
        scene.polygon(vec![(x, y - 8.0), (x + 9.0, y), (x, y + 8.0)], theme.down);
    }
}

/// Draws the parts of each outage where they were, and a thin line where the service was up in between.
fn draw_outages(scene: &mut Scene<'_>, bar: &Bar<'_>, layout: &Layout, top: f64) {
    let (theme, words, zero) = (scene.theme(), scene.words(), bar.zero_us());
    let mut reached: Option<f64> = None;
    for outage in bar.outages() {
        let mut from_us = outage.span.start.micros() - zero;
        if let Some(reached) = reached {
            let until = layout.axis.at(from_us);
            scene.horizontal((reached, until), top + BAR / 2.0, 1.0, theme.frame);
        }
        for (part, length) in lengths(&outage.parts).into_iter().enumerate() {
            let Some(length_us) = length.filter(|us| *us > 0) else {
                continue;
            };
            let edges = (layout.axis.at(from_us), layout.axis.at(from_us + length_us));
            let colors = (theme.parts[part], theme.on_parts[part]);
            segment(scene, edges, top, colors, &words.seconds(length_us));
            from_us += length_us;
        }
        reached = Some(layout.axis.at(from_us));
    }
}

/// A part of a bar, its length in it where there is room.
fn segment(
    scene: &mut Scene<'_>,
    (left, right): (f64, f64),
    top: f64,
    (color, on): (RGBAColor, RGBAColor),
    text: &str,
) {
    scene.rectangle(Area::new(left, top, right, top + BAR), color);
    if scene.face().width(text, SMALL) + 6.0 <= right - left {
        let at = (left.midpoint(right), top + 14.5);
        scene.text(at, text, SMALL, Align::Centre, on);
    }
}

/// A line with ends: how far a figure may be off.
pub(super) fn whisker(scene: &mut Scene<'_>, (left, right): (f64, f64), y: f64) {
    let ink = scene.theme().ink;
    scene.horizontal((left, right), y, 1.5, ink);
    for x in [left, right] {
        scene.vertical(x, (y - CAP, y + CAP), 1.5, ink);
    }
}
