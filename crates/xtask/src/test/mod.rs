//! `cargo xtask test`.

mod again;

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::python;
use crate::shell::{self, apt, cargo, programs};

pub(crate) fn run(with_spark: bool) -> Result<()> {
    shell::run(cargo(&["fmt", "--all", "--", "--check"])?)?;
    recorder_stays_small()?;
    shell::run(linted(&["build", "--workspace", "--bins"])?)?;
    shell::run(linted(&["test", "--workspace", "--no-run"])?)?;
    let mut install = Command::new(programs()?.join("lab"));
    install.arg("install");
    shell::run(install)?;
    install_programs()?;
    let python = python::with_readers()?;
    if with_spark {
        python::add_spark()?;
    }
    again::run(|only| {
        let mut tests = linted(&["test", "--workspace", "--no-fail-fast", "--"])?;
        tests.args(only).env("PGOUTAGE_PYTHON", &python);
        if with_spark {
            tests.env("PGOUTAGE_SPARK", "1");
        }
        Ok(tests)
    })
}

/// Programs that only tests need: a proxy, and a browser for reports.
fn install_programs() -> Result<()> {
    let is_there = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
        folders
            .map(|folder| folder.join(program))
            .any(|program| program.is_file())
    };
    let missing: Vec<&str> = ["haproxy", "chromium"]
        .into_iter()
        .filter(|program| !is_there(program))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    apt(&["update"])?;
    apt(&[&["install", "--yes"], missing.as_slice()].concat())
}

/// A cargo command in which clippy compiles our crates, with warnings as errors.
///
/// `cargo clippy` would check every dependency once more, polars included: five minutes on 2 cores. As the workspace's
/// compiler, clippy lints and builds in one go, and dependencies come from the one build that the tests use. The variable
/// is how `cargo clippy -- -D warnings` itself hands the flag to its driver.
pub(crate) fn linted(arguments: &[&str]) -> Result<Command> {
    let mut command = cargo(arguments)?;
    command.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver").env(
        "CLIPPY_ARGS",
        "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__",
    );
    Ok(command)
}

/// `recorder` runs on production hosts: it never links polars or plotters.
fn recorder_stays_small() -> Result<()> {
    let output = cargo(&[
        "tree",
        "--package",
        "recorder",
        "--edges",
        "normal",
        "--prefix",
        "none",
    ])?
    .output()
    .context("cargo tree")?;
    if !output.status.success() {
        bail!("cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    }
    let tree = String::from_utf8_lossy(&output.stdout);
    let heavy = tree
        .lines()
        .find(|line| line.starts_with("polars") || line.starts_with("plotters"));
    match heavy {
        Some(line) => bail!("recorder depends on {line}: it must stay small"),
        None => Ok(()),
    }
}
