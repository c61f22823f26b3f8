//! The recording on disk, through the crate's public items: what is written is what is read, whatever happens to the folder.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

mod audit;
mod backlog;
mod format;
mod in_flight;
mod journal;
mod journal_and_part;
mod killed;
mod reading;
mod schema;
mod support;
mod writing;
