//! The columns of each table, in the order on disk. What each one means stands in `FORMAT.md`, which a test holds against this.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::format::layout::Table;

fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")))
}

/// Columns as (name, type, nullable).
fn schema(columns: Vec<(&str, DataType, bool)>) -> SchemaRef {
    let fields = columns
        .into_iter()
        .map(|(name, kind, nullable)| Field::new(name, kind, nullable));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// `operations`: one row per business operation. Rows are in the order of `operation_id` within each second or so of writing, which no
/// reader should rely on.
#[must_use]
pub fn operations() -> SchemaRef {
    use DataType::{Boolean, Int32, Int64, Utf8};
    schema(vec![
        ("run_id", Utf8, false),
        ("host", Utf8, false),
        ("path", Utf8, false),
        ("worker", Int32, true),
        ("operation_id", Int64, false),
        ("operation_type", Utf8, false),
        ("operation_name", Utf8, false),
        ("scheduled_time", timestamp(), false),
        ("start_time", timestamp(), true),
        ("end_time", timestamp(), true),
        ("response_time_us", Int64, true),
        ("checkout_us", Int64, true),
        ("execute_us", Int64, true),
        ("success", Boolean, false),
        ("outcome", Utf8, false),
        ("affected_rows", Int64, true),
        ("user_id", Int32, true),
        ("product_id", Int32, true),
        ("quantity", Int32, true),
        ("connection_id", Int64, true),
        ("error_phase", Utf8, true),
        ("error_class", Utf8, true),
        ("sqlstate", Utf8, true),
        ("error_message", Utf8, true),
    ])
}

/// `connections`: one row per attempt to connect.
#[must_use]
pub fn connections() -> SchemaRef {
    use DataType::{Boolean, Int32, Int64, Utf8};
    schema(vec![
        ("run_id", Utf8, false),
        ("host", Utf8, false),
        ("path", Utf8, false),
        ("connection_id", Int64, false),
        ("start_time", timestamp(), false),
        ("end_time", timestamp(), false),
        ("endpoint_host", Utf8, false),
        ("endpoint_address", Utf8, true),
        ("endpoint_port", Int32, false),
        ("reader", Boolean, true),
        ("dns_us", Int64, true),
        ("tcp_us", Int64, true),
        ("tls_us", Int64, true),
        ("tls_error", Utf8, true),
        ("startup_us", Int64, true),
        ("success", Boolean, false),
        ("server_address", Utf8, true),
        ("server_port", Int32, true),
        ("server_version", Utf8, true),
        ("server_in_recovery", Boolean, true),
        ("server_start_time", timestamp(), true),
        ("server_timeline", Int32, true),
        ("aurora_instance_identifier", Utf8, true),
        ("error_phase", Utf8, true),
        ("error_class", Utf8, true),
        ("sqlstate", Utf8, true),
        ("error_message", Utf8, true),
    ])
}

/// `probes`: who is behind each path, and what its name resolves to, one row per question.
#[must_use]
pub fn probes() -> SchemaRef {
    use DataType::{Boolean, Int32, Int64, Utf8};
    schema(vec![
        ("run_id", Utf8, false),
        ("host", Utf8, false),
        ("path", Utf8, false),
        ("time", timestamp(), false),
        ("probe", Utf8, false),
        ("target", Utf8, false),
        ("reader", Boolean, false),
        ("duration_us", Int64, false),
        ("success", Boolean, false),
        ("server_address", Utf8, true),
        ("server_port", Int32, true),
        ("server_in_recovery", Boolean, true),
        ("server_start_time", timestamp(), true),
        ("aurora_instance_identifier", Utf8, true),
        ("replication_lag_us", Int64, true),
        ("dns_addresses", Utf8, true),
        ("dns_ttl_s", Int32, true),
        ("error_class", Utf8, true),
        ("sqlstate", Utf8, true),
        ("error_message", Utf8, true),
    ])
}

/// `availability`: what a client that connects anew would meet, one row per availability probe.
#[must_use]
pub fn availability() -> SchemaRef {
    use DataType::{Boolean, Int32, Int64, Utf8};
    schema(vec![
        ("run_id", Utf8, false),
        ("host", Utf8, false),
        ("path", Utf8, false),
        ("time", timestamp(), false),
        ("operation_type", Utf8, false),
        ("reader", Boolean, false),
        ("fresh", Boolean, false),
        ("duration_us", Int64, false),
        ("connect_us", Int64, true),
        ("success", Boolean, false),
        ("outcome", Utf8, false),
        ("endpoint_address", Utf8, true),
        ("server_address", Utf8, true),
        ("server_port", Int32, true),
        ("server_in_recovery", Boolean, true),
        ("server_start_time", timestamp(), true),
        ("aurora_instance_identifier", Utf8, true),
        ("replication_lag_us", Int64, true),
        ("sync_rep_waits", Int32, true),
        ("error_class", Utf8, true),
        ("sqlstate", Utf8, true),
        ("error_message", Utf8, true),
    ])
}

/// `events`: what happened around the operations.
#[must_use]
pub fn events() -> SchemaRef {
    use DataType::{Int32, Int64, Utf8};
    schema(vec![
        ("run_id", Utf8, false),
        ("host", Utf8, false),
        ("path", Utf8, true),
        ("time", timestamp(), false),
        ("event", Utf8, false),
        ("duration_us", Int64, true),
        ("status", Int32, true),
        ("detail", Utf8, false),
    ])
}

/// `load`: pgbench's progress, one row per second and path.
#[must_use]
pub fn load() -> SchemaRef {
    use DataType::{Float64, Int32, Int64, Utf8};
    schema(vec![
        ("run_id", Utf8, false),
        ("host", Utf8, false),
        ("path", Utf8, false),
        ("time", timestamp(), false),
        ("start_number", Int32, false),
        ("tps", Float64, false),
        ("latency_us", Int64, true),
        ("latency_stddev_us", Int64, true),
        ("failed", Int64, true),
    ])
}

/// `audit/findings.parquet`: one row per finding of an audit.
#[must_use]
pub fn findings() -> SchemaRef {
    use DataType::{Int32, Int64, Utf8};
    schema(vec![
        ("run_id", Utf8, false),
        ("host", Utf8, false),
        ("path", Utf8, false),
        ("operation_id", Int64, false),
        ("operation_name", Utf8, true),
        ("finding", Utf8, false),
        ("outcome", Utf8, true),
        ("start_time", timestamp(), true),
        ("end_time", timestamp(), true),
        ("orders_found", Int32, false),
        ("logs_found", Int32, false),
        ("connection_id", Int64, true),
        ("server_address", Utf8, true),
        ("server_port", Int32, true),
        ("server_timeline", Int32, true),
    ])
}

/// The columns of a table.
pub(crate) fn of(table: Table) -> SchemaRef {
    match table {
        Table::Operations => operations(),
        Table::Connections => connections(),
        Table::Probes => probes(),
        Table::Availability => availability(),
        Table::Events => events(),
        Table::Load => load(),
    }
}

/// The columns by whose least and greatest value a reader passes over row groups. The others cost a comparison a row for nothing:
/// every row group has nearly all of their values.
const PRUNED_BY: [&str; 9] = [
    "run_id",
    "host",
    "path",
    "operation_id",
    "scheduled_time",
    "start_time",
    "end_time",
    "time",
    "response_time_us",
];

/// How parts are encoded, measured with `cargo xtask bench recording`: delta for what grows, plain for what took long, dictionary for
/// what has few values, zstd 1. Row groups of 131,072 rows take little memory in readers. Every encoding here is one that all readers
/// know: `BYTE_STREAM_SPLIT` would save another 0.14 bytes per operation, and is younger than some of them.
pub(crate) fn properties(schema: &Schema) -> WriterProperties {
    // Level 1 is in zstd's range, which the type checks at run time; the default level is 1 too.
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(131_072))
        // 27 columns of two paths each hold the words of an open page, 8 bytes a row, in a list that doubles as it grows.
        .set_data_page_row_count_limit(12_288)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by(format!("pgoutage {}", env!("CARGO_PKG_VERSION")));
    for field in schema.fields() {
        let column = ColumnPath::from(field.name().as_str());
        if !PRUNED_BY.contains(&field.name().as_str()) {
            builder =
                builder.set_column_statistics_enabled(column.clone(), EnabledStatistics::None);
        }
        builder = match (field.name().as_str(), field.data_type()) {
            // Few values, or few at a time.
            ("affected_rows" | "checkout_us" | "connection_id", _) => builder,
            // A spread so wide that differences of neighbours are wider still.
            ("response_time_us" | "execute_us", _) => {
                builder.set_column_dictionary_enabled(column, false)
            }
            (_, DataType::Int64 | DataType::Timestamp(..)) => builder
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED),
            _ => builder,
        };
    }
    builder.build()
}
