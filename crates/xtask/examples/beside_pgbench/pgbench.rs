//! pgbench with the same statements.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::child;
use super::run::{Load, Run};
use super::scripts::Scripts;
use super::server::Server;

/// Runs the scripts, and logs into `folder`.
pub(crate) fn run(server: &Server, load: Load, scripts: &Scripts, folder: &Path) -> Result<Run> {
    let mut command = Command::new("pgbench");
    command
        .current_dir(folder)
        .args(["--no-vacuum", "--log", "--log-prefix=log"])
        .args(["--protocol", load.protocol])
        .args(["--client", &load.clients.to_string()])
        .args(["--time", &load.seconds.to_string()])
        .args(["--random-seed", &load.seed.to_string()])
        .args(&scripts.arguments);
    if let Some(rate) = load.rate {
        command.args(["--rate", &rate.to_string()]);
    }
    let taken = child::run(command.arg(&server.url))?;
    let (operations, length) = totals(&taken.stdout)
        .with_context(|| format!("what pgbench prints has changed:\n{}", taken.stdout))?;
    let mut latencies_us = latencies(folder)?;
    ensure!(
        latencies_us.len() as u64 == operations,
        "pgbench ran {operations} transactions and logged {}",
        latencies_us.len()
    );
    if load.rate.is_none() {
        latencies_us.clear();
    }
    Ok(Run {
        operations,
        length,
        cpu: taken.cpu,
        peak_bytes: taken.peak_bytes,
        latencies_us,
    })
}

/// Transactions, and how long they took without the connecting.
fn totals(text: &str) -> Option<(u64, Duration)> {
    let after = |sign: &str| {
        let (_, rest) = text.split_once(sign)?;
        rest.split_whitespace().next()
    };
    if after("number of failed transactions: ")? != "0" {
        return None;
    }
    let operations: u64 = after("transactions actually processed: ")?.parse().ok()?;
    let per_s: f64 = after("tps = ")?.parse().ok()?;
    let length = Duration::try_from_secs_f64(operations as f64 / per_s).ok()?;
    Some((operations, length))
}

/// The third word of each line of its logs, which it then removes; sorted.
fn latencies(folder: &Path) -> Result<Vec<i64>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with("log.") {
            continue;
        }
        for line in fs::read_to_string(&path)?.lines() {
            let latency = line.split(' ').nth(2).and_then(|word| word.parse().ok());
            all.push(latency.with_context(|| format!("pgbench's log: {line}"))?);
        }
        fs::remove_file(&path)?;
    }
    all.sort_unstable();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pgbench_prints() {
        let text = "number of transactions actually processed: 4000\n\
                    number of failed transactions: 0 (0.000%)\n\
                    tps = 2000.5 (without initial connection time)\n";
        let (operations, length) = totals(text).unwrap();
        assert_eq!((operations, length.as_millis()), (4000, 1999));
        assert!(totals(&text.replace("transactions: 0", "transactions: 3")).is_none());
        assert!(totals("").is_none());
    }
}
