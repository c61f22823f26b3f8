//! The bench that `cargo xtask bench availability` runs: what the availability probes take from the workload, and what their rows take on disk.
//!
//! An example and not a part of `xtask`, for the reason that `examples/truth` has.

mod run;
mod sealed;
#[path = "../audit/usage.rs"]
mod usage;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use lab::{Lab, LabOptions};

use run::{Probes, Run};

/// Measures the workload with and without availability probes
#[derive(Debug, Parser)]
#[command(name = "availability")]
struct Cli {
    /// Pairs of recordings, one with the probes and one without
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pairs: u32,
    /// Length of each recording, seconds
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    seconds: u32,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("availability: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    let program = std::env::current_exe().context("finding this program")?;
    // target/debug/examples/availability
    let programs = program.parent().and_then(Path::parent);
    let programs = programs.context("finding this program's folder")?;
    let runtime = tokio::runtime::Runtime::new()?;
    let lab = runtime.block_on(Lab::start(LabOptions::default()))?;
    run::set_up(&lab, programs)?;
    let root = tempfile::tempdir()?;
    let record = |probes: Probes| Run::record(&lab, programs, root.path(), cli.seconds, probes);
    // The first finds caches empty, and counts for nothing.
    record(Probes::On)?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for pair in 0..cli.pairs {
        eprintln!("pair {} of {}", pair + 1, cli.pairs);
        // What the machine does in the course of time must not count for one of them.
        let order = match pair % 2 {
            0 => [Probes::On, Probes::Off],
            _ => [Probes::Off, Probes::On],
        };
        for probes in order {
            let run = record(probes)?;
            match probes {
                Probes::On => with.push(run),
                Probes::Off => without.push(run),
            }
        }
    }
    let last = with.last().context("no pair was recorded")?;
    let sealed = sealed::bytes_per_row(&last.folder, &root.path().join("sealed"))?;
    let of = |runs: &[Run], figure: fn(&Run) -> f64| median(runs.iter().map(figure).collect());
    let ratio = |figure: fn(&Run) -> f64| {
        let pairs = with.iter().zip(&without);
        median(
            pairs
                .map(|(with, without)| figure(with) / figure(without))
                .collect(),
        )
    };
    for (name, value) in [
        ("pairs", f64::from(cli.pairs)),
        ("seconds", f64::from(cli.seconds)),
        ("operations_per_s_without", of(&without, Run::throughput)),
        ("operations_per_s_with", of(&with, Run::throughput)),
        ("throughput_ratio", ratio(Run::throughput)),
        ("cpu_us_without", of(&without, Run::cpu_us)),
        ("cpu_us_with", of(&with, Run::cpu_us)),
        ("cpu_ratio", ratio(Run::cpu_us)),
        ("sealed_bytes", sealed),
    ] {
        println!("{name}\t{value}");
    }
    Ok(())
}

/// Of an even number, the lower of the two in the middle; 0 of nothing.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len().saturating_sub(1) / 2;
    values.get(middle).copied().unwrap_or(0.0)
}
