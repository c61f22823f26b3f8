//! An operation that a second look meets.

use recording::vocabulary::{OperationType, Outcome};

use crate::reduce::implied::AcknowledgedWrite;
use crate::reduce::rows::Operation;
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
