//! The tests of `recorder` against real servers: one binary, a module for each subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "helpers of tests are tests, which clippy does not see; nothing of a test binary is reachable"
)]

mod common;

mod audit;
mod audit_truth;
mod availability;
mod campaign;
mod channel_binding;
mod check;
mod check_finds;
mod clock;
mod connecting;
mod direct_variants;
mod disk;

mod endurance;
mod guard;
mod in_flight;
mod killed;
mod libpq;
mod marks;
mod mistakes;
mod open_loop;
mod outage;
mod paired;
mod password_command;
mod pauses;
mod permission;
mod pgbench;
mod pool;
mod power_cut;
mod probes;
mod protocol;
mod proxies;
mod reaching;
mod read_only;
mod readers;
mod secrets;
mod shutdown;
mod tcp;
mod tls;
mod verify;
mod workload;
