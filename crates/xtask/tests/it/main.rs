//! The programs of the product together, and the workspace itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bench_truth;
mod campaign;
mod demo;
mod dist;
mod engines;
mod guides;
mod killed;
mod manifest;
mod modules;
mod notebooks;
mod pgbench;
mod readme;
mod sql;
mod support;
mod truth;
