//! When a path's writer changed, as its probes saw it (`docs/decomposition.md`, What a change is).

use std::collections::BTreeMap;
use std::sync::Arc;

use recording::vocabulary::EventKind;

use crate::reduce::answers::Answer;
use crate::reduce::attempts::Identity;
use crate::summary::EventSummary;

/// A change counts once so many answers in a row, its own included, show it.
const HELD: usize = 3;
/// And, where answers are nearer to each other than those of probes at half a second, once all of this time show it, microseconds.
pub(crate) const HELD_US: i64 = 1_500_000;
/// A server that answered in its role longer ago than this, microseconds, is one of those that a proxy spreads to.
const NEW_FOR_US: i64 = 5_000_000;
/// How often probes ask where the recording does not say, microseconds.
const PROBE_INTERVAL_US: i64 = 500_000;

/// The changes in the answers of an endpoint that is not meant for reads, UTC microseconds, ascending. Each is held for `held_us` at least.
pub(crate) fn of_answers(answers: &[Answer], held_us: i64) -> Vec<i64> {
    let known = Known::new(answers);
    let mut changes = Vec::new();
    let writers: Vec<&Answer> = answers
        .iter()
        .filter(|answer| !answer.in_recovery)
        .collect();
    let mut writer = writers.first().copied();
    for (at, answer) in writers.iter().enumerate() {
        let is_other = writer.is_some_and(|before| answer.server.differs_from(&before.server));
        let holds = |next: &Answer| !next.server.differs_from(&answer.server);
        if is_other && is_held(writers[at..].iter().copied(), held_us, holds) {
            changes.extend(known.is_new(answer).then_some(answer.time_us));
            writer = Some(answer);
        }
    }
    let mut role = None;
    for (at, answer) in answers.iter().enumerate() {
        let holds = |next: &Answer| next.in_recovery == answer.in_recovery;
        if role == Some(answer.in_recovery) || !is_held(answers[at..].iter(), held_us, holds) {
            continue;
        }
        let is_other = role.is_some();
        changes.extend((is_other && known.is_new(answer)).then_some(answer.time_us));
        role = Some(answer.in_recovery);
    }
    changes.sort_unstable();
    changes.dedup();
    changes
}

/// True where each of the answers from the first one on holds it, until there are enough and the time is over.
fn is_held<'a>(
    from: impl Iterator<Item = &'a Answer>,
    held_us: i64,
    holds: impl Fn(&Answer) -> bool,
) -> bool {
    let mut until_us = None;
    for (index, answer) in from.enumerate() {
        let until_us = *until_us.get_or_insert(answer.time_us.saturating_add(held_us));
        if !holds(answer) {
            return false;
        }
        if index + 1 >= HELD && answer.time_us >= until_us {
            return true;
        }
    }
    false
}

/// When each server first answered in each role.
struct Known(BTreeMap<(Arc<Identity>, bool), i64>);

impl Known {
    fn new(answers: &[Answer]) -> Self {
        let mut first = BTreeMap::new();
        for answer in answers {
            let key = (Arc::clone(&answer.server), answer.in_recovery);
            first.entry(key).or_insert(answer.time_us);
        }
        Self(first)
    }

    /// False for a server that had answered in this role before, and was not started again since. A writer becomes a reader only by a
    /// restart, so that one which is back unchanged was the writer all the time: the proxy asked another one meanwhile.
    fn is_new(&self, answer: &Answer) -> bool {
        let first = self
            .0
            .get(&(Arc::clone(&answer.server), answer.in_recovery));
        let is_recent = first.is_none_or(|first| answer.time_us - first <= NEW_FOR_US);
        // Without its start time, it can't be told from one that was started again.
        answer.server.start_us.is_none() || is_recent
    }
}

/// The same from the events, for a recording without rows of probes.
pub(crate) fn of_events(
    path: &str,
    events: &[EventSummary],
    probe_interval_us: Option<i64>,
) -> Vec<i64> {
    let of = |kind: EventKind| {
        let events = events.iter();
        events.filter(move |event| {
            event.event == kind.as_str() && event.path.as_deref() == Some(path)
        })
    };
    let every = probe_interval_us.filter(|us| *us > 0);
    let held_us = every
        .unwrap_or(PROBE_INTERVAL_US)
        .saturating_mul(HELD as i64);
    let roles: Vec<&EventSummary> = of(EventKind::RoleChanged).collect();
    let mut changes = Vec::new();
    let mut now = roles
        .first()
        .and_then(|event| from_to(event))
        .map(|(from, _)| from);
    for (at, event) in roles.iter().enumerate() {
        let next = roles.get(at + 1);
        let is_held = next.is_none_or(|next| next.time.micros() - event.time.micros() >= held_us);
        let to = from_to(event).map(|(_, to)| to);
        // What came back after an answer or two never went.
        if is_held && (to.is_none() || to != now) {
            changes.push(event.time.micros());
            now = to;
        }
    }
    // A reader behind the proxy that was started again is no change of the writer.
    let is_reader = |event: &&EventSummary| {
        let before = roles.iter().rfind(|role| role.time <= event.time);
        before.is_some_and(|role| role.detail.trim_end().ends_with("(reader)"))
    };
    let restarts = of(EventKind::ServerRestarted).filter(|event| !is_reader(event));
    changes.extend(restarts.map(|event| event.time.micros()));
    changes.sort_unstable();
    changes.dedup();
    changes
}

/// `10.0.0.2:5432 (writer) -> 10.0.0.3:5432 (writer)`
fn from_to(event: &EventSummary) -> Option<(&str, &str)> {
    event.detail.trim().split_once(" -> ")
}

#[cfg(test)]
mod tests;
