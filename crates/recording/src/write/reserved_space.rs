//! Room kept on the disk, so that a manifest can be written when it is full: how much was lost must not be lost too.

use std::fs;
use std::path::{Path as FilePath, PathBuf};

use crate::format::layout::JOURNAL_FOLDER;

/// Enough for a manifest of several hundred parts, bytes.
const BALLAST_BYTES: usize = 1 << 16;

/// The file's name in the folder of journals.
const BALLAST_FILE: &str = "ballast";

/// A file that only takes room.
pub(crate) struct Ballast {
    path: PathBuf,
    is_aboard: bool,
    /// False where there never was room for it, as under a limit on the size of files.
    fits: bool,
}

impl Ballast {
    /// Takes the room, where there is any.
    pub(crate) fn new(recording: &FilePath) -> Self {
        let mut ballast = Self {
            path: recording.join(JOURNAL_FOLDER).join(BALLAST_FILE),
            is_aboard: false,
            fits: true,
        };
        ballast.fits = ballast.take();
        ballast
    }

    /// Removes what a killed recorder left.
    pub(crate) fn remove(recording: &FilePath) {
        let _ = fs::remove_file(recording.join(JOURNAL_FOLDER).join(BALLAST_FILE));
    }

    /// Takes the room again after it was given back. False where there is less room than there once was: the disk is still full.
    pub(crate) fn take(&mut self) -> bool {
        if !self.is_aboard {
            // No hole: a file system would not keep room for one.
            self.is_aboard = fs::write(&self.path, [b'.'; BALLAST_BYTES]).is_ok();
            if !self.is_aboard {
                let _ = fs::remove_file(&self.path);
            }
        }
        self.is_aboard || !self.fits
    }

    /// Gives the room back; true where there was any.
    pub(crate) fn drop(&mut self) -> bool {
        std::mem::take(&mut self.is_aboard) && fs::remove_file(&self.path).is_ok()
    }
}
