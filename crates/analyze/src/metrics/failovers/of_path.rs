//! The failovers of a path, decided once over all its groups (`docs/definitions.md`, Several failovers; `docs/decomposition.md`).

use std::collections::BTreeMap;

use recording::Timestamp;
use recording::vocabulary::EventKind;

use crate::error::AnalyzeError;
use crate::metrics::failovers::of_service::{self, Answers, mark};
use crate::reduce::near::Near;
use crate::summary::{
    Episode, EpisodeKind, EventSummary, Group, GroupFailover, GroupSummary, Outage, PathFailover,
    Span,
};

/// A failover lasts at most this long after its command ended, microseconds.
const AFTER_COMMAND_US: i64 = 120_000_000;
/// What a change of the writer brings about is at most this far from it, microseconds.
const AROUND_CHANGE_US: i64 = 5_000_000;
/// What ends this soon after the recording's start is warm-up, microseconds.
const WARM_UP_US: i64 = 1_000_000;

/// True for the span of an episode that ended within the recording's first second, with no trigger before its end. A part of a recording that begins
/// later has no warm-up: `recording` begins with the whole.
pub(crate) fn is_warm_up(span: &Span, triggers_us: &[i64], recording: &Span) -> bool {
    let end = span.end.micros();
    // An episode that reaches the recording's end did not end.
    end < recording.end.micros()
        && end - recording.start.micros() <= WARM_UP_US
        && triggers_us.iter().all(|trigger| *trigger > end)
}

/// What is known of a path besides its episodes. Times are UTC microseconds, ascending.
#[derive(Clone, Copy)]
pub(crate) struct Observed<'a> {
    pub(crate) recording: Span,
    pub(crate) events: &'a [EventSummary],
    pub(crate) triggers_us: &'a [i64],
    pub(crate) changes_us: &'a [i64],
    pub(crate) answers: &'a Answers,
    pub(crate) near: &'a Near<'a, 'a>,
}

/// The failovers of a path in order of time. Says of each episode of `groups` whether it is of one.
pub(crate) fn failovers(
    observed: &Observed<'_>,
    groups: &mut [GroupSummary],
) -> Result<Vec<PathFailover>, AnalyzeError> {
    let windows = windows(observed);
    let mut decided: Vec<Decided> = windows.iter().map(Decided::triggered).collect();
    let mut rest = Vec::new();
    for incident in incidents(places(groups)) {
        let (of_triggers, others) = by_trigger(&incident, &windows);
        for (number, place) in of_triggers {
            decided[number].places.push(place);
        }
        rest.extend(others);
    }
    decided.extend(untriggered(incidents(rest), &windows, observed.changes_us));
    decided.sort_by_key(|failover| failover.span.start);
    for place in decided.iter().flat_map(|failover| &failover.places) {
        let group = &mut groups[place.group];
        match place.of_service {
            false => group.episodes[place.episode].kind = EpisodeKind::Failover,
            true => mark(group.service.as_mut(), place.episode),
        }
    }
    let described = decided.iter().map(|failover| {
        Ok(PathFailover {
            trigger: failover.trigger.map(Timestamp),
            span: failover.span,
            changes: failover.changes.iter().copied().map(Timestamp).collect(),
            groups: of_groups(failover, groups, observed.near, observed.answers)?,
        })
    });
    described.collect()
}

/// The time from a trigger in which an episode is of its failover.
struct Window {
    trigger_us: i64,
    end_us: i64,
    changes_us: Vec<i64>,
}

impl Window {
    /// An episode is (start, end], as the gaps that it is made of.
    fn holds(&self, span: &Span) -> bool {
        self.trigger_us <= span.end.micros() && span.start.micros() < self.end_us
    }
}

fn windows(observed: &Observed<'_>) -> Vec<Window> {
    let mut triggers = observed.triggers_us.to_vec();
    triggers.dedup();
    let first = |kind: EventKind, after_us: i64| {
        let mut events = observed.events.iter();
        let found =
            events.find(|event| event.event == kind.as_str() && event.time.micros() > after_us);
        found.map(|event| event.time.micros())
    };
    let window = |(index, trigger): (usize, &i64)| {
        let trigger_us = *trigger;
        let next = triggers.get(index + 1).copied();
        let before_next = |time_us: &i64| next.is_none_or(|next| *time_us <= next);
        let finished = first(EventKind::FailoverTriggerFinished, trigger_us).filter(before_next);
        let limits = [
            first(EventKind::Settled, trigger_us),
            first(EventKind::HealTriggered, trigger_us),
            next,
            Some(
                finished
                    .unwrap_or(trigger_us)
                    .saturating_add(AFTER_COMMAND_US),
            ),
            Some(observed.recording.end.micros().max(trigger_us)),
        ];
        let limit = limits.into_iter().flatten().min().unwrap_or(trigger_us);
        let changes = observed.changes_us.iter().copied();
        let changes_us: Vec<i64> = changes
            .filter(|change| trigger_us < *change && *change <= limit)
            .collect();
        let end_us = changes_us
            .last()
            .map_or(limit, |last| (last + AROUND_CHANGE_US).min(limit));
        Window {
            trigger_us,
            end_us,
            changes_us,
        }
    };
    triggers.iter().enumerate().map(window).collect()
}

/// An episode: which group's and which of them, of the application or of the service, and what places it.
#[derive(Debug, Clone, Copy)]
struct Place {
    group: usize,
    of_service: bool,
    episode: usize,
    span: Span,
    first_failure_us: Option<i64>,
}

/// The episodes of all groups, and those of the service, but the warm-up.
fn places(groups: &[GroupSummary]) -> Vec<Place> {
    let mut places = Vec::new();
    let is_counted = |kind: EpisodeKind| kind != EpisodeKind::WarmUp;
    for (group, summary) in groups.iter().enumerate() {
        for (episode, found) in summary.episodes.iter().enumerate() {
            places.extend(is_counted(found.kind).then(|| Place {
                group,
                of_service: false,
                episode,
                span: found.span,
                first_failure_us: first_failure_us(&summary.outages, &found.span),
            }));
        }
        let Some(service) = &summary.service else {
            continue;
        };
        for (episode, found) in service.episodes.iter().enumerate() {
            places.extend(is_counted(found.kind).then(|| Place {
                group,
                of_service: true,
                episode,
                span: found.span,
                first_failure_us: first_failure_us(&service.outages, &found.span),
            }));
        }
    }
    places
}

fn first_failure_us(outages: &[Outage], span: &Span) -> Option<i64> {
    let inside = outages
        .iter()
        .filter(|outage| span.start <= outage.span.start && outage.span.end <= span.end);
    let failures = inside.filter_map(|outage| outage.first_failure);
    failures.min().map(Timestamp::micros)
}

/// Episodes of any group that overlap: what the path lived through as one.
struct Incident {
    span: Span,
    places: Vec<Place>,
}

impl Incident {
    /// When it is known to have begun: its first failure, or half-way where operations only stalled.
    fn known_us(&self) -> i64 {
        let failures = self
            .places
            .iter()
            .filter_map(|place| place.first_failure_us);
        let middle = self.span.start.micros() + self.span.length_us() / 2;
        failures.min().unwrap_or(middle)
    }
}

fn incidents(mut places: Vec<Place>) -> Vec<Incident> {
    places.sort_by_key(|place| (place.span.start, place.group));
    let mut incidents: Vec<Incident> = Vec::new();
    for place in places {
        match incidents.last_mut() {
            Some(last) if place.span.start < last.span.end => {
                last.span.end = last.span.end.max(place.span.end);
                last.places.push(place);
            }
            _ => incidents.push(Incident {
                span: place.span,
                places: vec![place],
            }),
        }
    }
    incidents
}

/// The episodes of an incident with the number of their window, and those that lie in none. Where the incident lies in several, it is
/// of the last trigger before it is known to have begun.
fn by_trigger(incident: &Incident, windows: &[Window]) -> (Vec<(usize, Place)>, Vec<Place>) {
    let known_us = incident.known_us();
    let of = |place: &Place| {
        let numbers = 0..windows.len();
        let mut holding = numbers.filter(|number| windows[*number].holds(&place.span));
        let first = holding.next()?;
        let later = holding.take_while(|number| windows[*number].trigger_us <= known_us);
        Some(later.last().unwrap_or(first))
    };
    let (mut of_triggers, mut others) = (Vec::new(), Vec::new());
    for place in &incident.places {
        match of(place) {
            Some(number) => of_triggers.push((number, *place)),
            None => others.push(*place),
        }
    }
    (of_triggers, others)
}

/// A failover with its episodes.
struct Decided {
    trigger: Option<i64>,
    span: Span,
    changes: Vec<i64>,
    places: Vec<Place>,
}

impl Decided {
    fn triggered(window: &Window) -> Self {
        Self {
            trigger: Some(window.trigger_us),
            span: Span::new(window.trigger_us, window.end_us),
            changes: window.changes_us.clone(),
            places: Vec::new(),
        }
    }
}

/// The incidents with a change of the writer in them or around them that no trigger accounts for. A change is of the incident that is
/// nearest to it, and an incident without one of its own is of the failover that the nearest change is of.
fn untriggered(incidents: Vec<Incident>, windows: &[Window], changes_us: &[i64]) -> Vec<Decided> {
    let in_a_window = |change: &i64| {
        let mut windows = windows.iter();
        windows.any(|window| window.trigger_us <= *change && *change <= window.end_us)
    };
    let changes = changes_us.iter().copied();
    let changes: Vec<i64> = changes.filter(|change| !in_a_window(change)).collect();
    let owners: Vec<Option<usize>> = changes
        .iter()
        .map(|change| nearest_incident(&incidents, *change))
        .collect();
    let owner_of_nearest = |incident: &Incident| {
        let near = changes.iter().zip(&owners);
        let near =
            near.filter_map(|(change, owner)| Some((distance_us(incident, *change)?, *owner)));
        near.min()?.1
    };
    let mut decided: BTreeMap<usize, Decided> = BTreeMap::new();
    for (index, incident) in incidents.into_iter().enumerate() {
        let own = owners.contains(&Some(index)).then_some(index);
        let Some(owner) = own.or_else(|| owner_of_nearest(&incident)) else {
            continue;
        };
        let failover = decided.entry(owner).or_insert_with(|| Decided {
            trigger: None,
            span: incident.span,
            changes: changes_of(owner, &changes, &owners),
            places: Vec::new(),
        });
        failover.span.start = failover.span.start.min(incident.span.start);
        failover.span.end = failover.span.end.max(incident.span.end);
        failover.places.extend(incident.places);
    }
    decided.into_values().collect()
}

fn changes_of(incident: usize, changes_us: &[i64], owners: &[Option<usize>]) -> Vec<i64> {
    let owned = changes_us.iter().zip(owners);
    let owned = owned.filter(|(_, owner)| **owner == Some(incident));
    owned.map(|(change, _)| *change).collect()
}

/// How far a change is from an incident; `None` where that is too far.
fn distance_us(incident: &Incident, change_us: i64) -> Option<i64> {
    let before = incident.span.start.micros() - change_us;
    let after = change_us - incident.span.end.micros();
    Some(before.max(after).max(0)).filter(|distance| *distance <= AROUND_CHANGE_US)
}

/// Of two that are as near, the one before the change: a probe sees it late. Incidents are in order and do not overlap.
fn nearest_incident(incidents: &[Incident], change_us: i64) -> Option<usize> {
    let next = incidents.partition_point(|incident| incident.span.end.micros() < change_us);
    let around = next.checked_sub(1).into_iter().chain([next]);
    let near = around.filter_map(|index| {
        let distance = distance_us(incidents.get(index)?, change_us)?;
        Some((distance, index))
    });
    near.min().map(|(_, index)| index)
}

/// What each group lived through in a failover.
fn of_groups(
    failover: &Decided,
    groups: &[GroupSummary],
    near: &Near<'_, '_>,
    answers: &Answers,
) -> Result<Vec<GroupFailover>, AnalyzeError> {
    let places_of = |index: usize, of_service: bool| -> Vec<usize> {
        let places = failover.places.iter();
        places
            .filter(|place| place.group == index && place.of_service == of_service)
            .map(|place| place.episode)
            .collect()
    };
    let of_group = |(index, group): (usize, &GroupSummary)| {
        let mut own = places_of(index, false);
        own.sort_unstable();
        let episodes = || own.iter().map(|episode| &group.episodes[*episode]);
        let start = failover.span.start;
        let was_down = |episode: &Episode| episode.span.start < start && start < episode.span.end;
        let mut spans = group.unobserved_spans.iter();
        let is_unobserved = spans.any(|unobserved| unobserved.span.overlaps(&failover.span));
        let is_unknown = own.is_empty() && (is_unobserved || group.episodes.iter().any(was_down));
        let mut found = GroupFailover {
            group: group.group,
            downtime_us: (!is_unknown).then(|| episodes().map(|episode| episode.downtime_us).sum()),
            resolution_us: episodes().map(|episode| episode.resolution_us).sum(),
            paused_us: episodes().map(|episode| episode.paused_us).sum(),
            at_least: is_unobserved || episodes().any(|episode| episode.at_least),
            at_most_us: match own.is_empty() && !is_unknown {
                true => Some(longest_gap_us(near, group.group, &failover.span)?),
                false => None,
            },
            episodes: own.iter().map(|episode| episode + 1).collect(),
            service: None,
        };
        found.service = group.service.as_ref().map(|service| {
            let own = places_of(index, true);
            of_service::of_service(service, own, &failover.span, answers, &found)
        });
        Ok(found)
    };
    groups.iter().enumerate().map(of_group).collect()
}

/// The longest time without a success of the group within a span, microseconds.
fn longest_gap_us(near: &Near<'_, '_>, group: Group, span: &Span) -> Result<i64, AnalyzeError> {
    let successes = near.successes(group, span.start.micros(), span.end.micros())?;
    let mut ends: Vec<i64> = successes.into_iter().map(|(end_us, _)| end_us).collect();
    ends.sort_unstable();
    Ok(of_service::longest_gap_us(&ends, span))
}
