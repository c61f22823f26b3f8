//! What holds over all failovers of all runs.

use crate::campaign::{Distribution, FailoverFigure, Measured, Paired, RunFailover};
use crate::gaps::HEADLINE_GROUPS;
use crate::metrics::failovers::spread;
use crate::summary::{Group, Summary};

/// Every figure of every group and path that a failover has.
pub(super) fn figures(failovers: &[RunFailover], summaries: &[Summary]) -> Vec<Distribution> {
    let mut figures = Vec::new();
    for measured in Measured::ALL {
        for group in HEADLINE_GROUPS {
            for path in ["direct", "proxy"] {
                figures.extend(of_one(failovers, summaries, (measured, group, path)));
            }
        }
    }
    figures
}

fn of_one(
    failovers: &[RunFailover],
    summaries: &[Summary],
    (measured, group, path): (Measured, Group, &str),
) -> Option<Distribution> {
    let of_failover = |failover: &RunFailover| failover.figure(path, group, measured).cloned();
    let found: Vec<_> = failovers.iter().filter_map(of_failover).collect();
    let known: Vec<i64> = found.iter().filter_map(FailoverFigure::known_us).collect();
    // Of a downtime every failover of the path has one, if only a bound. Of the other figures those with an outage.
    let all = match measured.is_downtime() {
        true => found.len(),
        false => {
            let had_outage = |failover: &&RunFailover| {
                let downtime = failover.figure(path, group, Measured::Downtime);
                downtime.is_some_and(|figure| figure.at_most_us.is_none())
            };
            failovers.iter().filter(had_outage).count()
        }
    };
    let without_episode = found
        .iter()
        .filter(|figure| figure.known_us().is_some() && figure.at_most_us.is_some());
    if known.is_empty() && (all == 0 || !measured.is_downtime()) {
        return None;
    }
    Some(Distribution {
        measured,
        group,
        path: path.to_owned(),
        without_episode: without_episode.count(),
        left_out: all.saturating_sub(known.len()),
        at_least: is_partial(summaries, path, measured),
        spread: spread(&known),
    })
}

/// True where rows that the downtimes are made from are missing in a recording.
fn is_partial(summaries: &[Summary], path: &str, measured: Measured) -> bool {
    let mut paths = summaries
        .iter()
        .flat_map(|summary| &summary.paths)
        .filter(|found| found.path == path);
    match measured {
        Measured::Downtime => paths.any(|path| path.is_partial),
        Measured::ServiceDowntime => paths.any(|path| {
            let mut services = path
                .groups
                .iter()
                .filter_map(|group| group.service.as_ref());
            services.any(|service| service.is_partial)
        }),
        _ => false,
    }
}

/// Failover by failover, of the figures that both paths have; none of downtimes that are bounds, or 0 in every failover.
pub(super) fn paired(failovers: &[RunFailover], summaries: &[Summary]) -> Vec<Paired> {
    let mut paired = Vec::new();
    for measured in [
        Measured::Downtime,
        Measured::ServiceDowntime,
        Measured::FullThroughput,
    ] {
        let is_partial = |path: &str| is_partial(summaries, path, measured);
        if is_partial("direct") || is_partial("proxy") {
            continue;
        }
        for group in HEADLINE_GROUPS {
            let known_us = |failover: &RunFailover, path: &str| {
                failover.figure(path, group, measured)?.known_us()
            };
            let pair = |failover: &RunFailover| {
                Some((known_us(failover, "direct")?, known_us(failover, "proxy")?))
            };
            let pairs: Vec<(i64, i64)> = failovers.iter().filter_map(pair).collect();
            if pairs.iter().all(|pair| *pair == (0, 0)) {
                continue;
            }
            let differences: Vec<i64> =
                pairs.iter().map(|(direct, proxy)| direct - proxy).collect();
            let spread = spread(&differences);
            paired.extend(spread.map(|spread| Paired {
                measured,
                group,
                spread,
                unpaired: failovers.len() - differences.len(),
                proxy_shorter: differences.iter().filter(|us| **us > 0).count(),
            }));
        }
    }
    paired
}
