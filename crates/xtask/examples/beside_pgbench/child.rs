//! A client that runs to its end, and what it took.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use command_line::process::describe;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::usage::usage;

/// Between two looks at its memory.
const INTERVAL: Duration = Duration::from_millis(50);

/// What a client took.
pub(crate) struct Taken {
    pub(crate) stdout: String,
    /// User and system, of all its threads.
    pub(crate) cpu: Duration,
    pub(crate) peak_bytes: u64,
}

/// Runs a command that succeeds and says little.
pub(crate) fn run(command: &mut Command) -> Result<Taken> {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command.stdin(Stdio::null());
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().with_context(|| name.clone())?;
    let pid = child.id();
    let id = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let id = id.context("the number of a process")?;
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    let mut peak_bytes = 0;
    while waitid(WaitId::Pid(id), look)?.is_none() {
        if let Some((_, Some(peak))) = usage(pid) {
            peak_bytes = peak;
        }
        thread::sleep(INTERVAL);
    }
    // It stays a zombie until it is waited for: now its CPU time is whole, and still there to be read.
    let (cpu, _) = usage(pid).with_context(|| format!("CPU time of {name}"))?;
    let status = child.wait()?;
    let (mut text, mut errors) = (String::new(), String::new());
    if let (Some(mut stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) {
        // A few lines each: they fit into their pipes.
        stdout.read_to_string(&mut text)?;
        stderr.read_to_string(&mut errors)?;
    }
    ensure!(
        status.success(),
        "{name} {}: {text}{errors}",
        describe(status)
    );
    Ok(Taken {
        stdout: text,
        cpu,
        peak_bytes,
    })
}
