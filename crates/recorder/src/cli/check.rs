//! `recorder check`, as the user writes it.

use std::time::Duration;

use clap::Args;
use command_line::duration;

use crate::cli::availability::AvailabilityArgs;
use crate::cli::mode::ModeArg;
use crate::cli::open_loop::RateArgs;
use crate::cli::workload::WorkloadFile;
use crate::sql::protocol::Protocol;

/// `recorder check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Which paths to check
    #[arg(long, value_enum, default_value = "both")]
    pub mode: ModeArg,
    /// Workers per path in the planned run
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub concurrent_workers: u32,
    /// Largest number of connections per path in the planned run
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub pool_size: u32,
    /// The workload of the planned run.
    #[command(flatten)]
    pub file: WorkloadFile,
    /// Shortest think time in the planned run
    #[arg(long, value_name = "TIME", default_value = "0.1", value_parser = duration::parse)]
    pub min_operation_interval: Duration,
    /// Longest think time in the planned run
    #[arg(long, value_name = "TIME", default_value = "0.5", value_parser = duration::parse)]
    pub max_operation_interval: Duration,
    /// The open loop of the planned run.
    #[command(flatten)]
    pub open_loop: RateArgs,
    /// The planned run uses pgbench as background load
    #[arg(long)]
    pub enable_pgbench: bool,
    /// Clients of pgbench per path in the planned run
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000), requires = "enable_pgbench")]
    pub pgbench_clients: u32,
    /// Time limit of each phase of connecting, and of each question of the check [default: connect_timeout of the connection strings, else 5s]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub connect_timeout: Option<Duration>,
    /// Time limit of an operation in the planned run
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::parse)]
    pub operation_timeout: Duration,
    /// How the planned run sends statements
    #[arg(long, value_enum, default_value_t)]
    pub protocol: Protocol,
    /// The availability probes of the planned run.
    #[command(flatten)]
    pub availability: AvailabilityArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
