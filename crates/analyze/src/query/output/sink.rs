//! What takes rows.

use std::io;

use polars::prelude::{DataFrame, Schema};

/// Takes the rows of a query.
pub trait Output {
    /// The columns; before any rows.
    ///
    /// # Errors
    /// Where they can't be written.
    fn begin(&mut self, schema: &Schema) -> io::Result<()>;

    /// Some rows.
    ///
    /// # Errors
    /// Where they can't be written.
    fn add(&mut self, rows: &DataFrame) -> io::Result<Enough>;

    /// What comes after the last row.
    ///
    /// # Errors
    /// Where it can't be written.
    fn end(&mut self) -> io::Result<()>;
}

/// Whether an output needs no more rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enough {
    Yes,
    No,
}
