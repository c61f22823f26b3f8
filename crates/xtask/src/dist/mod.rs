//! `cargo xtask dist`: one archive for a host without Rust.

mod binaries;
mod check;
mod licences;
mod programs;

pub(crate) use programs::RECORDER_PROFILE;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::dist::programs::{PROGRAMS, clean, output_of, text_of};
use crate::python;
use crate::shell::{self, cargo, workspace};

#[derive(Debug, Args)]
pub(crate) struct DistArgs {
    /// Pack what is in the working tree, also where it is not committed. `--version` then says modified.
    #[arg(long)]
    allow_dirty: bool,
    /// Then use the archive in two chroots without Rust, Debian 11 and 12: a failover of the lab is recorded and analyzed in each.
    ///
    /// Needs root, and about 1 GB. The chroots are made by debootstrap, some minutes, and kept in target/dist for the next time.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &DistArgs) -> Result<()> {
    let commit = Commit::of_head()?;
    if !args.allow_dirty && !commit.changes.is_empty() {
        bail!(
            "these files differ from the commit; commit them, or use --allow-dirty:\n{}",
            commit.changes
        );
    }
    let metadata = metadata()?;
    let target = text_of(&metadata["target_directory"])?;
    let folder = Path::new(target).join("dist");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let zig = python::with_zig()?;
    let built = binaries::build(Path::new(target), &zig)?;
    binaries::examine(&built)?;
    let version = version(&metadata)?;
    let name = format!("pgoutage-{version}-x86_64-linux");
    let licences = licences::text(&metadata, &zig)?;
    lay_out(&folder.join(&name), &built, &licences)?;
    let archive = pack(&folder, &name, commit.time)?;
    println!("{}", archive.display());
    if args.check {
        check::in_chroots(&archive, &name)?;
    }
    Ok(())
}

/// What is packed: the date goes into the archive, so that the same commit gives the same one.
struct Commit {
    /// Seconds since 1970.
    time: i64,
    changes: String,
}

impl Commit {
    fn of_head() -> Result<Self> {
        let time = output_of(git()?.args(["log", "-1", "--format=%ct"]))?;
        Ok(Self {
            time: time.trim().parse().context("the date of the commit")?,
            changes: output_of(git()?.args(["status", "--porcelain", "--untracked-files=no"]))?,
        })
    }
}

fn git() -> Result<Command> {
    let mut command = Command::new("git");
    command.current_dir(workspace()?);
    Ok(command)
}

/// What cargo knows of the packages, for the archive's platform.
fn metadata() -> Result<Value> {
    let text = output_of(&mut cargo(&[
        "metadata",
        "--locked",
        "--format-version=1",
        "--filter-platform",
        binaries::TARGET,
    ])?)?;
    serde_json::from_str(&text).context("cargo metadata")
}

fn version(metadata: &Value) -> Result<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut versions = packages
        .filter(|package| package["name"] == "recorder" && package["source"].is_null())
        .map(|package| text_of(&package["version"]));
    Ok(versions.next().context("no package recorder")??.to_owned())
}

/// The folder that is packed, made anew.
fn lay_out(root: &Path, built: &Path, licences: &str) -> Result<()> {
    if root.exists() {
        fs::remove_dir_all(root).with_context(|| root.display().to_string())?;
    }
    let folder = |name: &str| -> Result<PathBuf> {
        let folder = root.join(name);
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(folder)
    };
    let (bin, man, completions) = (folder("bin")?, folder("man/man1")?, folder("completions")?);
    for program in PROGRAMS {
        let binary = bin.join(program);
        copy(&built.join(program), &binary)?;
        output_of(clean(&binary).arg("man").arg(&man))?;
        for (shell, file) in [
            ("bash", program.to_owned()),
            ("zsh", format!("_{program}")),
            ("fish", format!("{program}.fish")),
        ] {
            let script = output_of(clean(&binary).args(["completions", shell]))?;
            write(&completions.join(file), &script)?;
        }
    }
    // The help texts and the README name pages of docs.
    let pages = output_of(git()?.args(["ls-files", "README.md", "LICENSE-*", "docs"]))?;
    for page in pages.lines() {
        let to = root.join(page);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        }
        copy(&workspace()?.join(page), &to)?;
    }
    copy(
        &licences::library_page()?,
        &root.join(licences::LIBRARY_PAGE),
    )?;
    write(&root.join("THIRD-PARTY-LICENSES.txt"), licences)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .with_context(|| format!("copying {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| file.display().to_string())
}

/// Packs `folder/name`. Order, owner, modes and times do not depend on this machine.
fn pack(folder: &Path, name: &str, time: i64) -> Result<PathBuf> {
    let file = format!("{name}.tar.gz");
    let mut tar = Command::new("tar");
    tar.args([
        "--create",
        "--format=ustar",
        "--sort=name",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--mode=u=rwX,go=rX",
        "--use-compress-program=gzip --no-name --best",
    ])
    .arg(format!("--mtime=@{time}"))
    .args(["--file", &file, name])
    .current_dir(folder);
    shell::run(tar)?;
    let sum = output_of(Command::new("sha256sum").arg(&file).current_dir(folder))?;
    write(&folder.join(format!("{file}.sha256")), &sum)?;
    Ok(folder.join(file))
}
