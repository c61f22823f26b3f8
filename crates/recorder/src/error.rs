//! How a command of `recorder` fails: one line for the user, and the exit code.

/// Why a command ended without success. Each text is one line and holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    /// The user's mistake: wrong flags, wrong endpoint, no tables.
    #[error("{0}")]
    Usage(String),
    /// The command ran and failed; of a recording: rows were lost, or it could not be completed.
    #[error("{0}")]
    Failed(String),
    /// Nothing could be recorded, and it was not the user's mistake.
    #[error("{0}")]
    NothingRecorded(String),
}

impl RecorderError {
    /// The user's mistake, in one line.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    /// The exit code of the process.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::NothingRecorded(_) => 3,
        }
    }
}
