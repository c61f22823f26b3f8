//! Reserved space on the disk, so that a manifest can be written when it is full: rows lost must be counted.

use std::fs;
use std::path::{Path as FilePath, PathBuf};

use crate::format::layout::JOURNAL_FOLDER;

/// Enough for a manifest of several hundred parts, bytes.
const RESERVED_BYTES: usize = 1 << 16;

/// The file's name in the folder of journals.
const RESERVED_FILE: &str = "reserved_space";

/// A file that only takes space.
pub(crate) struct ReservedSpace {
    path: PathBuf,
    is_reserved: bool,
    /// False where there was no space for it from the start, as under a limit on the size of files.
    fits: bool,
}

impl ReservedSpace {
    /// Reserves the space, where there is any.
    pub(crate) fn new(recording: &FilePath) -> Self {
        let mut reserved = Self {
            path: recording.join(JOURNAL_FOLDER).join(RESERVED_FILE),
            is_reserved: false,
            fits: true,
        };
        reserved.fits = reserved.reserve();
        reserved
    }

    /// Removes the file of a killed recorder.
    pub(crate) fn remove(recording: &FilePath) {
        let _ = fs::remove_file(recording.join(JOURNAL_FOLDER).join(RESERVED_FILE));
    }

    /// Reserves the space again after it was released. False where there is less space than there once was: the disk is still full.
    pub(crate) fn reserve(&mut self) -> bool {
        if !self.is_reserved {
            // No hole: a file system keeps no space for one.
            self.is_reserved = fs::write(&self.path, [b'.'; RESERVED_BYTES]).is_ok();
            if !self.is_reserved {
                let _ = fs::remove_file(&self.path);
            }
        }
        self.is_reserved || !self.fits
    }

    /// Releases the space; true where there was any.
    pub(crate) fn release(&mut self) -> bool {
        std::mem::take(&mut self.is_reserved) && fs::remove_file(&self.path).is_ok()
    }
}
