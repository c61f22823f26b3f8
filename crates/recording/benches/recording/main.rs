//! The costs of recording: figures as lines `name<TAB>value` on stdout. `cargo xtask bench recording` runs this and prints them with
//! their budgets. With `--make FOLDER` it makes a recording there and measures nothing: `cargo xtask bench analyze` reads that.

mod hot_path;
mod journal;
mod make;
mod outage;
mod process;
mod random;
#[path = "../../tests/it/support/mod.rs"]
#[allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the tests' own; only the manifest is used here"
)]
mod support;
mod synthetic;
mod writer;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench recording: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let (rows, folder) = arguments()?;
    if let Some(folder) = folder {
        return make::make(&folder, rows);
    }
    // Memory first: later steps use more, which is not the writer's.
    writer::measure(rows)?;
    journal::measure()?;
    hot_path::measure()
}

/// `--rows N` and `--make FOLDER`; cargo adds a `--bench` of its own.
fn arguments() -> Result<(u64, Option<PathBuf>)> {
    let mut arguments = std::env::args().skip(1);
    let (mut rows, mut folder) = (10_000_000, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {}
            "--rows" => rows = arguments.next().ok_or("--rows needs a number")?.parse()?,
            "--make" => folder = Some(arguments.next().ok_or("--make needs a folder")?.into()),
            other => {
                let text =
                    format!("unknown argument {other}: --rows N and --make FOLDER are known");
                return Err(text.into());
            }
        }
    }
    match rows {
        0 => Err("--rows must be at least 1".into()),
        rows => Ok((rows, folder)),
    }
}

/// Hands a row over. Where the queue was full the row is dropped and counted: it is handed over again once there is room for many, as
/// waking this thread for each row would be most of the cost.
fn hand_over(handle: &recording::Handle, row: recording::Operation) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let dropped = handle.dropped_rows();
        handle.operation(row.clone());
        if handle.dropped_rows() == dropped {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err("the writer takes no rows".into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Prints the current step, on a terminal.
fn progress(text: &str) {
    use std::io::IsTerminal;
    if std::io::stderr().is_terminal() {
        eprintln!("{text}");
    }
}

/// Prints a figure.
fn figure(name: &str, value: f64) {
    println!("{name}\t{value:.4}");
}
