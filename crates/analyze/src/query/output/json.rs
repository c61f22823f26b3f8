//! Rows as JSON: an array of objects, one a line.

use std::io::{self, Write};

use polars::prelude::{DataFrame, Schema};

use crate::query::output::sink::{Enough, Output};
use crate::query::value;

pub struct Json<W: Write> {
    to: W,
    /// The names of the columns as JSON.
    names: Vec<String>,
    any: bool,
}

impl<W: Write> Json<W> {
    pub const fn new(to: W) -> Self {
        Self {
            to,
            names: Vec::new(),
            any: false,
        }
    }
}

impl<W: Write> Output for Json<W> {
    fn begin(&mut self, schema: &Schema) -> io::Result<()> {
        for name in schema.iter_names() {
            self.names.push(serde_json::to_string(name.as_str())?);
        }
        self.to.write_all(b"[")
    }

    fn add(&mut self, rows: &DataFrame) -> io::Result<Enough> {
        for row in 0..rows.height() {
            let before = if self.any { ",\n{" } else { "\n{" };
            self.to.write_all(before.as_bytes())?;
            self.any = true;
            for (at, (column, name)) in rows.columns().iter().zip(&self.names).enumerate() {
                let value = value::json(column.get(row).map_err(io::Error::other)?);
                let comma = if at > 0 { "," } else { "" };
                write!(self.to, "{comma}{name}:{value}")?;
            }
            self.to.write_all(b"}")?;
        }
        Ok(Enough::No)
    }

    fn end(&mut self) -> io::Result<()> {
        let end = if self.any { "\n]\n" } else { "]\n" };
        self.to.write_all(end.as_bytes())?;
        self.to.flush()
    }
}
