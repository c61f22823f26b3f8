//! Pure statistics, over numbers alone.

pub(crate) mod adjusted;
pub mod bootstrap;
pub(crate) mod mann_whitney;
pub(crate) mod percentile;
pub(crate) mod proportions;
