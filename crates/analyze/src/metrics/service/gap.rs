//! A gap between two answers, and what the questions in it tell.

use recording::Timestamp;
use recording::vocabulary::Outcome;

use crate::metrics::service::rules::Rules;
use crate::reduce::availability::Question;
use crate::reduce::error_counts::{self, Counted};
use crate::summary::{ErrorCount, Outage, Span};

/// What took long is evidence in a gap that it ran in for longer than this, microseconds: one hiccup makes the question after it slow as well, most
/// of whose time is in the next gap.
const OVERLAP_US: i64 = 100_000;

/// A gap (start, end] between two answers, or between one and the recording's edge.
pub(super) struct Gap<'a> {
    pub(super) rules: &'a Rules<'a>,
    pub(super) span: Span,
    pub(super) is_first: bool,
    pub(super) is_last: bool,
    /// The first answer after it; `None` for the last gap.
    pub(super) ended_by: Option<&'a Question>,
    /// Every question, in order of time.
    pub(super) asked: &'a [&'a Question],
}

/// A question that is evidence in a gap.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    question: &'a Question,
    /// It failed in the gap; otherwise it took long.
    has_failed: bool,
}

impl<'a> Gap<'a> {
    /// Every failure that ended in it, and every question that took long in it; none that was late already when it began.
    pub(super) fn evidence(&self, telling: &[&'a Question]) -> Vec<Piece<'a>> {
        let (start, end) = (self.span.start.micros(), self.span.end.micros());
        // Those of the time from the gap's begin on, and those before that were on their way.
        let longest_us = self.rules.longest_threshold_us();
        let asked_until = telling.partition_point(|question| question.time_us <= end);
        let piece = |question: &&'a Question| {
            let ended = (start < question.end_us || (self.is_first && start == question.end_us))
                && question.end_us <= end;
            let has_failed = ended && self.rules.has_failed(question);
            let is_evidence = has_failed || self.was_long(question);
            (is_evidence && !self.was_late(question)).then_some(Piece {
                question,
                has_failed,
            })
        };
        telling[..asked_until]
            .iter()
            .rev()
            .take_while(|question| self.running_before_us(question) <= longest_us)
            .filter_map(piece)
            .collect()
    }

    /// Others were served while it hung: it tells of its own connection.
    fn was_late(&self, question: &Question) -> bool {
        self.running_before_us(question) > self.rules.threshold_us(question)
    }

    /// It took long, and more than 100 ms of that in the gap.
    fn was_long(&self, question: &Question) -> bool {
        let (start, end) = (self.span.start.micros(), self.span.end.micros());
        let from = question.time_us.max(start);
        let ran_us = self
            .rules
            .pauses
            .running_us(from, question.end_us.min(end).max(from));
        self.rules.is_long(question) && ran_us > OVERLAP_US
    }

    /// How long it had run when the gap began, microseconds.
    fn running_before_us(&self, question: &Question) -> i64 {
        let start = self.span.start.micros().max(question.time_us);
        self.rules.pauses.running_us(question.time_us, start)
    }

    pub(super) fn outage(&self, evidence: &[Piece<'_>]) -> Outage {
        let (start, end) = (self.span.start.micros(), self.span.end.micros());
        let failures = evidence.iter().filter(|piece| piece.has_failed);
        Outage {
            span: self.span,
            downtime_us: self.span.length_us(),
            resolution_us: self.resolution_us(evidence),
            paused_us: self.rules.pauses.within_us(start, end),
            open_at_start: self.is_first,
            open_at_end: self.is_last,
            first_failure: failures.map(|piece| Timestamp(piece.question.end_us)).min(),
            evidence: evidence.len() as u64,
            errors: error_counts(evidence),
        }
    }

    /// Head and tail: the part in which it was not known, at most the downtime.
    fn resolution_us(&self, evidence: &[Piece<'_>]) -> i64 {
        let (start, end) = (self.span.start.micros(), self.span.end.micros());
        let length = end - start;
        let asked = evidence.iter().map(|piece| self.asked_us(piece.question));
        match (asked.min(), self.known_down_us()) {
            (Some(asked), Some(known_down)) => {
                let head = (asked - start).max(0);
                (head + end - known_down.clamp(start, end)).min(length)
            }
            _ => length,
        }
    }

    /// When the service was asked: after a pause of the recorder, as it may have been well until then.
    fn asked_us(&self, question: &Question) -> i64 {
        let pause = self.rules.pause_in(question);
        pause.map_or(question.time_us, |pause| {
            pause.end.micros().max(question.time_us)
        })
    }

    /// The latest tick in the gap whose question failed, took long, or was overtaken.
    fn known_down_us(&self) -> Option<i64> {
        let (start, end) = (self.span.start.micros(), self.span.end.micros());
        let from = self
            .asked
            .partition_point(|question| question.time_us < start);
        let to = self
            .asked
            .partition_point(|question| question.time_us <= end);
        let shows = |question: &&&Question| {
            self.rules.has_failed(question)
                || self.was_long(question)
                || self.was_overtaken(question)
        };
        let in_it = self.asked.get(from..to.max(from)).unwrap_or_default();
        let moments = in_it.iter().filter(shows).map(|question| {
            let pause = self.rules.pause_in(question);
            pause.map_or(question.time_us, |pause| {
                pause.start.micros().min(question.time_us)
            })
        });
        moments.max()
    }

    /// It was still unanswered when a later tick's question was answered, which ended the gap.
    fn was_overtaken(&self, question: &Question) -> bool {
        let Some(first) = self.ended_by else {
            return false;
        };
        let was_unanswered = match question.outcome {
            Outcome::Unfinished => question.end_us >= first.end_us,
            _ => question.end_us > first.end_us,
        };
        question.time_us < first.time_us && was_unanswered
    }
}

/// Failures in an outage by class, most frequent first.
fn error_counts(evidence: &[Piece<'_>]) -> Vec<ErrorCount> {
    let failed = evidence.iter().filter(|piece| piece.has_failed);
    error_counts::of_each(failed.map(|piece| {
        let question = piece.question;
        let error = question.error.as_deref();
        Counted {
            class: error.map_or("", |error| error.class.as_str()),
            sqlstate: error.and_then(|error| error.sqlstate.as_deref()),
            end_us: question.end_us,
            message: error.and_then(|error| error.message.as_deref()),
            server: question.address.as_deref(),
        }
    }))
}
