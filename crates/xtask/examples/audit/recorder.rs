//! `recorder` as a program of its own, and what it takes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use command_line::process::describe;
use lab::Lab;

use super::usage::usage;

/// Between two looks at the process.
const INTERVAL: Duration = Duration::from_millis(20);

/// What an audit took.
pub(crate) struct Taken {
    pub(crate) wall: Duration,
    /// Of the recorder alone, user and system.
    pub(crate) cpu: Duration,
    pub(crate) peak_bytes: u64,
}

fn command(lab: &Lab, programs: &Path) -> Command {
    let mut command = Command::new(programs.join("recorder"));
    command
        .env("PGOUTAGE_DIRECT_URL", lab.direct_url())
        .env("PGOUTAGE_DNS_SERVER", lab.dns_server().to_string())
        .env_remove("PGOUTAGE_PROXY_URL")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// Makes the tables.
pub(crate) fn set_up(lab: &Lab, programs: &Path) -> Result<()> {
    let mut setup = command(lab, programs);
    let status = setup.arg("setup").status().context("recorder setup")?;
    match status.success() {
        true => Ok(()),
        false => bail!("recorder setup {}", describe(status)),
    }
}

/// Audits the recording in `folder`.
pub(crate) fn audit(lab: &Lab, programs: &Path, folder: &Path) -> Result<Taken> {
    let mut audit = command(lab, programs);
    audit.arg("audit").arg(folder);
    let begun = Instant::now();
    let mut child = audit.spawn().context("recorder audit")?;
    let (mut cpu, mut peak_bytes) = (Duration::ZERO, 0);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // The last look is at most an interval before the end.
        if let Some((used, peak)) = usage(child.id()) {
            (cpu, peak_bytes) = (used, peak.unwrap_or(peak_bytes));
        }
        std::thread::sleep(INTERVAL);
    };
    let wall = begun.elapsed();
    if !status.success() {
        bail!("recorder audit {}", describe(status));
    }
    Ok(Taken {
        wall,
        cpu,
        peak_bytes,
    })
}
