//! What each failover, and each other outage, did to each operation type (`docs/definitions.md`, Recovery: impact window).

use recording::Timestamp;

use crate::error::AnalyzeError;
use crate::metrics::rates::{self, Durations};
use crate::reduce::histogram::Histogram;
use crate::reduce::operations::PathOperations;
use crate::summary::{Episode, EpisodeKind, Group, GroupSummary, Impact, PathFailover, Span};

/// What an impact is of.
struct Cause<'a> {
    /// Which of the path's failovers, counted from 1; `None` for another outage.
    failover: Option<usize>,
    start: Timestamp,
    from_trigger: bool,
    last: &'a Episode,
}

/// One entry per failover with an episode, from its trigger to full throughput after its last episode. That is the last one of the
/// headline's group, or where it has none of the other group that a headline can be of. And one per other outage of the headline's group,
/// from its start.
pub(crate) fn impacts(
    operations: &PathOperations<'_>,
    failovers: &[PathFailover],
    groups: &[GroupSummary],
    headline: Group,
) -> Result<Vec<Impact>, AnalyzeError> {
    let causes = causes(failovers, groups, headline);
    let windows = windows(&causes);
    let histograms = operations.histograms_inside(&windows)?;
    let impact = |((cause, window), cells): ((&Cause<'_>, &Span), Histogram)| {
        let length = window.length_us();
        let durations = Durations {
            whole_us: length,
            steady_us: length,
        };
        Impact {
            failover: cause.failover,
            window: *window,
            from_trigger: cause.from_trigger,
            to_full_throughput: cause.last.time_to_full_throughput_us.is_some(),
            types: rates::by_type(&cells, &cells, durations),
            operations: rates::by_name(&cells, &cells, durations),
        }
    };
    Ok(causes
        .iter()
        .zip(&windows)
        .zip(histograms)
        .map(impact)
        .collect())
}

/// The window of each cause. Windows share no operation, so that the figures of several add up.
fn windows(causes: &[Cause<'_>]) -> Vec<Span> {
    let mut previous_end = i64::MIN;
    let window = |cause: &Cause<'_>| {
        let full = cause.last.time_to_full_throughput_us;
        let span = cause.last.span;
        let end = full.map_or(span.end.micros(), |after| span.start.micros() + after);
        let start = cause.start.micros().max(previous_end);
        previous_end = end.max(start);
        Span::new(start, previous_end)
    };
    causes.iter().map(window).collect()
}

/// In order of time.
fn causes<'a>(
    failovers: &[PathFailover],
    groups: &'a [GroupSummary],
    headline: Group,
) -> Vec<Cause<'a>> {
    let of_failovers = failovers
        .iter()
        .enumerate()
        .filter_map(|(index, failover)| {
            let of_group = |group| last_episode(failover, groups, group);
            Some(Cause {
                failover: Some(index + 1),
                start: failover.span.start,
                from_trigger: failover.trigger.is_some(),
                last: [headline, Group::Read, Group::Writer]
                    .into_iter()
                    .find_map(of_group)?,
            })
        });
    let of_headline = groups.iter().filter(|group| group.group == headline);
    let others = of_headline
        .flat_map(|group| &group.episodes)
        .filter(|episode| episode.kind == EpisodeKind::OtherOutage)
        .map(|episode| Cause {
            failover: None,
            start: episode.span.start,
            from_trigger: false,
            last: episode,
        });
    let mut causes: Vec<_> = of_failovers.chain(others).collect();
    causes.sort_by_key(|cause| cause.start);
    causes
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
