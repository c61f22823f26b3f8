//! `analyze`: see `analyze --help`.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    analyze::cli::Cli::parse().run()
}
