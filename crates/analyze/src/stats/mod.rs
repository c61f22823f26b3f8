//! Pure statistics, over numbers alone.

pub mod bootstrap;
pub(crate) mod percentile;
