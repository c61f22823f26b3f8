//! Rows to Arrow columns.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, SchemaRef};

use crate::rows::{Connection, Event, Load, Operation};

/// What stands in every row of a recording.
pub(crate) struct Origin {
    pub(crate) run_id: String,
    pub(crate) host: String,
}

/// Columns under construction, in the schema's order.
struct Columns<'a> {
    schema: &'a SchemaRef,
    arrays: Vec<ArrayRef>,
    rows: usize,
}

impl<'a> Columns<'a> {
    fn new(schema: &'a SchemaRef, origin: &Origin, rows: usize) -> Self {
        let mut columns = Self {
            schema,
            arrays: Vec::with_capacity(schema.fields().len()),
            rows,
        };
        columns.text((0..rows).map(|_| Some(origin.run_id.as_str())));
        columns.text((0..rows).map(|_| Some(origin.host.as_str())));
        columns
    }

    fn text<'v>(&mut self, values: impl Iterator<Item = Option<&'v str>>) {
        let mut builder = StringBuilder::with_capacity(self.rows, self.rows * 8);
        values.for_each(|value| builder.append_option(value));
        self.arrays.push(Arc::new(builder.finish()));
    }

    fn int64(&mut self, values: impl Iterator<Item = Option<i64>>) {
        let mut builder = Int64Builder::with_capacity(self.rows);
        values.for_each(|value| builder.append_option(value));
        self.arrays.push(Arc::new(builder.finish()));
    }

    fn int32(&mut self, values: impl Iterator<Item = Option<i32>>) {
        let mut builder = Int32Builder::with_capacity(self.rows);
        values.for_each(|value| builder.append_option(value));
        self.arrays.push(Arc::new(builder.finish()));
    }

    fn float64(&mut self, values: impl Iterator<Item = Option<f64>>) {
        let mut builder = Float64Builder::with_capacity(self.rows);
        values.for_each(|value| builder.append_option(value));
        self.arrays.push(Arc::new(builder.finish()));
    }

    fn boolean(&mut self, values: impl Iterator<Item = Option<bool>>) {
        let mut builder = BooleanBuilder::with_capacity(self.rows);
        values.for_each(|value| builder.append_option(value));
        self.arrays.push(Arc::new(builder.finish()));
    }

    fn timestamp(&mut self, values: impl Iterator<Item = Option<i64>>) {
        let mut builder = TimestampMicrosecondBuilder::with_capacity(self.rows);
        values.for_each(|value| builder.append_option(value));
        self.arrays
            .push(Arc::new(builder.finish().with_timezone("UTC")));
    }

    fn finish(self) -> Result<RecordBatch, ArrowError> {
        RecordBatch::try_new(self.schema.clone(), self.arrays)
    }
}

pub(crate) fn operations(
    schema: &SchemaRef,
    origin: &Origin,
    rows: &[Operation],
) -> Result<RecordBatch, ArrowError> {
    let failure = || rows.iter().map(|row| row.failure.as_deref());
    let mut columns = Columns::new(schema, origin, rows.len());
    columns.text(rows.iter().map(|row| Some(row.path.as_str())));
    columns.int32(rows.iter().map(|row| row.worker));
    columns.int64(rows.iter().map(|row| Some(row.operation_id)));
    columns.text(rows.iter().map(|row| Some(row.operation_type.as_str())));
    columns.text(rows.iter().map(|row| Some(row.operation_name)));
    columns.timestamp(rows.iter().map(|row| Some(row.scheduled_time)));
    columns.timestamp(rows.iter().map(|row| row.start_time));
    columns.timestamp(rows.iter().map(|row| row.end_time));
    columns.int64(
        rows.iter()
            .map(|row| row.end_time.map(|end| end - row.scheduled_time)),
    );
    columns.int64(rows.iter().map(|row| row.checkout_us));
    columns.int64(rows.iter().map(|row| row.execute_us));
    columns.boolean(rows.iter().map(|row| Some(row.outcome.is_success())));
    columns.text(rows.iter().map(|row| Some(row.outcome.as_str())));
    columns.int64(rows.iter().map(|row| row.affected_rows));
    columns.int64(rows.iter().map(|row| row.connection_id));
    columns.text(failure().map(|failure| Some(failure?.phase.as_str())));
    columns.text(failure().map(|failure| Some(failure?.class.as_str())));
    columns.text(failure().map(|failure| failure?.sqlstate.as_deref()));
    columns.text(failure().map(|failure| Some(failure?.message.as_str())));
    columns.finish()
}

pub(crate) fn connections(
    schema: &SchemaRef,
    origin: &Origin,
    rows: &[Connection],
) -> Result<RecordBatch, ArrowError> {
    let server = || rows.iter().map(|row| row.server.as_ref());
    let failure = || rows.iter().map(|row| row.failure.as_ref());
    let mut columns = Columns::new(schema, origin, rows.len());
    columns.text(rows.iter().map(|row| Some(row.path.as_str())));
    columns.int64(rows.iter().map(|row| Some(row.connection_id)));
    columns.timestamp(rows.iter().map(|row| Some(row.start_time)));
    columns.timestamp(rows.iter().map(|row| Some(row.end_time)));
    columns.text(rows.iter().map(|row| Some(row.host.as_str())));
    columns.text(rows.iter().map(|row| row.address.as_deref()));
    columns.int32(rows.iter().map(|row| Some(row.port)));
    columns.int64(rows.iter().map(|row| row.dns_us));
    columns.int64(rows.iter().map(|row| row.tcp_us));
    columns.int64(rows.iter().map(|row| row.tls_us));
    columns.int64(rows.iter().map(|row| row.startup_us));
    columns.boolean(rows.iter().map(|row| Some(row.failure.is_none())));
    columns.text(server().map(|server| server?.address.as_deref()));
    columns.int32(server().map(|server| server?.port));
    columns.text(server().map(|server| server?.version.as_deref()));
    columns.boolean(server().map(|server| server?.in_recovery));
    columns.timestamp(server().map(|server| Some(server?.postmaster_start_time?.micros())));
    columns.text(server().map(|server| server?.aurora_instance_identifier.as_deref()));
    columns.text(failure().map(|failure| Some(failure?.phase.as_str())));
    columns.text(failure().map(|failure| Some(failure?.class?.as_str())));
    columns.text(failure().map(|failure| failure?.sqlstate.as_deref()));
    columns.text(failure().map(|failure| Some(failure?.message.as_str())));
    columns.finish()
}

pub(crate) fn events(
    schema: &SchemaRef,
    origin: &Origin,
    rows: &[Event],
) -> Result<RecordBatch, ArrowError> {
    let mut columns = Columns::new(schema, origin, rows.len());
    columns.text(
        rows.iter()
            .map(|row| row.path.map(crate::vocabulary::Path::as_str)),
    );
    columns.timestamp(rows.iter().map(|row| Some(row.time)));
    columns.text(rows.iter().map(|row| Some(row.kind.as_str())));
    columns.int32(rows.iter().map(|row| row.status));
    columns.text(rows.iter().map(|row| Some(row.detail.as_str())));
    columns.finish()
}

pub(crate) fn load(
    schema: &SchemaRef,
    origin: &Origin,
    rows: &[Load],
) -> Result<RecordBatch, ArrowError> {
    let mut columns = Columns::new(schema, origin, rows.len());
    columns.text(rows.iter().map(|row| Some(row.path.as_str())));
    columns.timestamp(rows.iter().map(|row| Some(row.time)));
    columns.int32(rows.iter().map(|row| Some(row.start_number)));
    columns.float64(rows.iter().map(|row| Some(row.tps)));
    columns.int64(rows.iter().map(|row| row.latency_us));
    columns.int64(rows.iter().map(|row| row.latency_stddev_us));
    columns.int64(rows.iter().map(|row| row.failed));
    columns.finish()
}
