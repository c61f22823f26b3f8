//! Connections that still led to a reader after a new writer was seen.

use std::collections::{BTreeMap, BTreeSet};

use recording::Timestamp;

use crate::metrics::effects::seen::{Run, Seen, servers_of};
use crate::reduce::operations::around::{UsedConnections, second};
use crate::reduce::suspect::Suspect;
use crate::summary::{Span, StuckConnections};

/// The peak is looked for in so much time after the new writer was seen, microseconds.
const LOOKED_AT_US: i64 = 600_000_000;

/// The refusals after each new writer that has some, and the time in which the peak is looked for; `refusals` are in order of their ends.
pub(super) fn after_new_writers<'r>(seen: &Seen<'_>, refusals: &'r [&'r Suspect]) -> Vec<Run<'r>> {
    let starts = seen.failovers.iter();
    let starts: Vec<i64> = starts.map(|of| of.span.start.micros()).collect();
    let after = |new_us: &i64| {
        // In the next failover this writer may become a reader itself.
        let others = starts.iter().chain(seen.new_writers_us);
        let next = others.filter(|other| *other > new_us).min();
        let next_us = next.copied().unwrap_or(seen.timeline.end_us);
        let first = refusals.partition_point(|refusal| refusal.end_us <= *new_us);
        let end = refusals.partition_point(|refusal| refusal.end_us <= next_us);
        let found = refusals.get(first..end)?;
        // To the end of the second of the last refusal: others were used in it too.
        let last_us = found
            .last()?
            .end_us
            .min(new_us.saturating_add(LOOKED_AT_US));
        let seconds = (last_us - new_us).div_euclid(1_000_000) + 1;
        let until_us = (new_us + seconds * 1_000_000).min(next_us).max(last_us);
        Some((Span::new(*new_us, until_us), found))
    };
    seen.new_writers_us.iter().filter_map(after).collect()
}

/// One entry per run; `used` has the connections that were used in each.
pub(super) fn stuck_connections(
    seen: &Seen<'_>,
    runs: &[Run<'_>],
    used: &[UsedConnections],
) -> Vec<StuckConnections> {
    let entries = runs.iter().zip(used);
    entries
        .map(|((span, refusals), used)| entry(seen, span, refusals, used))
        .collect()
}

fn entry(
    seen: &Seen<'_>,
    span: &Span,
    refusals: &[&Suspect],
    used: &UsedConnections,
) -> StuckConnections {
    let mut stuck: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    let mut connections: BTreeSet<i64> = BTreeSet::new();
    for refusal in refusals {
        let Some(connection) = refusal.connection else {
            continue;
        };
        connections.insert(connection);
        if refusal.end_us <= span.end.micros() {
            let of_second = stuck.entry(second(span, refusal.end_us)).or_default();
            of_second.insert(connection);
        }
    }
    // The largest share; of equal ones that of most connections, then the first.
    let mut peak = (0, 0, 1);
    for (second, stuck) in &stuck {
        let of_second = used.get(second).map_or(0, BTreeSet::len);
        let (stuck, used) = (stuck.len(), of_second.max(stuck.len()));
        let (_, peak_stuck, peak_used) = peak;
        if (stuck * peak_used, stuck) > (peak_stuck * used, peak_stuck) {
            peak = (*second, stuck, used);
        }
    }
    let (second, peak_stuck, peak_used) = peak;
    StuckConnections {
        new_writer: span.start,
        until: Timestamp(refusals.last().map_or(0, |refusal| refusal.end_us)),
        refusals: refusals.len() as u64,
        connections: connections.len() as u64,
        peak: Timestamp(span.start.micros() + second * 1_000_000),
        peak_stuck: peak_stuck as u64,
        peak_used: if peak_stuck == 0 { 0 } else { peak_used as u64 },
        servers: servers_of(seen.timeline, refusals),
    }
}
