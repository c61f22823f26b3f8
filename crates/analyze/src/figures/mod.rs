//! Figures by their names, such as `proxy.writer.downtime`: what rules are held against, and what comparisons put side by side.

mod line;

pub use line::{Bounded, Column, Figure, Line, Orientation, Significance, Test};
