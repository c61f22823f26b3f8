//! `cargo xtask demo`.

use std::process::Command;
use std::thread::available_parallelism;

use anyhow::Result;

use crate::shell::{self, cargo, programs, workspace};

/// CPU time of the first build, minutes (docs/development.md). The cores share it nearly evenly: cargo builds packages that do not depend on each
/// other at the same time, and rustc the parts of one.
const FIRST_BUILD: usize = 20;

pub(crate) fn run() -> Result<()> {
    eprint!("{}", start(programs()?.join("lab").exists(), cores()));
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

fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// What is about to happen.
fn start(is_built: bool, cores: usize) -> String {
    let build = match is_built {
        true => "build what has changed since the last time".to_owned(),
        false => format!(
            "build recorder, analyze and lab: about {} minutes the first time on {cores} core{}, most of it arrow, parquet and polars",
            FIRST_BUILD.div_ceil(cores),
            if cores == 1 { "" } else { "s" },
        ),
    };
    format!(
        "The demo will\n  1. {build}\n  2. install PostgreSQL and pgbouncer with apt, if they are missing\n  3. start a \
         cluster and its proxy on loopback, record 60 s with a failover, print the report, stop the cluster: about 65 s\n\
         The recording goes to data/runs. Ctrl-C stops it at any point, and the next demo continues the build.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_build_is_announced_for_the_cores() {
        assert!(start(false, 2).contains("about 10 minutes the first time on 2 cores,"));
        assert!(start(false, 1).contains("about 20 minutes the first time on 1 core,"));
        assert!(start(true, 2).contains("1. build what has changed"));
    }
}
