//! Finding PostgreSQL and pgbouncer, and installing them where they are missing.

use std::{
    env, fs,
    io::{self, BufRead, IsTerminal},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{account::effective_user, error::LabError};

/// Environment variable: a folder with PostgreSQL's server programs, which is searched first.
pub const BINDIR_VARIABLE: &str = "PGOUTAGE_PG_BINDIR";

const INSTALL: &str = "apt-get install -y postgresql pgbouncer";
const NEEDED: [&str; 3] = ["postgres", "initdb", "pg_basebackup"];
/// `recovery_init_sync_method`, and public schemas as they are today.
const OLDEST_VERSION: u32 = 14;

/// Where the programs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Software {
    /// The folder of `postgres`, `initdb` and `pg_basebackup`.
    pub pg_bindir: PathBuf,
    /// The program pgbouncer.
    pub pgbouncer: PathBuf,
}

impl Software {
    /// Finds the newest PostgreSQL server and pgbouncer.
    ///
    /// # Errors
    /// [`LabError::Missing`] with the command that installs them; [`LabError::Usage`] where `PGOUTAGE_PG_BINDIR` points elsewhere.
    pub fn find() -> Result<Self, LabError> {
        let missing = |what: &str| LabError::Missing {
            what: what.to_owned(),
            remedy: INSTALL.to_owned(),
        };
        let pg_bindir = match env::var_os(BINDIR_VARIABLE).map(PathBuf::from) {
            Some(dir) if is_bindir(&dir) => dir,
            Some(dir) => {
                return Err(LabError::Usage(format!(
                    "{BINDIR_VARIABLE}={}: no {} there; unset it, or set it to the folder that has them",
                    dir.display(),
                    NEEDED.join(", ")
                )));
            }
            None => find_bindir().ok_or_else(|| missing("PostgreSQL's server"))?,
        };
        let pgbouncer = search_path()
            .chain(["/usr/sbin", "/usr/local/sbin", "/usr/local/bin"].map(PathBuf::from))
            .map(|dir| dir.join("pgbouncer"))
            .find(|program| program.is_file())
            .ok_or_else(|| missing("pgbouncer"))?;
        let software = Self {
            pg_bindir,
            pgbouncer,
        };
        match software.pg_version()? {
            version if version >= OLDEST_VERSION => Ok(software),
            version => Err(LabError::Usage(format!(
                "{} is PostgreSQL {version}; the lab needs {OLDEST_VERSION} or newer: set {BINDIR_VARIABLE} to the folder of one",
                software.pg_bindir.display()
            ))),
        }
    }

    pub(crate) fn pg(&self, program: &str) -> PathBuf {
        self.pg_bindir.join(program)
    }

    fn pg_version(&self) -> Result<u32, LabError> {
        let output = Command::new(self.pg("postgres"))
            .arg("--version")
            .output()
            .map_err(LabError::io(format!(
                "running {} --version",
                self.pg("postgres").display()
            )))?;
        // "postgres (PostgreSQL) 15.18 (Debian ...)", "postgres (PostgreSQL) 18beta1"
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text
            .split_once("(PostgreSQL) ")
            .map_or("", |(_, version)| version);
        let major: String = version.chars().take_while(char::is_ascii_digit).collect();
        major.parse().map_err(|_| LabError::Program {
            what: "postgres --version".to_owned(),
            detail: format!("it printed {:?}", text.trim()),
        })
    }
}

fn is_bindir(dir: &Path) -> bool {
    NEEDED.iter().all(|program| dir.join(program).is_file())
}

fn search_path() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

fn find_bindir() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .collect();
    versions.sort();
    let from_pg_config = || {
        let output = Command::new("pg_config")
            .arg("--bindir")
            .stderr(Stdio::null())
            .output()
            .ok()?;
        Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
    };
    versions
        .into_iter()
        .rev()
        .map(|(_, dir)| dir)
        .chain(search_path())
        .find(|dir| is_bindir(dir))
        .or_else(|| from_pg_config().filter(|dir| is_bindir(dir)))
}

/// Finds the software, or installs it through apt: as root, or with sudo after asking on a terminal.
///
/// # Errors
/// [`LabError::Missing`] with the command to run, where neither is possible or apt failed.
pub fn ensure_installed() -> Result<Software, LabError> {
    let missing = match Software::find() {
        Err(LabError::Missing { what, .. }) => what,
        other => return other,
    };
    let sudo = effective_user()? != 0;
    let command = if sudo {
        format!("sudo {INSTALL}")
    } else {
        INSTALL.to_owned()
    };
    let remedy = || LabError::Missing {
        what: missing.clone(),
        remedy: command.clone(),
    };
    if !search_path().any(|dir| dir.join("apt-get").is_file()) {
        return Err(LabError::Missing {
            what: missing,
            remedy: "your system's package manager (PostgreSQL's server and pgbouncer)".to_owned(),
        });
    }
    if sudo && !(search_path().any(|dir| dir.join("sudo").is_file()) && asked(&missing, &command)?)
    {
        return Err(remedy());
    }
    eprintln!("{missing} not found; running: {command}");
    if !apt(sudo, &["install", "-y", "postgresql", "pgbouncer"])? {
        // A machine that never fetched the package lists has no package to install.
        eprintln!("running: apt-get update, then the same once more");
        if !apt(sudo, &["update"])? || !apt(sudo, &["install", "-y", "postgresql", "pgbouncer"])? {
            return Err(remedy());
        }
    }
    Software::find()
}

/// Runs apt-get with its output on stderr; true where it succeeded.
fn apt(sudo: bool, arguments: &[&str]) -> Result<bool, LabError> {
    let mut command = Command::new(if sudo { "sudo" } else { "apt-get" });
    if sudo {
        command.arg("apt-get");
    }
    let status = command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(if sudo {
            Stdio::inherit()
        } else {
            Stdio::null()
        })
        .stdout(io::stderr())
        .status();
    status
        .map(|status| status.success())
        .map_err(LabError::io("running apt-get"))
}

fn asked(missing: &str, command: &str) -> Result<bool, LabError> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(false);
    }
    eprint!("{missing} not found. Run `{command}` now? [y/N] ");
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(LabError::io("reading your answer"))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
