//! What can go wrong while a recording is analyzed.

use std::path::PathBuf;

/// Why a recording could not be analyzed.
#[derive(Debug, thiserror::Error)]
pub enum AnalyzeError {
    /// The folder is no recording, or a damaged one.
    #[error(transparent)]
    Open(#[from] recording::OpenError),
    /// The recording has no operation: nothing was recorded, or its recorder died before the first part was sealed.
    #[error("{0}: no operation was recorded")]
    NoOperations(PathBuf),
    /// A duration that no recording has.
    #[error(
        "{folder}: it would have lasted {duration_us} us: its manifest or its rows are damaged"
    )]
    ImpossibleDuration {
        /// The recording.
        folder: PathBuf,
        /// The duration, microseconds.
        duration_us: i64,
    },
    /// A table lacks a column without which nothing can be said.
    #[error("{folder}: table {table} has no column {column}")]
    MissingColumn {
        /// The recording.
        folder: PathBuf,
        /// The table.
        table: &'static str,
        /// The column.
        column: String,
    },
    /// A word that this version does not know.
    #[error(
        "{folder}: unknown {column} {word:?}: written by a later version; use a newer pgoutage"
    )]
    UnknownWord {
        /// The recording.
        folder: PathBuf,
        /// The column.
        column: &'static str,
        /// The word.
        word: String,
    },
    /// Reading the Parquet parts failed.
    #[error("{folder}: {source}")]
    Read {
        /// The recording.
        folder: PathBuf,
        /// What polars said.
        source: polars::error::PolarsError,
    },
    /// The rows of a journal could not be put beside the parts.
    #[error(transparent)]
    Journal(#[from] recording::WriteError),
    /// A result could not be written.
    #[error("{path}: {source}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A chart could not be drawn.
    #[error(transparent)]
    Chart(#[from] crate::charts::ChartError),
}

impl AnalyzeError {
    /// True where the user named something that is no recording (exit code 2), false where the analysis failed (1).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Open(error) if error.is_usage())
    }
}
