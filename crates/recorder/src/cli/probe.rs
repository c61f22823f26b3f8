//! The probes, as the user writes them.

use std::time::Duration;

use clap::Args;
use command_line::duration;

/// How often the paths are probed, as the user wrote it.
#[derive(Debug, Clone, Args)]
pub struct ProbeArgs {
    /// How often to probe each path for the server that answers, where no availability probe asks; 0 is never
    ///
    /// Address, role, start time and replication lag of the server become rows of the table `probes`, asked on one more connection. Once a second
    /// the endpoint's name is resolved too, past every cache of the recorder, and becomes a row. Changes become events. 0 turns both off. An
    /// endpoint that the availability probes ask needs no server probe: their answers say the same.
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = duration::parse, help_heading = "Recording")]
    pub probe_interval: Duration,
}
