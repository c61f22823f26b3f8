//! What a workload is, checked.

use std::ops::Add as _;

use recording::vocabulary::OperationType;
use recording::{OperationRecord, Weights, WorkloadRecord};

use crate::definition::values::Generator;
use crate::sql::statement::Statement;

/// A workload. It lives as long as the program: rows of a recording name its operations.
#[derive(Debug)]
pub struct Definition {
    pub(crate) name: String,
    /// The file that it was read from.
    pub(crate) file: String,
    /// Statements of `recorder setup`.
    pub(crate) setup: Vec<SetupStatement>,
    pub(crate) keys: Vec<KeyQuery>,
    pub(crate) operations: Vec<Operation>,
    /// Of the file; `None` for the built-in one.
    pub(crate) sha256: Option<String>,
}

/// A statement of `recorder setup`.
#[derive(Debug)]
pub(crate) struct SetupStatement {
    /// File and line.
    pub(crate) place: String,
    pub(crate) sql: String,
}

/// A query whose first column holds keys.
#[derive(Debug)]
pub(crate) struct KeyQuery {
    pub(crate) name: String,
    /// File and line.
    pub(crate) place: String,
    pub(crate) sql: String,
}

/// An operation.
#[derive(Debug, PartialEq)]
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) operation_type: OperationType,
    /// Its share, in no unit: the shares of all operations together are the whole.
    pub(crate) weight: f64,
    pub(crate) values: Vec<(String, Generator)>,
    pub(crate) steps: Vec<Step>,
    /// `table.column`, in which an audit finds the write by its identity.
    pub(crate) identity: Vec<String>,
    pub(crate) target: TargetValues,
}

/// Which values are recorded with a write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TargetValues {
    pub(crate) user_id: Option<usize>,
    pub(crate) product_id: Option<usize>,
    pub(crate) quantity: Option<usize>,
}

/// A statement of an operation.
#[derive(Debug, PartialEq)]
pub(crate) struct Step {
    /// File and line.
    pub(crate) place: String,
    pub(crate) statement: Statement,
    pub(crate) parameters: Vec<Parameter>,
    /// Columns of the first row, which later statements take.
    pub(crate) results: Vec<String>,
    /// No row returned or changed is the business's no.
    pub(crate) expects_rows: bool,
    /// It returns rows and changes none.
    pub(crate) is_query: bool,
}

/// Where a parameter comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// A value of the operation.
    Value(usize),
    /// A column that an earlier statement returned, counted over all statements.
    Result(usize),
}

impl Definition {
    /// True for the built-in workload, whose tables `recorder setup` makes.
    #[must_use]
    pub fn is_shop(&self) -> bool {
        self.sha256.is_none()
    }

    /// The shares of the types, per cent.
    #[must_use]
    pub fn weights(&self) -> Weights {
        let whole: f64 = self
            .operations
            .iter()
            .map(|operation| operation.weight)
            .sum();
        let share = |of: OperationType| {
            let of_type = self.operations.iter().filter(|it| it.operation_type == of);
            // The sum of nothing is -0.
            let of_type = of_type
                .map(|operation| operation.weight)
                .fold(0.0, f64::add);
            of_type / whole * 100.0
        };
        Weights {
            read: share(OperationType::Read),
            write: share(OperationType::Write),
            transaction: share(OperationType::Transaction),
        }
    }

    /// Round trips of an operation on average; BEGIN and COMMIT are one each.
    #[must_use]
    pub(crate) fn round_trips(&self) -> f64 {
        let whole: f64 = self
            .operations
            .iter()
            .map(|operation| operation.weight)
            .sum();
        let of = |operation: &Operation| {
            let around = match operation.operation_type {
                OperationType::Transaction => 2,
                OperationType::Read | OperationType::Write => 0,
            };
            operation.weight / whole * (operation.steps.len() + around) as f64
        };
        self.operations.iter().map(of).sum()
    }

    /// Which query of keys has that name.
    pub(crate) fn keys_named(&self, name: &str) -> Option<usize> {
        self.keys.iter().position(|query| query.name == name)
    }

    /// As it stands in the manifest of a run with these shares of the types; `None` for the built-in one.
    pub(crate) fn record(&self) -> Option<WorkloadRecord> {
        Some(self.record_of(self.sha256.clone()?))
    }

    /// The same, of a file with that checksum.
    pub(crate) fn record_of(&self, sha256: String) -> WorkloadRecord {
        let whole: f64 = self
            .operations
            .iter()
            .map(|operation| operation.weight)
            .sum();
        let operation = |operation: &Operation| OperationRecord {
            name: operation.name.clone(),
            operation_type: operation.operation_type,
            share_percent: operation.weight / whole * 100.0,
            identity: operation.identity.clone(),
        };
        WorkloadRecord {
            name: self.name.clone(),
            sha256,
            operations: self.operations.iter().map(operation).collect(),
        }
    }
}
