//! The bench that `cargo xtask bench audit` runs: a made recording of many operations, the rows that it tells of in a lab, and what
//! `recorder audit` takes for it.
//!
//! An example and not a part of `xtask`, for the reason that `examples/truth` has.

mod recorder;
mod synthetic;
mod usage;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use lab::{Lab, LabOptions, Replication};
use recording::Audit;
use tokio_postgres::NoTls;

use synthetic::Shape;

/// Measures `recorder audit`
#[derive(Debug, Parser)]
#[command(name = "audit")]
struct Cli {
    /// Writes with an identity that the recording tells of
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    writes: u64,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("audit: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    let program = std::env::current_exe().context("finding this program")?;
    // target/debug/examples/audit
    let programs = program.parent().and_then(Path::parent);
    let programs = programs.context("finding this program's folder")?;
    let shape = Shape::of(cli.writes);
    let root = tempfile::tempdir()?;
    eprintln!("making a recording of {} operations", shape.operations());
    let folder = synthetic::record(&root.path().join("run"), shape)?;

    let runtime = tokio::runtime::Runtime::new()?;
    let options = LabOptions {
        replication: Replication::Async,
        ..LabOptions::default()
    };
    let lab = runtime.block_on(Lab::start(options))?;
    recorder::set_up(&lab, programs)?;
    eprintln!("making its rows");
    runtime.block_on(fill(&lab, shape))?;

    eprintln!("auditing");
    let taken = recorder::audit(&lab, programs, &folder)?;
    let audit = Audit::read(&folder)?.context("the audit is not there")?;
    let sum = |of: fn(&recording::PathAudit) -> u64| audit.paths.iter().map(of).sum::<u64>();
    let (acknowledged, lost) = (sum(|path| path.acknowledged), sum(|path| path.lost));
    ensure!(
        acknowledged == shape.writes() && lost == shape.lost() && audit.findings() == lost,
        "{acknowledged} acknowledged and {lost} lost were found of {} and {}",
        shape.writes(),
        shape.lost()
    );
    for (name, value) in [
        ("writes", shape.writes() as f64),
        ("operations", shape.operations() as f64),
        ("lost", lost as f64),
        ("wall_s", taken.wall.as_secs_f64()),
        ("cpu_s", taken.cpu.as_secs_f64()),
        ("memory_mib", taken.peak_bytes as f64 / f64::from(1 << 20)),
    ] {
        println!("{name}\t{value}");
    }
    Ok(())
}

/// Makes the rows of the recording's writes, but for those that are lost.
async fn fill(lab: &Lab, shape: Shape) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(&lab.admin_url(lab.writer()), NoTls).await?;
    let connection = tokio::spawn(connection);
    for statement in shape.statements() {
        client
            .batch_execute(&statement)
            .await
            .with_context(|| statement.clone())?;
    }
    drop(client);
    connection.await??;
    Ok(())
}
