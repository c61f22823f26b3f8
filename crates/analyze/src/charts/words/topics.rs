//! What some words are of.

/// What a chart has none of, and so nothing to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nothing {
    Operation,
    Failure,
    Failover,
    SecondFailover,
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
