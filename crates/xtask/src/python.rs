//! A Python of the project's own, with the readers that recordings are tested against.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::shell::{self, programs, workspace};

/// The packages, at versions that were tested.
const REQUIREMENTS: &str = "notebooks/requirements.txt";

/// Makes a virtual environment beside the built programs, where there is none yet, and returns its interpreter.
pub(crate) fn with_readers() -> Result<PathBuf> {
    let folder = programs()?.join("python");
    let interpreter = folder.join("bin/python");
    if !interpreter.exists() {
        if !has_venv() {
            install_venv()?;
        }
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(&folder);
        shell::run(make)?;
    }
    let mut install = Command::new(&interpreter);
    install
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(workspace()?.join(REQUIREMENTS));
    shell::run(install)?;
    Ok(interpreter)
}

fn has_venv() -> bool {
    let mut try_it = Command::new("python3");
    try_it
        .args(["-c", "import venv, ensurepip"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    try_it.status().is_ok_and(|status| status.success())
}

/// Debian and Ubuntu keep `venv` in a package of its own.
fn install_venv() -> Result<()> {
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout == b"0\n");
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(if is_root { "apt-get" } else { "sudo" });
        if !is_root {
            command.arg("apt-get");
        }
        command.args(arguments);
        shell::run(command)
    };
    apt(&["update"])?;
    apt(&["install", "--yes", "python3-venv"])
}
