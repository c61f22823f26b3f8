//! Turns a recording into figures, reports and charts. Knows nothing of PostgreSQL.
//!
//! The road is one way: [`load`] (recording to lazy frames), `reduce` (rows to small frames), [`outages`], [`recovery`] and
//! [`rates`] (plain values to typed figures), [`summary`] (one serializable struct), then renderers that only render:
//! [`text`] and [`charts`]. What every figure means stands in `semantics.md`; the code cites it.

mod beside;
pub mod bootstrap;
pub mod charts;
pub mod cli;
pub mod columns;
mod comparison;
pub mod decomposition;
mod error;
mod failovers;
mod failures;
mod frame;
pub mod gaps;
mod impact;
pub mod load;
pub mod naive;
mod new_writers;
pub mod outages;
mod percentile;
pub mod rates;
pub mod recovery;
mod reduce;
pub mod series;
mod summarize;
pub mod summary;
mod survey;
pub mod text;
pub mod timeline;
mod triggers;

pub use error::AnalyzeError;
pub use summarize::{Analysis, analyze};
