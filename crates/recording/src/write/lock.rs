//! One writer per recording.

use std::fs::{self, File};
use std::io;
use std::path::{Path as FilePath, PathBuf};

use crate::format::layout::{JOURNAL_FOLDER, LOCK_FILE};
use crate::write::same_file::is_there;

/// Attempts to lock a file that others remove meanwhile.
const ATTEMPTS: usize = 100;

/// Keeps every other recorder out of a folder for as long as it lives, also after a crash of this one.
pub(crate) struct WriterLock {
    /// `None` for one that was given up.
    path: Option<PathBuf>,
    file: File,
}

impl WriterLock {
    /// As [`Self::take`], for recovery: the recorder may have removed the folder of journals at its end.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] where a living process holds it.
    pub(crate) fn take_again(recording: &FilePath) -> io::Result<Self> {
        match fs::create_dir(recording.join(JOURNAL_FOLDER)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Self::take(recording),
        }
    }

    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] where a living process holds it.
    pub(crate) fn take(recording: &FilePath) -> io::Result<Self> {
        let path = recording.join(JOURNAL_FOLDER).join(LOCK_FILE);
        for _ in 0..ATTEMPTS {
            let file = File::create(&path)?;
            file.try_lock()?;
            // Its last holder may have removed it in between: a lock on a removed file keeps no process out.
            if is_there(&path, &file) {
                return Ok(Self {
                    path: Some(path),
                    file,
                });
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }

    /// Takes the lock anew where its file was removed.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub(crate) fn renew(&mut self, recording: &FilePath) -> io::Result<()> {
        let is_good = self
            .path
            .as_ref()
            .is_some_and(|path| is_there(path, &self.file));
        if !is_good {
            let renewed = Self::take_again(recording)?;
            // The file of that name is the new one's.
            self.path = None;
            *self = renewed;
        }
        Ok(())
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        // Without its folder, no part is open. Where this fails, the lock is released all the same.
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
            if let Some(folder) = path.parent() {
                let _ = fs::remove_dir(folder);
            }
        }
    }
}
