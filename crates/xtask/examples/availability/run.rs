//! `recorder` as a program of its own, at full speed.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use command_line::process::describe;
use lab::Lab;
use recording::{Manifest, Table};

use super::usage::usage;

/// Between two looks at the process.
const INTERVAL: Duration = Duration::from_millis(20);
/// Per path; together more than this machine needs to be busy.
const WORKERS: &str = "4";

/// Whether the availability probes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probes {
    On,
    Off,
}

/// A recording of the workload, and what it took.
pub(crate) struct Run {
    pub(crate) folder: PathBuf,
    /// Of both paths.
    operations: u64,
    length: Duration,
    /// Of the recorder alone, user and system.
    cpu: Duration,
}

fn command(lab: &Lab, programs: &Path) -> Command {
    let mut command = Command::new(programs.join("recorder"));
    command
        .env("PGOUTAGE_DIRECT_URL", lab.direct_url())
        .env("PGOUTAGE_PROXY_URL", lab.proxy_url())
        .env("PGOUTAGE_DNS_SERVER", lab.dns_server().to_string())
        .env_remove("PGOUTAGE_DIRECT_READER_URL")
        .env_remove("PGOUTAGE_PROXY_READER_URL")
        .stdin(Stdio::null());
    command
}

/// Makes the tables.
pub(crate) fn set_up(lab: &Lab, programs: &Path) -> Result<()> {
    let mut setup = command(lab, programs);
    let output = setup.arg("setup").output().context("recorder setup")?;
    match output.status.success() {
        true => Ok(()),
        false => bail!(
            "recorder setup {}: {}",
            describe(output.status),
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

impl Run {
    /// Both paths, one operation after the other without think time.
    pub(crate) fn record(
        lab: &Lab,
        programs: &Path,
        out: &Path,
        seconds: u32,
        probes: Probes,
    ) -> Result<Self> {
        let mut recorder = command(lab, programs);
        recorder
            .args(["run", "--duration", &seconds.to_string()])
            .args(["--concurrent-workers", WORKERS, "--pool-size", WORKERS])
            .args(["--min-operation-interval", "0"])
            .args(["--max-operation-interval", "0"])
            // Its CPU is not the workload's.
            .arg("--no-audit")
            .arg("--out")
            .arg(out)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if probes == Probes::Off {
            recorder.args(["--availability-interval", "0"]);
        }
        let mut child = recorder.spawn().context("recorder run")?;
        let mut cpu = Duration::ZERO;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            // The last look is at most an interval before the end.
            if let Some((used, _)) = usage(child.id()) {
                cpu = used;
            }
            std::thread::sleep(INTERVAL);
        };
        let (mut text, mut errors) = (String::new(), String::new());
        if let (Some(mut stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) {
            // A few lines each: they fit into their pipes.
            stdout.read_to_string(&mut text)?;
            stderr.read_to_string(&mut errors)?;
        }
        ensure!(
            status.success(),
            "recorder run {}: {errors}",
            describe(status)
        );
        let folder = text
            .lines()
            .last()
            .context("recorder run names no folder")?;
        Self::read(PathBuf::from(folder), cpu, probes)
    }

    fn read(folder: PathBuf, cpu: Duration, probes: Probes) -> Result<Self> {
        let manifest = Manifest::read(&folder)?;
        let rows = |table: Table| -> u64 {
            let parts = manifest.parts.iter();
            let of_table = parts.filter(|part| {
                let name = part.file.split('/').next();
                name == Some(table.as_str())
            });
            of_table.map(|part| part.rows).sum()
        };
        let (asked, expected) = (rows(Table::Availability), probes == Probes::On);
        ensure!(
            (asked > 0) == expected,
            "{}: {asked} availability probes",
            folder.display()
        );
        let length_us = manifest.duration_us.context("the recording has no end")?;
        Ok(Self {
            operations: rows(Table::Operations),
            length: Duration::from_micros(length_us.unsigned_abs()),
            cpu,
            folder,
        })
    }

    /// Operations per second.
    pub(crate) fn throughput(&self) -> f64 {
        self.operations as f64 / self.length.as_secs_f64()
    }

    /// The recorder's CPU time for each operation, the probes in it; microseconds.
    pub(crate) fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.operations.max(1) as f64
    }
}
