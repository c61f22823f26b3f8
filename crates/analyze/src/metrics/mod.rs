//! The definitions (`docs/definitions.md`): plain values to typed figures.

pub(crate) mod changes;
pub(crate) mod comparison;
pub mod decomposition;
pub(crate) mod failovers;
pub(crate) mod impact;
pub(crate) mod new_writers;
pub mod outages;
pub mod rates;
pub mod recovery;
