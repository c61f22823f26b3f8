//! The backlog: rows that the disk refused, in memory until it takes them.

use std::collections::VecDeque;
use std::io::Cursor;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;

use crate::encoding::journal_stream::stream_writer;

/// Memory for the backlogs of all tables together.
#[derive(Debug)]
pub(crate) struct Room {
    free_bytes: usize,
}

impl Room {
    pub(crate) const fn new(bytes: usize) -> Self {
        Self { free_bytes: bytes }
    }
}

/// A batch as a compressed stream of its own: a fifth of what its rows take.
struct Compressed {
    bytes: Vec<u8>,
    rows: u64,
}

/// The batches of one table or path, oldest first.
#[derive(Default)]
pub(crate) struct Backlog {
    batches: VecDeque<Compressed>,
}

impl Backlog {
    pub(crate) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    pub(crate) fn rows(&self) -> u64 {
        self.batches.iter().map(|batch| batch.rows).sum()
    }

    /// Keeps a batch; false where there is no room. The oldest rows stay: they are of the moment when the disk failed, which is
    /// seldom far from what the recording is about.
    pub(crate) fn push(&mut self, room: &mut Room, batch: &RecordBatch) -> bool {
        let Some(bytes) = encode(batch).filter(|bytes| bytes.len() <= room.free_bytes) else {
            return false;
        };
        room.free_bytes -= bytes.len();
        self.batches.push_back(Compressed {
            bytes,
            rows: batch.num_rows() as u64,
        });
        true
    }

    /// The oldest batch; it stays.
    pub(crate) fn first(&self) -> Option<RecordBatch> {
        let stream = Cursor::new(self.batches.front()?.bytes.as_slice());
        StreamReader::try_new(stream, None).ok()?.next()?.ok()
    }

    /// Removes the oldest batch and frees its room; returns its rows.
    pub(crate) fn pop(&mut self, room: &mut Room) -> u64 {
        self.batches.pop_front().map_or(0, |batch| {
            room.free_bytes += batch.bytes.len();
            batch.rows
        })
    }
}

fn encode(batch: &RecordBatch) -> Option<Vec<u8>> {
    let mut writer = stream_writer(Vec::new(), batch.schema_ref()).ok()?;
    writer.write(batch).ok()?;
    let mut bytes = writer.into_inner().ok()?;
    // The room is counted by length, so the spare capacity goes.
    bytes.shrink_to_fit();
    Some(bytes)
}
