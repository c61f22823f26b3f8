//! The project's own Pythons: one with the readers that recordings are tested with and what executes the notebooks, one with the linker of the
//! archive's binaries.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::shell::{self, apt, programs, workspace};

const REQUIREMENTS: &str = "notebooks/requirements.txt";
/// Spark, which is large and needs Java: only with `--with-spark`.
const SPARK_REQUIREMENTS: &str = "notebooks/requirements-spark.txt";
const ZIG_REQUIREMENTS: &str = "crates/xtask/src/dist/requirements.txt";
/// The oldest Java that Spark 4 runs on.
const OLDEST_JAVA: u32 = 17;

/// A virtual environment next to the built programs.
pub(crate) struct Environment(PathBuf);

impl Environment {
    /// Makes it where there is none yet, and installs what `requirements` lists.
    fn with(name: &str, requirements: &str) -> Result<Self> {
        let environment = Self(programs()?.join(name));
        if !environment.interpreter().exists() {
            if !has_venv() {
                install_venv()?;
            }
            let mut make = Command::new("python3");
            make.args(["-m", "venv"]).arg(&environment.0);
            shell::run(make)?;
        }
        install(&environment.interpreter(), requirements)?;
        Ok(environment)
    }

    pub(crate) fn interpreter(&self) -> PathBuf {
        self.0.join("bin/python")
    }

    /// `PATH` with its programs first.
    pub(crate) fn on_path(&self) -> Result<OsString> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.0.join("bin")).chain(std::env::split_paths(&path));
        std::env::join_paths(folders).context("PATH")
    }
}

/// The interpreter with the readers.
pub(crate) fn with_readers() -> Result<PathBuf> {
    Ok(Environment::with("python", REQUIREMENTS)?.interpreter())
}

/// The one with zig and cargo-zigbuild, for `cargo xtask dist`.
pub(crate) fn with_zig() -> Result<Environment> {
    Environment::with("python-zig", ZIG_REQUIREMENTS)
}

/// Adds Spark to it, and Java to the machine where there is none that Spark runs on.
pub(crate) fn add_spark() -> Result<()> {
    if java_version().is_none_or(|version| version < OLDEST_JAVA) {
        apt(&["update"])?;
        apt(&["install", "--yes", "default-jre-headless"])?;
        match java_version() {
            Some(version) if version >= OLDEST_JAVA => {}
            found => bail!(
                "Spark needs Java {OLDEST_JAVA} or newer, apt installed {}: install a JDK by hand and set JAVA_HOME",
                found.map_or_else(|| "none".to_owned(), |version| version.to_string())
            ),
        }
    }
    install(&programs()?.join("python/bin/python"), SPARK_REQUIREMENTS)
}

/// The Java that Spark would start.
fn java_version() -> Option<u32> {
    let program = match std::env::var_os("JAVA_HOME") {
        Some(home) => PathBuf::from(home).join("bin/java"),
        None => PathBuf::from("java"),
    };
    let output = Command::new(program).arg("-version").output().ok()?;
    version_in(&String::from_utf8_lossy(&output.stderr))
}

fn version_in(text: &str) -> Option<u32> {
    let number = text.split('"').nth(1)?.split(['.', '-', '+']).next()?;
    number.parse().ok()
}

fn install(interpreter: &Path, requirements: &str) -> Result<()> {
    let mut install = Command::new(interpreter);
    install
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(workspace()?.join(requirements));
    shell::run(install)
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
    apt(&["update"])?;
    apt(&["install", "--yes", "python3-venv"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_java() {
        let of = |version: &str| version_in(&format!("openjdk version \"{version}\" 2025-04-15\n"));
        assert_eq!(of("17.0.15"), Some(17));
        assert_eq!(of("21-ea"), Some(21));
        // Before 9 versions began with 1: too old for Spark in any case.
        assert_eq!(of("1.8.0_402"), Some(1));
        assert_eq!(version_in("java: command not found"), None);
    }
}
