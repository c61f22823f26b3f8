//! The rows of a recording that is over, one by one: for a reader that needs no frames. Memory is that of one batch.

use std::fs::File;
use std::path::Path as FilePath;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, PrimitiveArray, RecordBatch, StringArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use crate::encoding::catch_panic::guarded;
use crate::format::error::OpenError;
use crate::format::layout::Table;
use crate::format::manifest::State;
use crate::read::Recording;
use crate::read::in_flight::Checkpoint;

/// A row of `operations`, as far as an audit needs it. Words are as they are on disk: a later version may have written them.
#[derive(Debug, Clone, Copy)]
pub struct OperationRow<'b> {
    /// A word of `path`.
    pub path: &'b str,
    /// Counts from 1 per path.
    pub operation_id: i64,
    /// Such as `place_order`.
    pub operation_name: &'b str,
    /// A word of `outcome`.
    pub outcome: &'b str,
    /// When a worker took it.
    pub start_time: Option<i64>,
    /// When its outcome was known.
    pub end_time: Option<i64>,
    /// Rows changed by a write.
    pub affected_rows: Option<i64>,
    /// Pieces; `None` in recordings of older versions too.
    pub quantity: Option<i32>,
    /// The row of `connections` that it used.
    pub connection_id: Option<i64>,
}

/// A row of `connections`, as far as an audit needs it.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionRow<'b> {
    /// A word of `path`.
    pub path: &'b str,
    /// Counts from 1 per path.
    pub connection_id: i64,
    /// The address that was connected to.
    pub endpoint_address: Option<&'b str>,
    /// The server that answered.
    pub server_address: Option<&'b str>,
    /// Its port.
    pub server_port: Option<i32>,
    /// Its timeline; `None` in recordings of older versions too.
    pub server_timeline: Option<i32>,
}

const OF_OPERATIONS: [&str; 9] = [
    "path",
    "operation_id",
    "operation_name",
    "outcome",
    "start_time",
    "end_time",
    "affected_rows",
    "quantity",
    "connection_id",
];
const OF_CONNECTIONS: [&str; 6] = [
    "path",
    "connection_id",
    "endpoint_address",
    "server_address",
    "server_port",
    "server_timeline",
];

impl Recording {
    /// Gives every row of `operations` to `each`, in no order: those of sealed parts, those of journals and, where the recorder was
    /// killed, those that were in flight at its last checkpoint.
    ///
    /// # Errors
    /// [`OpenError`] where a part or a journal is missing, damaged, or has other columns.
    pub fn each_operation(&self, each: &mut dyn FnMut(&OperationRow<'_>)) -> Result<(), OpenError> {
        self.each_batch(Table::Operations, &OF_OPERATIONS, &mut |batch| {
            let paths = required(batch, "path", text)?;
            let ids = required(batch, "operation_id", number::<Int64Type>)?;
            let names = required(batch, "operation_name", text)?;
            let outcomes = required(batch, "outcome", text)?;
            let starts = optional(batch, "start_time", number::<TimestampMicrosecondType>)?;
            let ends = optional(batch, "end_time", number::<TimestampMicrosecondType>)?;
            let affected = optional(batch, "affected_rows", number::<Int64Type>)?;
            let quantities = optional(batch, "quantity", number::<Int32Type>)?;
            let connections = optional(batch, "connection_id", number::<Int64Type>)?;
            for row in 0..batch.num_rows() {
                each(&OperationRow {
                    path: paths.value(row),
                    operation_id: ids.value(row),
                    operation_name: names.value(row),
                    outcome: outcomes.value(row),
                    start_time: value(starts, row),
                    end_time: value(ends, row),
                    affected_rows: value(affected, row),
                    quantity: value(quantities, row),
                    connection_id: value(connections, row),
                });
            }
            Ok(())
        })
    }

    /// Gives every row of `connections` to `each`, in no order.
    ///
    /// # Errors
    /// As [`Self::each_operation`].
    pub fn each_connection(
        &self,
        each: &mut dyn FnMut(&ConnectionRow<'_>),
    ) -> Result<(), OpenError> {
        self.each_batch(Table::Connections, &OF_CONNECTIONS, &mut |batch| {
            let paths = required(batch, "path", text)?;
            let ids = required(batch, "connection_id", number::<Int64Type>)?;
            let endpoints = optional(batch, "endpoint_address", text)?;
            let addresses = optional(batch, "server_address", text)?;
            let ports = optional(batch, "server_port", number::<Int32Type>)?;
            let timelines = optional(batch, "server_timeline", number::<Int32Type>)?;
            for row in 0..batch.num_rows() {
                each(&ConnectionRow {
                    path: paths.value(row),
                    connection_id: ids.value(row),
                    endpoint_address: word(endpoints, row),
                    server_address: word(addresses, row),
                    server_port: value(ports, row),
                    server_timeline: value(timelines, row),
                });
            }
            Ok(())
        })
    }

    /// Gives every batch of a table to `each`, of the sealed parts these columns alone. What `each` says is wrong with the file.
    fn each_batch(
        &self,
        table: Table,
        columns: &[&str],
        each: &mut dyn FnMut(&RecordBatch) -> Result<(), String>,
    ) -> Result<(), OpenError> {
        let is_killed = self.manifest().state == State::Recording;
        let checkpoint = match table {
            Table::Operations if is_killed => Checkpoint::read(self)?,
            _ => None,
        };
        let journals = self.unsealed(table)?;
        let parts = self.parts(table)?;
        for part in &parts {
            let damaged = |reason: String| OpenError::DamagedPart {
                path: part.clone(),
                reason,
            };
            let read = guarded(|| each_of_part(part, columns, each));
            read.map_err(|panicked| damaged(panicked.to_string()))?
                .map_err(damaged)?;
        }
        for journal in &journals {
            let damaged = |reason| OpenError::DamagedPart {
                path: journal.journal.clone(),
                reason,
            };
            for batch in journal.batches() {
                each(&batch).map_err(damaged)?;
            }
        }
        let unfinished = checkpoint.map(|checkpoint| checkpoint.unfinished(&parts, &journals));
        for batch in unfinished.into_iter().flatten() {
            each(&batch).map_err(|reason| OpenError::DamagedPart {
                path: self.folder().to_path_buf(),
                reason,
            })?;
        }
        Ok(())
    }
}

fn each_of_part(
    part: &FilePath,
    columns: &[&str],
    each: &mut dyn FnMut(&RecordBatch) -> Result<(), String>,
) -> Result<(), String> {
    let file = File::open(part).map_err(|error| error.to_string())?;
    // Another writer may have put its own types of memory beside the columns, such as views of texts.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
        .map_err(|error| error.to_string())?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let reader = builder.with_projection(mask).build();
    for batch in reader.map_err(|error| error.to_string())? {
        each(&batch.map_err(|error| error.to_string())?)?;
    }
    Ok(())
}

/// A column in one of the types of the format; `None` for another type.
type Read<'b, A> = fn(&'b dyn Array) -> Option<&'b A>;

fn text(column: &dyn Array) -> Option<&StringArray> {
    column.as_string_opt::<i32>()
}

fn number<T: ArrowPrimitiveType>(column: &dyn Array) -> Option<&PrimitiveArray<T>> {
    column.as_primitive_opt::<T>()
}

/// A column that an older version did not write may be missing.
fn optional<'b, A>(
    batch: &'b RecordBatch,
    name: &str,
    read: Read<'b, A>,
) -> Result<Option<&'b A>, String> {
    let Some(column) = batch.column_by_name(name) else {
        return Ok(None);
    };
    let found = column.data_type();
    let read = read(column.as_ref());
    read.map(Some)
        .ok_or_else(|| format!("its column {name} is {found}"))
}

/// A column that has a value in each row.
fn required<'b, A: Array>(
    batch: &'b RecordBatch,
    name: &str,
    read: Read<'b, A>,
) -> Result<&'b A, String> {
    match optional(batch, name, read)? {
        Some(column) if column.null_count() == 0 => Ok(column),
        Some(_) => Err(format!("its column {name} has nulls")),
        None => Err(format!("it has no column {name}")),
    }
}

fn word(column: Option<&StringArray>, row: usize) -> Option<&str> {
    let column = column.filter(|column| column.is_valid(row))?;
    Some(column.value(row))
}

fn value<T: ArrowPrimitiveType>(
    column: Option<&PrimitiveArray<T>>,
    row: usize,
) -> Option<T::Native> {
    let column = column.filter(|column| column.is_valid(row))?;
    Some(column.value(row))
}
