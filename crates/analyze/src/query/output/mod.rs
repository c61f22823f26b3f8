//! Where rows go, batch by batch: a table for people, CSV, JSON and Parquet.

mod csv;
mod json;
mod parquet;
pub(crate) mod sink;
mod table;

pub use self::csv::{Csv, Reader};
pub use self::json::Json;
pub use self::parquet::Parquet;
pub use self::sink::{Enough, Output};
pub use self::table::TextTable;
