//! What of a question decides: whether it failed, and whether it took long.

use recording::vocabulary::{ErrorClass, Outcome};

use crate::reduce::availability::Question;
use crate::reduce::pauses::Pauses;
use crate::reduce::suspect::is_own_limit;
use crate::reduce::timeline::wait_threshold_us;
use crate::summary::Span;

pub(super) struct Rules<'a> {
    pub(super) pauses: &'a Pauses,
    /// Of the kept connections, and of the fresh ones: a question that took longer was not served as it ought to be, microseconds.
    kept_us: i64,
    fresh_us: i64,
}

impl<'a> Rules<'a> {
    /// From how long answers take: the median on kept connections. On fresh ones the shortest: most of them are made while the service does
    /// not answer, and what a freeze held up is not ordinary, however often it came.
    pub(super) fn new(asked: &[&Question], pauses: &'a Pauses) -> Self {
        let took = |fresh: bool| {
            let answered = asked.iter().filter(|question| question.is_answered());
            let of_them = answered.filter(move |question| question.fresh == fresh);
            of_them.map(|question| pauses.running_us(question.time_us, question.end_us))
        };
        let mut kept: Vec<i64> = took(false).collect();
        Self {
            pauses,
            kept_us: wait_threshold_us(median_us(&mut kept)),
            fresh_us: wait_threshold_us(took(true).min()),
        }
    }

    pub(super) fn threshold_us(&self, question: &Question) -> i64 {
        match question.fresh {
            true => self.fresh_us,
            false => self.kept_us,
        }
    }

    pub(super) fn longest_threshold_us(&self) -> i64 {
        self.fresh_us.max(self.kept_us)
    }

    pub(super) fn is_long(&self, question: &Question) -> bool {
        let took_us = self.pauses.running_us(question.time_us, question.end_us);
        took_us > self.threshold_us(question)
    }

    /// A failure of any class. A limit of the recorder's own in which it was paused is none.
    pub(super) fn has_failed(&self, question: &Question) -> bool {
        let error = question.error.as_ref();
        let is_paused_limit = is_own_limit(error.map(|error| error.class.as_str()))
            && self.pause_in(question).is_some();
        matches!(question.outcome, Outcome::Failed | Outcome::Unknown) && !is_paused_limit
    }

    /// From the start of the first to the end of the last pause of the recorder in it.
    pub(super) fn pause_in(&self, question: &Question) -> Option<Span> {
        self.pauses.span_in(question.time_us, question.end_us)
    }

    /// The length of a gap without the pauses of the recorder: what decides.
    pub(super) fn running_us(&self, span: &Span) -> i64 {
        let (start, end) = (span.start.micros(), span.end.micros());
        self.pauses.running_us(start, end)
    }
}

/// False where the recorder's own host had no descriptors, ports or memory left: nothing was asked.
pub(super) fn was_asked(question: &Question) -> bool {
    let class = question.error.as_ref().map(|error| error.class.as_str());
    class.and_then(ErrorClass::parse) != Some(ErrorClass::Client)
}

/// Nearest-rank.
pub(super) fn median_us(values: &mut [i64]) -> Option<i64> {
    let rank = values.len().div_ceil(2).checked_sub(1)?;
    Some(*values.select_nth_unstable(rank).1)
}
