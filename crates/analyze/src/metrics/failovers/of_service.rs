//! What the service's probes lived through in a failover, beside a group's operations.

use std::collections::BTreeMap;

use crate::summary::{
    EpisodeKind, Group, GroupFailover, Service, ServiceEpisode, ServiceFailover, Span,
};

/// What is known of the availability probes of a path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers {
    /// When those of a group's kind were answered, UTC microseconds, in order.
    pub(crate) times_us: BTreeMap<Group, Vec<i64>>,
    /// Operations of the path are missing.
    pub(crate) operations_are_partial: bool,
}

/// By the rules of the application's figures: `own` are the places of the failover's episodes among those of `service`.
pub(super) fn of_service(
    service: &Service,
    mut own: Vec<usize>,
    span: &Span,
    answers: &Answers,
    application: &GroupFailover,
) -> ServiceFailover {
    own.sort_unstable();
    let episodes = || own.iter().map(|episode| &service.episodes[*episode]);
    let was_down =
        |episode: &ServiceEpisode| episode.span.start < span.start && span.start < episode.span.end;
    let is_unknown =
        service.downtime_us.is_none() || (own.is_empty() && service.episodes.iter().any(was_down));
    let times_us = answers.times_us.get(&application.group);
    let longest_us = || longest_gap_us(times_us.map_or(&[][..], Vec::as_slice), span);
    let mut found = ServiceFailover {
        downtime_us: (!is_unknown).then(|| episodes().map(|episode| episode.downtime_us).sum()),
        resolution_us: episodes().map(|episode| episode.resolution_us).sum(),
        paused_us: episodes().map(|episode| episode.paused_us).sum(),
        at_least: episodes().any(|episode| episode.at_least),
        at_most_us: (own.is_empty() && !is_unknown).then(longest_us),
        own_share: None,
        episodes: own.iter().map(|episode| episode + 1).collect(),
    };
    if !answers.operations_are_partial && !service.is_partial {
        found.own_share = application.own_share(&found);
    }
    found
}

/// Says of an episode that it is of a failover.
pub(super) fn mark(service: Option<&mut Service>, episode: usize) {
    let episodes = service.map(|service| &mut service.episodes);
    if let Some(episode) = episodes.and_then(|episodes| episodes.get_mut(episode)) {
        episode.kind = EpisodeKind::Failover;
    }
}

/// The longest time without a success within a span, microseconds. Successes are in order.
pub(super) fn longest_gap_us(successes_us: &[i64], span: &Span) -> i64 {
    let (from, to) = (span.start.micros(), span.end.micros());
    let first = successes_us.partition_point(|end| *end <= from);
    let last = successes_us.partition_point(|end| *end < to).max(first);
    let mut longest = 0;
    let mut before = from;
    for end in successes_us[first..last].iter().copied().chain([to]) {
        longest = longest.max(end - before);
        before = end;
    }
    longest
}
