//! A `SELECT 1` at a fixed interval.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::naive::ReportedOutage;
use crate::summary::Span;

/// A question to a path's endpoint, and what became of it. Times are UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// When it was asked.
    pub asked_us: i64,
    /// When the answer, or the failure, was known.
    pub end_us: i64,
    /// True where a server answered, an error included that only a server can give; false where nobody did.
    pub answered: bool,
}

/// One client that asks at a fixed interval, one question at a time, and is answered as the recording's own questions were.
///
/// Time is cut into intervals. Of each the heartbeat sees the first sighting that was asked in it, one that is `like_a_heartbeat`
/// before all others: a `SELECT 1` sent then would have had its fate. An interval without a sighting tells it nothing, and one that was
/// asked before the sighting ahead of it had ended is passed over, since a heartbeat that waits asks nothing else. An outage begins at the end of
/// the first sighting without an answer, and ends at the end of the next one with an answer.
///
/// Holds one sighting per interval; they may come in any order.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    span: Span,
    origin_us: i64,
    interval_us: i64,
    first: BTreeMap<i64, Seen>,
}

/// The least is the one that the heartbeat sees. Of two that were asked at once the shorter, and where that is alike too, the failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    like_a_heartbeat: Reverse<bool>,
    asked_us: i64,
    end_us: i64,
    answered: bool,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self::new(Span::new(0, 0), 0, 1)
    }
}

impl Heartbeat {
    /// A heartbeat over a recording. Its intervals begin at `origin_us`, a UTC microsecond, before and after it; they are one
    /// microsecond long at least.
    #[must_use]
    pub const fn new(recording: Span, origin_us: i64, interval_us: i64) -> Self {
        Self {
            span: recording,
            origin_us,
            interval_us: if interval_us < 1 { 1 } else { interval_us },
            first: BTreeMap::new(),
        }
    }

    /// A question that was asked, and what became of it.
    pub fn see(&mut self, sighting: Sighting, like_a_heartbeat: bool) {
        let Sighting {
            asked_us,
            end_us,
            answered,
        } = sighting;
        let seen = Seen {
            like_a_heartbeat: Reverse(like_a_heartbeat),
            asked_us,
            end_us,
            answered,
        };
        let interval = asked_us
            .saturating_sub(self.origin_us)
            .div_euclid(self.interval_us);
        let first = self.first.entry(interval).or_insert(seen);
        *first = seen.min(*first);
    }

    /// What the heartbeat sees, in order.
    fn seen(&self) -> impl Iterator<Item = &Seen> {
        let mut waits_until_us = i64::MIN;
        self.first.values().filter(move |seen| {
            let is_free = seen.asked_us >= waits_until_us;
            if is_free {
                waits_until_us = seen.end_us;
            }
            is_free
        })
    }

    /// The outages that it reports, in order. What ends outside of the recording is moved to its edge.
    #[must_use]
    pub fn outages(&self) -> Vec<ReportedOutage> {
        let (start, end) = (self.span.start.micros(), self.span.end.micros());
        let within = |time_us: i64| time_us.min(end).max(start);
        let mut outages = Vec::new();
        let mut down_since = None;
        for seen in self.seen() {
            let end_us = within(seen.end_us);
            if !seen.answered {
                down_since.get_or_insert(end_us);
            } else if let Some(since) = down_since.take() {
                outages.push(ReportedOutage {
                    span: Span::new(since, end_us),
                    open_at_end: false,
                });
            }
        }
        outages.extend(down_since.map(|since| ReportedOutage {
            span: Span::new(since, end),
            open_at_end: true,
        }));
        outages
    }

    /// The longest wait for an answer that came, microseconds; `None` where none came.
    #[must_use]
    pub fn longest_answer_us(&self) -> Option<i64> {
        let answered = self.seen().filter(|seen| seen.answered);
        answered
            .map(|seen| seen.end_us.saturating_sub(seen.asked_us))
            .max()
    }
}
