//! Where and when something was measured.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use command_line::process::describe;

use crate::shell::workspace;

/// Date, commit (`+` with changes that were not committed), cores, load of the last minute.
pub(super) fn origin() -> Result<[String; 4]> {
    let date = output_of(Command::new("date").args(["-u", "+%F"]))?;
    let mut commit = output_of(git()?.args(["rev-parse", "--short", "HEAD"]))?;
    if !output_of(git()?.args(["status", "--porcelain", "--untracked-files=no"]))?.is_empty() {
        commit.push('+');
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    Ok([date, commit, cores.to_string(), load])
}

fn git() -> Result<Command> {
    let mut command = Command::new("git");
    command.current_dir(workspace()?);
    Ok(command)
}

fn output_of(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| name.clone())?;
    if !output.status.success() {
        bail!("{name} {}", describe(output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
