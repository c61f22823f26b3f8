//! `recorder check`, as the user writes it.

use std::time::Duration;

use clap::Args;
use command_line::duration;

use crate::cli::mode::ModeArg;
use crate::sql::protocol::Protocol;

/// `recorder check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Which paths to check
    #[arg(long, value_enum, default_value = "both")]
    pub mode: ModeArg,
    /// Workers per path that a run shall have
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub concurrent_workers: u32,
    /// Connections per path at most that a run shall have
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub pool_size: u32,
    /// Shortest think time of a worker in that run
    #[arg(long, value_name = "TIME", default_value = "0.1", value_parser = duration::parse)]
    pub min_operation_interval: Duration,
    /// Longest think time of a worker in that run
    #[arg(long, value_name = "TIME", default_value = "0.5", value_parser = duration::parse)]
    pub max_operation_interval: Duration,
    /// pgbench shall run beside the workload
    #[arg(long)]
    pub enable_pgbench: bool,
    /// pgbench's clients per path in that run
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000), requires = "enable_pgbench")]
    pub pgbench_clients: u32,
    /// Limit on each phase of connecting, and on each question after it [default: connect_timeout of the connection strings, else 5s]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub connect_timeout: Option<Duration>,
    /// Longest that an operation may take in that run
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::parse)]
    pub operation_timeout: Duration,
    /// How that run shall send statements
    #[arg(long, value_enum, default_value_t)]
    pub protocol: Protocol,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
