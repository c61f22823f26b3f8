//! A gap between two successes: the evidence in it, and how much of it is not known.

use super::super::lanes::Path;
use super::sample::{Answer, Sample, Span};

/// Nothing but refusals: from this length on, microseconds, and from so many attempts on.
pub(crate) const MIN_REFUSED_US: i64 = 1_000_000;
const MIN_REFUSED: usize = 5;

/// A gap, and the evidence in it.
pub(super) struct Gap<'a> {
    span: Span,
    /// Failures, and what stalled.
    evidence: Vec<&'a Sample>,
    /// Refusals, where they are evidence: a second or longer, five attempts or more, and no success.
    refused: Vec<&'a Sample>,
    late_us: i64,
    path: Path,
}

impl<'a> Gap<'a> {
    /// `samples` are those that ended in it, the success that ends it included.
    pub(super) fn new(span: Span, samples: &'a [Sample], late_us: i64, path: Path) -> Self {
        let is_evidence = |sample: &&Sample| match sample.answer {
            Answer::Yes | Answer::Unfinished => sample.length_us() > late_us,
            Answer::Refused { .. } | Answer::Data => false,
            _ => true,
        };
        let is_asked = |sample: &&Sample| {
            !matches!(
                sample.answer,
                Answer::Yes | Answer::Unfinished | Answer::Data
            )
        };
        let asked = samples.iter().filter(is_asked).count();
        let is_nothing_but_refusals = span.length_us() >= MIN_REFUSED_US && asked >= MIN_REFUSED;
        let is_refused = |sample: &&Sample| {
            is_nothing_but_refusals && matches!(sample.answer, Answer::Refused { .. })
        };
        Self {
            span,
            evidence: samples.iter().filter(is_evidence).collect(),
            refused: samples.iter().filter(is_refused).collect(),
            late_us,
            path,
        }
    }

    pub(super) fn evidence(&self) -> usize {
        self.evidence.len() + self.refused.len()
    }

    /// Is any of it a stalled attempt?
    pub(super) fn is_stalled(&self) -> bool {
        let is_late = |sample: &&Sample| sample.length_us() > self.late_us;
        self.evidence.iter().any(is_late)
    }

    /// Head and tail. Refusals give no moment where there is other evidence.
    pub(super) fn resolution_us(&self) -> i64 {
        let giving = match self.evidence.is_empty() {
            true => &self.refused,
            false => &self.evidence,
        };
        let asked = giving.iter().map(|sample| sample.start_us).min();
        let head = (asked.unwrap_or(self.span.start_us) - self.span.start_us).max(0);
        let known = giving
            .iter()
            .filter_map(|sample| self.known_down_us(sample));
        let Some(known) = known.max() else {
            return self.span.length_us();
        };
        let tail = self.span.end_us - known.clamp(self.span.start_us, self.span.end_us);
        (head + tail).min(self.span.length_us())
    }

    /// Until when a piece of evidence knows that the service was down, if it tells that. A failure on a connection that was in use before
    /// tells of that connection.
    fn known_down_us(&self, sample: &Sample) -> Option<i64> {
        let (is_used, is_direct) = (sample.first_us.is_some(), self.path == Path::Direct);
        match sample.answer {
            Answer::Yes => {
                let asked_us = sample.asked_us?;
                (sample.end_us - asked_us > self.late_us).then_some(self.span.end_us)
            }
            Answer::Unfinished => Some(self.span.end_us),
            Answer::Silence => (!is_used).then_some(sample.start_us),
            // It asked when it began.
            Answer::Cut => Some(sample.start_us),
            Answer::Lost if is_used => None,
            Answer::Stopping if is_used && is_direct => None,
            // Then the name led to a reader.
            Answer::ReadOnly if is_direct => sample.first_us.or(Some(sample.end_us)),
            Answer::Refused { has_waited: true } => sample.asked_us,
            _ => Some(sample.end_us),
        }
    }
}
