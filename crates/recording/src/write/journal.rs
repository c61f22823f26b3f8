//! The journal: what an open part holds, on disk at once, so that a killed recorder loses at most the last second.
//!
//! One Arrow IPC stream per open part, one batch per flush. A Parquet file without its footer is lost; of a truncated stream
//! every complete batch is read. Beside it a file of checksums, because a stream has none: see [`Sum`].

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path as FilePath, PathBuf};

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{Schema, SchemaRef};

use crate::encoding::journal_stream::{Sum, stream_writer};
use crate::encoding::packed_columns;
use crate::format::error::WriteError;
use crate::format::layout::{JOURNAL_FOLDER, Table, journal_name, sums_of};
use crate::write::same_file::is_there;

/// A file to which whole pieces are appended: one that could not be written is taken away again.
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

    /// Where the disk refuses that too, what stays is no complete batch: readers pass over it.
    fn cut(&mut self, length: u64) {
        self.length = length;
        let _ = self.file.set_len(length);
        let _ = self.file.seek(SeekFrom::Start(length));
    }
}

/// The journal of one open part.
pub(crate) struct Journal {
    stream: Appended,
    sums: Appended,
    schema: SchemaRef,
    /// Encodes into memory, so that what goes to the disk is one whole batch.
    writer: StreamWriter<Vec<u8>>,
    /// Words in the lists that the file has.
    words: Option<usize>,
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
        // Whoever tidied it away did not mean the rows to come.
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(WriteError::io(&folder))?,
        }
        let path = folder.join(journal_name(table, part));
        let schema = packed_columns::schema(schema);
        let writer = stream_writer(Vec::new(), &schema)
            .map_err(|error| WriteError::encode(&path, &error))?;
        let stream = Appended::create(path)?;
        let sums = Appended::create(sums_of(&stream.path)).inspect_err(|_| {
            // An empty journal without its sums would be in the way of the next attempt.
            let _ = fs::remove_file(&stream.path);
        })?;
        Ok(Self {
            stream,
            sums,
            schema,
            writer,
            words: None,
            rows: 0,
        })
    }

    /// Appends a batch and hands it to the operating system: a kill of the recorder does not reach it there. All of it is in the
    /// journal afterwards, or nothing.
    pub(crate) fn append(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        // New lists of words come with a batch of their own, without rows: whatever damages the rows, what follows needs the words.
        let words = packed_columns::words(batch);
        if words != self.words {
            self.append_piece(&batch.slice(0, 0))?;
            self.words = words;
        }
        self.append_piece(batch)?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    fn append_piece(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        packed_columns::pack(batch, &self.schema)
            .and_then(|packed| self.writer.write(&packed))
            .map_err(|error| WriteError::encode(&self.stream.path, &error))?;
        let before = self.stream.length;
        let bytes = self.writer.get_mut();
        let mut done = self.stream.append(bytes);
        if done.is_ok() {
            let sum = Sum {
                end: self.stream.length,
                rows: u32::try_from(batch.num_rows()).unwrap_or(u32::MAX),
                crc: crc32fast::hash(bytes),
            };
            done = self.sums.append(&sum.to_bytes());
        }
        bytes.clear();
        if done.is_err() {
            self.stream.cut(before);
        }
        done
    }

    /// Makes what was appended durable against a power cut.
    pub(crate) fn sync(&mut self) -> Result<(), WriteError> {
        for appended in [&self.stream, &self.sums] {
            let path = &appended.path;
            appended.file.sync_data().map_err(WriteError::io(path))?;
        }
        Ok(())
    }

    /// False where somebody removed it: what is written goes nowhere then.
    pub(crate) fn is_there(&self) -> bool {
        is_there(&self.stream.path, &self.stream.file)
    }

    /// True where no name leads to it any more.
    pub(crate) fn is_removed(&self) -> bool {
        let metadata = self.stream.file.metadata();
        metadata.is_ok_and(|metadata| metadata.nlink() == 0)
    }

    /// Where it lies: it is removed once its part is sealed and named in the manifest.
    pub(crate) fn into_path(self) -> PathBuf {
        self.stream.path
    }
}

/// Removes a journal and its checksums. One that stays is passed over by readers where its part is sealed.
pub(crate) fn remove(journal: &FilePath) {
    // The sums last: a journal without them is read all the same.
    let _ = fs::remove_file(journal);
    let _ = fs::remove_file(sums_of(journal));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_come_back() {
        let sum = Sum {
            end: 0x0102_0304_0506_0708,
            rows: 0x1112_1314,
            crc: 0x2122_2324,
        };
        let bytes = sum.to_bytes();
        assert_eq!(
            bytes,
            [
                8, 7, 6, 5, 4, 3, 2, 1, 0x14, 0x13, 0x12, 0x11, 0x24, 0x23, 0x22, 0x21
            ]
        );
        assert_eq!(Sum::from_bytes(bytes), sum);
    }
}
