//! The binary: everything is in the library.

use std::process::ExitCode;

use command_line::generated::parse;
use lab::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    let cli: Cli =
        parse(version::with_commit!(), std::env::args_os()).unwrap_or_else(|error| error.exit());
    lab::run(cli).await
}
