//! What can go wrong while a recording is analyzed.

use std::io::ErrorKind;
use std::path::PathBuf;

/// What a decoder or a query says.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a recording could not be analyzed.
#[derive(Debug, thiserror::Error)]
pub enum AnalyzeError {
    /// The folder is not a recording, or can't be read.
    #[error(transparent)]
    Open(recording::OpenError),
    /// A part is missing or damaged.
    #[error("{0}; with --allow-damaged the rest is analyzed without it")]
    Damaged(recording::OpenError),
    /// A part that was to be verified while it is read has other bytes than the manifest states. Never told: the parts are looked at then.
    #[error("a part has other bytes than the manifest states")]
    OtherBytes,
    /// Nothing is left of the operations.
    #[error(
        "{folder}: no operation is left: without {damaged} damaged parts and {left_out} operations that this version does not know"
    )]
    NothingLeft {
        folder: PathBuf,
        damaged: usize,
        left_out: u64,
    },
    /// The recording has neither an operation nor an end: its recorder died before the first row reached the disk.
    #[error("{0}: no operation was recorded")]
    NoOperations(PathBuf),
    /// The recording has no such part.
    #[error("{folder}: {text}")]
    Range { folder: PathBuf, text: String },
    /// The part has no operation.
    #[error("{0}: no operation of it is in the part that was asked for")]
    NoneInRange(PathBuf),
    /// A duration that no recording has.
    #[error(
        "{folder}: a duration of {duration_us} us is impossible: its manifest or its rows are damaged"
    )]
    ImpossibleDuration { folder: PathBuf, duration_us: i64 },
    /// The manifest and the rows are of different times.
    #[error(
        "{folder}: no operation of path {path} is from the time in the manifest, {} to {}: they are from {} to {}. \
         The manifest and the rows belong to different recordings, or one of them is damaged",
        span.start, span.end, rows.start, rows.end
    )]
    OtherTime {
        folder: PathBuf,
        /// `direct` or `proxy`.
        path: &'static str,
        /// When the recording was, as the manifest has it.
        span: crate::summary::Span,
        /// When its operations were.
        rows: crate::summary::Span,
    },
    /// A table lacks a column that the figures need, or has another type in it.
    #[error("{folder}: table {table} has {misfit}")]
    Columns {
        folder: PathBuf,
        table: &'static str,
        /// What is wrong with which column.
        misfit: Misfit,
    },
    /// The decoder of the Parquet parts panicked.
    #[error("{folder}: {panicked}")]
    Undecodable {
        folder: PathBuf,
        panicked: recording::Panicked,
    },
    #[error("{folder}: the recording can't be read: {source}")]
    Read { folder: PathBuf, source: Cause },
    /// The rows of a journal could not be copied.
    #[error(transparent)]
    Journal(#[from] recording::WriteError),
    /// The folder for temporary files can't be used.
    #[error(
        "TMPDIR {folder}: {source}; the rows that are not in sealed parts yet are copied there while the recording is read: set \
         TMPDIR to a folder that can be written"
    )]
    Temporary {
        folder: PathBuf,
        source: std::io::Error,
    },
}

/// Why a part's columns can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// One is not there.
    #[error("no column {0}")]
    Missing(&'static str),
    /// One holds something else.
    #[error("column {column} of type {found}, where {expected} is expected")]
    WrongType {
        column: &'static str,
        /// The type that it has.
        found: String,
        /// The type that format version 1 gives it.
        expected: &'static str,
    },
}

impl AnalyzeError {
    /// True where the user named something that is not a recording, or not a folder (exit code 2), false where the analysis failed (1).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Open(error) => error.is_usage(),
            Self::Range { .. } | Self::NoneInRange(_) => true,
            Self::Temporary { source, .. } => matches!(
                source.kind(),
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied
            ),
            _ => false,
        }
    }

    /// True where the cause may be a part whose checksum is as stated.
    pub(crate) const fn is_of_the_decoder(&self) -> bool {
        matches!(self, Self::Read { .. } | Self::Undecodable { .. })
    }

    /// The decoder's message, without the recording's name.
    pub(crate) fn decoder_said(&self) -> String {
        match self {
            Self::Read { source, .. } => source.to_string(),
            Self::Undecodable { panicked, .. } => panicked.to_string(),
            other => other.to_string(),
        }
    }
}

impl From<recording::OpenError> for AnalyzeError {
    fn from(error: recording::OpenError) -> Self {
        if error.is_damage() {
            Self::Damaged(error)
        } else {
            Self::Open(error)
        }
    }
}
