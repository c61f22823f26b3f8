//! Groups of operations.

use serde::Serialize;

/// The operations that an outage is decided for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Read,
    Write,
    Transaction,
    /// Writes and transactions: what only a writer can serve.
    Writer,
    All,
}

impl Group {
    /// Every group, in the order of reports.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Write,
        Self::Transaction,
        Self::Writer,
        Self::All,
    ];

    /// The word in reports and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Transaction => "transaction",
            Self::Writer => "writer",
            Self::All => "all",
        }
    }
}
