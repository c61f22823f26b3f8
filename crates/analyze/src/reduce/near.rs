//! Successes of a path near its outages: read where they are asked for.

use std::cell::RefCell;
use std::collections::BTreeMap;

use recording::vocabulary::OperationType;

use crate::error::AnalyzeError;
use crate::reduce::operations::PathOperations;
use crate::summary::{Group, Span};

/// So much more is read than what is asked for, microseconds: the next question is about what comes after it.
const AHEAD_US: i64 = 120_000_000;

pub(crate) struct Near<'o, 'l> {
    operations: &'o PathOperations<'l>,
    recording: Span,
    around_outages: Read,
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
    /// Reads the successes of these times at once.
    pub(crate) fn new(
        operations: &'o PathOperations<'l>,
        recording: Span,
        spans: impl Iterator<Item = Span>,
    ) -> Result<Self, AnalyzeError> {
        Ok(Self {
            operations,
            recording,
            around_outages: Read::new(operations, &recording, spans)?,
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
        let asked = Span::new(from_us, to_us.saturating_add(AHEAD_US));
        let read = Read::new(self.operations, &self.recording, std::iter::once(asked))?;
        let found = read.successes(group, from_us, to_us).unwrap_or_default();
        self.further.replace(read);
        Ok(found)
    }
}

impl Read {
    fn new(
        operations: &PathOperations<'_>,
        recording: &Span,
        spans: impl Iterator<Item = Span>,
    ) -> Result<Self, AnalyzeError> {
        let spans = Span::union(spans);
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
