//! Second looks at the operations of a path.

use recording::vocabulary::{OperationType, Outcome};

use crate::error::AnalyzeError;
use crate::load::batches::{Batch, Selection};
use crate::reduce::implied::AcknowledgedWrite;
use crate::reduce::operations::PathOperations;
use crate::reduce::rows::{LeftOutRows, Names, Operation, Rows};
use crate::summary::{Span, Word};

/// An operation of the path.
pub(super) struct Seen<'b> {
    /// Number of its file.
    pub(super) file: usize,
    pub(super) operation: Operation,
    pub(super) name: &'b Word,
}

impl Seen<'_> {
    /// The write that was acknowledged, if the operation is one and overlaps the span.
    pub(super) fn acknowledged_in(&self, span: &Span) -> Option<AcknowledgedWrite> {
        let operation = &self.operation;
        let (start_us, end_us) = operation.start_us.zip(operation.end_us)?;
        let is_acknowledged =
            operation.kind != OperationType::Read && operation.outcome == Outcome::Ok;
        let overlaps = end_us >= span.start.micros() && start_us <= span.end.micros();
        let write = AcknowledgedWrite {
            operation_id: operation.id?,
            operation_name: self.name.to_string(),
            first_statement_us: start_us + operation.checkout_us.unwrap_or(0),
            end_us,
            quantity: operation.quantity.unwrap_or(0),
        };
        (is_acknowledged && overlaps).then_some(write)
    }

    /// End and response time of a success that ended within the recording.
    pub(super) fn success_in(&self, recording: &Span) -> Option<(i64, i64)> {
        let operation = &self.operation;
        let (end_us, response_us) = operation.end_us.zip(operation.response_us)?;
        let is_success = operation.outcome.is_success() && end_us <= recording.end.micros();
        is_success.then(|| (end_us.max(recording.start.micros()), response_us))
    }
}

impl PathOperations<'_> {
    /// Folds over the operations of the path.
    pub(super) fn fold<S: Send>(
        &self,
        selection: &Selection<'_>,
        new: impl Fn() -> S + Sync,
        add: impl Fn(&mut S, &Seen<'_>) + Sync,
    ) -> Result<Vec<S>, AnalyzeError> {
        let mut columns = selection.columns.to_vec();
        if !self.lost.is_empty() && !columns.contains(&"operation_id") {
            columns.push("operation_id");
        }
        let selection = Selection {
            columns: &columns,
            ..*selection
        };
        let new = || (Names::default(), new());
        let add_batch = |(names, state): &mut (Names, S), batch: &Batch<'_>| {
            let rows = Rows::of(batch)?;
            let known = rows.known(names);
            rows.judged(&known, &mut LeftOutRows::new(), |operation| {
                if operation.path != self.path {
                    return;
                }
                let is_lost = operation.id.is_some_and(|id| self.lost.contains(&id));
                let outcome = match operation.outcome {
                    Outcome::Ok if is_lost => Outcome::Failed,
                    outcome => outcome,
                };
                let seen = Seen {
                    file: batch.file,
                    operation: Operation {
                        outcome,
                        ..*operation
                    },
                    name: &names.by_number()[operation.name],
                };
                add(state, &seen);
            });
            Ok(())
        };
        let states = self
            .loaded
            .fold_operations(&selection, false, new, add_batch)?;
        Ok(states.into_iter().map(|(_, state)| state).collect())
    }
}
