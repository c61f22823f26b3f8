//! Reading what the journals of open parts hold. A journal may be cut off, damaged, or not ours at all.

use std::fs::{self, File};
use std::io::{BufWriter, Cursor};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::{MessageHeader, root_as_message};
use arrow_schema::{ArrowError, Schema};

use crate::encoding::catch_panic::guarded;
use crate::encoding::ipc_message::{MARK, MOST_ROWS, message};
use crate::encoding::journal_stream::{Sum, stream_writer};
use crate::encoding::packed_columns;
use crate::encoding::parquet_file::parquet_writer;
use crate::format::error::{OpenError, WriteError};
use crate::format::layout::{Table, sums_of};
use crate::format::schema;

/// No journal is larger: a part of 1 M rows takes about 15 MB.
const LARGEST_JOURNAL: u64 = 1 << 30;
/// Batches that pass their checksums, or have none, and can't be decoded: with more of them only those before are read.
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
    /// Bytes that changed since they were written, whether they could be read or not: rows are missing that the recorder had written, or
    /// a word of them is not the one that it wrote.
    pub damaged_bytes: u64,
    /// The rows that are missing for that reason, as far as the checksums tell.
    pub damaged_rows: u64,
    /// The rows that the manifest states of the part, where it names it: the part is missing or damaged, and this is read in its
    /// place. `None` for a part that was never sealed.
    pub in_place_of: Option<u64>,
    /// The stream up to the last complete batch, as it is on disk: compressed, a tenth of its rows in memory.
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
        damaged_rows: 0,
        in_place_of: None,
        stream: Vec::new(),
        not_refused: None,
    };
    // The checksums first: a recorder may be writing, and those that come later are of batches that this does not see.
    let sums = read_file(&sums_of(&unsealed.journal))?.map_or_else(Vec::new, |bytes| sums(&bytes));
    let Some(bytes) = read_file(&unsealed.journal)? else {
        // No file of ours, or one that no recorder wrote: nothing in it is looked at.
        let metadata = fs::symlink_metadata(&unsealed.journal);
        unsealed.unread_bytes = metadata.map_err(OpenError::io(&unsealed.journal))?.len();
        return Ok(unsealed);
    };
    let mut read = 0;
    let mut tail = bytes.as_slice();
    if let Some((_, schema)) = message(&bytes, 0, MessageHeader::Schema) {
        let is_our_schema = is_ours(table, &bytes[..schema]);
        let found = pieces(&bytes, schema, &sums, is_our_schema);
        tail = &bytes[found.end..];
        let whole_rows: u64 = found.pieces.iter().map(|piece| piece.rows).sum();
        let found_damaged_rows = found.damaged_rows;
        let pieces = decodable(table, &bytes, schema, found.pieces);
        let doubtful = pieces.iter().filter(|piece| piece.is_doubtful);
        unsealed.damaged_bytes = doubtful.map(|piece| piece.bytes.len() as u64).sum();
        unsealed.stream = stream_of(&bytes, schema, &pieces);
        unsealed.rows = pieces.iter().map(|piece| piece.rows).sum();
        let refused = found.summed_end.and_then(|end| refused(&pieces, end));
        unsealed.not_refused = refused.map(|place| {
            let rows = pieces[..place].iter().map(|piece| piece.rows).sum();
            (stream_of(&bytes, schema, &pieces[..place]).len(), rows)
        });
        read = unsealed.stream.len();
        // The mark that a stream was ended is no damage.
        if bytes[schema..].ends_with(&END_OF_STREAM) && read + END_OF_STREAM.len() == bytes.len() {
            read = bytes.len();
        }
        let undecodable = whole_rows - unsealed.rows;
        unsealed.damaged_rows = found_damaged_rows.saturating_add(undecodable);
    } else {
        unsealed.damaged_rows = sums.iter().map(possible_rows).sum();
    }
    unsealed.unread_bytes = (bytes.len() - read) as u64;
    let torn = if is_torn(tail) { tail.len() } else { 0 };
    unsealed.damaged_bytes += unsealed.unread_bytes.saturating_sub(torn as u64);
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
    /// True for lists of words that are used though they changed: all that follows needs them, and a word that changed is one that
    /// nobody knows.
    is_doubtful: bool,
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
        is_doubtful: false,
    })
}

/// What a journal holds.
struct Found {
    /// The complete batches that are, as far as there are checksums, unchanged.
    pieces: Vec<Piece>,
    /// Where looking for them ended.
    end: usize,
    /// Rows of batches that changed, as their checksums count them.
    damaged_rows: u64,
    /// Where the last batch that has a checksum ends; `None` where there are no checksums.
    summed_end: Option<usize>,
}

/// Looks for batches from `start`, the end of the schema. A changed schema is not used, unless it is the one that this program writes:
/// then it was the checksum, or a word, that changed.
///
/// A checksum also says where its batch ends: behind a damaged one, reading goes on.
fn pieces(bytes: &[u8], start: usize, sums: &[Sum], is_our_schema: bool) -> Found {
    let mut pieces = Vec::new();
    let mut damaged_rows: u64 = 0;
    let mut position = start;
    for (number, sum) in sums.iter().enumerate() {
        let whole = piece(bytes, position);
        // An end is believed where a message begins, or the file ends; else it was the checksum that was damaged.
        let stated = usize::try_from(sum.end).ok();
        let is_end = |end: &usize| {
            (position + 1..=bytes.len()).contains(end)
                && (*end == bytes.len() || bytes[*end..].starts_with(&MARK))
        };
        let framed = whole.as_ref().map(|piece| piece.bytes.end);
        let Some(end) = stated.filter(is_end).or(framed) else {
            damaged_rows += sums[number..].iter().map(possible_rows).sum::<u64>();
            break;
        };
        let summed = if number == 0 { 0 } else { position };
        let is_unchanged = crc32fast::hash(&bytes[summed..end]) == sum.crc;
        let whole = whole.filter(|piece| piece.bytes.end == end);
        let has_schema = number > 0 || is_our_schema;
        let is_words = |piece: &Piece| piece.rows == 0 && sum.rows == 0 && has_schema;
        match whole {
            Some(piece) if is_unchanged => pieces.push(piece),
            Some(piece) if is_words(&piece) => pieces.push(Piece {
                is_doubtful: true,
                ..piece
            }),
            _ => damaged_rows += possible_rows(sum),
        }
        position = end;
    }
    let summed_end = (!sums.is_empty()).then_some(position);
    // What the recorder had no time to sum up, and journals from before there were sums.
    while let Some(piece) = piece(bytes, position) {
        position = piece.bytes.end;
        pieces.push(piece);
    }
    Found {
        pieces,
        end: position,
        damaged_rows,
        summed_end,
    }
}

/// The place of a batch that the disk may have refused when it was there already: the only one with rows behind the last checksum,
/// which ends at `summed`. After a refusal nothing more comes, so that several say that checksums were lost.
fn refused(pieces: &[Piece], summed: usize) -> Option<usize> {
    let is_unsummed = |piece: &Piece| piece.rows > 0 && piece.bytes.end > summed;
    let first = pieces.iter().position(is_unsummed)?;
    let is_only = !pieces[first + 1..].iter().any(is_unsummed);
    is_only.then_some(first)
}

/// The rows that a checksum counts; none where it was itself damaged.
fn possible_rows(sum: &Sum) -> u64 {
    match sum.rows {
        rows if i64::from(rows) <= MOST_ROWS => u64::from(rows),
        _ => 0,
    }
}

/// True for the schema that this program writes for journals of `table`.
fn is_ours(table: Table, schema: &[u8]) -> bool {
    let ours = packed_columns::schema(&schema::in_memory(table));
    stream_writer(Vec::new(), &ours).is_ok_and(|writer| writer.get_ref() == schema)
}

/// True where a stream ends within a message, as a recorder leaves it that is killed while it writes.
fn is_torn(tail: &[u8]) -> bool {
    let mut start = 0;
    while let Some((_, end)) = message(tail, start, MessageHeader::DictionaryBatch) {
        start = end;
    }
    let rest = &tail[start..];
    let Some((head, rest)) = rest.split_first_chunk::<8>() else {
        return rest.iter().take(4).all(|byte| *byte == 0xff);
    };
    let [a, b, c, d, length @ ..] = *head;
    let length = i32::from_le_bytes(length);
    if [a, b, c, d] != [0xff; 4] || length <= 0 {
        return false;
    }
    // Not negative, see above.
    let Some(metadata) = rest.get(..length.unsigned_abs() as usize) else {
        return true;
    };
    let body = &rest[metadata.len()..];
    let claimed = root_as_message(metadata).map(|message| message.bodyLength());
    claimed.is_ok_and(|claimed| {
        u64::try_from(claimed).is_ok_and(|claimed| claimed > body.len() as u64)
    })
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
    let opened = guarded(|| StreamReader::try_new(Cursor::new(stream), None).ok());
    let mut reader = opened.ok().flatten();
    std::iter::from_fn(move || {
        let reader = reader.as_mut()?;
        let next = guarded(|| packed_columns::unpack(&reader.next()?.ok()?).ok());
        next.ok().flatten()
    })
}

/// The pieces that are batches of `table`. One that can't be decoded is left out, and so is what needs its lists of words.
fn decodable(table: Table, bytes: &[u8], schema: usize, mut pieces: Vec<Piece>) -> Vec<Piece> {
    let ours = schema::of(table);
    let mut left_out = 0;
    loop {
        let stream = stream_of(bytes, schema, &pieces);
        let is_ours = |(batch, piece): &(RecordBatch, &Piece)| {
            fits(&ours, batch.schema_ref()) && batch.num_rows() as u64 == piece.rows
        };
        let good = decoded(&stream).zip(&pieces).take_while(is_ours).count();
        if good == pieces.len() {
            return pieces;
        }
        left_out += 1;
        if left_out > MOST_UNDECODABLE {
            pieces.truncate(good);
            return pieces;
        }
        pieces.remove(good);
    }
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
