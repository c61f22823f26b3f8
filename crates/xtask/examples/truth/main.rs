//! The truth bench that `cargo xtask bench truth` runs: outages of known times against what `analyze` reports.
//!
//! An example and not a part of `xtask`: its lab needs PostgreSQL's driver and a name server, which `cargo xtask demo` would have to
//! compile twice before it starts.

mod bench;

use std::path::Path;
use std::process::ExitCode;

use bench::Failure;
use clap::Parser;

/// Injects outages and compares what `analyze` reports with an independent witness
#[derive(Debug, Parser)]
#[command(name = "truth")]
struct Cli {
    #[command(flatten)]
    args: bench::TruthArgs,
}

fn main() -> ExitCode {
    let args = Cli::parse().args;
    let programs = std::env::current_exe().ok();
    // target/debug/examples/truth
    let programs = programs.as_deref().and_then(Path::parent);
    let Some(programs) = programs.and_then(Path::parent) else {
        eprintln!("truth: cannot find this program's folder");
        return ExitCode::FAILURE;
    };
    match bench::run(&args, programs) {
        Ok(result) => {
            print!("{}", result.text);
            ExitCode::from(u8::from(!result.is_right))
        }
        Err(Failure::Usage(text)) => {
            eprintln!("truth: {text}");
            ExitCode::from(2)
        }
        Err(Failure::Bench(error)) => {
            eprintln!("truth: {error:#}");
            ExitCode::FAILURE
        }
    }
}
