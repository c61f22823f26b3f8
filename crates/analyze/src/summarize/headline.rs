//! Which group a path's headline is of.

use crate::summary::{Episode, Group, GroupSummary, Headline};

pub(super) fn episodes_of<'g>(
    groups: &'g [GroupSummary],
    headline: Option<&Headline>,
) -> &'g [Episode] {
    let group =
        headline.and_then(|headline| groups.iter().find(|group| group.group == headline.group));
    group.map_or(&[], |group| &group.episodes)
}

/// The worse of `read` and `writer`: the longer down, then one of which less is known.
pub(super) fn headline(groups: &[GroupSummary]) -> Option<Headline> {
    let candidates = || {
        groups
            .iter()
            .filter(|group| matches!(group.group, Group::Read | Group::Writer))
    };
    let worse = candidates().max_by_key(|group| {
        let downtime = group.downtime_us.unwrap_or(0);
        (downtime, group.at_least, group.unobserved)
    })?;
    let is_open = |group: &GroupSummary| {
        let last = group.outages.last();
        group.group != worse.group && last.is_some_and(|outage| outage.open_at_end)
    };
    let is_unobserved = |group: &&GroupSummary| {
        group.group != worse.group && group.unobserved && group.downtime_us.is_none()
    };
    Some(Headline {
        group: worse.group,
        downtime_us: worse.downtime_us,
        resolution_us: worse.resolution_us,
        paused_us: worse.paused_us,
        at_least: worse.is_bound(),
        other_open: candidates().any(is_open),
        other_unobserved: candidates().find(is_unobserved).map(|group| group.group),
        episodes: worse.counted_episodes(),
    })
}
