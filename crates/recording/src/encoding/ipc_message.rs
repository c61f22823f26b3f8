//! One message of an Arrow IPC stream that may be damaged: whether it is whole, and where it ends.

use arrow_ipc::{MessageHeader, root_as_message};

/// No batch of ours has more rows: a flush takes the writer's queue at most.
pub(crate) const MOST_ROWS: i64 = 1 << 20;
/// No column of a batch of ours is larger once decompressed, bytes.
const LARGEST_COLUMN: i64 = 1 << 26;
/// The first four bytes of every message.
pub(crate) const CONTINUATION: [u8; 4] = [0xff; 4];

/// The message at `start`: its rows and its end. `None` where it is cut off, of another kind, or claims an impossible size.
///
/// The decoder allocates what a message claims before it looks whether the bytes are there: a damaged length must not get that far.
pub(crate) fn message(bytes: &[u8], start: usize, kind: MessageHeader) -> Option<(u64, usize)> {
    let rest = bytes.get(start..)?;
    let (continuation, rest) = rest.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(i32::from_le_bytes(*length)).ok()?;
    if *continuation != CONTINUATION || length == 0 || length > rest.len() {
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

/// True where a stream ends within a message, as it does when its recorder is killed in mid-write.
pub(crate) fn is_cut_off(tail: &[u8]) -> bool {
    let Some((head, rest)) = tail.split_first_chunk::<8>() else {
        return tail.iter().take(4).all(|byte| *byte == 0xff);
    };
    let [a, b, c, d, length @ ..] = *head;
    let length = i32::from_le_bytes(length);
    if [a, b, c, d] != CONTINUATION || length <= 0 {
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
