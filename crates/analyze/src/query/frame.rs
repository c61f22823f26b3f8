//! A table or a view as a lazy frame.

use polars::prelude::{DataType, LazyFrame, SchemaRef, TimeUnit, TimeZone};

/// A point in time, as every table has it.
pub(crate) const TIME: DataType = DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC));

/// A table or a view.
pub(crate) struct NamedFrame {
    pub(crate) name: &'static str,
    pub(crate) frame: LazyFrame,
    pub(crate) schema: SchemaRef,
}
