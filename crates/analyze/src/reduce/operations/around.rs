//! Second looks at the time around outages.

use std::collections::{BTreeMap, BTreeSet};

use recording::vocabulary::OperationType;

use crate::error::AnalyzeError;
use crate::load::batches::Selection;
use crate::reduce::operations::seen::Seen;
use crate::reduce::operations::{ENDS, PathOperations};
use crate::reduce::waits::Waits;
use crate::summary::Span;

/// The connections that writes and transactions used, by whole second since the start of a span.
pub(crate) type UsedConnections = BTreeMap<i64, BTreeSet<i64>>;

impl PathOperations<'_> {
    /// How many of each type succeeded in each of the spans, (start, end], which are in order and apart.
    pub(crate) fn successes_inside(
        &self,
        spans: &[Span],
    ) -> Result<Vec<BTreeMap<OperationType, u64>>, AnalyzeError> {
        let inside = self.inside(spans, |span| span)?;
        let of_span = |index: usize| {
            let mut counts = BTreeMap::new();
            for ((kind, _, outcome), times) in inside.get(&index).into_iter().flatten() {
                if outcome.is_success() {
                    *counts.entry(*kind).or_insert(0) += times.count();
                }
            }
            counts
        };
        Ok((0..spans.len()).map(of_span).collect())
    }

    /// What the response times of the successes in each list of spans, (start, end], were made of. The spans of a list are in order and
    /// apart.
    pub(crate) fn waits_inside<const N: usize>(
        &self,
        lists: [&[Span]; N],
    ) -> Result<[Waits; N], AnalyzeError> {
        let none = || std::array::from_fn(|_| Waits::default());
        let near = Span::union(lists.iter().flat_map(|spans| spans.iter().copied()));
        let mut whole: [Waits; N] = none();
        if near.is_empty() {
            return Ok(whole);
        }
        let mut columns = ENDS.to_vec();
        columns.extend(["checkout_us", "execute_us"]);
        let add = |found: &mut [Waits; N], seen: &Seen<'_>| {
            let operation = &seen.operation;
            let ended_us = operation.end_us.filter(|_| operation.outcome.is_success());
            let Some(end_us) = ended_us else { return };
            for (waits, spans) in found.iter_mut().zip(lists) {
                if place(spans, end_us).is_some() {
                    waits.add(operation);
                }
            }
        };
        for found in self.fold(&self.near(&columns, &near), none, add)? {
            for (whole, waits) in whole.iter_mut().zip(&found) {
                whole.merge(waits);
            }
        }
        Ok(whole)
    }

    /// The connections of the writes and transactions that ended in each of the spans, (start, end], which are in order and apart.
    pub(crate) fn connections_used(
        &self,
        spans: &[Span],
    ) -> Result<Vec<UsedConnections>, AnalyzeError> {
        let none = || vec![UsedConnections::new(); spans.len()];
        let mut whole = none();
        if spans.is_empty() {
            return Ok(whole);
        }
        let mut columns = ENDS.to_vec();
        columns.push("connection_id");
        let add = |found: &mut Vec<UsedConnections>, seen: &Seen<'_>| {
            let operation = &seen.operation;
            let is_write = operation.kind != OperationType::Read;
            let used = operation.end_us.zip(operation.connection);
            if let Some((end_us, connection)) = used.filter(|_| is_write)
                && let Some(index) = place(spans, end_us)
            {
                let second = second(&spans[index], end_us);
                found[index].entry(second).or_default().insert(connection);
            }
        };
        for found in self.fold(&self.near(&columns, spans), none, add)? {
            for (whole, used) in whole.iter_mut().zip(found) {
                for (second, connections) in used {
                    whole.entry(second).or_default().extend(connections);
                }
            }
        }
        Ok(whole)
    }

    fn near<'s>(&self, columns: &'s [&'static str], spans: &'s [Span]) -> Selection<'s> {
        Selection {
            columns,
            late: &[],
            path: Some(self.path),
            near: Some(spans),
        }
    }
}

/// The number of the span, (start, end], that a moment is in.
fn place(spans: &[Span], time_us: i64) -> Option<usize> {
    let index = spans.partition_point(|span| span.end.micros() < time_us);
    let span = spans.get(index)?;
    (span.start.micros() < time_us).then_some(index)
}

/// The whole seconds from a span's start to a moment.
pub(crate) fn second(span: &Span, time_us: i64) -> i64 {
    (time_us - span.start.micros()).div_euclid(1_000_000)
}
