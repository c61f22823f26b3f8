//! Reserved space on the disk, so that a manifest can be written when it is full: rows lost must be counted.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path as FilePath, PathBuf};

use crate::format::layout::JOURNAL_FOLDER;

/// Enough for two manifests of several hundred parts, bytes.
const RESERVED_BYTES: u64 = 1 << 17;

/// What stays reserved for the last manifest, bytes: while parts are being sealed, their files take what is released.
pub(crate) const FOR_THE_LAST_BYTES: u64 = RESERVED_BYTES / 2;

/// The file's name in the folder of journals.
const RESERVED_FILE: &str = "reserved_space";

/// A file that only takes space.
pub(crate) struct ReservedSpace {
    path: PathBuf,
    /// How much is reserved.
    bytes: u64,
    /// False where there was no space for it from the start, as under a limit on the size of files.
    fits: bool,
}

impl ReservedSpace {
    /// Reserves the space, where there is any.
    pub(crate) fn new(recording: &FilePath) -> Self {
        let mut reserved = Self {
            path: recording.join(JOURNAL_FOLDER).join(RESERVED_FILE),
            bytes: 0,
            fits: true,
        };
        reserved.fits = reserved.reserve();
        if !reserved.fits {
            Self::remove(recording);
            reserved.bytes = 0;
        }
        reserved
    }

    /// Removes the file of a killed recorder.
    pub(crate) fn remove(recording: &FilePath) {
        let _ = fs::remove_file(recording.join(JOURNAL_FOLDER).join(RESERVED_FILE));
    }

    /// Reserves again what was released. False where there is less space than there once was: the disk is still full.
    pub(crate) fn reserve(&mut self) -> bool {
        if self.fits && self.bytes < RESERVED_BYTES {
            let missing = usize::try_from(RESERVED_BYTES - self.bytes).unwrap_or(0);
            let mut file = OpenOptions::new();
            // No hole: a file system keeps no space for one. What could be had is kept.
            if let Ok(mut file) = file.create(true).append(true).open(&self.path) {
                let _ = file.write_all(&vec![b'.'; missing]);
                self.bytes = file.metadata().map_or(0, |metadata| metadata.len());
            }
        }
        self.bytes >= RESERVED_BYTES || !self.fits
    }

    /// Releases all but so many bytes; true where that gave any.
    pub(crate) fn release_to(&mut self, bytes: u64) -> bool {
        let shortened = || {
            let file = OpenOptions::new().write(true).open(&self.path)?;
            file.set_len(bytes)
        };
        let is_released = self.bytes > bytes && shortened().is_ok();
        if is_released {
            self.bytes = bytes;
        }
        is_released
    }
}
