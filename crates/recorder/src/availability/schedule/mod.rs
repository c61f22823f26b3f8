//! When to ask, on which connection, and what an answer ends: pure rules, after `docs/definitions.md`, Service downtime.

use std::time::{Duration, Instant};

/// From a question to its answer, connecting included.
pub(super) const LIMIT: Duration = Duration::from_secs(1);
/// Questions of a kind that may be in flight.
pub(crate) const MOST: usize = 10;

/// A question: its number in the order of asking.
pub(super) type Number = u64;

/// A question to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) number: Number,
    /// On a connection made for it, not on the one that is kept.
    pub(super) fresh: bool,
}

/// What an answer leads to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answered {
    /// Its connection is kept; one that was kept before is dropped.
    pub(super) is_kept: bool,
    /// Questions that were asked before and are given up.
    pub(super) given_up: Vec<Number>,
}

#[derive(Debug, Clone, Copy)]
struct InFlight {
    number: Number,
    /// The question for which its connection was made.
    born: Number,
}

/// The questions of one kind to one endpoint.
#[derive(Debug)]
pub(super) struct Schedule {
    interval: Duration,
    /// From a question that stays unanswered to the next.
    spacing: Duration,
    in_flight: Vec<InFlight>,
    last: Option<(Number, Instant)>,
    /// The connection that is at rest: the question for which it was made.
    kept: Option<Number>,
    /// The newest question that failed. A connection that is older tells nothing of what a client that connects anew meets.
    failed: Number,
}

impl Schedule {
    /// A question is due every `interval`.
    pub(super) fn new(interval: Duration) -> Self {
        // Every second tick; and where those are short, so that the questions in flight cover the limit.
        let least_us = LIMIT.as_micros() / MOST as u128;
        let ticks = least_us.div_ceil(interval.as_micros().max(1)).max(2);
        Self {
            interval,
            spacing: interval.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX)),
            in_flight: Vec::with_capacity(MOST),
            last: None,
            kept: None,
            failed: 0,
        }
    }

    /// True where a connection is at rest.
    pub(super) const fn keeps(&self) -> bool {
        self.kept.is_some()
    }

    /// A tick: what is asked, if anything. `is_current` is false where the connection that is kept is not what a client that connects
    /// anew would get.
    pub(super) fn tick(&mut self, now: Instant, is_current: bool) -> Option<Question> {
        self.kept = self.kept.filter(|_| is_current);
        if self.in_flight.len() >= MOST {
            return None;
        }
        let is_open = |number| self.in_flight.iter().any(|of| of.number == number);
        if let Some((last, asked)) = self.last
            && is_open(last)
            // A tick may come late, and the next one in time.
            && now.saturating_duration_since(asked) + self.interval / 2 < self.spacing
        {
            return None;
        }
        let number = self.last.map_or(0, |(last, _)| last) + 1;
        self.last = Some((number, now));
        let kept = self.kept.take();
        self.in_flight.push(InFlight {
            number,
            born: kept.unwrap_or(number),
        });
        Some(Question {
            number,
            fresh: kept.is_none(),
        })
    }

    /// A question was answered with success. `fits` is false where its connection is not to be kept.
    pub(super) fn answered(&mut self, number: Number, fits: bool) -> Answered {
        let Some(answered) = self.remove(number) else {
            // It was given up at the same moment.
            return Answered::default();
        };
        let in_flight = self.in_flight.iter().copied();
        let (older, younger): (Vec<InFlight>, _) = in_flight.partition(|of| of.number < number);
        self.in_flight = younger;
        let is_kept = fits && answered.born > self.failed;
        self.kept = is_kept.then_some(answered.born);
        Answered {
            is_kept,
            given_up: older.iter().map(|of| of.number).collect(),
        }
    }

    /// A question failed, was refused, or came to its limit. Its connection is dropped.
    pub(super) fn failed(&mut self, number: Number) {
        if self.remove(number).is_some() {
            self.failed = self.failed.max(number);
            self.kept = self.kept.filter(|born| *born > number);
        }
    }

    fn remove(&mut self, number: Number) -> Option<InFlight> {
        let at = self.in_flight.iter().position(|of| of.number == number)?;
        Some(self.in_flight.remove(at))
    }
}

#[cfg(test)]
mod tests;
