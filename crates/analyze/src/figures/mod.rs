//! Figures by their names, such as `proxy.writer.downtime`: what rules are held against, and what comparisons put side by side.

mod catalogue;
mod line;

pub(crate) use catalogue::names;
pub use catalogue::{About, Known, documentation, known, of_summary};
pub use line::{Bounded, Column, Figure, Line, Orientation, Significance, Test};
