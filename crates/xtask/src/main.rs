//! `cargo xtask`: the commands of this project, for a fresh Debian or Ubuntu machine with Rust.

mod bench;
mod demo;
mod dist;
mod python;
mod shell;
mod soak;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what is missing, build, and record and analyze a real failover in the lab.
    ///
    /// Takes about 65 s after the build. The first build compiles polars: about 10 minutes on 2 cores.
    Demo,
    /// Check the format, lint, and run every test: what CI runs.
    ///
    /// Starts its own PostgreSQL pairs and pgbouncers on loopback, and stops them.
    Test {
        /// Read recordings with Spark too. Installs it from PyPI (490 MB), and Java with apt where it is missing; takes some minutes more.
        #[arg(long)]
        with_spark: bool,
    },
    /// Run long tests: many killed recorders, damaged recordings, failovers and audits of them.
    ///
    /// `cargo xtask test` runs a few of each. Takes about 50 minutes after the build, 30 of them at the highest rate.
    Soak(soak::SoakArgs),
    /// Pack the three programs for hosts without Rust: target/dist/pgoutage-VERSION-x86_64-linux.tar.gz, and its .sha256.
    ///
    /// Builds in release mode with zig as the linker, for glibc 2.28 and newer; installs zig from PyPI. The first build takes about half an hour on 2
    /// cores.
    Dist(dist::DistArgs),
    /// Measure, and print each figure next to its budget.
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Demo => demo::run().map(success),
        Command::Test { with_spark } => test::run(with_spark).map(success),
        Command::Soak(args) => soak::run(&args).map(success),
        Command::Dist(args) => dist::run(&args).map(success),
        Command::Bench(bench) => bench::run(&bench),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn success((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
