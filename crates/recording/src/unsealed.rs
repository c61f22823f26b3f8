//! Reading what the journals of open parts hold. A journal may be cut off, damaged, or not ours at all.

use std::fs::{self, File};
use std::io::{BufWriter, Cursor};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::{MessageHeader, root_as_message};
use arrow_schema::{ArrowError, Schema};

use crate::error::{OpenError, WriteError};
use crate::journal::Sum;
use crate::layout::{Table, sums_of};
use crate::packed;
use crate::part::parquet_writer;
use crate::schema;

/// No journal is larger: a part of 1 M rows takes about 15 MB.
const LARGEST_JOURNAL: u64 = 1 << 30;
/// No batch of ours has more rows: what a flush takes at most is the writer's queue.
const MOST_ROWS: i64 = 1 << 20;
/// No column of a batch of ours takes more room, bytes.
const LARGEST_COLUMN: i64 = 1 << 26;
/// Batches that pass their checksums, or have none, and can't be decoded: with more of them the journal is not ours.
const MOST_UNDECODABLE: usize = 16;

/// What the journal of a part that was never sealed holds.
#[derive(Debug, Clone)]
pub struct Unsealed {
    /// The journal.
    pub journal: PathBuf,
    /// The name that the part would have had, such as `direct-00001.parquet`.
    pub part: String,
    /// Rows in its complete batches.
    pub rows: u64,
    /// Bytes at the end that are no complete batch: what was being written when the recorder died, or what was damaged since.
    pub unread_bytes: u64,
    /// Those of them that had been a complete batch: rows are missing that the recorder had written.
    pub damaged_bytes: u64,
    /// The stream up to the last complete batch, as it is on disk: compressed, a tenth of its rows in memory.
    stream: Vec<u8>,
}

impl Unsealed {
    /// Every complete batch, decoded one by one.
    pub fn batches(&self) -> impl Iterator<Item = RecordBatch> + '_ {
        // Each was decoded once when the journal was read.
        decoded(&self.stream)
    }

    /// Writes the rows as a Parquet file of a part's form, for readers that read nothing else. None is written where there are
    /// none.
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
        stream: Vec::new(),
    };
    let Some(bytes) = read_file(&unsealed.journal)? else {
        // No file of ours, or one that no recorder wrote: nothing in it is looked at.
        let metadata = fs::symlink_metadata(&unsealed.journal);
        unsealed.unread_bytes = metadata.map_err(OpenError::io(&unsealed.journal))?.len();
        return Ok(unsealed);
    };
    let sums = read_file(&sums_of(&unsealed.journal))?.map_or_else(Vec::new, |bytes| sums(&bytes));
    let mut read = 0;
    if let Some((_, schema)) = message(&bytes, 0, MessageHeader::Schema) {
        let pieces = decodable(table, &bytes, schema, pieces(&bytes, schema, &sums));
        unsealed.stream = stream_of(&bytes, schema, &pieces);
        unsealed.rows = pieces.iter().map(|piece| piece.rows).sum();
        read = unsealed.stream.len();
        // The mark that a stream was ended is no damage.
        if bytes[schema..].ends_with(&END_OF_STREAM) && read + END_OF_STREAM.len() == bytes.len() {
            read = bytes.len();
        }
    }
    unsealed.unread_bytes = (bytes.len() - read) as u64;
    let summed = sums.last().map_or(0, |sum| sum.end);
    unsealed.damaged_bytes = summed.saturating_sub(read as u64);
    Ok(unsealed)
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

fn sums(bytes: &[u8]) -> Vec<Sum> {
    let (sums, _) = bytes.as_chunks();
    sums.iter().map(|sum| Sum::from_bytes(*sum)).collect()
}

/// What a stream ends with where its writer had the time.
const END_OF_STREAM: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// A complete batch, with the lists of words that it brings along.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    bytes: Range<usize>,
    rows: u64,
}

/// The piece that begins at `start`.
fn piece(bytes: &[u8], start: usize) -> Option<Piece> {
    let mut position = start;
    while let Some((_, end)) = message(bytes, position, MessageHeader::DictionaryBatch) {
        position = end;
    }
    let (rows, end) = message(bytes, position, MessageHeader::RecordBatch)?;
    Some(Piece {
        bytes: start..end,
        rows,
    })
}

/// The complete batches that are, as far as there are checksums, unchanged. `start` is the end of the schema.
///
/// A checksum also says where its batch ends: behind a damaged one, reading goes on.
fn pieces(bytes: &[u8], start: usize, sums: &[Sum]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut position = start;
    for (number, sum) in sums.iter().enumerate() {
        let possible = position + 1..=bytes.len();
        let Some(end) = usize::try_from(sum.end)
            .ok()
            .filter(|end| possible.contains(end))
        else {
            break;
        };
        let summed = if number == 0 { 0 } else { position };
        let is_unchanged = crc32fast::hash(&bytes[summed..end]) == sum.crc;
        let whole = piece(bytes, position)
            .filter(|piece| piece.bytes.end == end && piece.rows == u64::from(sum.rows));
        pieces.extend(whole.filter(|_| is_unchanged));
        position = end;
    }
    // What the recorder had no time to sum up, and journals from before there were sums.
    while let Some(piece) = piece(bytes, position) {
        position = piece.bytes.end;
        pieces.push(piece);
    }
    pieces
}

/// The schema and these pieces as a stream of their own.
fn stream_of(bytes: &[u8], schema: usize, pieces: &[Piece]) -> Vec<u8> {
    let mut stream = bytes[..schema].to_vec();
    for piece in pieces {
        stream.extend_from_slice(&bytes[piece.bytes.clone()]);
    }
    stream
}

/// The batches of a stream, up to the first that can't be decoded.
fn decoded(stream: &[u8]) -> impl Iterator<Item = RecordBatch> + '_ {
    let reader = StreamReader::try_new(Cursor::new(stream), None).ok();
    let batches = reader.into_iter().flatten().map_while(Result::ok);
    batches.map_while(|batch| packed::unpack(&batch).ok())
}

/// The pieces that are batches of `table`. One that can't be decoded is left out, and so is what needs its lists of words.
fn decodable(table: Table, bytes: &[u8], schema: usize, mut pieces: Vec<Piece>) -> Vec<Piece> {
    let ours = schema::of(table);
    for _ in 0..MOST_UNDECODABLE {
        let stream = stream_of(bytes, schema, &pieces);
        let is_ours = |(batch, piece): &(RecordBatch, &Piece)| {
            fits(&ours, batch.schema_ref()) && batch.num_rows() as u64 == piece.rows
        };
        let good = decoded(&stream).zip(&pieces).take_while(is_ours).count();
        if good == pieces.len() {
            return pieces;
        }
        pieces.remove(good);
    }
    // Whatever this is, most of it is not ours.
    Vec::new()
}

/// The message at `start`, if it is whole, of that kind, and claims no impossible size: its rows and its end.
///
/// The decoder allocates what a message claims before it looks whether it is there: a damaged length must not get that far.
fn message(bytes: &[u8], start: usize, kind: MessageHeader) -> Option<(u64, usize)> {
    let rest = bytes.get(start..)?;
    let (mark, rest) = rest.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(i32::from_le_bytes(*length)).ok()?;
    if *mark != [0xff; 4] || length == 0 || length > rest.len() {
        return None;
    }
    let (metadata, rest) = rest.split_at(length);
    let message = root_as_message(metadata).ok()?;
    let body_length = usize::try_from(message.bodyLength()).ok()?;
    let body = rest.get(..body_length)?;
    if message.header_type() != kind {
        return None;
    }
    let rows = match kind {
        MessageHeader::RecordBatch => rows_of_batch(message.header_as_record_batch()?, body)?,
        MessageHeader::DictionaryBatch => {
            let words = message.header_as_dictionary_batch()?;
            rows_of_batch(words.data()?, body)?
        }
        _ => 0,
    };
    Some((rows, start + 8 + length + body_length))
}

fn rows_of_batch(batch: arrow_ipc::RecordBatch<'_>, body: &[u8]) -> Option<u64> {
    let is_compressed = batch.compression().is_some();
    let possible = 0..=MOST_ROWS;
    for node in batch.nodes()? {
        if !possible.contains(&node.length()) || !(0..=node.length()).contains(&node.null_count()) {
            return None;
        }
    }
    for buffer in batch.buffers()? {
        let start = usize::try_from(buffer.offset()).ok()?;
        let length = usize::try_from(buffer.length()).ok()?;
        let content = body.get(start..start.checked_add(length)?)?;
        if is_compressed && !content.is_empty() {
            let length = i64::from_le_bytes(*content.first_chunk::<8>()?);
            if !(-1..=LARGEST_COLUMN).contains(&length) {
                return None;
            }
        }
    }
    possible
        .contains(&batch.length())
        .then(|| batch.length().unsigned_abs())
}

/// The only batch of a stream of `table`, if it is one.
pub(crate) fn only_batch(table: Table, stream: &[u8]) -> Option<RecordBatch> {
    let (_, start) = message(stream, 0, MessageHeader::Schema)?;
    let piece = piece(stream, start)?;
    let pieces = decodable(table, stream, start, vec![piece]);
    decoded(&stream_of(stream, start, &pieces)).next()
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
