//! `analyze`: see `analyze --help`.

use std::process::ExitCode;

use analyze::cli::Cli;
use command_line::generated::parse;

fn main() -> ExitCode {
    let cli: Cli =
        parse(version::with_commit!(), std::env::args_os()).unwrap_or_else(|error| error.exit());
    cli.run()
}
