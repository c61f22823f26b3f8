//! What some words are of.

/// What a chart has none of, and so nothing to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nothing {
    Operation,
    Failure,
    Failover,
    SecondFailover,
}

impl Nothing {
    /// As a command says it, in English.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Operation => "no reads and no writes were recorded",
            Self::Failure => "no operation failed",
            Self::Failover => "no failover was seen",
            Self::SecondFailover => "fewer than two failovers",
        }
    }
}

/// A part of a downtime, named after the milestone that it ends at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    FirstFailure,
    AddressChanged,
    NewWriter,
    FreshClient,
    FirstSuccess,
}
