//! Rows as a Parquet file.

use std::io::{self, Write};

use polars::io::parquet::write::BatchedWriter;
use polars::prelude::{DataFrame, ParquetCompression, ParquetWriter, Schema};

use crate::query::output::sink::{Enough, Output};

pub struct Parquet<W: Write + Send> {
    /// `None` once the writer has begun with it.
    to: Option<W>,
    writer: Option<BatchedWriter<W>>,
}

impl<W: Write + Send> Parquet<W> {
    pub const fn new(to: W) -> Self {
        Self {
            to: Some(to),
            writer: None,
        }
    }
}

impl<W: Write + Send> Output for Parquet<W> {
    fn begin(&mut self, schema: &Schema) -> io::Result<()> {
        if let Some(to) = self.to.take() {
            let writer = ParquetWriter::new(to).with_compression(ParquetCompression::Zstd(None));
            self.writer = Some(writer.batched(schema)?);
        }
        Ok(())
    }

    fn add(&mut self, rows: &DataFrame) -> io::Result<Enough> {
        if let Some(writer) = &mut self.writer {
            writer.write_batch(rows)?;
        }
        Ok(Enough::No)
    }

    fn end(&mut self) -> io::Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.finish()?;
        }
        Ok(())
    }
}
