//! Errors of reading and writing a recording. Each text has the file, and what to do where that is not plain.

use std::io;
use std::path::{Path, PathBuf};

use crate::format::layout::FORMAT_VERSION;

/// Why a folder can't be read as a recording.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path does not exist or is not a folder.
    #[error(
        "{0}: no such folder; give the folder of a recording, such as data/runs/20261122T204300Z-7f3a"
    )]
    NoFolder(PathBuf),
    /// The folder holds nothing at all.
    #[error("{0}: the folder is empty, not a recording; give the folder that has manifest.json")]
    Empty(PathBuf),
    /// A folder without a manifest.
    #[error("{0}: not a recording: it has no manifest.json; give the folder that has it")]
    NoManifest(PathBuf),
    /// The manifest is not readable as one.
    #[error("{path}: the manifest can't be read: {reason}")]
    BadManifest {
        /// The manifest.
        path: PathBuf,
        /// The parser's error.
        reason: String,
    },
    /// The audit is not readable, or not whole.
    #[error("{path}: the audit can't be read: {reason}")]
    BadAudit {
        /// `audit.json`.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A word of the manifest that this version does not know.
    #[error("{path}: unknown {field} {word:?}: written by a later version; use a newer pgoutage")]
    UnknownWord {
        /// The manifest.
        path: PathBuf,
        /// The field.
        field: &'static str,
        /// Its word.
        word: String,
    },
    /// Written by a later version of this program.
    #[error(
        "{path}: format version {found}; this program reads versions up to {FORMAT_VERSION}: use a newer pgoutage"
    )]
    NewerFormat {
        /// The manifest.
        path: PathBuf,
        /// The version that the manifest states.
        found: u64,
    },
    /// The manifest names a part that is not there.
    #[error(
        "{0}: the manifest names this part, but it is missing; restore it, or analyze with --allow-damaged"
    )]
    MissingPart(PathBuf),
    /// A part that is not a whole Parquet file.
    #[error("{path}: damaged part: {reason}")]
    DamagedPart {
        /// The part.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system refused a read or write.
    #[error("{path}: cannot read: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
}

impl OpenError {
    /// True where the user named something that is no recording (exit code 2), false where a recording is damaged (1).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NoFolder(_) | Self::Empty(_) | Self::NoManifest(_) | Self::NewerFormat { .. }
        )
    }

    /// True where one part is missing or damaged, and the others can be read without it.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::MissingPart(_) | Self::DamagedPart { .. })
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
}

/// Why a recording can't be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A recording is never overwritten.
    #[error("{0}: already there; a recording is never overwritten")]
    Exists(PathBuf),
    /// The operating system refused a read or write.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The Parquet encoder refused.
    #[error("{path}: {reason}")]
    Encode {
        /// The part.
        path: PathBuf,
        /// The encoder's error.
        reason: String,
    },
    /// The writer's thread ended early.
    #[error("the writer thread ended early; rows after that are lost")]
    WriterGone,
}

impl WriteError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }

    /// True where there is no room: the disk, a quota, or the largest file that is allowed.
    pub(crate) fn is_disk_full(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let kind = match self {
            Self::Io { source, .. } => source.kind(),
            _ => return false,
        };
        matches!(kind, StorageFull | QuotaExceeded | FileTooLarge)
    }

    pub(crate) fn encode(path: &Path, reason: &impl ToString) -> Self {
        Self::Encode {
            path: path.to_path_buf(),
            reason: reason.to_string(),
        }
    }
}
