//! A workload of the user's own, as the manifest has it.

use serde::{Deserialize, Serialize};

use crate::vocabulary::OperationType;

/// The workload of a file (`recorder run --workload`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkloadRecord {
    /// The name that the file gives it.
    pub name: String,
    /// SHA-256 of the file, in hexadecimal digits: two recordings with the same one ran the same workload.
    pub sha256: String,
    /// Its operations, in the order of the file.
    pub operations: Vec<OperationRecord>,
}

/// An operation of the workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperationRecord {
    /// Its name: `operation_name` of its rows.
    pub name: String,
    /// Its type.
    pub operation_type: OperationType,
    /// Its share of all operations, per cent.
    pub share_percent: f64,
    /// Columns, `table.column` or `schema.table.column`, that hold the identity of its write, for an audit; empty where it has none.
    #[serde(default)]
    pub identity: Vec<String>,
}
