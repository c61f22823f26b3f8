//! One message of an Arrow IPC stream that may be damaged: whether it is whole, and where it ends.

use arrow_ipc::{MessageHeader, root_as_message};

/// No batch of ours has more rows: what a flush takes at most is the writer's queue.
pub(crate) const MOST_ROWS: i64 = 1 << 20;
/// No column of a batch of ours takes more room, bytes.
const LARGEST_COLUMN: i64 = 1 << 26;
/// What a message begins with.
pub(crate) const MARK: [u8; 4] = [0xff; 4];

/// The message at `start`, if it is whole, of that kind, and claims no impossible size: its rows and its end.
///
/// The decoder allocates what a message claims before it looks whether it is there: a damaged length must not get that far.
pub(crate) fn message(bytes: &[u8], start: usize, kind: MessageHeader) -> Option<(u64, usize)> {
    let rest = bytes.get(start..)?;
    let (mark, rest) = rest.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(i32::from_le_bytes(*length)).ok()?;
    if *mark != MARK || length == 0 || length > rest.len() {
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
