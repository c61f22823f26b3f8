//! What is said of several recordings: over their failovers, of two sets of them, and as a list.

pub mod campaign;
mod columns;
pub mod compare;
pub mod list;
mod runs;
mod settings;
