//! `cargo xtask bench`: figures with their budgets, and their history in `docs/benchmarks.md`.

mod analyze;
mod audit;
mod availability;
mod origin;
mod recorder;
mod recording;
mod sql;
mod truth;
mod truth_args;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Size and speed of recording: bytes per operation, rows per second of one core, memory, the hot path.
    ///
    /// Takes about a minute after a release build of a few minutes. On a busy machine only the bytes, the CPU time and the ratios are of use.
    Recording {
        /// Operations to record. Fewer are faster, but the figures vary more.
        #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
        rows: u64,
        /// Append the figures to the history in docs/benchmarks.md.
        #[arg(long)]
        write: bool,
    },
    /// The queries of `sql/analysis` in DuckDB, with 2 threads: CPU time and memory of each.
    ///
    /// Makes a recording first, and removes it at the end. Takes about three minutes. The budgets are for the default number of rows.
    Sql {
        /// Operations of the recording.
        #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
        rows: u64,
        /// Write the table into docs/benchmarks.md
        #[arg(long)]
        write: bool,
    },
    /// `analyze report` and `analyze charts` over recordings from small to large, beside DuckDB over the same files.
    ///
    /// Builds `analyze` in release mode first. The recordings are made once and kept; the largest one takes 1.3 GB. All sizes take about
    /// half an hour on a quiet machine, most of it DuckDB's.
    Analyze {
        /// Operations of each recording, from small to large.
        #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000, 10_000_000, 100_000_000], value_parser = clap::value_parser!(u64).range(1..))]
        rows: Vec<u64>,
        /// Add the table to the history in docs/benchmarks.md.
        #[arg(long)]
        write: bool,
    },
    /// `recorder audit` of a made recording, against its rows in a lab: time, CPU and memory of the recorder.
    ///
    /// Takes about a minute for a million writes, most of it to make them.
    Audit {
        /// Writes with an identity that the recording tells of; five times as many operations.
        #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
        writes: u64,
        /// Append the figures to the history in docs/benchmarks.md.
        #[arg(long)]
        write: bool,
    },
    /// The workload at full speed in the lab, with and without the availability probes side by side, and the bytes that their rows take.
    ///
    /// Takes about four minutes. Run it on an otherwise idle machine.
    Availability(availability::AvailabilityArgs),
    /// The recorder at full speed beside pgbench with the same statements: throughput, CPU per operation, and latency at a fixed rate.
    ///
    /// Builds `recorder` in release mode first, then takes about 16 minutes. Run it on an otherwise idle machine.
    Recorder(recorder::RecorderArgs),
    /// Outages of known times in the lab, compared with what `analyze` reports and what an independent witness saw.
    ///
    /// 100 outages take about half an hour. Run it on an otherwise idle machine: the witness and the recorder must not wait for the
    /// processor. Exit code 1 where the witness's outage lies outside of the report's bounds, or an outage is missed or false; each such
    /// figure is printed with the steps of its fault and the folder of its recording.
    Truth {
        #[command(flatten)]
        args: truth_args::TruthArgs,
        /// Write into docs/benchmarks.md: outages replace the table there, and time without a fault is one more row
        #[arg(long)]
        write: bool,
    },
}

/// Measures and prints. The exit code is 1 where the bench judges its figures and one of them is wrong.
pub(crate) fn run(bench: &Bench) -> Result<ExitCode> {
    match bench {
        Bench::Recording { rows, write } => {
            recording::run(*rows, *write).map(|()| ExitCode::SUCCESS)
        }
        Bench::Sql { rows, write } => sql::run(*rows, *write).map(|()| ExitCode::SUCCESS),
        Bench::Analyze { rows, write } => analyze::run(rows, *write).map(|()| ExitCode::SUCCESS),
        Bench::Audit { writes, write } => audit::run(*writes, *write).map(|()| ExitCode::SUCCESS),
        Bench::Availability(args) => availability::run(*args).map(|()| ExitCode::SUCCESS),
        Bench::Recorder(args) => recorder::run(*args).map(|()| ExitCode::SUCCESS),
        Bench::Truth { args, write } => truth::run(args, *write),
    }
}
