//! One part of a table: written where engines pass over it, then sealed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path as FilePath, PathBuf};
use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use sha2::{Digest, Sha256};

use crate::encoding::parquet_file::{hexadecimal, parquet_writer};
use crate::format::error::WriteError;
use crate::format::layout::{Table, open_path, open_paths};
use crate::format::manifest::PartRecord;
use crate::write::journal::Journal;

/// Counts and hashes the bytes on their way, so that a sealed part need not be read again for its checksum.
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

/// A Parquet file that engines pass over, until it is sealed.
pub(crate) struct PartFile {
    table: Table,
    name: String,
    sealed_path: PathBuf,
    open_path: PathBuf,
    writer: ArrowWriter<Hashing<BufWriter<File>>>,
    pub(crate) rows: u64,
}

impl PartFile {
    pub(crate) fn create(
        recording: &FilePath,
        table: Table,
        name: &str,
        schema: &SchemaRef,
    ) -> Result<Self, WriteError> {
        let folder = recording.join(table.as_str());
        // Not the recording's own folder: one that a user removed is not made again.
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(WriteError::io(&folder))?,
        }
        let open_path = open_path(recording, table, name);
        let file = File::create_new(&open_path).map_err(WriteError::io(&open_path))?;
        let sink = Hashing {
            inner: BufWriter::new(file),
            hash: Sha256::new(),
            bytes: 0,
        };
        let writer = parquet_writer(sink, schema, &open_path)?;
        Ok(Self {
            table,
            name: name.to_owned(),
            sealed_path: folder.join(name),
            open_path,
            writer,
            rows: 0,
        })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        self.rows += batch.num_rows() as u64;
        self.writer
            .write(batch)
            .map_err(|error| WriteError::encode(&self.open_path, &error))
    }

    /// Writes and seals a part of these batches in one go.
    pub(crate) fn of_batches(
        recording: &FilePath,
        table: Table,
        name: &str,
        schema: &SchemaRef,
        batches: impl Iterator<Item = RecordBatch>,
    ) -> Result<PartRecord, WriteError> {
        // Files that an earlier attempt could not remove.
        for open_path in open_paths(recording, table, name) {
            match fs::remove_file(&open_path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(WriteError::io(&open_path)(error));
                }
                _ => {}
            }
        }
        let mut part = Self::create(recording, table, name, schema)?;
        for batch in batches {
            if let Err(error) = part.write(&batch) {
                discard(&part.open_path);
                return Err(error);
            }
        }
        part.seal()
    }

    /// Finishes the file, makes it durable and gives it its name. Where that fails the unfinished file is removed: nothing can
    /// read it, and on a full disk the other parts and the manifest need its space.
    pub(crate) fn seal(self) -> Result<PartRecord, WriteError> {
        let open_path = self.open_path.clone();
        let sealed = self.finish();
        if sealed.is_err() {
            discard(&open_path);
        }
        sealed
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
        Ok(PartRecord {
            file: format!("{}/{}", self.table.as_str(), self.name),
            rows: self.rows,
            bytes,
            sha256: hexadecimal(&hash.finalize()),
        })
    }
}

/// A part that is being written, and its journal.
pub(crate) struct OpenPart {
    file: PartFile,
    journal: Journal,
    pub(crate) opened: Instant,
}

impl OpenPart {
    pub(crate) fn create(
        recording: &FilePath,
        table: Table,
        name: &str,
        schema: &SchemaRef,
    ) -> Result<Self, WriteError> {
        let sealed = recording.join(table.as_str()).join(name);
        if sealed.exists() {
            // Not ours, and a rename would replace it.
            let taken = io::Error::from(io::ErrorKind::AlreadyExists);
            return Err(WriteError::io(&sealed)(taken));
        }
        // The file first: where it can't be created, no empty journal stays.
        let file = PartFile::create(recording, table, name, schema)?;
        match Journal::create(recording, table, name, schema) {
            Ok(journal) => Ok(Self {
                file,
                journal,
                opened: Instant::now(),
            }),
            Err(error) => {
                discard(&file.open_path);
                Err(error)
            }
        }
    }

    /// The journal comes first: what is in it is safe, whatever becomes of the part.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        self.journal.append(batch)?;
        self.file.write(batch)
    }

    /// Makes the journal durable.
    pub(crate) fn sync(&mut self) -> Result<(), WriteError> {
        self.journal.sync()
    }

    /// True where the journal was removed, not only moved.
    pub(crate) fn is_removed(&self) -> bool {
        self.journal.is_removed()
    }

    /// Leaves the files as they are. Returns the journal, the part's name, and how many rows the journal has.
    pub(crate) fn leave(self) -> (PathBuf, String, u64) {
        let rows = self.journal.rows;
        (self.journal.into_path(), self.file.name, rows)
    }

    /// Rows in the part.
    pub(crate) fn rows(&self) -> u64 {
        self.file.rows
    }

    /// Rows that are in the journal.
    pub(crate) fn journaled_rows(&self) -> u64 {
        self.journal.rows
    }

    /// False where the journal was removed or moved.
    pub(crate) fn has_journal(&self) -> bool {
        self.journal.is_there()
    }

    /// Seals the part. Returns its journal too, to be removed once the manifest names the part, and the part's name. Where that
    /// fails the rows stay in the journal.
    pub(crate) fn seal(self) -> (Result<PartRecord, WriteError>, PathBuf, String) {
        let name = self.file.name.clone();
        (self.file.seal(), self.journal.into_path(), name)
    }

    /// Gives the part up after an error. Returns its journal, the part's name, and how many rows the journal has.
    pub(crate) fn abandon(self) -> (PathBuf, String, u64) {
        discard(&self.file.open_path);
        self.leave()
    }
}

fn discard(open_path: &FilePath) {
    // The error that led here is the one to report.
    let _ = fs::remove_file(open_path);
}
