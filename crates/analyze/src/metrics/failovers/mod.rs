//! Several failovers in one recording: which of the two paths' failovers are one, and what holds over all of them
//! (`docs/definitions.md`, Several failovers; `docs/decomposition.md`).

pub(crate) mod of_path;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use recording::Timestamp;
use recording::vocabulary::Path;

use crate::stats::bootstrap;
use crate::summary::{
    DowntimeDistribution, Failover, Failovers, Group, GroupFailover, PairedDifference,
    PathFailover, PathSummary,
};

/// Failovers of no trigger are one where they start at most this far apart, microseconds.
const PAIR_WITHIN_US: i64 = 30_000_000;

/// The failovers of the two paths, or of one.
#[must_use]
pub(crate) fn failovers(paths: &[PathSummary]) -> Failovers {
    let of = |path: Path| Side::new(paths.iter().find(|summary| summary.path == path.as_str()));
    let (direct, proxy) = (of(Path::Direct), of(Path::Proxy));
    let failovers = paired_up(&direct, &proxy);
    Failovers {
        downtime: [&direct, &proxy]
            .into_iter()
            .filter_map(Side::distribution)
            .collect(),
        paired: difference(&failovers, direct, proxy),
        failovers,
    }
}

/// The failovers of a path in its headline's group; none where the path was not recorded.
struct Side<'a> {
    path: Option<&'a PathSummary>,
    group: Group,
    failovers: &'a [PathFailover],
}

impl<'a> Side<'a> {
    fn new(path: Option<&'a PathSummary>) -> Self {
        let headline = path.and_then(|path| path.headline.as_ref());
        Self {
            path,
            group: headline.map_or(Group::Writer, |headline| headline.group),
            failovers: path.map_or(&[], |path| &path.failovers),
        }
    }

    fn of_group(&self, place: Option<usize>) -> Option<&'a GroupFailover> {
        let mut groups = self.failovers.get(place?)?.groups.iter();
        groups.find(|of| of.group == self.group)
    }

    /// The downtime of a failover where it is a figure and no bound, microseconds.
    fn known_us(&self, place: Option<usize>) -> Option<i64> {
        self.of_group(place)?.known_us()
    }

    fn first_episode(&self, place: Option<usize>) -> Option<usize> {
        self.of_group(place)?.episodes.first().copied()
    }

    fn places(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        (0..self.failovers.len()).map(Some)
    }

    fn has_episodes(&self) -> bool {
        self.places()
            .any(|place| self.first_episode(place).is_some())
    }

    fn distribution(&self) -> Option<DowntimeDistribution> {
        let path = self.path?;
        let known: Vec<i64> = self
            .places()
            .filter_map(|place| self.known_us(place))
            .collect();
        let without_episode = self
            .places()
            .filter_map(|place| self.of_group(place))
            .filter(|of| of.episodes.is_empty() && of.known_us().is_some());
        Some(DowntimeDistribution {
            path: path.path.clone(),
            group: self.group,
            n: known.len(),
            without_episode: without_episode.count(),
            open: self.failovers.len() - known.len(),
            at_least: path.is_partial,
            median_us: bootstrap::median(&known)?,
            min_us: *known.iter().min()?,
            max_us: *known.iter().max()?,
            interval: bootstrap::interval_of_median(&known),
        })
    }
}

/// Places of the two paths' failovers that are one.
#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    trigger_us: Option<i64>,
    start_us: i64,
    direct: Option<usize>,
    proxy: Option<usize>,
}

/// Failovers of the same trigger are one. Of those without a trigger, the two that start nearest to each other are, then
/// the nearest of the rest, up to [`PAIR_WITHIN_US`] apart. Every other one is a failover by itself.
fn paired_up(direct: &Side<'_>, proxy: &Side<'_>) -> Vec<Failover> {
    let mut pairs: BTreeMap<i64, Pair> = BTreeMap::new();
    let mut alone = Vec::new();
    for (is_direct, side) in [(true, direct), (false, proxy)] {
        for (place, failover) in side.failovers.iter().enumerate() {
            let mut pair = Pair {
                trigger_us: failover.trigger.map(Timestamp::micros),
                start_us: failover.span.start.micros(),
                ..Pair::default()
            };
            if let Some(trigger_us) = pair.trigger_us {
                pair = pairs.get(&trigger_us).copied().unwrap_or(pair);
            }
            let slot = if is_direct {
                &mut pair.direct
            } else {
                &mut pair.proxy
            };
            *slot = Some(place);
            match pair.trigger_us {
                Some(trigger_us) => drop(pairs.insert(trigger_us, pair)),
                None => alone.push(pair),
            }
        }
    }
    let mut pairs: Vec<Pair> = pairs.into_values().chain(nearest(alone)).collect();
    pairs.sort_by_key(|pair| pair.start_us);
    let failover = |(index, pair): (usize, &Pair)| Failover {
        number: index + 1,
        trigger: pair.trigger_us.map(Timestamp),
        direct_failover: pair.direct.map(|place| place + 1),
        proxy_failover: pair.proxy.map(|place| place + 1),
        direct_episode: direct.first_episode(pair.direct),
        proxy_episode: proxy.first_episode(pair.proxy),
    };
    pairs.iter().enumerate().map(failover).collect()
}

/// Joins failovers of the two paths, the nearest first.
fn nearest(alone: Vec<Pair>) -> Vec<Pair> {
    let (directs, proxies): (Vec<Pair>, Vec<Pair>) =
        alone.into_iter().partition(|pair| pair.direct.is_some());
    let mut distances = Vec::new();
    for (i, direct) in directs.iter().enumerate() {
        for (j, proxy) in proxies.iter().enumerate() {
            let distance = (direct.start_us - proxy.start_us).abs();
            if distance <= PAIR_WITHIN_US {
                distances.push(Reverse((distance, i, j)));
            }
        }
    }
    distances.sort_unstable();
    let (mut taken_directs, mut taken_proxies) = (BTreeSet::new(), BTreeSet::new());
    let mut joined = Vec::new();
    while let Some(Reverse((_, i, j))) = distances.pop() {
        if taken_directs.contains(&i) || taken_proxies.contains(&j) {
            continue;
        }
        taken_directs.insert(i);
        taken_proxies.insert(j);
        joined.push(Pair {
            trigger_us: None,
            start_us: directs[i].start_us.min(proxies[j].start_us),
            direct: directs[i].direct,
            proxy: proxies[j].proxy,
        });
    }
    let rest = |pairs: Vec<Pair>, taken: &BTreeSet<usize>| -> Vec<Pair> {
        let pairs = pairs.into_iter().enumerate();
        pairs
            .filter(|(index, _)| !taken.contains(index))
            .map(|(_, pair)| pair)
            .collect()
    };
    joined.extend(rest(directs, &taken_directs));
    joined.extend(rest(proxies, &taken_proxies));
    joined
}

/// Reads with reads, and writes with writes: where the headlines are of different groups, of the writer's.
///
/// Over the failovers of a known downtime on both paths; `None` where operations are missing, as bounds are not compared, and where
/// no path was down in any.
fn difference(
    failovers: &[Failover],
    mut direct: Side<'_>,
    mut proxy: Side<'_>,
) -> Option<PairedDifference> {
    if direct.group != proxy.group {
        (direct.group, proxy.group) = (Group::Writer, Group::Writer);
    }
    let is_partial = direct.path?.is_partial || proxy.path?.is_partial;
    if is_partial || !(direct.has_episodes() || proxy.has_episodes()) {
        return None;
    }
    let place = |number: Option<usize>| number.and_then(|number| number.checked_sub(1));
    let differences: Vec<i64> = failovers
        .iter()
        .filter_map(|failover| {
            let direct = direct.known_us(place(failover.direct_failover))?;
            let proxy = proxy.known_us(place(failover.proxy_failover))?;
            Some(direct - proxy)
        })
        .collect();
    Some(PairedDifference {
        group: direct.group,
        n: differences.len(),
        unpaired: failovers.len() - differences.len(),
        median_us: bootstrap::median(&differences)?,
        min_us: *differences.iter().min()?,
        max_us: *differences.iter().max()?,
        interval: bootstrap::interval_of_median(&differences),
        proxy_shorter: differences.iter().filter(|us| **us > 0).count(),
    })
}
