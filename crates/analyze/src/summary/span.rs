//! A piece of time.

use recording::Timestamp;
use serde::Serialize;

/// A span of time, UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Span {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Span {
    /// A span from one UTC microsecond to another.
    #[must_use]
    pub const fn new(start_us: i64, end_us: i64) -> Self {
        Self {
            start: Timestamp(start_us),
            end: Timestamp(end_us),
        }
    }

    #[must_use]
    pub const fn length_us(&self) -> i64 {
        self.end.micros() - self.start.micros()
    }

    /// How much of it the other one covers, microseconds.
    #[must_use]
    pub fn overlap_us(&self, other: &Self) -> i64 {
        let common = Self {
            start: self.start.max(other.start),
            end: self.end.min(other.end),
        };
        common.length_us().max(0)
    }

    /// True where the two have more than a point in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// What others leave of spans; both are in order and apart.
    pub(crate) fn without(spans: &[Self], others: &[Self]) -> Vec<Self> {
        let mut left = Vec::new();
        for span in spans {
            let mut start = span.start;
            for other in others.iter().filter(|other| other.overlaps(span)) {
                let end = other.start;
                left.extend((start < end).then_some(Self { start, end }));
                start = other.end;
            }
            let end = span.end;
            left.extend((start < end).then_some(Self { start, end }));
        }
        left
    }

    /// Spans in order of time, those that touch joined.
    pub(crate) fn union(spans: impl Iterator<Item = Self>) -> Vec<Self> {
        let mut sorted: Vec<Self> = spans.collect();
        sorted.sort_by_key(|span| span.start);
        let mut joined: Vec<Self> = Vec::new();
        for span in sorted {
            match joined.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => joined.push(span),
            }
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn what_is_left() {
        let spans = [Span::new(0, 10), Span::new(20, 30)];
        let others = [Span::new(-5, 2), Span::new(4, 6), Span::new(9, 25)];
        let left = [Span::new(2, 4), Span::new(6, 9), Span::new(25, 30)];
        assert_eq!(Span::without(&spans, &others), left);
        assert_eq!(Span::without(&spans, &[]), spans);
        assert_eq!(Span::without(&spans, &[Span::new(0, 30)]), []);
    }
}
