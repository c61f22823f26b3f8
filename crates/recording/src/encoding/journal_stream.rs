//! Arrow IPC streams as the journal writes them, and the checksum of each message in them.

use std::io::Write;

use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_ipc::{CompressionType, MetadataVersion};
use arrow_schema::{ArrowError, Schema};

/// One record of a file of checksums, for the schema or for a batch: 16 bytes, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checksum {
    /// Where the message ends in the journal.
    pub(crate) end: u64,
    /// Rows in it; 0 for the schema.
    pub(crate) rows: u32,
    /// CRC-32 (IEEE, as in zip) of the message.
    pub(crate) crc: u32,
}

impl Checksum {
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

/// A writer of compressed streams: buffers aligned to 8 bytes rather than 64, and zstd's quickest level, for small batches at little
/// cost.
pub(crate) fn stream_writer<W: Write>(
    sink: W,
    schema: &Schema,
) -> Result<StreamWriter<W>, ArrowError> {
    let options = IpcWriteOptions::try_new(8, false, MetadataVersion::V5)?
        .try_with_compression(Some(CompressionType::ZSTD))?
        .try_with_compression_level(Some(1))?;
    StreamWriter::try_new_with_options(sink, schema, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_come_back() {
        let checksum = Checksum {
            end: 0x0102_0304_0506_0708,
            rows: 0x1112_1314,
            crc: 0x2122_2324,
        };
        let bytes = checksum.to_bytes();
        assert_eq!(
            bytes,
            [
                8, 7, 6, 5, 4, 3, 2, 1, 0x14, 0x13, 0x12, 0x11, 0x24, 0x23, 0x22, 0x21
            ]
        );
        assert_eq!(Checksum::from_bytes(bytes), checksum);
    }
}
