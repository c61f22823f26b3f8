//! Successes of a path near its outages: read where they are asked for.

use std::cell::RefCell;
use std::collections::BTreeMap;

use recording::vocabulary::OperationType;

use crate::error::AnalyzeError;
use crate::reduce::operations::PathOperations;
use crate::summary::{Group, Span};

/// So many successes are held at a time, about.
const MOST_HELD: f64 = 4e6;
/// What is asked for is read so much further at least, microseconds: the next question is about what comes after it.
const LEAST_AHEAD_US: i64 = 120_000_000;

pub(crate) struct Near<'o, 'l> {
    operations: &'o PathOperations<'l>,
    recording: Span,
    around_outages: Read,
    /// What is asked for is read so much further, microseconds.
    ahead_us: i64,
    /// What was read last of another time.
    further: RefCell<Read>,
}

#[derive(Default)]
struct Read {
    /// In order and apart.
    spans: Vec<Span>,
    /// End and response time of each, in order.
    successes: BTreeMap<OperationType, Vec<(i64, i64)>>,
}

impl<'o, 'l> Near<'o, 'l> {
    /// Reads the successes of these times at once, if they are not too many of the recording's `count`.
    pub(crate) fn new(
        operations: &'o PathOperations<'l>,
        recording: Span,
        count: u64,
        spans: impl Iterator<Item = Span>,
    ) -> Result<Self, AnalyzeError> {
        let spans = Span::union(spans);
        let asked_us: i64 = spans.iter().map(Span::length_us).sum();
        let held_us = recording.length_us().max(1) as f64 * MOST_HELD / count.max(1) as f64;
        let around_outages = match asked_us as f64 <= held_us {
            true => Read::new(operations, &recording, spans)?,
            false => Read::default(),
        };
        Ok(Self {
            operations,
            recording,
            around_outages,
            ahead_us: LEAST_AHEAD_US.max(held_us as i64),
            further: RefCell::default(),
        })
    }

    /// End and response time of the successes of a group that ended in [from, to); those of a type in order.
    pub(crate) fn successes(
        &self,
        group: Group,
        from_us: i64,
        to_us: i64,
    ) -> Result<Vec<(i64, i64)>, AnalyzeError> {
        if from_us >= to_us {
            return Ok(Vec::new());
        }
        if let Some(found) = self.around_outages.successes(group, from_us, to_us) {
            return Ok(found);
        }
        if let Some(found) = self.further.borrow().successes(group, from_us, to_us) {
            return Ok(found);
        }
        let asked = Span::new(from_us, to_us.saturating_add(self.ahead_us));
        let read = Read::new(self.operations, &self.recording, vec![asked])?;
        let found = read.successes(group, from_us, to_us).unwrap_or_default();
        self.further.replace(read);
        Ok(found)
    }
}

impl Read {
    fn new(
        operations: &PathOperations<'_>,
        recording: &Span,
        spans: Vec<Span>,
    ) -> Result<Self, AnalyzeError> {
        let mut successes = operations.successes_in(recording, &spans)?;
        successes
            .values_mut()
            .for_each(|pairs| pairs.sort_unstable());
        Ok(Self { spans, successes })
    }

    /// `None` where some of the time was not read.
    fn successes(&self, group: Group, from_us: i64, to_us: i64) -> Option<Vec<(i64, i64)>> {
        let is_read = |span: &Span| span.start.micros() <= from_us && to_us <= span.end.micros();
        if !self.spans.iter().any(is_read) {
            return None;
        }
        let of_group = self.successes.iter();
        let of_group = of_group.filter(|(kind, _)| group.contains(**kind));
        let within = of_group.flat_map(|(_, pairs)| {
            let first = pairs.partition_point(|(end_us, _)| *end_us < from_us);
            let end = pairs.partition_point(|(end_us, _)| *end_us < to_us);
            &pairs[first..end]
        });
        Some(within.copied().collect())
    }
}
