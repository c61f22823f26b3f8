//! The journal: what an open part holds, on disk at once, so that a killed recorder loses at most the last second.
//!
//! One Arrow IPC stream per open part, one batch per flush. A Parquet file without its footer is lost; of a truncated stream
//! every complete batch is read.

use std::fs::{self, File};
use std::io::{self, BufWriter, Cursor, Write};
use std::path::{Path as FilePath, PathBuf};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_ipc::{CompressionType, MetadataVersion};
use arrow_schema::{ArrowError, Schema, SchemaRef};

use crate::error::{OpenError, WriteError};
use crate::layout::{JOURNAL_FOLDER, Table, journal_name};
use crate::packed;
use crate::part::parquet_writer;

/// The journal of one open part.
pub(crate) struct Journal {
    path: PathBuf,
    writer: StreamWriter<BufWriter<File>>,
    schema: SchemaRef,
    synced: Instant,
    /// Rows that are in the file.
    pub(crate) rows: u64,
}

impl Journal {
    pub(crate) fn create(
        recording: &FilePath,
        table: Table,
        part: &str,
        schema: &Schema,
    ) -> Result<Self, WriteError> {
        let path = recording
            .join(JOURNAL_FOLDER)
            .join(journal_name(table, part));
        let file = File::create_new(&path).map_err(WriteError::io(&path))?;
        let schema = packed::schema(schema);
        let options = write_options().map_err(|error| WriteError::encode(&path, &error))?;
        let writer = StreamWriter::try_new_with_options(BufWriter::new(file), &schema, options)
            .map_err(|error| WriteError::encode(&path, &error))?;
        Ok(Self {
            path,
            writer,
            schema,
            synced: Instant::now(),
            rows: 0,
        })
    }

    /// Appends a batch and hands it to the operating system: a kill of the recorder does not reach it there.
    pub(crate) fn append(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        packed::pack(batch, &self.schema)
            .and_then(|packed| self.writer.write(&packed))
            .map_err(|error| WriteError::encode(&self.path, &error))?;
        self.writer
            .get_mut()
            .flush()
            .map_err(WriteError::io(&self.path))?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Makes what was appended durable against a power cut, where the last time is longer ago than `interval`.
    pub(crate) fn sync(&mut self, interval: Duration) -> Result<(), WriteError> {
        if self.synced.elapsed() < interval {
            return Ok(());
        }
        self.synced = Instant::now();
        let file = self.writer.get_ref().get_ref();
        file.sync_data().map_err(WriteError::io(&self.path))
    }

    /// Where it lies: it is removed once its part is sealed and named in the manifest.
    pub(crate) fn into_path(self) -> PathBuf {
        self.path
    }
}

/// Small before fast, as long as it is fast: buffers aligned to 8 bytes rather than 64, and zstd's quickest level.
fn write_options() -> Result<IpcWriteOptions, ArrowError> {
    IpcWriteOptions::try_new(8, false, MetadataVersion::V5)?
        .try_with_compression(Some(CompressionType::ZSTD))?
        .try_with_compression_level(Some(1))
}

/// What the journal of a part that was never sealed holds.
#[derive(Debug, Clone)]
pub struct Unsealed {
    /// The journal.
    pub journal: PathBuf,
    /// The name that the part would have had, such as `direct-00001.parquet`.
    pub part: String,
    /// Every complete batch.
    pub batches: Vec<RecordBatch>,
    /// Rows in them.
    pub rows: u64,
    /// Bytes at the end that are no complete batch: what was being written when the recorder died.
    pub unread_bytes: u64,
}

impl Unsealed {
    /// Writes the rows as a Parquet file of a part's form, for readers that read nothing else.
    ///
    /// # Errors
    /// [`WriteError`] where the file can't be written.
    pub fn write_parquet(&self, path: &FilePath) -> Result<(), WriteError> {
        let Some(first) = self.batches.first() else {
            return Ok(());
        };
        let file = File::create_new(path).map_err(WriteError::io(path))?;
        let mut writer = parquet_writer(BufWriter::new(file), &first.schema(), path)?;
        for batch in &self.batches {
            writer
                .write(batch)
                .map_err(|error| WriteError::encode(path, &error))?;
        }
        writer
            .close()
            .map_err(|error| WriteError::encode(path, &error))?;
        Ok(())
    }
}

/// Reads every complete batch of a journal.
pub(crate) fn read(journal: PathBuf, part: String) -> Result<Unsealed, OpenError> {
    let bytes = fs::read(&journal).map_err(OpenError::io(&journal))?;
    let length = bytes.len() as u64;
    let mut unsealed = Unsealed {
        journal,
        part,
        batches: Vec::new(),
        rows: 0,
        unread_bytes: length,
    };
    // A journal that was cut off within its schema holds no row.
    let Ok(mut reader) = StreamReader::try_new(Cursor::new(bytes), None) else {
        return Ok(unsealed);
    };
    while let Some(Ok(batch)) = reader.next().map(|batch| batch.and_then(packed::unpack)) {
        unsealed.rows += batch.num_rows() as u64;
        unsealed.batches.push(batch);
        unsealed.unread_bytes = length.saturating_sub(reader.get_ref().position());
    }
    if unsealed.batches.is_empty() {
        unsealed.unread_bytes = length.saturating_sub(reader.get_ref().position());
    }
    Ok(unsealed)
}

/// Keeps every other recorder out of a folder for as long as it lives, also after a crash of this one.
pub(crate) struct WriterLock {
    path: PathBuf,
    _file: File,
}

impl WriterLock {
    /// For somebody who comes after the recorder, which may have removed the folder at its end.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] where a living process holds it.
    pub(crate) fn take_again(recording: &FilePath) -> io::Result<Self> {
        match fs::create_dir(recording.join(JOURNAL_FOLDER)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Self::take(recording),
        }
    }

    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] where a living process holds it.
    pub(crate) fn take(recording: &FilePath) -> io::Result<Self> {
        let path = recording.join(JOURNAL_FOLDER).join("lock");
        let file = File::create(&path)?;
        file.try_lock()?;
        Ok(Self { path, _file: file })
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        // An empty folder says that nothing is open; where this fails, the lock is gone all the same.
        let _ = fs::remove_file(&self.path);
        if let Some(folder) = self.path.parent() {
            let _ = fs::remove_dir(folder);
        }
    }
}
