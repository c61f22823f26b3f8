//! When a new writer was first seen on a path.

use recording::vocabulary::EventKind;

use crate::summary::{Episode, EventSummary, Group, GroupSummary};

/// A probe sees a change late: so late at most, microseconds.
const PROBE_LAG_US: i64 = 2_000_000;

/// The first sign of a new writer in each episode of the path's writes, a connection to it or a probe's answer, and each
/// change to a writer outside of them. UTC microseconds, ascending.
pub(crate) fn first_seen_us(
    path: &str,
    events: &[EventSummary],
    groups: &[GroupSummary],
) -> Vec<i64> {
    let mut by_probes: Vec<i64> = events
        .iter()
        .filter(|event| event.event == EventKind::RoleChanged.as_str())
        .filter(|event| event.path.as_deref() == Some(path))
        .filter(|event| event.detail.trim_end().ends_with("(writer)"))
        .map(|event| event.time.micros())
        .collect();
    let writer = groups.iter().find(|group| group.group == Group::Writer);
    let mut seen = Vec::new();
    for episode in writer.iter().flat_map(|group| &group.episodes) {
        let (from_us, to_us) = window(episode);
        let is_of_it = |time_us: &i64| from_us < *time_us && *time_us <= to_us;
        let of_probes = by_probes.iter().copied().filter(is_of_it);
        seen.extend(milestones(episode).chain(of_probes).min());
        by_probes.retain(|time_us| !is_of_it(time_us));
    }
    seen.extend(by_probes);
    seen.sort_unstable();
    seen
}

fn milestones(episode: &Episode) -> impl Iterator<Item = i64> {
    let outages = episode.decomposition.iter();
    let outages = outages.flat_map(|decomposition| &decomposition.outages);
    outages.filter_map(|outage| Some(outage.new_writer?.time.micros()))
}

/// From the episode's trigger, or its start, to its end.
fn window(episode: &Episode) -> (i64, i64) {
    let start_us = episode.span.start.micros();
    let trigger = episode
        .decomposition
        .as_ref()
        .and_then(|found| found.trigger);
    let from_us = trigger.map_or(start_us, |trigger| trigger.time.micros().min(start_us));
    let to_us = episode.span.end.micros().saturating_add(PROBE_LAG_US);
    (from_us, to_us)
}
