//! Rows as CSV (RFC 4180). A null is an empty field.

use std::io::{self, Write};

use csv::{Terminator, Writer, WriterBuilder};
use polars::prelude::{DataFrame, DataType, Schema};

use crate::query::output::sink::{Enough, Output};
use crate::query::value;

/// Who is to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Program,
    /// It takes a text for a formula that begins as one: such a text gets an apostrophe before it. The file begins with a byte order mark, without
    /// which Excel does not read UTF-8, and its lines end with CR LF.
    Spreadsheet,
}

pub struct Csv<W: Write> {
    writer: Writer<W>,
    reader: Reader,
    /// For each column whether it holds texts.
    is_text: Vec<bool>,
}

impl<W: Write> Csv<W> {
    /// # Errors
    /// Where nothing can be written.
    pub fn new(mut to: W, reader: Reader) -> io::Result<Self> {
        let terminator = match reader {
            Reader::Program => Terminator::Any(b'\n'),
            Reader::Spreadsheet => {
                to.write_all("\u{feff}".as_bytes())?;
                Terminator::CRLF
            }
        };
        let writer = WriterBuilder::new().terminator(terminator).from_writer(to);
        Ok(Self {
            writer,
            reader,
            is_text: Vec::new(),
        })
    }

    fn field(&mut self, text: &str, is_text: bool) -> io::Result<()> {
        let is_formula = is_text && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        match self.reader == Reader::Spreadsheet && is_formula {
            true => self.writer.write_field(format!("'{text}")),
            false => self.writer.write_field(text),
        }
        .map_err(reason)
    }

    fn end_line(&mut self) -> io::Result<()> {
        let ended = self.writer.write_record(None::<&[u8]>);
        ended.map_err(reason)
    }
}

impl<W: Write> Output for Csv<W> {
    fn begin(&mut self, schema: &Schema) -> io::Result<()> {
        // What is no number, no time and no truth may hold foreign text.
        let may_hold_text = |kind: &DataType| {
            !(kind.is_primitive_numeric() || kind.is_temporal() || kind.is_bool())
        };
        self.is_text = schema.iter_values().map(may_hold_text).collect();
        for name in schema.iter_names() {
            self.field(name, true)?;
        }
        self.end_line()
    }

    fn add(&mut self, rows: &DataFrame) -> io::Result<Enough> {
        let is_text = self.is_text.clone();
        for row in 0..rows.height() {
            for (column, is_text) in rows.columns().iter().zip(&is_text) {
                let value = column.get(row).map_err(io::Error::other)?;
                let text = value::text(value).unwrap_or_default();
                self.field(&text, *is_text)?;
            }
            self.end_line()?;
        }
        Ok(Enough::No)
    }

    fn end(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// The error of the output itself: its kind tells a pipe that was closed.
fn reason(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
