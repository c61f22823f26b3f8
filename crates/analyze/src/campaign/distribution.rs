//! What holds over all failovers of all runs.

use crate::campaign::found::{Distribution, FailoverFigure, Measured, Paired, RunFailover};
use crate::gaps::HEADLINE_GROUPS;
use crate::metrics::failovers::spread;
use crate::summary::Group;

/// Every figure of every group and path that a failover has.
pub(super) fn figures(failovers: &[RunFailover]) -> Vec<Distribution> {
    let mut figures = Vec::new();
    for measured in Measured::ALL {
        for group in HEADLINE_GROUPS {
            for path in ["direct", "proxy"] {
                figures.extend(of_one(failovers, (measured, group, path)));
            }
        }
    }
    figures
}

fn of_one(
    failovers: &[RunFailover],
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
                downtime.is_some_and(|figure| figure.us.is_some_and(|us| us > 0))
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
        spread: spread(&known),
    })
}

/// Failover by failover, of the figures that both paths have; none where no path was down in any.
pub(super) fn paired(failovers: &[RunFailover]) -> Vec<Paired> {
    let mut paired = Vec::new();
    for measured in [
        Measured::Downtime,
        Measured::ServiceDowntime,
        Measured::FullThroughput,
    ] {
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
