//! A second look at the time around outages.

use std::collections::{BTreeMap, BTreeSet};

use recording::vocabulary::OperationType;

use crate::error::AnalyzeError;
use crate::load::batches::Selection;
use crate::reduce::operations::seen::Seen;
use crate::reduce::operations::{ENDS, PathOperations};
use crate::reduce::waits::Waits;
use crate::summary::Span;

/// What is asked of the time around outages. The spans, (start, end], of each list are in order and apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'s> {
    /// What the response times of successes were made of, in each list, of the types of which figures are given.
    pub(crate) waits: [&'s [Span]; 3],
    /// How many of each type succeeded, in each span.
    pub(crate) served: &'s [Span],
    /// Which connections writes and transactions used, in each span.
    pub(crate) used: &'s [Span],
}

/// The same, answered; an entry for each list or span.
#[derive(Debug, Default)]
pub(crate) struct FoundAround {
    pub(crate) waits: [Waits; 3],
    pub(crate) served: Vec<BTreeMap<OperationType, u64>>,
    pub(crate) used: Vec<UsedConnections>,
}

/// Connections by whole second since the start of a span.
pub(crate) type UsedConnections = BTreeMap<i64, BTreeSet<i64>>;

impl PathOperations<'_> {
    pub(crate) fn around(&self, asked: &Around<'_>) -> Result<FoundAround, AnalyzeError> {
        let none = || FoundAround::none(asked);
        let mut whole = none();
        let lists = asked.waits.iter().chain([&asked.served, &asked.used]);
        let near = Span::union(lists.flat_map(|spans| spans.iter().copied()));
        if near.is_empty() {
            return Ok(whole);
        }
        let mut columns = ENDS.to_vec();
        columns.extend(["checkout_us", "execute_us"]);
        columns.extend((!asked.used.is_empty()).then_some("connection_id"));
        let selection = Selection {
            columns: &columns,
            late: &[],
            path: Some(self.path),
            near: Some(&near),
        };
        let add = |found: &mut FoundAround, seen: &Seen<'_>| {
            found.add(asked, seen, self.is_shown(seen.operation.kind));
        };
        for found in self.fold(&selection, none, add)? {
            whole.merge(found);
        }
        Ok(whole)
    }
}

impl FoundAround {
    fn none(asked: &Around<'_>) -> Self {
        Self {
            waits: Default::default(),
            served: vec![BTreeMap::new(); asked.served.len()],
            used: vec![UsedConnections::new(); asked.used.len()],
        }
    }

    fn add(&mut self, asked: &Around<'_>, seen: &Seen<'_>, is_shown: bool) {
        let operation = &seen.operation;
        let Some(end_us) = operation.end_us else {
            return;
        };
        if operation.outcome.is_success() {
            for (waits, spans) in self.waits.iter_mut().zip(asked.waits) {
                if is_shown && place(spans, end_us).is_some() {
                    waits.add(operation);
                }
            }
            if let Some(index) = place(asked.served, end_us) {
                *self.served[index].entry(operation.kind).or_insert(0) += 1;
            }
        }
        let is_write = operation.kind != OperationType::Read;
        if let Some(connection) = operation.connection.filter(|_| is_write)
            && let Some(index) = place(asked.used, end_us)
        {
            let second = second(&asked.used[index], end_us);
            let of_second = self.used[index].entry(second).or_default();
            of_second.insert(connection);
        }
    }

    fn merge(&mut self, other: Self) {
        for (own, other) in self.waits.iter_mut().zip(&other.waits) {
            own.merge(other);
        }
        for (own, other) in self.served.iter_mut().zip(other.served) {
            for (kind, count) in other {
                *own.entry(kind).or_insert(0) += count;
            }
        }
        for (own, other) in self.used.iter_mut().zip(other.used) {
            for (second, connections) in other {
                own.entry(second).or_default().extend(connections);
            }
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
