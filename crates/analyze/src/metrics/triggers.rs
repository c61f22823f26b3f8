//! Which episode comes from which failover trigger (`docs/decomposition.md`).

use crate::summary::{Episode, Outage};

/// A failover command is what an outage comes from if it was started at most this long before it, microseconds.
const LEAD_US: i64 = 120_000_000;

/// The trigger of each episode of a group, UTC microseconds: the last one before its first failure that is at most [`LEAD_US`]
/// before its start and after the episode before it, else the first one in it. `outages` are those of the group.
pub(crate) fn of_episodes(
    triggers_us: &[i64],
    episodes: &[Episode],
    outages: &[Outage],
) -> Vec<Option<i64>> {
    let mut previous_end = i64::MIN;
    let mut found = Vec::with_capacity(episodes.len());
    for episode in episodes {
        let (start, end) = (episode.span.start.micros(), episode.span.end.micros());
        let earliest = previous_end.max(start.saturating_sub(LEAD_US));
        let first = outages
            .iter()
            .find(|outage| outage.span.start == episode.span.start);
        // Where operations only stalled, the first outage's end is when it is known at the latest.
        let known = first.map_or(end, |outage| {
            outage.first_failure.unwrap_or(outage.span.end).micros()
        });
        let candidates = || {
            let triggers = triggers_us.iter().copied();
            triggers.filter(|at| earliest < *at && *at <= end)
        };
        let before = candidates().filter(|at| *at <= known).max();
        found.push(before.or_else(|| candidates().min()));
        previous_end = end;
    }
    found
}
