//! Rows to Arrow columns.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, SchemaRef};

use crate::format::rows::{AvailabilityProbe, Connection, Event, Load, Operation, Probe};
use crate::format::vocabulary::{
    ConnectPhase, ErrorClass, ErrorPhase, EventKind, OperationType, Outcome, Path, ProbeKind,
};

/// The columns that are the same in every row of a recording.
pub(crate) struct Origin {
    run_id: String,
    host: String,
}

impl Origin {
    pub(crate) const fn new(run_id: String, host: String) -> Self {
        Self { run_id, host }
    }
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
        for constant in [&origin.run_id, &origin.host] {
            columns.text((0..rows).map(|_| Some(constant.as_str())));
        }
        columns
    }

    fn text<'v>(&mut self, values: impl Iterator<Item = Option<&'v str>>) {
        let mut builder = StringBuilder::with_capacity(self.rows, self.rows * 8);
        values.for_each(|value| builder.append_option(value));
        self.arrays.push(Arc::new(builder.finish()));
    }

    /// Words of a vocabulary.
    fn words<W>(&mut self, word: fn(W) -> &'static str, values: impl Iterator<Item = Option<W>>) {
        self.text(values.map(|value| value.map(word)));
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

/// In the order of `operation_id`, which is almost that of their starts: neighbours differ by little then, which saves two bytes a
/// row. They come in the order in which they ended.
fn in_order(rows: &[Operation]) -> Vec<&Operation> {
    let mut order: Vec<(i64, usize)> = rows
        .iter()
        .enumerate()
        .map(|(place, row)| (row.operation_id, place))
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, place)| &rows[place]).collect()
}

pub(crate) fn operations(
    schema: &SchemaRef,
    origin: &Origin,
    rows: &[Operation],
) -> Result<RecordBatch, ArrowError> {
    let rows = &in_order(rows);
    let failure = || rows.iter().map(|row| row.failure.as_deref());
    let mut columns = Columns::new(schema, origin, rows.len());
    columns.words(Path::as_str, rows.iter().map(|row| Some(row.path)));
    columns.int32(rows.iter().map(|row| row.worker));
    columns.int64(rows.iter().map(|row| Some(row.operation_id)));
    columns.words(
        OperationType::as_str,
        rows.iter().map(|row| Some(row.operation_type)),
    );
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
    columns.words(Outcome::as_str, rows.iter().map(|row| Some(row.outcome)));
    columns.int64(rows.iter().map(|row| row.affected_rows));
    columns.int32(rows.iter().map(|row| row.target.user_id));
    columns.int32(rows.iter().map(|row| row.target.product_id));
    columns.int32(rows.iter().map(|row| row.target.quantity));
    columns.int64(rows.iter().map(|row| row.connection_id));
    columns.words(
        ErrorPhase::as_str,
        failure().map(|failure| Some(failure?.phase)),
    );
    columns.words(
        ErrorClass::as_str,
        failure().map(|failure| Some(failure?.class)),
    );
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
    columns.words(Path::as_str, rows.iter().map(|row| Some(row.path)));
    columns.int64(rows.iter().map(|row| Some(row.connection_id)));
    columns.timestamp(rows.iter().map(|row| Some(row.start_time)));
    columns.timestamp(rows.iter().map(|row| Some(row.end_time)));
    columns.text(rows.iter().map(|row| Some(row.host.as_str())));
    columns.text(rows.iter().map(|row| row.address.as_deref()));
    columns.int32(rows.iter().map(|row| Some(row.port)));
    columns.boolean(rows.iter().map(|row| Some(row.reader)));
    columns.int64(rows.iter().map(|row| row.dns_us));
    columns.int64(rows.iter().map(|row| row.tcp_us));
    columns.int64(rows.iter().map(|row| row.tls_us));
    columns.text(rows.iter().map(|row| row.tls_error.as_deref()));
    columns.int64(rows.iter().map(|row| row.startup_us));
    columns.boolean(rows.iter().map(|row| Some(row.failure.is_none())));
    columns.text(server().map(|server| server?.address.as_deref()));
    columns.int32(server().map(|server| server?.port));
    columns.text(server().map(|server| server?.version.as_deref()));
    columns.boolean(server().map(|server| server?.in_recovery));
    columns.timestamp(server().map(|server| Some(server?.postmaster_start_time?.micros())));
    columns.int32(server().map(|server| server?.timeline));
    columns.text(server().map(|server| server?.aurora_instance_identifier.as_deref()));
    columns.words(
        ConnectPhase::as_str,
        failure().map(|failure| Some(failure?.phase)),
    );
    columns.words(ErrorClass::as_str, failure().map(|failure| failure?.class));
    columns.text(failure().map(|failure| failure?.sqlstate.as_deref()));
    columns.text(failure().map(|failure| Some(failure?.message.as_str())));
    columns.finish()
}

pub(crate) fn probes(
    schema: &SchemaRef,
    origin: &Origin,
    rows: &[Probe],
) -> Result<RecordBatch, ArrowError> {
    let server = || rows.iter().map(|row| row.server.as_ref());
    let dns = || rows.iter().map(|row| row.dns.as_ref());
    let failure = || rows.iter().map(|row| row.failure.as_ref());
    let mut columns = Columns::new(schema, origin, rows.len());
    columns.words(Path::as_str, rows.iter().map(|row| Some(row.path)));
    columns.timestamp(rows.iter().map(|row| Some(row.time)));
    columns.words(ProbeKind::as_str, rows.iter().map(|row| Some(row.kind)));
    columns.text(rows.iter().map(|row| Some(row.target.as_str())));
    columns.boolean(rows.iter().map(|row| Some(row.reader)));
    columns.int64(rows.iter().map(|row| Some(row.duration_us)));
    columns.boolean(rows.iter().map(|row| Some(row.failure.is_none())));
    columns.text(server().map(|server| server?.address.as_deref()));
    columns.int32(server().map(|server| server?.port));
    columns.boolean(server().map(|server| server?.in_recovery));
    columns.timestamp(server().map(|server| Some(server?.postmaster_start_time?.micros())));
    columns.text(server().map(|server| server?.aurora_instance_identifier.as_deref()));
    columns.int64(rows.iter().map(|row| row.replication_lag_us));
    columns.text(dns().map(|dns| Some(dns?.addresses.as_str())));
    columns.int32(dns().map(|dns| dns?.ttl_s));
    columns.words(
        ErrorClass::as_str,
        failure().map(|failure| Some(failure?.class)),
    );
    columns.text(failure().map(|failure| failure?.sqlstate.as_deref()));
    columns.text(failure().map(|failure| Some(failure?.message.as_str())));
    columns.finish()
}

pub(crate) fn availability(
    schema: &SchemaRef,
    origin: &Origin,
    rows: &[AvailabilityProbe],
) -> Result<RecordBatch, ArrowError> {
    // Each kind on each path in its own order: neighbours are one interval apart then, which saves a byte a row.
    let mut rows: Vec<&AvailabilityProbe> = rows.iter().collect();
    rows.sort_by_key(|row| (row.path, row.operation_type, row.reader, row.time));
    let server = || rows.iter().map(|row| row.server.as_ref());
    let failure = || rows.iter().map(|row| row.failure.as_ref());
    let mut columns = Columns::new(schema, origin, rows.len());
    columns.words(Path::as_str, rows.iter().map(|row| Some(row.path)));
    columns.timestamp(rows.iter().map(|row| Some(row.time)));
    columns.words(
        OperationType::as_str,
        rows.iter().map(|row| Some(row.operation_type)),
    );
    columns.boolean(rows.iter().map(|row| Some(row.reader)));
    columns.boolean(rows.iter().map(|row| Some(row.fresh)));
    columns.int64(rows.iter().map(|row| Some(row.duration_us)));
    columns.int64(rows.iter().map(|row| row.connect_us));
    columns.boolean(rows.iter().map(|row| Some(row.outcome.is_success())));
    columns.words(Outcome::as_str, rows.iter().map(|row| Some(row.outcome)));
    columns.text(rows.iter().map(|row| row.address.as_deref()));
    columns.text(server().map(|server| server?.address.as_deref()));
    columns.int32(server().map(|server| server?.port));
    columns.boolean(server().map(|server| server?.in_recovery));
    columns.timestamp(server().map(|server| Some(server?.postmaster_start_time?.micros())));
    columns.text(server().map(|server| server?.aurora_instance_identifier.as_deref()));
    columns.int64(rows.iter().map(|row| row.replication_lag_us));
    columns.int32(rows.iter().map(|row| row.sync_rep_waits));
    columns.words(
        ErrorClass::as_str,
        failure().map(|failure| Some(failure?.class)),
    );
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
    columns.words(Path::as_str, rows.iter().map(|row| row.path));
    columns.timestamp(rows.iter().map(|row| Some(row.time)));
    columns.words(EventKind::as_str, rows.iter().map(|row| Some(row.kind)));
    columns.int64(rows.iter().map(|row| row.duration_us));
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
    columns.words(Path::as_str, rows.iter().map(|row| Some(row.path)));
    columns.timestamp(rows.iter().map(|row| Some(row.time)));
    columns.int32(rows.iter().map(|row| Some(row.start_number)));
    columns.float64(rows.iter().map(|row| Some(row.tps)));
    columns.int64(rows.iter().map(|row| row.latency_us));
    columns.int64(rows.iter().map(|row| row.latency_stddev_us));
    columns.int64(rows.iter().map(|row| row.failed));
    columns.finish()
}
