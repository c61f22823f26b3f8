//! The definitions (`docs/definitions.md`): plain values to typed figures.

pub(crate) mod changes;
pub(crate) mod comparison;
pub mod decomposition;
pub(crate) mod effects;
pub(crate) mod failovers;
pub(crate) mod fresh_clients;
pub(crate) mod impact;
pub(crate) mod new_writers;
pub mod outages;
pub mod rates;
pub mod recovery;
pub mod service;
