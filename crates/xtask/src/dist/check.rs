//! Using the archive where there is no Rust: in chroots of Debian.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::dist::programs::output_of;
use crate::shell::{self, apt};

const SCRIPT: &str = include_str!("check.sh");
const MIRROR: &str = "http://deb.debian.org/debian";
/// glibc 2.31 and PostgreSQL 13: the oldest that the mirror has.
const OLD: &str = "bullseye";
/// PostgreSQL 15, which the lab runs.
const NEW: &str = "bookworm";

/// Records a failover of the lab and analyzes it in each, and fails where a figure of the recordings is not as it has to be.
pub(super) fn in_chroots(archive: &Path, name: &str) -> Result<()> {
    if output_of(Command::new("id").arg("-u"))?.trim() != "0" {
        bail!("--check makes chroots: run it as root");
    }
    let folder = archive.with_file_name("check");
    let old = chroot(&folder, OLD)?;
    let new = chroot(&folder, NEW)?;
    for root in [&old, &new] {
        let mut unpack = Command::new("tar");
        unpack
            .args(["--extract", "--no-same-owner", "--file"])
            .arg(archive)
            .arg("--directory")
            .arg(root.join("opt"));
        shell::run(unpack)?;
    }
    let script = folder.join("check.sh");
    fs::write(&script, SCRIPT).with_context(|| script.display().to_string())?;
    let mut check = Command::new("unshare");
    check
        .args(["--mount", "--pid", "--net", "--fork", "--kill-child", "sh"])
        .arg(&script)
        .args([&old, &new])
        .arg(name);
    shell::run(check)
}

/// The root of a Debian with PostgreSQL and pgbouncer, made where it is not there yet.
fn chroot(folder: &Path, suite: &str) -> Result<PathBuf> {
    let root = folder.join(suite);
    if root.exists() {
        return Ok(root);
    }
    if !Path::new("/usr/sbin/debootstrap").exists() {
        apt(&["update"])?;
        apt(&["install", "--yes", "debootstrap"])?;
    }
    let unfinished = folder.join(format!("{suite}.unfinished"));
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).with_context(|| unfinished.display().to_string())?;
    }
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut make = Command::new("/usr/sbin/debootstrap");
    make.args(["--variant=minbase", "--include=postgresql,pgbouncer", suite])
        .args([unfinished.as_os_str(), MIRROR.as_ref()]);
    shell::run(make)?;
    fs::rename(&unfinished, &root).with_context(|| root.display().to_string())?;
    Ok(root)
}
