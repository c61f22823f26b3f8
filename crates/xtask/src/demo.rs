//! `cargo xtask demo`.

use std::process::Command;

use anyhow::Result;

use crate::shell::{self, cargo, programs, workspace};

pub(crate) fn run() -> Result<()> {
    shell::run(cargo(&["build", "--workspace", "--bins"])?)?;
    let lab = || -> Result<Command> {
        let mut command = Command::new(programs()?.join("lab"));
        command.current_dir(workspace()?);
        Ok(command)
    };
    let mut install = lab()?;
    install.arg("install");
    shell::run(install)?;
    let mut demo = lab()?;
    demo.args(["demo", "--out", "data/runs"]);
    shell::run(demo)
}
