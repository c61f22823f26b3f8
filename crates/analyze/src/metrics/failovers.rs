//! Several failovers in one recording: which episodes of the two paths belong together, and what holds over all of them
//! (`semantics.md`, Several failovers; `docs/decomposition.md`).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use recording::Timestamp;
use recording::vocabulary::Path;

use crate::stats::bootstrap;
use crate::summary::{
    DowntimeDistribution, Episode, Failover, Failovers, Group, PairedDifference, PathSummary,
};

/// Episodes of no trigger are of one failover where they start at most this far apart, microseconds.
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
        paired: difference(&failovers, &direct, &proxy),
        failovers,
    }
}

/// The episodes of the headline's group of a path; none where the path was not recorded.
struct Side<'a> {
    path: Option<&'a PathSummary>,
    group: Group,
    episodes: &'a [Episode],
}

impl<'a> Side<'a> {
    fn new(path: Option<&'a PathSummary>) -> Self {
        let group = path
            .and_then(|path| path.headline.as_ref())
            .map_or(Group::Writer, |headline| headline.group);
        let of_headline = |path: &'a PathSummary| {
            let mut groups = path.groups.iter();
            groups.find(|summary| summary.group == group)
        };
        let found = path.and_then(of_headline);
        Self {
            path,
            group,
            episodes: found.map_or(&[], |summary| &summary.episodes),
        }
    }

    /// Trigger and start of each episode, UTC microseconds, with its place.
    fn places(&self) -> impl Iterator<Item = (usize, Option<i64>, i64)> + '_ {
        self.episodes.iter().enumerate().map(|(place, episode)| {
            let decomposition = episode.decomposition.as_ref();
            let trigger = decomposition.and_then(|decomposition| decomposition.trigger);
            let trigger = trigger.map(|trigger| trigger.time.micros());
            (place, trigger, episode.span.start.micros())
        })
    }

    /// The downtime of an episode that ended, microseconds.
    fn ended_us(&self, place: Option<usize>) -> Option<i64> {
        let episode = self.episodes.get(place?)?;
        (!episode.at_least).then_some(episode.downtime_us)
    }

    fn distribution(&self) -> Option<DowntimeDistribution> {
        let path = self.path?;
        let ended: Vec<i64> = (0..self.episodes.len())
            .filter_map(|place| self.ended_us(Some(place)))
            .collect();
        Some(DowntimeDistribution {
            path: path.path.clone(),
            group: self.group,
            n: ended.len(),
            open: self.episodes.len() - ended.len(),
            at_least: path.is_partial,
            median_us: bootstrap::median(&ended)?,
            min_us: *ended.iter().min()?,
            max_us: *ended.iter().max()?,
            interval: bootstrap::interval_of_median(&ended),
        })
    }
}

/// Places of the episodes of one failover.
#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    trigger_us: Option<i64>,
    start_us: i64,
    direct: Option<usize>,
    proxy: Option<usize>,
}

/// Episodes of the same trigger are of one failover. Of those without a trigger, the two that start nearest to each other are, then
/// the nearest of the rest, up to [`PAIR_WITHIN_US`] apart. Every other episode is a failover by itself.
fn paired_up(direct: &Side<'_>, proxy: &Side<'_>) -> Vec<Failover> {
    let mut pairs: BTreeMap<i64, Pair> = BTreeMap::new();
    let mut alone = Vec::new();
    for (is_direct, side) in [(true, direct), (false, proxy)] {
        for (place, trigger_us, start_us) in side.places() {
            let mut pair = Pair {
                trigger_us,
                start_us,
                ..Pair::default()
            };
            if let Some(trigger_us) = trigger_us {
                pair = pairs.get(&trigger_us).copied().unwrap_or(pair);
                pair.start_us = pair.start_us.min(start_us);
            }
            let slot = if is_direct {
                &mut pair.direct
            } else {
                &mut pair.proxy
            };
            *slot = Some(place);
            match trigger_us {
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
        direct_episode: pair.direct.map(|place| place + 1),
        proxy_episode: pair.proxy.map(|place| place + 1),
    };
    pairs.iter().enumerate().map(failover).collect()
}

/// Joins episodes of the two paths, the nearest first.
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

/// Over the failovers that were seen to their end on both paths; `None` where operations are missing, as bounds are not compared.
fn difference(
    failovers: &[Failover],
    direct: &Side<'_>,
    proxy: &Side<'_>,
) -> Option<PairedDifference> {
    if direct.path?.is_partial || proxy.path?.is_partial {
        return None;
    }
    let place = |episode: Option<usize>| episode.map(|episode| episode - 1);
    let differences: Vec<i64> = failovers
        .iter()
        .filter_map(|failover| {
            let direct = direct.ended_us(place(failover.direct_episode))?;
            let proxy = proxy.ended_us(place(failover.proxy_episode))?;
            Some(direct - proxy)
        })
        .collect();
    Some(PairedDifference {
        n: differences.len(),
        unpaired: failovers.len() - differences.len(),
        median_us: bootstrap::median(&differences)?,
        min_us: *differences.iter().min()?,
        max_us: *differences.iter().max()?,
        interval: bootstrap::interval_of_median(&differences),
        proxy_shorter: differences.iter().filter(|us| **us > 0).count(),
    })
}
