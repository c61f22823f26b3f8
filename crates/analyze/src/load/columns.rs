//! The columns that the figures need, in any order and in any fitting type: other columns of a later or foreign writer do not matter.

use polars::prelude::*;

use crate::error::Misfit;

/// A column, what is expected in it, and whether a recording can be analyzed without it (it then reads as null).
pub(crate) struct Column {
    pub(crate) name: &'static str,
    kind: Kind,
    optional: bool,
}

/// What a column holds, and what it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Text; dictionaries of it too.
    Text,
    /// A point in time of any unit and zone; becomes 64-bit UTC microseconds.
    Time,
    /// A whole number of any width.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Truth,
}

const fn required(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        optional: false,
    }
}

const fn optional(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        optional: true,
    }
}

/// Of `operations`.
pub(crate) const OPERATIONS: [Column; 16] = [
    required("path", Kind::Text),
    optional("operation_id", Kind::Integer),
    required("operation_type", Kind::Text),
    required("operation_name", Kind::Text),
    required("scheduled_time", Kind::Time),
    required("start_time", Kind::Time),
    required("end_time", Kind::Time),
    required("outcome", Kind::Text),
    required("response_time_us", Kind::Integer),
    required("error_class", Kind::Text),
    required("sqlstate", Kind::Text),
    optional("error_message", Kind::Text),
    optional("connection_id", Kind::Integer),
    optional("checkout_us", Kind::Integer),
    optional("execute_us", Kind::Integer),
    optional("quantity", Kind::Integer),
];
/// Of `connections`.
pub(crate) const CONNECTIONS: [Column; 19] = [
    required("path", Kind::Text),
    optional("connection_id", Kind::Integer),
    optional("reader", Kind::Truth),
    required("start_time", Kind::Time),
    required("end_time", Kind::Time),
    required("success", Kind::Truth),
    required("error_class", Kind::Text),
    optional("server_address", Kind::Text),
    optional("server_port", Kind::Integer),
    optional("endpoint_host", Kind::Text),
    optional("endpoint_port", Kind::Integer),
    optional("endpoint_address", Kind::Text),
    optional("dns_us", Kind::Integer),
    optional("server_in_recovery", Kind::Truth),
    optional("server_start_time", Kind::Time),
    optional("aurora_instance_identifier", Kind::Text),
    optional("error_phase", Kind::Text),
    optional("sqlstate", Kind::Text),
    optional("error_message", Kind::Text),
];
/// Of `probes`. The table is younger than the format: what stands in it elsewhere is passed over.
pub(crate) const PROBES: [Column; 14] = [
    optional("path", Kind::Text),
    optional("time", Kind::Time),
    optional("probe", Kind::Text),
    optional("reader", Kind::Truth),
    optional("duration_us", Kind::Integer),
    optional("success", Kind::Truth),
    optional("server_address", Kind::Text),
    optional("server_port", Kind::Integer),
    optional("server_in_recovery", Kind::Truth),
    optional("server_start_time", Kind::Time),
    optional("aurora_instance_identifier", Kind::Text),
    optional("dns_addresses", Kind::Text),
    optional("error_class", Kind::Text),
    optional("sqlstate", Kind::Text),
];
/// Of `availability`.
pub(crate) const AVAILABILITY: [Column; 19] = [
    required("path", Kind::Text),
    required("time", Kind::Time),
    required("operation_type", Kind::Text),
    required("reader", Kind::Truth),
    required("fresh", Kind::Truth),
    required("duration_us", Kind::Integer),
    optional("connect_us", Kind::Integer),
    required("outcome", Kind::Text),
    optional("endpoint_address", Kind::Text),
    optional("server_address", Kind::Text),
    optional("server_port", Kind::Integer),
    optional("server_in_recovery", Kind::Truth),
    optional("server_start_time", Kind::Time),
    optional("aurora_instance_identifier", Kind::Text),
    optional("replication_lag_us", Kind::Integer),
    optional("sync_rep_waits", Kind::Integer),
    optional("error_class", Kind::Text),
    optional("sqlstate", Kind::Text),
    optional("error_message", Kind::Text),
];
/// Of `events`.
pub(crate) const EVENTS: [Column; 6] = [
    optional("path", Kind::Text),
    required("time", Kind::Time),
    required("event", Kind::Text),
    optional("duration_us", Kind::Integer),
    optional("status", Kind::Integer),
    optional("detail", Kind::Text),
];
/// Of `load`.
pub(crate) const LOAD: [Column; 4] = [
    required("path", Kind::Text),
    required("time", Kind::Time),
    required("tps", Kind::Number),
    required("latency_us", Kind::Integer),
];

/// Of `audit/findings.parquet`.
pub(crate) const FINDINGS: [Column; 9] = [
    required("path", Kind::Text),
    required("operation_id", Kind::Integer),
    optional("operation_name", Kind::Text),
    required("finding", Kind::Text),
    required("outcome", Kind::Text),
    required("end_time", Kind::Time),
    optional("server_address", Kind::Text),
    optional("server_port", Kind::Integer),
    optional("server_timeline", Kind::Integer),
];

/// What takes the columns out of a part with this schema, in one form for all parts.
pub(crate) fn select(schema: &Schema, columns: &[Column]) -> Result<Vec<Expr>, Misfit> {
    columns.iter().map(|column| column.select(schema)).collect()
}

impl Column {
    fn select(&self, schema: &Schema) -> Result<Expr, Misfit> {
        let (name, kind) = (self.name, self.kind);
        let expression = match (schema.get(name), kind) {
            (None, _) if !self.optional => return Err(Misfit::Missing(name)),
            // A foreign writer may give a column without any value no type.
            (None | Some(DataType::Null), _) => lit(NULL).cast(kind.in_memory()).alias(name),
            (Some(DataType::String), Kind::Text)
            | (Some(DataType::Boolean), Kind::Truth)
            | (Some(DataType::Int64), Kind::Integer)
            | (Some(DataType::Float64), Kind::Number) => col(name),
            (Some(DataType::Categorical(..) | DataType::Enum(..)), Kind::Text) => {
                col(name).cast(DataType::String)
            }
            (Some(DataType::Datetime(TimeUnit::Microseconds, _)), Kind::Time) => {
                col(name).to_physical()
            }
            (Some(DataType::Datetime(_, zone)), Kind::Time) => {
                // The zone is that of the text form: what is stored is UTC.
                let micros = DataType::Datetime(TimeUnit::Microseconds, zone.clone());
                col(name).cast(micros).to_physical()
            }
            (Some(found), Kind::Integer) if found.is_integer() => col(name).cast(DataType::Int64),
            (Some(found), Kind::Number) if found.is_primitive_numeric() => {
                col(name).cast(DataType::Float64)
            }
            (Some(found), _) => {
                return Err(Misfit::WrongType {
                    column: name,
                    found: found.to_string(),
                    expected: kind.on_disk(),
                });
            }
        };
        Ok(expression)
    }
}

impl Kind {
    const fn in_memory(self) -> DataType {
        match self {
            Self::Text => DataType::String,
            Self::Time | Self::Integer => DataType::Int64,
            Self::Number => DataType::Float64,
            Self::Truth => DataType::Boolean,
        }
    }

    const fn on_disk(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Time => "timestamp[us, UTC]",
            Self::Integer => "int64",
            Self::Number => "float64",
            Self::Truth => "boolean",
        }
    }
}
