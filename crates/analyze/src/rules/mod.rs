//! Rules that a recording is held against, such as `proxy.writer.downtime <= 5s`: how they are written, what they are held against, and what
//! comes of it.

mod file;
mod grammar;
pub mod junit;
mod rule;
mod verdict;

pub use file::{RulesFileError, parse_file};
pub use grammar::{Comparison, Expression, Literal, LiteralUnit, Mistake};
pub use rule::Rule;
pub use verdict::{Judged, Verdict};

#[cfg(test)]
mod tests;
