//! Whether a path still leads to the file or folder that was opened.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file or folder, whatever name leads to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    /// What `path` leads to now; `None` where there is nothing.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|found| Self::of(&found))
    }
}

/// True where `path` leads to the open `file`, which may be a folder.
#[must_use]
pub fn is_there(path: &Path, file: &File) -> bool {
    let open = file.metadata().ok().map(|found| Identity::of(&found));
    open.is_some() && open == Identity::at(path)
}
