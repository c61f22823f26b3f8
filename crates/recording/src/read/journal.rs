//! Reading the journals of open parts. A journal may be cut off, damaged, or not one at all.

use std::fs::{self, File};
use std::io::{BufWriter, Cursor};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};

use arrow_array::RecordBatch;
use arrow_ipc::MessageHeader;
use arrow_ipc::reader::StreamReader;
use arrow_schema::{ArrowError, Schema};

use crate::encoding::catch_panic::guarded;
use crate::encoding::ipc_message::{CONTINUATION, MOST_ROWS, is_cut_off, message};
use crate::encoding::journal_stream::{Checksum, stream_writer};
use crate::encoding::parquet_file::parquet_writer;
use crate::format::error::{OpenError, WriteError};
use crate::format::layout::{Table, checksums_of};
use crate::format::schema;

/// No journal is larger: one of a part of 1 M rows has about 35 MB.
const LARGEST_JOURNAL: u64 = 1 << 30;

/// The rows that a journal has of a part that was never sealed.
#[derive(Debug, Clone)]
pub struct Unsealed {
    /// The journal.
    pub journal: PathBuf,
    /// The name that the part would have had, such as `direct-00001.parquet`.
    pub part: String,
    /// Rows in its complete batches.
    pub rows: u64,
    /// Bytes that are no complete batch: a batch that was being written when the recorder died, or one that was damaged since.
    pub unread_bytes: u64,
    /// Those of them that were damaged: rows are missing that the recorder had written.
    pub damaged_bytes: u64,
    /// The rows that are missing for that reason, as far as the checksums say.
    pub damaged_rows: u64,
    /// The rows that the manifest states of the part, where it names it: the part is missing or damaged, and this is read in its
    /// place. `None` for a part that was never sealed.
    pub in_place_of: Option<u64>,
    /// The stream up to the last complete batch, as it is on disk: compressed, a fifth of its rows in memory.
    stream: Vec<u8>,
    /// Bytes and rows of it without its last batch, where the disk may have refused that one.
    not_refused: Option<(usize, u64)>,
}

impl Unsealed {
    /// False where the part in whose place this is read had more rows.
    #[must_use]
    pub fn has_all(&self) -> bool {
        self.in_place_of.is_none_or(|rows| self.rows >= rows)
    }

    /// True where the disk may have refused the last batch.
    pub(crate) const fn may_be_refused(&self) -> bool {
        self.not_refused.is_some()
    }

    /// Leaves out the batch that the disk refused: its rows are in a later part.
    pub(crate) fn leave_out_refused(&mut self) {
        if let Some((bytes, rows)) = self.not_refused.take() {
            self.stream.truncate(bytes);
            self.rows = rows;
        }
    }

    /// Every complete batch, decoded one by one.
    pub fn batches(&self) -> impl Iterator<Item = RecordBatch> + '_ {
        // Each was decoded once when the journal was read.
        decoded(&self.stream)
    }

    /// Writes the rows as a Parquet file of a part's form, for readers that read nothing else. No file where there is no row.
    ///
    /// # Errors
    /// [`WriteError`] where the file can't be written.
    pub fn write_parquet(&self, path: &FilePath) -> Result<(), WriteError> {
        write_parquet(self.batches(), path)
    }
}

/// Writes batches as a Parquet file of a part's form; no file where there is no batch.
///
/// # Errors
/// [`WriteError`] where the file can't be written.
pub fn write_parquet(
    batches: impl Iterator<Item = RecordBatch>,
    path: &FilePath,
) -> Result<(), WriteError> {
    let mut batches = batches.peekable();
    let Some(first) = batches.peek() else {
        return Ok(());
    };
    let schema = first.schema();
    let file = File::create_new(path).map_err(WriteError::io(path))?;
    let encode = |error| WriteError::encode(path, &error);
    let mut writer = parquet_writer(BufWriter::new(file), &schema, path)?;
    for batch in batches {
        writer.write(&batch).map_err(encode)?;
    }
    writer.close().map_err(encode)?;
    Ok(())
}

/// Reads every complete batch of a journal.
pub(crate) fn read(table: Table, journal: PathBuf, part: String) -> Result<Unsealed, OpenError> {
    let mut unsealed = Unsealed {
        journal,
        part,
        rows: 0,
        unread_bytes: 0,
        damaged_bytes: 0,
        damaged_rows: 0,
        in_place_of: None,
        stream: Vec::new(),
        not_refused: None,
    };
    // The checksums first: a recorder may be writing, and those that come later are of batches that this does not see.
    let checksums = read_file(&checksums_of(&unsealed.journal))?.unwrap_or_default();
    let (checksums, _) = checksums.as_chunks();
    let checksums: Vec<Checksum> = checksums
        .iter()
        .copied()
        .map(Checksum::from_bytes)
        .collect();
    let Some(bytes) = read_file(&unsealed.journal)? else {
        // No file of ours, or one that no recorder wrote: nothing in it is looked at.
        let metadata = fs::symlink_metadata(&unsealed.journal);
        unsealed.unread_bytes = metadata.map_err(OpenError::io(&unsealed.journal))?.len();
        return Ok(unsealed);
    };
    unsealed.add(table, &bytes, &checksums);
    Ok(unsealed)
}

impl Unsealed {
    /// Adds the batches of the journal's bytes.
    fn add(&mut self, table: Table, bytes: &[u8], checksums: &[Checksum]) {
        let mut found = find_batches(table, bytes, checksums);
        let whole_rows: u64 = found.batches.iter().map(|batch| batch.rows).sum();
        let stream = |batches: &[Batch]| stream_of(bytes, found.schema, batches);
        // One that can't be decoded is left out, and so is one of another table.
        found.batches.retain(|batch| {
            let alone = stream(std::slice::from_ref(batch));
            is_of(table, &alone, batch.rows)
        });
        self.stream = stream(&found.batches);
        self.rows = found.batches.iter().map(|batch| batch.rows).sum();
        self.damaged_rows = found.damaged_rows.saturating_add(whole_rows - self.rows);
        let refused = found
            .checked_end
            .and_then(|end| refused(&found.batches, end));
        self.not_refused = refused.map(|place| {
            let others = &found.batches[..place];
            let rows = others.iter().map(|batch| batch.rows).sum();
            (stream(others).len(), rows)
        });
        let mut read = self.stream.len();
        // The mark that a stream was ended is no damage.
        if bytes.ends_with(&END_OF_STREAM) && read > 0 && read + END_OF_STREAM.len() == bytes.len()
        {
            read = bytes.len();
        }
        self.unread_bytes = (bytes.len() - read) as u64;
        let tail = &bytes[found.end..];
        let cut_off = if is_cut_off(tail) { tail.len() } else { 0 };
        self.damaged_bytes = self.unread_bytes.saturating_sub(cut_off as u64);
    }
}

/// The file's bytes; `None` where it is no regular file (a link may lead anywhere, a pipe never ends), too large to be ours, or
/// not there.
pub(crate) fn read_file(path: &FilePath) -> Result<Option<Vec<u8>>, OpenError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.len() <= LARGEST_JOURNAL => {
            fs::read(path).map(Some).map_err(OpenError::io(path))
        }
        _ => Ok(None),
    }
}

/// The end of a stream whose writer had the time to end it.
const END_OF_STREAM: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// A complete batch.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Batch {
    bytes: Range<usize>,
    rows: u64,
}

fn batch_at(bytes: &[u8], start: usize) -> Option<Batch> {
    let (rows, end) = message(bytes, start, MessageHeader::RecordBatch)?;
    Some(Batch {
        bytes: start..end,
        rows,
    })
}

/// What a journal holds.
struct Found {
    /// Where the schema ends; 0 where there is none that can be used.
    schema: usize,
    /// The complete batches that are, as far as there are checksums, unchanged.
    batches: Vec<Batch>,
    /// Where looking for them ended.
    end: usize,
    /// Rows of batches that changed, as their checksums count them.
    damaged_rows: u64,
    /// Where the last batch that has a checksum ends; `None` where there are no checksums.
    checked_end: Option<usize>,
}

/// Looks for the schema and the batches after it. A checksum also states where its batch ends: reading goes on behind a
/// damaged one.
fn find_batches(table: Table, bytes: &[u8], checksums: &[Checksum]) -> Found {
    let mut found = Found {
        schema: 0,
        batches: Vec::new(),
        end: 0,
        damaged_rows: 0,
        checked_end: None,
    };
    let schema = message(bytes, 0, MessageHeader::Schema).map(|(_, end)| end);
    let Some(schema) = schema.filter(|end| is_schema(table, &bytes[..*end], checksums.first()))
    else {
        found.damaged_rows = checksums.iter().map(possible_rows).sum();
        return found;
    };
    (found.schema, found.end) = (schema, schema);
    let of_batches = checksums.get(1..).unwrap_or_default();
    for (number, checksum) in of_batches.iter().enumerate() {
        let start = found.end;
        let whole = batch_at(bytes, start);
        // An end is believed where a message begins, or the file ends; else it was the checksum that was damaged.
        let stated = usize::try_from(checksum.end).ok();
        let is_end = |end: &usize| {
            (start + 1..=bytes.len()).contains(end)
                && (*end == bytes.len() || bytes[*end..].starts_with(&CONTINUATION))
        };
        let framed = whole.as_ref().map(|batch| batch.bytes.end);
        let Some(end) = stated.filter(is_end).or(framed) else {
            found.damaged_rows += of_batches[number..].iter().map(possible_rows).sum::<u64>();
            break;
        };
        let is_unchanged = crc32fast::hash(&bytes[start..end]) == checksum.crc;
        match whole.filter(|batch| batch.bytes.end == end) {
            Some(batch) if is_unchanged => found.batches.push(batch),
            _ => found.damaged_rows += possible_rows(checksum),
        }
        found.end = end;
    }
    found.checked_end = (!checksums.is_empty()).then_some(found.end);
    // The recorder died before it wrote their checksums, or there are none.
    while let Some(batch) = batch_at(bytes, found.end) {
        found.end = batch.bytes.end;
        found.batches.push(batch);
    }
    found
}

/// True for a schema that is as it was written: its checksum fits, or it is the very one that this program writes, so that it was the
/// checksum that was damaged.
fn is_schema(table: Table, schema: &[u8], checksum: Option<&Checksum>) -> bool {
    let is_ours = || {
        let ours = stream_writer(Vec::new(), &schema::of(table));
        ours.is_ok_and(|writer| writer.get_ref() == schema)
    };
    checksum.is_none_or(|checksum| checksum.crc == crc32fast::hash(schema)) || is_ours()
}

/// The place of a batch that the disk may have refused when it was there already: the only one with rows behind the last checksum,
/// which is of what ends at `checked`. After a refusal nothing more comes; several such batches say that checksums were lost.
fn refused(batches: &[Batch], checked: usize) -> Option<usize> {
    let is_unchecked = |batch: &Batch| batch.rows > 0 && batch.bytes.end > checked;
    let first = batches.iter().position(is_unchecked)?;
    let is_only = !batches[first + 1..].iter().any(is_unchecked);
    is_only.then_some(first)
}

/// The rows that a checksum counts; none where it was itself damaged.
fn possible_rows(checksum: &Checksum) -> u64 {
    match checksum.rows {
        rows if i64::from(rows) <= MOST_ROWS => u64::from(rows),
        _ => 0,
    }
}

/// The schema and these batches as a stream of their own.
fn stream_of(bytes: &[u8], schema: usize, batches: &[Batch]) -> Vec<u8> {
    let mut stream = bytes[..schema].to_vec();
    for batch in batches {
        stream.extend_from_slice(&bytes[batch.bytes.clone()]);
    }
    stream
}

/// The batches of a stream, up to the first that can't be decoded.
fn decoded(stream: &[u8]) -> impl Iterator<Item = RecordBatch> + '_ {
    let opened = guarded(|| StreamReader::try_new(Cursor::new(stream), None).ok());
    let mut reader = opened.ok().flatten();
    std::iter::from_fn(move || {
        let reader = reader.as_mut()?;
        guarded(|| reader.next()?.ok()).ok().flatten()
    })
}

/// True where the first batch of a stream can be decoded, is one of `table`, and has so many rows.
fn is_of(table: Table, stream: &[u8], rows: u64) -> bool {
    decoded(stream).next().is_some_and(|batch| {
        fits(&schema::of(table), batch.schema_ref()) && batch.num_rows() as u64 == rows
    })
}

/// The only batch of a stream of `table`, if it is one.
pub(crate) fn only_batch(table: Table, stream: &[u8]) -> Option<RecordBatch> {
    let (_, start) = message(stream, 0, MessageHeader::Schema)?;
    let batch = batch_at(stream, start)?;
    let stream = &stream[..batch.bytes.end];
    is_of(table, stream, batch.rows).then(|| decoded(stream).next())?
}

/// True where `found` is a schema of the same table, perhaps of another minor version: the columns that never are null are
/// there, and those that both have are of one type.
fn fits(ours: &Schema, found: &Schema) -> bool {
    ours.fields().iter().all(|field| {
        let same_name: Result<_, ArrowError> = found.field_with_name(field.name());
        match same_name {
            Ok(other) => other.data_type() == field.data_type(),
            Err(_) => field.is_nullable(),
        }
    })
}
