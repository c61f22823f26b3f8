//! The journal's streams, and what its file of checksums says of each batch.

use std::io::Write;

use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_ipc::{CompressionType, MetadataVersion};
use arrow_schema::{ArrowError, Schema};

/// What the file of checksums says of one batch: 16 bytes, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sum {
    /// Where the batch ends in the journal.
    pub(crate) end: u64,
    /// Rows in it.
    pub(crate) rows: u32,
    /// CRC-32 (IEEE, as in zip) of the bytes since the batch before: the batch and the lists of words that it brings along; the
    /// first is of the schema too.
    pub(crate) crc: u32,
}

impl Sum {
    /// Bytes of one on disk.
    pub(crate) const BYTES: usize = 16;

    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.end.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.rows.to_le_bytes());
        bytes[12..].copy_from_slice(&self.crc.to_le_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let [a, b, c, d, e, f, g, h, rows @ .., i, j, k, l] = bytes;
        Self {
            end: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            rows: u32::from_le_bytes(rows),
            crc: u32::from_le_bytes([i, j, k, l]),
        }
    }
}

/// A writer of compressed streams. Small before fast, as long as it is fast: buffers aligned to 8 bytes rather than 64, and
/// zstd's quickest level.
pub(crate) fn stream_writer<W: Write>(
    sink: W,
    schema: &Schema,
) -> Result<StreamWriter<W>, ArrowError> {
    let options = IpcWriteOptions::try_new(8, false, MetadataVersion::V5)?
        .try_with_compression(Some(CompressionType::ZSTD))?
        .try_with_compression_level(Some(1))?;
    StreamWriter::try_new_with_options(sink, schema, options)
}
