//! Turns a recording into figures, reports and charts. Knows nothing of PostgreSQL.
//!
//! The road is one way: [`load`] (a recording's files to batches and lazy frames), [`reduce`] (rows to small frames and plain values, the
//! operations in one pass), [`metrics`] (plain values to typed figures), [`summary`] (one serializable struct), then renderers that
//! only render: [`text`], [`markdown`], [`html`] and [`charts`]. [`figures`] has each figure of a summary by name, and [`rules`]
//! holds them against rules; [`query`] asks the tables themselves. What every figure means stands in `docs/definitions.md`; the
//! code cites it.

pub mod campaign;
pub mod charts;
pub mod cli;
pub mod compare;
mod error;
pub mod figures;
pub mod gaps;
pub mod html;
pub mod listing;
pub mod load;
pub mod markdown;
pub mod metrics;
mod near;
pub mod query;
pub mod reduce;
pub mod rules;
pub mod stats;
mod summarize;
pub mod summary;
pub mod text;
pub mod zone;

pub use error::AnalyzeError;
pub use summarize::{Analysis, analyze, summarize};
