//! Downtimes direct and through the proxy, failover by failover or run by run, with their medians.

use crate::charts::drawing::scene::{Align, Area, Position, Scene, Sign};
use crate::charts::drawing::style::{MARGIN, PLOT_RIGHT, SMALL};
use crate::charts::drawing::theme::is_proxy;
use crate::charts::frame::{self, legend};
use crate::charts::seconds::SecondsAxis;
use crate::charts::words::ChartWords;
use crate::stats::bootstrap;
use crate::summary::{DowntimeDistribution, Failover, Group, GroupFailover, Interval, Summary};
use crate::text::figures::{Downtime, of_failover};

/// Both paths of several failovers, or of several runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Campaign {
    /// What the downtimes are of.
    pub group: Group,
    pub pairs: Vec<Pair>,
    /// Those of the paths that have one.
    pub medians: Vec<Median>,
    pub difference: Option<Difference>,
}

/// The two downtimes of a failover or a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub label: String,
    pub direct: Result<Dot, Absent>,
    pub proxy: Result<Dot, Absent>,
}

impl Pair {
    fn dots(&self) -> impl Iterator<Item = Dot> {
        [self.direct, self.proxy].into_iter().flatten()
    }
}

/// Why a path has no downtime in a failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// The path was not recorded.
    NotRecorded,
    /// The path shows none.
    NoFailover,
    /// It was not observed, or down already.
    Unknown,
}

impl Absent {
    const fn text(self, words: &ChartWords) -> &'static str {
        match self {
            Self::NotRecorded => words.not_recorded,
            Self::NoFailover => words.no_failover_seen,
            Self::Unknown => words.not_observed,
        }
    }
}

/// A downtime, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dot {
    pub downtime_us: i64,
    pub resolution_us: i64,
    /// It is a lower bound, and not in the median.
    pub at_least: bool,
    /// Without an outage, the most that it may be.
    pub at_most_us: Option<i64>,
}

/// The median downtime of a path, microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Median {
    /// `direct` or `proxy`.
    pub path: String,
    pub n: usize,
    pub median_us: i64,
    /// `None` for n = 1.
    pub interval: Option<Interval>,
    /// Operations are missing: a lower bound.
    pub at_least: bool,
}

/// The differences direct - proxy, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    pub n: usize,
    pub median_us: i64,
    pub interval: Option<Interval>,
    pub proxy_shorter: usize,
}

impl Campaign {
    /// The failovers of one recording; `None` where there are fewer than two.
    #[must_use]
    pub fn of_summary(summary: &Summary, label: impl Fn(usize) -> String) -> Option<Self> {
        let failovers = &summary.failovers;
        let paired = failovers.paired.as_ref();
        let group = paired
            .map(|paired| paired.group)
            .or_else(|| Some(failovers.downtime.first()?.group))?;
        let dot = |failover: &Failover, path: &str| {
            let mut paths = summary.paths.iter();
            let path = paths.find(|found| found.path == path);
            let path = path.ok_or(Absent::NotRecorded)?;
            let own = failover.on(&path.path).and_then(|own| own.checked_sub(1));
            let own = own.and_then(|own| path.failovers.get(own));
            let groups = &own.ok_or(Absent::NoFailover)?.groups;
            let of_group = groups.iter().find(|found| found.group == group);
            let dot = of_group.and_then(|of_group| Dot::new(of_group, path.is_partial));
            dot.ok_or(Absent::Unknown)
        };
        let pair = |failover: &Failover| Pair {
            label: label(failover.number),
            direct: dot(failover, "direct"),
            proxy: dot(failover, "proxy"),
        };
        let pairs: Vec<Pair> = failovers.failovers.iter().map(pair).collect();
        let median = |downtime: &DowntimeDistribution| Median {
            path: downtime.path.clone(),
            n: downtime.n,
            median_us: downtime.median_us,
            interval: downtime.interval,
            at_least: downtime.at_least,
        };
        // A path whose headline is of the other group has a median in this one all the same.
        let of_path = |path: &str| {
            let mut found = failovers.downtime.iter();
            let found = found.find(|of| of.path == path && of.group == group);
            found.map_or_else(|| Median::of_pairs(path, &pairs), |of| Some(median(of)))
        };
        let medians = ["direct", "proxy"].into_iter().filter_map(of_path);
        let medians: Vec<Median> = medians.collect();
        (pairs.len() > 1).then(|| Self {
            group,
            pairs,
            medians,
            difference: paired.map(|paired| Difference {
                n: paired.n,
                median_us: paired.median_us,
                interval: paired.interval,
                proxy_shorter: paired.proxy_shorter,
            }),
        })
    }

    fn longest_us(&self) -> i64 {
        let dots = self.pairs.iter().flat_map(Pair::dots);
        let dots = dots.map(|dot| dot.downtime_us);
        let medians = self.medians.iter().map(|median| {
            let high = median.interval.map(|interval| interval.high_us);
            high.unwrap_or(median.median_us)
        });
        dots.chain(medians).max().unwrap_or(0)
    }
}

impl Median {
    /// Over the downtimes of a path that are no bounds.
    fn of_pairs(path: &str, pairs: &[Pair]) -> Option<Self> {
        let of_path = |pair: &Pair| {
            if is_proxy(path) {
                pair.proxy
            } else {
                pair.direct
            }
        };
        let dots = pairs.iter().filter_map(|pair| of_path(pair).ok());
        let known = dots.filter(|dot| !dot.at_least).map(|dot| dot.downtime_us);
        let known: Vec<i64> = known.collect();
        Some(Self {
            path: path.to_owned(),
            n: known.len(),
            median_us: bootstrap::median(&known)?,
            interval: bootstrap::interval_of_median(&known),
            at_least: false,
        })
    }
}

impl Dot {
    fn new(failover: &GroupFailover, is_partial: bool) -> Option<Self> {
        Some(Self {
            downtime_us: failover.downtime_us?,
            resolution_us: failover.resolution_us,
            at_least: failover.at_least || is_partial,
            at_most_us: failover.at_most_us,
        })
    }

    fn text(&self, words: &ChartWords) -> String {
        let downtime = Downtime {
            us: self.downtime_us,
            resolution_us: self.resolution_us,
            paused_us: 0,
            at_least: self.at_least,
        };
        of_failover(words.report, Some(downtime), self.at_most_us)
    }
}

/// Right edges of the columns of figures.
const DIRECT: f64 = 985.0;
const PROXY: f64 = PLOT_RIGHT;
/// The highest and the lowest distance of two rows.
const ROWS: (f64, f64) = (27.0, 5.0);
/// Rows take this much room where there are many of them.
const HEIGHT: f64 = 1_100.0;
/// Rows this high have room for a text.
const READABLE: f64 = 15.0;
/// Labels are as wide as this at most.
const LABEL: f64 = 260.0;

/// Where things are.
struct Layout {
    axis: SecondsAxis,
    ends: (f64, f64),
    row: f64,
    /// Which paths have a downtime.
    paths: Vec<&'static str>,
}

impl Layout {
    fn new(scene: &Scene<'_>, campaign: &Campaign) -> Self {
        let (words, face) = (scene.words(), scene.face());
        let row = (HEIGHT / campaign.pairs.len() as f64).clamp(ROWS.1, ROWS.0);
        let width = |text: &str| face.width(text, SMALL);
        let medians = campaign
            .medians
            .iter()
            .map(|median| width(&median_label(words, median)));
        let labels = campaign.pairs.iter().map(|pair| width(&pair.label));
        let label = labels.chain(medians).fold(0.0, f64::max).min(LABEL);
        let of_direct = campaign.pairs.iter().map(|pair| pair.direct);
        let figures = of_direct.map(|found| width(&figure(words, found)));
        let left = MARGIN + label + 16.0;
        let right = DIRECT - figures.fold(0.0, f64::max) - 24.0;
        let has = |of: fn(&Pair) -> Result<Dot, Absent>| {
            let mut pairs = campaign.pairs.iter();
            pairs.any(|pair| of(pair) != Err(Absent::NotRecorded))
        };
        let paths = [
            ("direct", has(|pair| pair.direct)),
            ("proxy", has(|pair| pair.proxy)),
        ];
        Self {
            axis: SecondsAxis::new((0, campaign.longest_us() * 103 / 100), left, right),
            ends: (left, right),
            row,
            paths: paths
                .into_iter()
                .filter_map(|(path, has)| has.then_some(path))
                .collect(),
        }
    }
}

/// The downtime of a path, or why it has none.
fn figure(words: &ChartWords, found: Result<Dot, Absent>) -> String {
    found.map_or_else(
        |absent| absent.text(words).to_owned(),
        |dot| dot.text(words),
    )
}

fn median_label(words: &ChartWords, median: &Median) -> String {
    let n = (words.median_of)(&median.n.to_string());
    format!("{} {n}", (words.path_name)(&median.path))
}

pub(super) fn draw(scene: &mut Scene<'_>, summary: &Summary, campaign: &Campaign) {
    let words = scene.words();
    let note = (words.campaign_note)((words.subject)(campaign.group));
    let top = frame::header(scene, &title(words, campaign), &note, summary);
    let bottom = draw_campaign(scene, campaign, top);
    scene.set_height(bottom);
}

/// With what was down: there may be a chart of writes and one of reads.
pub(super) fn title(words: &ChartWords, campaign: &Campaign) -> String {
    format!("{}: {}", words.campaign, (words.subject)(campaign.group))
}

/// Draws the pairs and the medians from `top` on, and returns where they end.
pub(super) fn draw_campaign(scene: &mut Scene<'_>, campaign: &Campaign, top: f64) -> f64 {
    let (theme, words) = (scene.theme(), scene.words());
    let layout = Layout::new(scene, campaign);
    let entries = layout.paths.iter().map(|path| {
        let sign: Sign = Box::new(|scene, at| dot(scene, at, path, true));
        (sign, (words.path_name)(path))
    });
    let mut entries: Vec<_> = entries.collect();
    let mut dots = campaign.pairs.iter().flat_map(Pair::dots);
    if dots.any(|dot| dot.at_least) {
        let sign: Sign = Box::new(dot_of_bound);
        entries.push((sign, words.lower_bound.to_owned()));
    }
    legend(scene, top + 22.0, MARGIN, entries);
    let heads = top + 44.0;
    for (path, x) in [("direct", DIRECT), ("proxy", PROXY)] {
        if layout.paths.contains(&path) {
            let name = (words.path_name)(path);
            scene.text((x, heads), name, SMALL, Align::Right, theme.path_text(path));
        }
    }
    let first = heads + 10.0;
    let pairs_end = first + campaign.pairs.len() as f64 * layout.row;
    let medians = campaign.medians.len() as f64 * ROWS.0;
    let bottom = pairs_end + 14.0 + medians;
    grid(scene, &layout, (first, bottom));
    scene.horizontal((MARGIN, PLOT_RIGHT), pairs_end + 6.0, 0.75, theme.frame);
    for (index, pair) in campaign.pairs.iter().enumerate() {
        let y = first + (index as f64 + 0.5) * layout.row;
        draw_pair(scene, pair, &layout, y);
    }
    for (index, median) in campaign.medians.iter().enumerate() {
        let y = pairs_end + 10.0 + (index as f64 + 0.5) * ROWS.0;
        draw_median(scene, median, &layout, y);
    }
    let mut end = bottom + 38.0;
    let at = (layout.ends.0, end);
    scene.text(at, words.campaign_axis, SMALL, Align::Left, theme.grey);
    let mut sides = campaign
        .pairs
        .iter()
        .flat_map(|pair| [pair.direct, pair.proxy]);
    if layout.row < READABLE && sides.any(|found| found.is_err()) {
        end += 20.0;
        scene.text((MARGIN, end), words.no_dot, SMALL, Align::Left, theme.grey);
    }
    if let Some(difference) = &campaign.difference {
        end += 22.0;
        let sentence = sentence(words, difference);
        scene.text((MARGIN, end), sentence, SMALL, Align::Left, theme.ink);
    }
    end + 16.0
}

/// `direct - proxy: median 4.00 s, 95 % interval 3.90 s to 4.10 s. The proxy was shorter in 5 of 5.`
fn sentence(words: &ChartWords, difference: &Difference) -> String {
    let median = words.seconds(difference.median_us);
    let figures = format!("{median}, {}", interval(words, difference.interval));
    let (shorter, n) = (
        difference.proxy_shorter.to_string(),
        difference.n.to_string(),
    );
    let times = (words.proxy_shorter)(&shorter, &n);
    format!("{}. {times}", (words.difference)(&figures))
}

fn interval(words: &ChartWords, interval: Option<Interval>) -> String {
    interval.map_or_else(
        || words.no_interval.to_owned(),
        |found| (words.interval)(&words.seconds(found.low_us), &words.seconds(found.high_us)),
    )
}

fn grid(scene: &mut Scene<'_>, layout: &Layout, (top, bottom): (f64, f64)) {
    let theme = scene.theme();
    for tick in layout.axis.ticks() {
        scene.vertical(tick.at, (top, bottom), 0.5, theme.grid);
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
    scene.vertical(layout.ends.0, (top, bottom), 1.0, theme.frame);
}

fn draw_pair(scene: &mut Scene<'_>, pair: &Pair, layout: &Layout, y: f64) {
    let (theme, words) = (scene.theme(), scene.words());
    let at = |us: i64| layout.axis.at(us);
    if let (Ok(direct), Ok(proxy)) = (pair.direct, pair.proxy) {
        let (one, other) = (at(direct.downtime_us), at(proxy.downtime_us));
        scene.horizontal((one.min(other), one.max(other)), y, 3.0, theme.grid);
    }
    let dots = [
        ("direct", pair.direct, DIRECT),
        ("proxy", pair.proxy, PROXY),
    ];
    let readable = layout.row >= READABLE;
    for (path, found, column) in dots {
        if readable && layout.paths.contains(&path) {
            let color = if found.is_ok() { theme.ink } else { theme.grey };
            let text = figure(words, found);
            scene.text((column, y + 4.5), text, SMALL, Align::Right, color);
        }
        let Ok(found) = found else { continue };
        let ends = (
            at(found.downtime_us - found.resolution_us),
            at(found.downtime_us),
        );
        scene.horizontal(ends, y, 1.5, theme.path(path));
        dot(scene, (ends.1, y), path, !found.at_least);
    }
    if readable {
        let label = scene.face().fit(&pair.label, SMALL, LABEL);
        scene.text((MARGIN, y + 4.5), label, SMALL, Align::Left, theme.ink);
    }
}

fn draw_median(scene: &mut Scene<'_>, median: &Median, layout: &Layout, y: f64) {
    let (theme, words) = (scene.theme(), scene.words());
    let color = theme.path(&median.path);
    let x = layout.axis.at(median.median_us);
    if let Some(interval) = median.interval {
        let ends = (
            layout.axis.at(interval.low_us),
            layout.axis.at(interval.high_us),
        );
        scene.horizontal(ends, y, 2.0, color);
        for x in [ends.0, ends.1] {
            scene.vertical(x, (y - 5.0, y + 5.0), 2.0, color);
        }
    }
    scene.vertical(x, (y - 9.0, y + 9.0), 4.0, color);
    let text = theme.path_text(&median.path);
    scene.text(
        (MARGIN, y + 4.5),
        median_label(words, median),
        SMALL,
        Align::Left,
        text,
    );
    let seconds = words.seconds(median.median_us);
    let figure = match median.at_least {
        true => (words.at_least)(&seconds),
        false => seconds,
    };
    let figures = format!("{figure}, {}", interval(words, median.interval));
    scene.text(
        (PLOT_RIGHT, y + 4.5),
        figures,
        SMALL,
        Align::Right,
        theme.ink,
    );
}

/// A dot for direct, a square for the proxy; hollow for a bound.
fn dot(scene: &mut Scene<'_>, (x, y): Position, path: &str, is_known: bool) {
    let theme = scene.theme();
    let mut shape = |size: f64, color| match is_proxy(path) {
        true => scene.rectangle(Area::new(x - size, y - size, x + size, y + size), color),
        false => scene.dot((x, y), size, color),
    };
    shape(5.0, theme.path(path));
    if !is_known {
        shape(3.0, theme.background);
    }
}

fn dot_of_bound(scene: &mut Scene<'_>, at: Position) {
    dot(scene, at, "direct", false);
}
