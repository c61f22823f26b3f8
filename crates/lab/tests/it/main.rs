//! The lab from outside: as a library, as a program, and as its clients see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod command;
mod common;
mod failover;
mod faults;
mod healing;
mod housekeeping;
mod interceptor;
mod lifecycle;
mod loss;
mod properties;
mod readers;
mod tls;
