//! Downtimes direct and through the proxy, failover by failover or run by run, with their medians.

use crate::charts::drawing::scene::{Align, Area, Position, Scene, Sign};
use crate::charts::drawing::style::{MARGIN, PLOT_RIGHT, SMALL};
use crate::charts::drawing::theme::is_proxy;
use crate::charts::frame::{self, legend};
use crate::charts::seconds::SecondsAxis;
use crate::charts::words::ChartWords;
use crate::summary::{Failover, Group, GroupFailover, Interval, Summary};
use crate::text::figures::{Downtime, in_chart};

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
    pub direct: Option<Dot>,
    pub proxy: Option<Dot>,
}

/// A downtime, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dot {
    pub downtime_us: i64,
    pub resolution_us: i64,
    /// It is a lower bound, and not in the median.
    pub at_least: bool,
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
            let path = summary.paths.iter().find(|found| found.path == path)?;
            let own = failover.on(&path.path)?.checked_sub(1)?;
            let groups = path.failovers.get(own)?.groups.iter();
            let mut groups = groups.filter(|found| found.group == group);
            Dot::new(groups.next()?, path.is_partial)
        };
        let pair = |failover: &Failover| Pair {
            label: label(failover.number),
            direct: dot(failover, "direct"),
            proxy: dot(failover, "proxy"),
        };
        let pairs: Vec<Pair> = failovers.failovers.iter().map(pair).collect();
        let medians = failovers.downtime.iter();
        let medians = medians.filter(|downtime| downtime.group == group);
        let median = |downtime: &crate::summary::DowntimeDistribution| Median {
            path: downtime.path.clone(),
            n: downtime.n,
            median_us: downtime.median_us,
            interval: downtime.interval,
            at_least: downtime.at_least,
        };
        (pairs.len() > 1).then(|| Self {
            group,
            pairs,
            medians: medians.map(median).collect(),
            difference: paired.map(|paired| Difference {
                n: paired.n,
                median_us: paired.median_us,
                interval: paired.interval,
                proxy_shorter: paired.proxy_shorter,
            }),
        })
    }

    fn longest_us(&self) -> i64 {
        let dots = self.pairs.iter().flat_map(|pair| [pair.direct, pair.proxy]);
        let dots = dots.flatten().map(|dot| dot.downtime_us);
        let medians = self.medians.iter().map(|median| {
            let high = median.interval.map(|interval| interval.high_us);
            high.unwrap_or(median.median_us)
        });
        dots.chain(medians).max().unwrap_or(0)
    }
}

impl Dot {
    fn new(failover: &GroupFailover, is_partial: bool) -> Option<Self> {
        Some(Self {
            downtime_us: failover.downtime_us?,
            resolution_us: failover.resolution_us,
            at_least: failover.at_least || is_partial,
        })
    }

    fn text(&self, words: &ChartWords) -> String {
        in_chart(
            words.report,
            Downtime {
                us: self.downtime_us,
                resolution_us: self.resolution_us,
                paused_us: 0,
                at_least: self.at_least,
            },
        )
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
        let dots = || {
            campaign
                .pairs
                .iter()
                .flat_map(|pair| [pair.direct, pair.proxy])
        };
        let figures = dots().flatten().map(|dot| width(&dot.text(words)));
        let left = MARGIN + label + 16.0;
        let right = DIRECT - figures.fold(0.0, f64::max) - 24.0;
        let has =
            |of: fn(&Pair) -> Option<Dot>| campaign.pairs.iter().any(|pair| of(pair).is_some());
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

fn median_label(words: &ChartWords, median: &Median) -> String {
    let n = (words.median_of)(&median.n.to_string());
    format!("{} {n}", (words.path_name)(&median.path))
}

pub(super) fn draw(scene: &mut Scene<'_>, summary: &Summary, campaign: &Campaign) {
    let words = scene.words();
    let note = (words.campaign_note)((words.subject)(campaign.group));
    let top = frame::header(scene, words.campaign, &note, summary);
    let bottom = draw_campaign(scene, campaign, top);
    scene.set_height(bottom);
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
    let mut dots = campaign
        .pairs
        .iter()
        .flat_map(|pair| [pair.direct, pair.proxy]);
    if dots.any(|dot| dot.is_some_and(|dot| dot.at_least)) {
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
    let at = (layout.ends.0, bottom + 38.0);
    scene.text(at, words.campaign_axis, SMALL, Align::Left, theme.grey);
    let Some(difference) = &campaign.difference else {
        return bottom + 52.0;
    };
    let sentence = sentence(words, difference);
    scene.text(
        (MARGIN, bottom + 60.0),
        sentence,
        SMALL,
        Align::Left,
        theme.ink,
    );
    bottom + 76.0
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
    if let (Some(direct), Some(proxy)) = (pair.direct, pair.proxy) {
        let (one, other) = (at(direct.downtime_us), at(proxy.downtime_us));
        scene.horizontal((one.min(other), one.max(other)), y, 3.0, theme.grid);
    }
    let dots = [
        ("direct", pair.direct, DIRECT),
        ("proxy", pair.proxy, PROXY),
    ];
    let readable = layout.row >= READABLE;
    for (path, found, column) in dots {
        let Some(found) = found else {
            if readable && layout.paths.contains(&path) {
                scene.text((column, y + 4.5), "-", SMALL, Align::Right, theme.grey);
            }
            continue;
        };
        let ends = (
            at(found.downtime_us - found.resolution_us),
            at(found.downtime_us),
        );
        scene.horizontal(ends, y, 1.5, theme.path(path));
        dot(scene, (ends.1, y), path, !found.at_least);
        if readable {
            let text = found.text(words);
            scene.text((column, y + 4.5), text, SMALL, Align::Right, theme.ink);
        }
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
