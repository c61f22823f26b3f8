//! Rows as a Parquet file.

use std::io::{self, Write};
use std::sync::Arc;

use parking_lot::Mutex;
use polars::io::parquet::write::BatchedWriter;
use polars::prelude::{DataFrame, ParquetCompression, ParquetWriter, Schema};

use crate::query::output::sink::{Enough, Output};

pub struct Parquet<W: Write + Send> {
    /// `None` once the writer has begun with it.
    to: Option<Noting<W>>,
    writer: Option<BatchedWriter<Noting<W>>>,
    noted: Noted,
}

/// Why the last write failed: the writer of Parquet does not say.
type Noted = Arc<Mutex<Option<io::Error>>>;

struct Noting<W> {
    to: W,
    noted: Noted,
}

impl<W> Noting<W> {
    fn note<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| {
            let kind = error.kind();
            *self.noted.lock() = Some(error);
            kind.into()
        })
    }
}

impl<W: Write> Write for Noting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.to.write(bytes);
        self.note(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.to.flush();
        self.note(done)
    }
}

impl<W: Write + Send> Parquet<W> {
    pub fn new(to: W) -> Self {
        let noted = Noted::default();
        Self {
            to: Some(Noting {
                to,
                noted: Arc::clone(&noted),
            }),
            writer: None,
            noted,
        }
    }

    fn reason(&self, error: impl Into<io::Error>) -> io::Error {
        self.noted.lock().take().unwrap_or_else(|| error.into())
    }
}

impl<W: Write + Send> Output for Parquet<W> {
    fn begin(&mut self, schema: &Schema) -> io::Result<()> {
        if let Some(to) = self.to.take() {
            let writer = ParquetWriter::new(to).with_compression(ParquetCompression::Zstd(None));
            let writer = writer.batched(schema);
            self.writer = Some(writer.map_err(|error| self.reason(error))?);
        }
        Ok(())
    }

    fn add(&mut self, rows: &DataFrame) -> io::Result<Enough> {
        if let Some(writer) = &mut self.writer {
            let written = writer.write_batch(rows);
            written.map_err(|error| self.reason(error))?;
        }
        Ok(Enough::No)
    }

    fn end(&mut self) -> io::Result<()> {
        if let Some(writer) = &mut self.writer {
            let written = writer.finish();
            written.map_err(|error| self.reason(error))?;
        }
        Ok(())
    }
}
