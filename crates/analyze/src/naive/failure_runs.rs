//! The third failure in a row.

use crate::naive::ReportedOutage;
use crate::summary::Span;

/// So many failures without a success between them are an outage.
const IN_A_ROW: usize = 3;

/// A counter of failures in a row over all operations of a path, as many applications and pools have one.
///
/// Operations come in the order of their `end_time`, a failure before a success at the same microsecond. Each outcome `failed` or
/// `unknown`, of whatever class, adds one; each success, of whatever operation, sets the count to 0; `unfinished` has no end and does
/// neither. An outage begins at the end of the third failure in a row, and ends at the end of the next success.
///
/// Holds the failures, which are few, and per failure the first success after it: successes may come in any order and are not kept.
#[derive(Debug, Clone)]
pub struct FailureRuns {
    span: Span,
    /// When each failed, ascending, UTC microseconds.
    failures: Vec<i64>,
    /// By the number of failures before it: the earliest success.
    successes: Vec<Option<i64>>,
}

impl Default for FailureRuns {
    fn default() -> Self {
        Self::new(Span::new(0, 0), Vec::new())
    }
}

impl FailureRuns {
    /// A counter over the failures that ended at these UTC microseconds, in any order. What ends outside of the recording is
    /// moved to its edge.
    #[must_use]
    pub fn new(recording: Span, mut failures: Vec<i64>) -> Self {
        for end_us in &mut failures {
            *end_us = within(recording, *end_us);
        }
        failures.sort_unstable();
        Self {
            span: recording,
            successes: vec![None; failures.len() + 1],
            failures,
        }
    }

    /// False where there are too few failures for any outage: successes then say nothing.
    #[must_use]
    pub fn may_report(&self) -> bool {
        self.failures.len() >= IN_A_ROW
    }

    /// A success that ended at this UTC microsecond.
    pub fn succeeded(&mut self, end_us: i64) {
        let end_us = within(self.span, end_us);
        let before = self.failures.partition_point(|failure| *failure <= end_us);
        let earliest = &mut self.successes[before];
        *earliest = Some(earliest.map_or(end_us, |earlier| earlier.min(end_us)));
    }

    /// The outages that the counter reports, in order.
    #[must_use]
    pub fn outages(&self) -> Vec<ReportedOutage> {
        let mut outages = Vec::new();
        let mut in_a_row = 0;
        let mut down_since = None;
        for (failure, success) in self.failures.iter().zip(&self.successes[1..]) {
            in_a_row += 1;
            if in_a_row == IN_A_ROW {
                down_since = Some(*failure);
            }
            let Some(success) = success else { continue };
            in_a_row = 0;
            outages.extend(down_since.take().map(|since| ReportedOutage {
                span: Span::new(since, *success),
                open_at_end: false,
            }));
        }
        outages.extend(down_since.map(|since| ReportedOutage {
            span: Span::new(since, self.span.end.micros()),
            open_at_end: true,
        }));
        outages
    }
}

fn within(span: Span, time_us: i64) -> i64 {
    // Not `clamp`, which panics where the recording ends before it starts.
    time_us.min(span.end.micros()).max(span.start.micros())
}
