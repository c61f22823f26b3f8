//! One part of a table: written under a name that no `*.parquet` glob matches, then sealed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path as FilePath, PathBuf};
use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use sha2::{Digest, Sha256};

use crate::error::WriteError;
use crate::layout::{OPEN_SUFFIX, Table};
use crate::manifest::{PartRecord, sync_folder};
use crate::schema;

/// Counts and hashes what goes through, so that a sealed part need not be read again for its checksum.
struct Hashing<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.hash.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A part that still grows.
pub(crate) struct OpenPart {
    table: Table,
    name: String,
    sealed_path: PathBuf,
    open_path: PathBuf,
    writer: ArrowWriter<Hashing<BufWriter<File>>>,
    pub(crate) rows: u64,
    pub(crate) opened: Instant,
}

impl OpenPart {
    pub(crate) fn create(
        recording: &FilePath,
        table: Table,
        name: String,
        schema: &SchemaRef,
    ) -> Result<Self, WriteError> {
        let folder = recording.join(table.as_str());
        // Not the recording's own folder: one that somebody removed is not made again behind their back.
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(WriteError::io(&folder))?,
        }
        let sealed_path = folder.join(&name);
        let open_path = folder.join(format!("{name}{OPEN_SUFFIX}"));
        let file = File::create_new(&open_path).map_err(WriteError::io(&open_path))?;
        let sink = Hashing {
            inner: BufWriter::new(file),
            hash: Sha256::new(),
            bytes: 0,
        };
        // Without Arrow's own schema every reader sees plain strings, not categoricals.
        let options = ArrowWriterOptions::new()
            .with_properties(schema::properties(schema))
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(sink, schema.clone(), options)
            .map_err(|error| WriteError::encode(&open_path, &error))?;
        let opened = Instant::now();
        Ok(Self {
            table,
            name,
            sealed_path,
            open_path,
            writer,
            rows: 0,
            opened,
        })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        self.writer
            .write(batch)
            .map_err(|error| WriteError::encode(&self.open_path, &error))?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Finishes the file, makes it durable and gives it its name. Where that fails the unfinished file is removed: nothing can
    /// read it, and on a full disk the other parts and the manifest need its room.
    pub(crate) fn seal(self) -> Result<PartRecord, WriteError> {
        let open_path = self.open_path.clone();
        let sealed = self.finish();
        if sealed.is_err() {
            discard(&open_path);
        }
        sealed
    }

    /// Gives the part up after an error.
    pub(crate) fn abandon(self) {
        discard(&self.open_path);
    }

    fn finish(self) -> Result<PartRecord, WriteError> {
        let open_path = self.open_path;
        let sink = self
            .writer
            .into_inner()
            .map_err(|error| WriteError::encode(&open_path, &error))?;
        let Hashing { inner, hash, bytes } = sink;
        let file = inner
            .into_inner()
            .map_err(|error| WriteError::io(&open_path)(error.into_error()))?;
        file.sync_all().map_err(WriteError::io(&open_path))?;
        fs::rename(&open_path, &self.sealed_path).map_err(WriteError::io(&self.sealed_path))?;
        if let Some(folder) = self.sealed_path.parent() {
            sync_folder(folder)?;
        }
        let sha256 = hexadecimal(&hash.finalize());
        let file = format!("{}/{}", self.table.as_str(), self.name);
        Ok(PartRecord {
            file,
            rows: self.rows,
            bytes,
            sha256,
        })
    }
}

fn discard(open_path: &FilePath) {
    // The error that led here is the one to hear of.
    let _ = fs::remove_file(open_path);
}

/// Bytes as `sha256sum` prints them.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
