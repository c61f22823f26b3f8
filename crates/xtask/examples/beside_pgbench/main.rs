//! The bench that `cargo xtask bench recorder` runs: the recorder beside pgbench, with the same statements on the same server.
//!
//! An example and not a part of `xtask`, for the reason that `examples/truth` has.

mod child;
mod pgbench;
mod recorder;
mod run;
mod scripts;
mod server;
#[path = "../audit/usage.rs"]
mod usage;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use anyhow::{Context, Result};
use clap::Parser;

use run::{Load, Run};
use scripts::Scripts;
use server::Server;

/// Measures the recorder beside pgbench
#[derive(Debug, Parser)]
#[command(name = "beside_pgbench")]
struct Cli {
    /// `recorder`, built as it is shipped
    #[arg(long)]
    recorder: PathBuf,
    /// The workload of the shop: the repository's `sql/shop.toml`
    #[arg(long)]
    shop: PathBuf,
    /// The workload of one SELECT by primary key
    #[arg(long)]
    point_read: PathBuf,
    /// Runs of each client under each load
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: u32,
    /// Length of each run, seconds
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    seconds: u32,
}

/// Protocol, clients, and operations per second; none is as many as there can be. The rate is far below what the server can do.
const LOADS: [(&str, u32, Option<u32>); 5] = [
    ("extended", 3, None),
    ("extended", 10, None),
    ("extended", 32, None),
    ("prepared", 10, None),
    ("extended", 10, Some(500)),
];

/// What both clients run.
struct Workload {
    file: PathBuf,
    scripts: Scripts,
}

/// One run of each.
struct Pair {
    recorder: Run,
    pgbench: Run,
}

type Figure = (&'static str, fn(&Pair) -> f64);

const FULL_FIGURES: [Figure; 7] = [
    ("throughput_ratio", |pair| {
        pair.recorder.throughput() / pair.pgbench.throughput()
    }),
    ("cpu_ratio", |pair| {
        pair.recorder.cpu_us() / pair.pgbench.cpu_us()
    }),
    ("recorder_per_s", |pair| pair.recorder.throughput()),
    ("pgbench_per_s", |pair| pair.pgbench.throughput()),
    ("recorder_cpu_us", |pair| pair.recorder.cpu_us()),
    ("pgbench_cpu_us", |pair| pair.pgbench.cpu_us()),
    ("recorder_mib", |pair| pair.recorder.peak_mib()),
];

const RATE_FIGURES: [Figure; 7] = [
    ("recorder_p50_ms", |pair| pair.recorder.latency_ms(50)),
    ("pgbench_p50_ms", |pair| pair.pgbench.latency_ms(50)),
    ("p50_more_ms", |pair| {
        pair.recorder.latency_ms(50) - pair.pgbench.latency_ms(50)
    }),
    ("recorder_p99_ms", |pair| pair.recorder.latency_ms(99)),
    ("pgbench_p99_ms", |pair| pair.pgbench.latency_ms(99)),
    ("p99_more_ms", |pair| {
        pair.recorder.latency_ms(99) - pair.pgbench.latency_ms(99)
    }),
    ("cpu_ratio", |pair| {
        pair.recorder.cpu_us() / pair.pgbench.cpu_us()
    }),
];

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("beside_pgbench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let server = runtime.block_on(Server::start(&cli.recorder))?;
    let folder = tempfile::tempdir()?;
    let mut loads = Vec::new();
    for (name, file) in [("shop", &cli.shop), ("point read", &cli.point_read)] {
        let file = std::fs::canonicalize(file).with_context(|| file.display().to_string())?;
        let own = folder.path().join(name);
        std::fs::create_dir(&own)?;
        let scripts = Scripts::write(&file, &own)?;
        let workload = Rc::new(Workload { file, scripts });
        loads.extend(LOADS.map(|(protocol, clients, rate)| {
            let load = Load {
                workload: name,
                protocol,
                clients,
                rate,
                seconds: cli.seconds,
                seed: 0,
            };
            (load, Rc::clone(&workload))
        }));
    }
    let mut pairs: Vec<Vec<Pair>> = loads.iter().map(|_| Vec::new()).collect();
    // All loads in each round: what the machine does in the course of time must not count for one of them.
    for round in 0..cli.rounds {
        for ((load, workload), pairs) in loads.iter().zip(&mut pairs) {
            let load = Load {
                seed: round + 1,
                ..*load
            };
            let pair = pair(&server, load, workload, folder.path())?;
            let Load {
                workload: name,
                protocol,
                clients,
                ..
            } = load;
            eprintln!(
                "round {} of {}: {name}, {protocol}, {clients} clients: {:.0}/s and {:.0}/s, CPU {:.1} µs and {:.1} µs",
                round + 1,
                cli.rounds,
                pair.recorder.throughput(),
                pair.pgbench.throughput(),
                pair.recorder.cpu_us(),
                pair.pgbench.cpu_us(),
            );
            pairs.push(pair);
        }
    }
    for ((load, _), pairs) in loads.iter().zip(&pairs) {
        let figures: &[Figure] = match load.rate {
            Some(_) => &RATE_FIGURES,
            None => &FULL_FIGURES,
        };
        print(*load, figures, pairs);
    }
    Ok(())
}

/// Both, one after the other. The one that is first in a round is second in the next.
fn pair(server: &Server, load: Load, workload: &Workload, folder: &Path) -> Result<Pair> {
    let recorder = || {
        server.set_up()?;
        recorder::run(server, load, &workload.file, folder)
    };
    let pgbench = || {
        server.set_up()?;
        pgbench::run(server, load, &workload.scripts, folder)
    };
    if load.seed.is_multiple_of(2) {
        let pgbench = pgbench()?;
        let recorder = recorder()?;
        return Ok(Pair { recorder, pgbench });
    }
    Ok(Pair {
        recorder: recorder()?,
        pgbench: pgbench()?,
    })
}

/// A line for each figure: load, name, median, least and greatest of the rounds.
fn print(load: Load, figures: &[Figure], pairs: &[Pair]) {
    let rate = load.rate.map_or("-".to_owned(), |rate| rate.to_string());
    for (name, figure) in figures {
        let mut values: Vec<f64> = pairs.iter().map(figure).collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = (values[0], values[values.len() - 1]);
        // Of an even number, the lower of the two in the middle.
        let median = values[(values.len() - 1) / 2];
        println!(
            "{}\t{}\t{}\t{rate}\t{name}\t{median}\t{low}\t{high}",
            load.workload, load.protocol, load.clients
        );
    }
}
