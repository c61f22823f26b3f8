//! Running programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use command_line::process::describe;

/// The root of the workspace.
pub(crate) fn workspace() -> Result<PathBuf> {
    // From `cargo run`'s environment: a path from build time is another clone's where both share a target folder.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
    let root = Path::new(&package).join("../..");
    root.canonicalize()
        .with_context(|| format!("{}", root.display()))
}

/// The folder of the programs that cargo built, this one too.
pub(crate) fn programs() -> Result<PathBuf> {
    let this = std::env::current_exe().context("finding this program")?;
    Ok(this.parent().map(Path::to_path_buf).unwrap_or_default())
}

/// The cargo that runs this program.
pub(crate) fn cargo(arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(workspace()?);
    // `cargo run` describes this package in the environment. Build scripts of dependencies (ring's) look at these variables,
    // and would build all that depends on them anew: polars, at each change between `cargo xtask` and `cargo`.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    Ok(command)
}

/// Prints the command, runs it, and fails where it fails.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let shown = shown(&command);
    eprintln!("\n==> {shown}");
    let status = command.status().with_context(|| shown.clone())?;
    if !status.success() {
        bail!("{shown} {}", describe(status));
    }
    Ok(())
}

/// Runs apt-get as root, through sudo where this is not root.
pub(crate) fn apt(arguments: &[&str]) -> Result<()> {
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout == b"0\n");
    let mut command = Command::new(if is_root { "apt-get" } else { "sudo" });
    if !is_root {
        command.arg("apt-get");
    }
    command.args(arguments);
    run(command)
}

pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
