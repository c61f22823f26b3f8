//! The availability probes, as the user writes them.

use std::time::Duration;

use clap::{Args, ValueEnum};
use command_line::duration;

/// What the availability probes ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum AvailabilityKinds {
    /// Reads alone
    Reads,
    /// Reads and writes
    #[default]
    ReadsAndWrites,
}

/// How often the paths are asked for their availability, and what, as the user wrote it.
#[derive(Debug, Clone, Args)]
pub struct AvailabilityArgs {
    /// How often the availability probes ask each path for one read and one write; 0 is never
    ///
    /// They measure the service's downtime: what a client that connects anew would have met. Each kind has a connection of its own, which the
    /// pools do not know; while it does not answer, fresh ones are made, at most 10 in flight. At 50ms they add 40 statements per second and
    /// path, of which 20 update and commit a row of business_availability (made by `recorder setup`; without it the run goes on without these
    /// probes). They replace the server probes of --probe-interval. From 10ms to 500ms.
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = duration::parse, help_heading = "Recording")]
    pub availability_interval: Duration,
    /// What the availability probes ask
    ///
    /// With `reads` they write nothing, and the recording has no service downtime of writes. Where the workload has no writes and no
    /// transactions, they never write.
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "KINDS",
        help_heading = "Recording"
    )]
    pub availability: AvailabilityKinds,
}
