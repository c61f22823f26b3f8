//! Several failovers in one recording: which of the two paths' failovers are one, and what holds over all of them
//! (`docs/definitions.md`, Several failovers; `docs/decomposition.md`).

pub(crate) mod of_path;
pub(crate) mod of_service;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use recording::Timestamp;
use recording::vocabulary::Path;

use crate::stats::bootstrap;
use crate::summary::{
    DowntimeDistribution, Failover, Failovers, Group, GroupFailover, PairedDifference,
    PathFailover, PathSummary, ServiceDifference, ServiceDistribution, ServiceFailover, Spread,
    compared_groups,
};

/// Failovers of no trigger are one where they start at most this far apart, microseconds.
pub(crate) const PAIR_WITHIN_US: i64 = 30_000_000;

/// The failovers of the two paths, or of one.
#[must_use]
pub(crate) fn failovers(paths: &[PathSummary]) -> Failovers {
    let of = |path: Path| Side::new(paths.iter().find(|summary| summary.path == path.as_str()));
    let (direct, proxy) = (of(Path::Direct), of(Path::Proxy));
    let failovers = paired_up(&direct, &proxy);
    let in_groups = |path| {
        let groups = compared_groups(paths, path).into_iter();
        groups.map(move |group| Side {
            group,
            ..Side::new(Some(path))
        })
    };
    let sides = paths.iter().flat_map(in_groups);
    Failovers {
        downtime: sides.filter_map(|side| side.distribution()).collect(),
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
            service: self.service_distribution(),
            own_share: self.own_share(),
        })
    }

    fn of_service(&self, place: Option<usize>) -> Option<&'a ServiceFailover> {
        self.of_group(place)?.service.as_ref()
    }

    fn services(&self) -> impl Iterator<Item = &'a ServiceFailover> + '_ {
        self.places().filter_map(|place| self.of_service(place))
    }

    fn service_is_partial(&self) -> bool {
        let mut groups = self.path.iter().flat_map(|path| &path.groups);
        let group = groups.find(|group| group.group == self.group);
        let service = group.and_then(|group| group.service.as_ref());
        service.is_some_and(|service| service.is_partial)
    }

    fn service_distribution(&self) -> Option<ServiceDistribution> {
        let known: Vec<i64> = self
            .services()
            .filter_map(ServiceFailover::known_us)
            .collect();
        let is_without = |of: &&ServiceFailover| of.episodes.is_empty() && of.known_us().is_some();
        Some(ServiceDistribution {
            spread: spread(&known)?,
            without_episode: self.services().filter(is_without).count(),
            open: self.services().count() - known.len(),
            at_least: self.service_is_partial(),
        })
    }

    fn own_share(&self) -> Option<Spread> {
        let shares = self.services().filter_map(|of| Some(of.own_share?.us));
        spread(&shares.collect::<Vec<_>>())
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
    let of_services = service_difference(failovers, &direct, &proxy);
    let differences = differences(failovers, |place, is_direct| match is_direct {
        true => direct.known_us(place),
        false => proxy.known_us(place),
    });
    Some(PairedDifference {
        group: direct.group,
        n: differences.len(),
        unpaired: failovers.len() - differences.len(),
        median_us: bootstrap::median(&differences)?,
        min_us: *differences.iter().min()?,
        max_us: *differences.iter().max()?,
        interval: bootstrap::interval_of_median(&differences),
        proxy_shorter: differences.iter().filter(|us| **us > 0).count(),
        service: of_services,
    })
}

/// The same of the service; `None` where one of the paths was not probed, or rows are missing.
fn service_difference(
    failovers: &[Failover],
    direct: &Side<'_>,
    proxy: &Side<'_>,
) -> Option<ServiceDifference> {
    if direct.service_is_partial() || proxy.service_is_partial() {
        return None;
    }
    let differences = differences(failovers, |place, is_direct| {
        let side = if is_direct { direct } else { proxy };
        side.of_service(place)?.known_us()
    });
    Some(ServiceDifference {
        spread: spread(&differences)?,
        unpaired: failovers.len() - differences.len(),
        proxy_shorter: differences.iter().filter(|us| **us > 0).count(),
    })
}

/// Direct - proxy of each failover in which the figure of both is known: of a path's place, and whether it is the direct path's.
fn differences(
    failovers: &[Failover],
    known_us: impl Fn(Option<usize>, bool) -> Option<i64>,
) -> Vec<i64> {
    let place = |number: Option<usize>| number.and_then(|number| number.checked_sub(1));
    let difference = |failover: &Failover| {
        let direct = known_us(place(failover.direct_failover), true)?;
        let proxy = known_us(place(failover.proxy_failover), false)?;
        Some(direct - proxy)
    };
    failovers.iter().filter_map(difference).collect()
}

/// How values are spread; `None` of none.
pub(crate) fn spread(values: &[i64]) -> Option<Spread> {
    Some(Spread {
        n: values.len(),
        median_us: bootstrap::median(values)?,
        min_us: *values.iter().min()?,
        max_us: *values.iter().max()?,
        interval: bootstrap::interval_of_median(values),
    })
}
