//! Over several recordings: both paths in each failover, of writes and of reads.

use recording::Mode;

use crate::campaign::{self, Distribution, Measured, Paired, RunFailover};
use crate::charts::campaign::{
    Absent, Campaign, Difference, Dot, Median, Pair, draw_campaign, title,
};
use crate::charts::drawing::scene::{Align, Scene};
use crate::charts::drawing::style::{MARGIN, SMALL, TITLE};
use crate::charts::words::ChartWords;
use crate::summary::Group;

/// The charts, by the names of their files.
const CHARTS: [(&str, Group); 2] = [("campaign", Group::Writer), ("campaign-reads", Group::Read)];

/// The charts that have something to show.
pub(super) fn of_runs(
    found: &campaign::Campaign,
    words: &ChartWords,
) -> Vec<(&'static str, Campaign)> {
    let chart = |(name, group)| Some((name, pairs(found, group, words)?));
    CHARTS.into_iter().filter_map(chart).collect()
}

/// `None` where there are fewer than two failovers.
fn pairs(found: &campaign::Campaign, group: Group, words: &ChartWords) -> Option<Campaign> {
    let is_recorded = |failover: &RunFailover, path: &str| {
        let mut runs = found.runs.iter();
        let run = runs.find(|run| run.number == failover.run);
        let modes = run.iter().flat_map(|run| &run.recordings);
        let other = if path == "proxy" {
            Mode::Direct
        } else {
            Mode::Proxy
        };
        modes.into_iter().any(|recording| recording.mode != other)
    };
    let dot = |failover: &RunFailover, path: &str| {
        let figure = failover.figure(path, group, Measured::Downtime);
        let figure = figure.ok_or(match is_recorded(failover, path) {
            true => Absent::NoFailover,
            false => Absent::NotRecorded,
        })?;
        Ok(Dot {
            downtime_us: figure.us.ok_or(Absent::Unknown)?,
            resolution_us: figure.resolution_us,
            at_least: figure.at_least,
            at_most_us: figure.at_most_us,
        })
    };
    let pair = |failover: &RunFailover| Pair {
        label: (words.failover_number)(&failover.number.to_string()),
        direct: dot(failover, "direct"),
        proxy: dot(failover, "proxy"),
    };
    let median = |of: &Distribution| {
        let spread = of.spread?;
        Some(Median {
            path: of.path.clone(),
            n: spread.n,
            median_us: spread.median_us,
            interval: spread.interval,
            // Bounds are left out of it.
            at_least: false,
        })
    };
    let is_asked = |measured: Measured, of: Group| measured == Measured::Downtime && of == group;
    let difference = |of: &Paired| Difference {
        n: of.spread.n,
        median_us: of.spread.median_us,
        interval: of.spread.interval,
        proxy_shorter: of.proxy_shorter,
    };
    let figures = found.figures.iter();
    let figures = figures.filter(|of| is_asked(of.measured, of.group));
    let mut paired = found.paired.iter();
    let paired = paired.find(|of| is_asked(of.measured, of.group));
    (found.failovers.len() > 1).then(|| Campaign {
        group,
        pairs: found.failovers.iter().map(pair).collect(),
        medians: figures.filter_map(median).collect(),
        difference: paired.map(difference),
    })
}

pub(super) fn draw(scene: &mut Scene<'_>, campaign: &Campaign) {
    let (theme, words) = (scene.theme(), scene.words());
    let title = title(words, campaign);
    let note = (words.campaign_note)((words.subject)(campaign.group));
    scene.set_label(format!("{title}. {note}"));
    scene.text((MARGIN, 40.0), title, TITLE, Align::Left, theme.ink);
    scene.text((MARGIN, 64.0), note, SMALL, Align::Left, theme.grey);
    let bottom = draw_campaign(scene, campaign, 76.0);
    scene.set_height(bottom);
}
