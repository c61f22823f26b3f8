//! The binary: everything is in the library.

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    lab::run(lab::Cli::parse()).await
}
