//! `lab.json`: the state of a lab, for `lab status`, `lab down` and the next `lab up`.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use serde::{Deserialize, Serialize};

use crate::{
    account::write_private,
    error::LabError,
    node_name::NodeName,
    options::Replication,
    process::{self, all_pids, is_alive},
};

/// The file has mode 0600, as it holds the passwords.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LabState {
    pub(crate) owner: Owner,
    pub(crate) port: u16,
    pub(crate) proxy_port: u16,
    pub(crate) dns_server: SocketAddr,
    pub(crate) ttl_s: u32,
    pub(crate) replication: Replication,
    pub(crate) has_relay: bool,
    pub(crate) has_tls: bool,
    pub(crate) readers: usize,
    pub(crate) superuser_password: String,
    pub(crate) app_password: String,
}

/// The process that holds the lab. A pid alone may be another process's by now; with the start time it is this one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    pub(crate) pid: u32,
    /// Clock ticks from boot to its start.
    start_ticks: u64,
}

impl Owner {
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let start_ticks = text
            .get(text.rfind(')')? + 1..)?
            .split_ascii_whitespace()
            .nth(19)?
            .parse()
            .ok()?;
        Some(Self { pid, start_ticks })
    }

    pub(crate) fn is_running(&self) -> bool {
        is_alive(self.pid) && Self::of(self.pid) == Some(*self)
    }
}

pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join("lab.json")
}

impl LabState {
    pub(crate) fn save(&self, dir: &Path) -> Result<(), LabError> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| LabError::State(error.to_string()))?;
        write_private(&path(dir), &text)
    }

    /// The state of the lab in `dir`, running or dead; `None` if there is none.
    pub(crate) fn load(dir: &Path) -> Result<Option<Self>, LabError> {
        let file = path(dir);
        match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| {
                LabError::State(format!("{} is damaged: {error}", file.display()))
            }),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(LabError::Io {
                what: format!("reading {}", file.display()),
                source: error,
            }),
        }
    }

    /// The state of a lab that runs in `dir`.
    pub(crate) fn load_running(dir: &Path) -> Result<Self, LabError> {
        Self::load(dir)?
            .filter(|state| state.owner.is_running())
            .ok_or_else(|| LabError::NotRunning(dir.to_owned()))
    }
}

/// The process that runs a lab in `dir`, if one does.
pub(crate) fn running_owner(dir: &Path) -> Option<u32> {
    LabState::load(dir)
        .ok()
        .flatten()
        .filter(|state| state.owner.is_running())
        .map(|state| state.owner.pid)
}

/// A server process of the lab in `dir`, known by its program and its working folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerProcess {
    pub(crate) pid: u32,
    pub(crate) program: String,
    /// Its folder in the lab's: `pgbouncer`, or the node.
    pub(crate) place: String,
}

/// Every server process of the lab in `dir`, orphans too: found by its program and folder, not by the pids in `lab.json`.
pub(crate) fn server_processes(dir: &Path) -> Vec<ServerProcess> {
    let Ok(dir) = fs::canonicalize(dir) else {
        return Vec::new();
    };
    let describe = |pid: u32| {
        let exe = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
        let program = exe
            .file_name()?
            .to_str()?
            .trim_end_matches(" (deleted)")
            .to_owned();
        let ours = ["postgres", "pgbouncer", "initdb", "pg_basebackup"].contains(&program.as_str());
        let cwd = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
        let place = cwd
            .strip_prefix(&dir)
            .ok()?
            .to_str()?
            .trim_end_matches(" (deleted)")
            .to_owned();
        (ours && is_alive(pid)).then_some(ServerProcess {
            pid,
            program,
            place,
        })
    };
    all_pids().into_iter().filter_map(describe).collect()
}

/// Kills the servers that a dead lab left in `dir`, and returns how many processes there were.
pub(crate) fn stop_leftovers(dir: &Path) -> Result<usize, LabError> {
    let mut killed = 0;
    // A killed postmaster's children may outlive it for a moment, and one may be starting just now: look again.
    for _ in 0..5 {
        let found = server_processes(dir);
        if found.is_empty() {
            break;
        }
        for server in found {
            killed += process::kill_tree(server.pid).map_err(LabError::io(format!(
                "killing {} (pid {})",
                server.program, server.pid
            )))?;
        }
    }
    for node in NodeName::ALL {
        remove_shared_memory(&dir.join(node.as_str()));
    }
    Ok(killed)
}

/// Removes the System V segment (56 bytes) that a killed postmaster cannot remove itself: its data folder goes, so no
/// later start would find it. Removed only if the kernel says that this very postmaster made it and that no process holds it.
pub(crate) fn remove_shared_memory(data: &Path) {
    let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else {
        return;
    };
    let lines: Vec<&str> = text.lines().collect();
    let (Some(postmaster), Some(segment)) = (
        lines.first(),
        lines
            .get(6)
            .and_then(|line| line.split_ascii_whitespace().nth(1)),
    ) else {
        return;
    };
    let table = fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
    let is_leftover = table.lines().skip(1).any(|line| {
        // key shmid perms size cpid lpid nattch ...
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        fields.get(1) == Some(&segment)
            && fields.get(4) == Some(&postmaster.trim())
            && fields.get(6) == Some(&"0")
    });
    if is_leftover {
        // Best effort: a segment that stays costs a page, and a failure here must not hide what really happened.
        let _ = Command::new("ipcrm").args(["-m", segment]).status();
    }
}
