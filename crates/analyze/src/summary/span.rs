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
