//! SQL over recordings: the tables with all of their columns, and views of the figures.
//!
//! [`Sql`] is a query that begins as one; [`run`] plans and runs it over recordings, and gives its rows, batch by batch, to an
//! [`output`]; [`export`] writes whole tables. What there is to be asked: [`entries`].

mod catalogue;
mod engine;
pub mod export;
mod file;
mod frame;
mod mistake;
pub mod output;
mod run;
mod seconds;
mod sql;
mod tables;
mod value;
mod views;

pub use catalogue::{Entry, EntryColumn, entries};
pub use file::{is_recorded, other_than_a_file, replace};
pub use mistake::Mistake;
pub use run::{QueryError, entries_of, run};
pub use sql::Sql;
