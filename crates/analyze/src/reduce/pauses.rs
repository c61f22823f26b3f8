//! Pauses of the recorder: time in which nothing was asked, and no answer was read (`docs/definitions.md`, Downtime).

use crate::summary::Span;

/// So long after a pause the answers that came in it have been read, microseconds.
const READ_WITHIN_US: i64 = 100_000;

/// The pauses of a recording, in order; they do not touch one another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pauses {
    spans: Vec<Span>,
}

impl Pauses {
    /// From spans in order that do not touch.
    #[must_use]
    pub fn new(spans: Vec<Span>) -> Self {
        Self { spans }
    }

    /// How much of the time from `from_us` to `to_us` was paused, microseconds.
    #[must_use]
    pub fn within_us(&self, from_us: i64, to_us: i64) -> i64 {
        let time = Span::new(from_us, to_us);
        let met = self.met(from_us, to_us).iter();
        met.map(|pause| pause.overlap_us(&time)).sum()
    }

    /// The time from `from_us` to `to_us` without the pauses in it, microseconds.
    #[must_use]
    pub fn running_us(&self, from_us: i64, to_us: i64) -> i64 {
        to_us - from_us - self.within_us(from_us, to_us)
    }

    /// The moment by which `running_us` have passed since `from_us`, pauses left out.
    #[must_use]
    pub fn after_running_us(&self, from_us: i64, running_us: i64) -> i64 {
        let mut to_us = from_us.saturating_add(running_us);
        for pause in self.met(from_us, i64::MAX) {
            if pause.start.micros() >= to_us {
                break;
            }
            to_us = to_us.saturating_add(pause.end.micros() - pause.start.micros().max(from_us));
        }
        to_us
    }

    /// From the start of the first to the end of the last pause that an interval has more than a point in common with.
    #[must_use]
    pub fn span_in(&self, from_us: i64, to_us: i64) -> Option<Span> {
        hull(self.met(from_us, to_us))
    }

    /// When a success may have been served at the earliest, where a pause hides that: it had been asked before the pause was over, and its
    /// answer was read as soon as it was. Everything else was served when its answer was read.
    #[must_use]
    pub fn hidden_since_us(&self, first_statement_us: i64, end_us: i64) -> Option<i64> {
        let pause = self.met(first_statement_us, end_us).last()?;
        let read_after_us = self.running_us(pause.end.micros().min(end_us), end_us);
        (read_after_us <= READ_WITHIN_US).then_some(pause.start.micros())
    }

    fn met(&self, from_us: i64, to_us: i64) -> &[Span] {
        let first = self
            .spans
            .partition_point(|pause| pause.end.micros() <= from_us);
        let end = self
            .spans
            .partition_point(|pause| pause.start.micros() < to_us);
        self.spans.get(first..end).unwrap_or_default()
    }
}

/// From the start of the first to the end of the last.
fn hull(pauses: &[Span]) -> Option<Span> {
    Some(Span {
        start: pauses.first()?.start,
        end: pauses.last()?.end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_without_pauses() {
        let pauses = Pauses::new(vec![Span::new(10, 20), Span::new(30, 35)]);
        assert_eq!(pauses.within_us(0, 40), 15);
        assert_eq!(pauses.within_us(15, 32), 7);
        assert_eq!(pauses.within_us(12, 18), 6);
        assert_eq!(pauses.within_us(20, 30), 0);
        assert_eq!(pauses.running_us(5, 15), 5);
        for (from, running, to) in [
            (0, 10, 10),
            (0, 11, 21),
            (15, 5, 25),
            (15, 16, 41),
            (40, 5, 45),
        ] {
            assert_eq!(
                pauses.after_running_us(from, running),
                to,
                "{from} {running}"
            );
            assert_eq!(pauses.running_us(from, to), running);
        }
        assert_eq!(pauses.span_in(20, 30), None);
        assert_eq!(pauses.span_in(19, 31), Some(Span::new(10, 35)));
        assert_eq!(pauses.span_in(40, 50), None);
        // Asked before the last pause and read as it ended; read long after it; asked after it.
        let long = Pauses::new(vec![Span::new(0, 10), Span::new(1_000_000, 2_000_000)]);
        assert_eq!(long.hidden_since_us(5, 2_000_100), Some(1_000_000));
        assert_eq!(long.hidden_since_us(5, 2_200_000), None);
        assert_eq!(long.hidden_since_us(2_000_000, 2_000_100), None);
        assert_eq!(Pauses::default().running_us(5, 15), 10);
    }
}
