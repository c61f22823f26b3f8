//! The journal: the rows of an open part, on disk at once, so that a killed recorder loses at most the last second.
//!
//! One Arrow IPC stream per open part, one batch per flush. A Parquet file without its footer is lost; of a truncated stream
//! every complete batch is read. A second file has the checksums, because a stream has none: see [`Checksum`].

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path as FilePath, PathBuf};

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::Schema;

use crate::encoding::journal_stream::{Checksum, stream_writer};
use crate::format::error::WriteError;
use crate::format::layout::{JOURNAL_FOLDER, Table, checksums_of, journal_name};
use crate::write::same_file::is_there;

/// A file to which whole pieces are appended; half a piece is removed again.
struct Appended {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Appended {
    fn create(path: PathBuf) -> Result<Self, WriteError> {
        let file = File::create_new(&path).map_err(WriteError::io(&path))?;
        Ok(Self {
            path,
            file,
            length: 0,
        })
    }

    fn append(&mut self, piece: &[u8]) -> Result<(), WriteError> {
        match self.file.write_all(piece) {
            Ok(()) => {
                self.length += piece.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.cut(self.length);
                Err(WriteError::io(&self.path)(error))
            }
        }
    }

    /// Where the disk refuses that too, an incomplete batch stays: readers pass over it.
    fn cut(&mut self, length: u64) {
        self.length = length;
        let _ = self.file.set_len(length);
        let _ = self.file.seek(SeekFrom::Start(length));
    }
}

/// The journal of one open part.
pub(crate) struct Journal {
    stream: Appended,
    checksums: Appended,
    /// Encodes into memory, so that what goes to the disk is one whole message.
    writer: StreamWriter<Vec<u8>>,
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
        let folder = recording.join(JOURNAL_FOLDER);
        // Made again where a user removed it: the rows to come need it.
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(WriteError::io(&folder))?,
        }
        let path = folder.join(journal_name(table, part));
        // It begins with the schema.
        let writer =
            stream_writer(Vec::new(), schema).map_err(|error| WriteError::encode(&path, &error))?;
        let stream = Appended::create(path.clone())?;
        let checksums = Appended::create(checksums_of(&path)).inspect_err(|_| {
            // An empty journal without its checksums would be in the way of the next attempt.
            let _ = fs::remove_file(&path);
        })?;
        let mut journal = Self {
            stream,
            checksums,
            writer,
            rows: 0,
        };
        journal.append_encoded(0).inspect_err(|_| remove(&path))?;
        Ok(journal)
    }

    /// Appends a batch and hands it to the operating system: a kill of the recorder does not reach it there. All of it is in the
    /// journal afterwards, or nothing.
    pub(crate) fn append(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        self.writer
            .write(batch)
            .map_err(|error| WriteError::encode(&self.stream.path, &error))?;
        self.append_encoded(batch.num_rows())?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Appends what the encoder has, a message of so many rows, and its checksum.
    fn append_encoded(&mut self, rows: usize) -> Result<(), WriteError> {
        let before = self.stream.length;
        let bytes = self.writer.get_mut();
        let mut done = self.stream.append(bytes);
        if done.is_ok() {
            let checksum = Checksum {
                end: self.stream.length,
                rows: u32::try_from(rows).unwrap_or(u32::MAX),
                crc: crc32fast::hash(bytes),
            };
            done = self.checksums.append(&checksum.to_bytes());
        }
        bytes.clear();
        if done.is_err() {
            self.stream.cut(before);
        }
        done
    }

    /// Makes the journal durable against a power cut.
    pub(crate) fn sync(&mut self) -> Result<(), WriteError> {
        for appended in [&self.stream, &self.checksums] {
            let path = &appended.path;
            appended.file.sync_data().map_err(WriteError::io(path))?;
        }
        Ok(())
    }

    /// False where it was removed or renamed: readers would not find what is written.
    pub(crate) fn is_there(&self) -> bool {
        is_there(&self.stream.path, &self.stream.file)
    }

    /// True where it was removed, not only renamed.
    pub(crate) fn is_removed(&self) -> bool {
        let metadata = self.stream.file.metadata();
        metadata.is_ok_and(|metadata| metadata.nlink() == 0)
    }

    /// Its path: it is removed once its part is sealed and named in the manifest.
    pub(crate) fn into_path(self) -> PathBuf {
        self.stream.path
    }
}

/// Removes a journal and its checksums. Where that fails, readers pass over it, for its part is sealed.
pub(crate) fn remove(journal: &FilePath) {
    // The checksums last: a journal without them is read all the same.
    let _ = fs::remove_file(journal);
    let _ = fs::remove_file(checksums_of(journal));
}
