//! What each failover did to each operation type (`docs/definitions.md`, Recovery: impact window).

use crate::error::AnalyzeError;
use crate::metrics::rates::{self, Durations};
use crate::reduce::operations::PathOperations;
use crate::summary::{Episode, Group, GroupSummary, Impact, PathFailover, Span};

/// One entry per failover with an episode, from its trigger to full throughput after its last episode. That is the last one of the
/// headline's group, or where it has none of the other group that a headline can be of.
pub(crate) fn impacts(
    operations: &PathOperations<'_>,
    failovers: &[PathFailover],
    groups: &[GroupSummary],
    headline: Group,
) -> Result<Vec<Impact>, AnalyzeError> {
    let mut impacts = Vec::new();
    // Windows share no operation, so that the figures of several add up.
    let mut previous_end = i64::MIN;
    for (index, failover) in failovers.iter().enumerate() {
        let last = [headline, Group::Read, Group::Writer]
            .into_iter()
            .find_map(|group| last_episode(failover, groups, group));
        let Some(last) = last else { continue };
        let full = last.time_to_full_throughput_us;
        let end = full.map_or(last.span.end.micros(), |after| {
            last.span.start.micros() + after
        });
        let start = failover.span.start.micros().max(previous_end);
        let window = Span::new(start, end.max(start));
        let cells = operations.histogram_inside(&window, previous_end)?;
        let length = window.length_us();
        let durations = Durations {
            whole_us: length,
            steady_us: length,
        };
        previous_end = window.end.micros();
        impacts.push(Impact {
            failover: index + 1,
            window,
            from_trigger: failover.trigger.is_some(),
            to_full_throughput: full.is_some(),
            types: rates::by_type(&cells, &cells, durations),
        });
    }
    Ok(impacts)
}

fn last_episode<'a>(
    failover: &PathFailover,
    groups: &'a [GroupSummary],
    group: Group,
) -> Option<&'a Episode> {
    let mut of_failover = failover.groups.iter();
    let number = of_failover.find(|of| of.group == group)?.episodes.last()?;
    let mut groups = groups.iter();
    let episodes = &groups.find(|found| found.group == group)?.episodes;
    episodes.get(number.checked_sub(1)?)
}
