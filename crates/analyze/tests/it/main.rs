//! `analyze` on recordings whose answer is known: as a library, and as a user runs it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test fails by panicking, and the report that it expects stands in it"
)]

mod assert;
mod campaign;
mod cases;
mod charts;
mod damaged;
mod decomposition;
mod decomposition_properties;
mod downtime;
mod durability;
mod effects;
mod failovers;
mod figures;
mod gaps;
mod garbage;
mod golden;
mod groups;
mod in_progress;
mod many;
mod mistakes;
mod one_pass;
mod overload;
mod page;
mod part_of_a_recording;
mod properties;
mod query;
mod recovery;
mod sample;
mod service;
mod support;
mod text;
mod tolerance;
