//! One writer per recording.

use std::fs::{self, File};
use std::io;
use std::path::{Path as FilePath, PathBuf};

use crate::layout::{JOURNAL_FOLDER, LOCK_FILE};

/// Keeps every other recorder out of a folder for as long as it lives, also after a crash of this one.
pub(crate) struct WriterLock {
    path: PathBuf,
    _file: File,
}

impl WriterLock {
    /// For somebody who comes after the recorder, which may have removed the folder at its end.
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
        let file = File::create(&path)?;
        file.try_lock()?;
        Ok(Self { path, _file: file })
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        // An empty folder says that nothing is open; where this fails, the lock is gone all the same.
        let _ = fs::remove_file(&self.path);
        if let Some(folder) = self.path.parent() {
            let _ = fs::remove_dir(folder);
        }
    }
}
