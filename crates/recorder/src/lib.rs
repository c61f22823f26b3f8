//! `recorder`: runs a business workload on two paths through a PostgreSQL failover and records every operation.
//!
//! The road is one way: [`cli`] (as written) -> [`config`] (checked) -> [`run`], which checks both paths, begins the recording
//! and starts the workers of each path ([`workload`]); those draw operations, take connections ([`pool`],
//! [`connect`]), run statements and judge failures ([`classify`]).

mod audit;
pub mod availability;
mod check;
pub mod classify;
pub mod cli;
mod commands;
pub mod config;
pub mod connect;
mod database;
pub mod definition;
pub mod endpoint;
mod error;
mod failover;
mod mark;
pub mod monitor;
pub mod output;
pub mod pgbench;
mod pool;
pub mod probe;
mod run;
mod runtime;
mod shell;
mod shutdown;
mod sql;
pub mod text;
pub mod workload;

use std::ffi::OsString;

use clap::CommandFactory;
use command_line::generated;

pub use error::RecorderError;
pub use run::record;

use cli::{Cli, Command};
use commands::{cleanup, recover, setup, verify};
use output::terminal;
use text::redact;

/// Of a path. So many make new connections in less than 0.1 s on one thread, which is what their logins take.
const WORKERS_PER_THREAD: usize = 16;

/// Runs the command line `arguments` (the program's name first) as the program of this version, and gives the exit code of the process.
#[must_use]
pub fn run_command_line(version: &'static str, arguments: &[OsString]) -> u8 {
    let cli: Cli = match generated::parse(version, arguments.iter().cloned()) {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing is to be done about a closed stdout.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    if shows_password(arguments) {
        terminal::line(
            "warning: the password on the command line is visible in the process list; put the URL into PGOUTAGE_DIRECT_URL or PGOUTAGE_PROXY_URL (for reads: PGOUTAGE_DIRECT_READER_URL, PGOUTAGE_PROXY_READER_URL), or the password into PGPASSWORD or ~/.pgpass",
        );
    }
    match execute(cli) {
        Ok(()) => 0,
        Err(error) => {
            terminal::line(format!("recorder: {error}"));
            error.exit_code()
        }
    }
}

fn execute(cli: Cli) -> Result<(), RecorderError> {
    let threads = threads(&cli.command);
    let done = runtime::block_on(threads, async {
        match cli.command {
            Command::Run(args) => run::run(&cli.endpoints, *args).await,
            Command::Check(args) => check::run(&cli.endpoints, &args).await,
            Command::Setup(args) => setup::run(&cli.endpoints, &args).await,
            Command::Cleanup(args) => cleanup::run(&cli.endpoints, &args).await,
            Command::Audit(args) => commands::audit::run(&cli.endpoints, &args).await,
            Command::Recover(args) => recover::run(&args),
            Command::Mark(args) => commands::mark::run(&args),
            Command::Verify(args) => verify::run(&args),
            Command::Workload => terminal::result(definition::SHOP.trim_end()),
            Command::Completions(args) => args
                .run(Cli::command())
                .map_err(|error| RecorderError::Failed(format!("standard output: {error}"))),
            Command::Man(args) => args.run(Cli::command()).map_err(RecorderError::Failed),
        }
    });
    done.map_err(|error| RecorderError::NothingRecorded(format!("no async runtime: {error}")))?
}

/// How many threads the work is spread over. Each answer that arrives wakes a thread that is idle, to look for more work: with a few
/// workers there is none, and the waking costs more than the work.
fn threads(command: &Command) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    match command {
        Command::Run(args) => {
            let workers = config::schedule::workers(&args.open_loop, args.concurrent_workers);
            (workers as usize / WORKERS_PER_THREAD).clamp(1, cores)
        }
        _ => cores,
    }
}

/// A password in an endpoint's connection string, given as an argument.
fn shows_password(arguments: &[OsString]) -> bool {
    arguments
        .iter()
        .filter_map(|argument| argument.to_str())
        .any(|argument| {
            let is_endpoint = [
                "postgres://",
                "postgresql://",
                "host",
                "dbname=",
                "service=",
            ]
            .iter()
            .any(|sign| argument.contains(sign));
            is_endpoint && redact::has_password(argument)
        })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn threads_grow_with_the_workers() {
        let cores = std::thread::available_parallelism().unwrap().get();
        let threads = |arguments: &[&str]| {
            let command = [&["recorder", "run"], arguments].concat();
            threads(&Cli::parse_from(command).command)
        };
        assert_eq!(threads(&[]), 1);
        assert_eq!(threads(&["--concurrent-workers", "31"]), 1);
        assert_eq!(threads(&["--concurrent-workers", "32"]), cores.min(2));
        assert_eq!(threads(&["--concurrent-workers", "10000"]), cores.min(625));
        let open_loop = ["--rate", "500", "--max-in-flight", "48"];
        assert_eq!(threads(&open_loop), cores.min(3));
        // Ten times the workers may be in flight.
        let open_loop = ["--rate", "500", "--concurrent-workers", "5"];
        assert_eq!(threads(&open_loop), cores.min(3));
    }
}
