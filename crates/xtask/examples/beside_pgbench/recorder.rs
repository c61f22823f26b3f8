//! The recorder on the direct path alone.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use parquet::file::reader::SerializedFileReader;
use parquet::record::{Field, Row};
use recording::{Manifest, Recording, Table};

use super::child;
use super::run::{Load, Run};
use super::server::Server;

/// Records for so long as the load says.
pub(crate) fn run(server: &Server, load: Load, workload: &Path, folder: &Path) -> Result<Run> {
    let clients = load.clients.to_string();
    let mut command = server.recorder();
    command
        .args(["run", "--mode", "direct"])
        .args(["--protocol", load.protocol])
        .args(["--concurrent-workers", &clients, "--pool-size", &clients])
        .args(["--duration", &load.seconds.to_string()])
        .args(["--seed", &load.seed.to_string()])
        .arg("--workload")
        .arg(workload)
        // pgbench has nothing like them; their cost has a bench of its own.
        .args(["--availability-interval", "0", "--no-audit", "--skip-check"])
        .arg("--out")
        .arg(folder);
    match load.rate {
        Some(rate) => command
            .args(["--rate", &rate.to_string(), "--arrival", "poisson"])
            .args(["--max-in-flight", &clients]),
        None => command
            .args(["--min-operation-interval", "0"])
            .args(["--max-operation-interval", "0"]),
    };
    let taken = child::run(&mut command)?;
    let folder = taken.stdout.lines().last();
    let folder = Path::new(folder.context("recorder run names no folder")?);
    let manifest = Manifest::read(folder)?;
    let length_us = manifest.duration_us.context("the recording has no end")?;
    let rows = rows(folder)?;
    // Those in flight at the end have no end; pgbench lets them finish.
    let is_done = |row: &&Ended| row.outcome == "ok" || row.outcome == "rejected";
    let done = rows.iter().filter(is_done).count();
    let unfinished = rows
        .iter()
        .filter(|row| row.outcome == "unfinished")
        .count();
    ensure!(
        done + unfinished == rows.len(),
        "{}: {} operations failed",
        folder.display(),
        rows.len() - done - unfinished
    );
    let mut latencies_us: Vec<i64> = match load.rate {
        Some(_) => rows.iter().filter_map(|row| row.latency_us).collect(),
        None => Vec::new(),
    };
    latencies_us.sort_unstable();
    Ok(Run {
        operations: done as u64,
        length: Duration::from_micros(length_us.unsigned_abs()),
        cpu: taken.cpu,
        peak_bytes: taken.peak_bytes,
        latencies_us,
    })
}

/// What is asked of an operation.
struct Ended {
    outcome: String,
    /// Since it was due.
    latency_us: Option<i64>,
}

fn rows(folder: &Path) -> Result<Vec<Ended>> {
    let mut all = Vec::new();
    for part in Recording::open(folder)?.parts(Table::Operations)? {
        let named = || part.display().to_string();
        let rows = SerializedFileReader::new(File::open(&part).with_context(named)?);
        for row in rows.with_context(named)? {
            all.push(ended(&row.with_context(named)?).with_context(named)?);
        }
    }
    Ok(all)
}

fn ended(row: &Row) -> Result<Ended> {
    let time = |name: &str| match field(row, name) {
        Some(Field::TimestampMicros(time)) => Some(*time),
        _ => None,
    };
    let Some(Field::Str(outcome)) = field(row, "outcome") else {
        anyhow::bail!("a row without an outcome");
    };
    let due = time("scheduled_time").context("a row without scheduled_time")?;
    Ok(Ended {
        outcome: outcome.clone(),
        latency_us: time("end_time").map(|end| end - due),
    })
}

fn field<'r>(row: &'r Row, name: &str) -> Option<&'r Field> {
    let mut columns = row.get_column_iter();
    columns.find_map(|(of, field)| (of == name).then_some(field))
}
