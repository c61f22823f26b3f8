//! `lab down`: everything stopped by pid, also what a killed lab left.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    error::LabError,
    process::{Signal, send_signal},
    registry, site,
    state::{self, LabState},
};

/// How long the background process may take to stop its servers.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Stops the lab in `dir` and removes the folder, or with `keep` only what makes it a lab. Returns when no process of
/// it is left.
///
/// # Errors
/// There is no lab; a process does not die; the folder cannot be removed.
pub async fn down(dir: &Path, keep: bool) -> Result<(), LabError> {
    let state = LabState::load(dir)?.ok_or_else(|| LabError::NotRunning(dir.to_owned()))?;
    let owner = state.owner;
    for signal in [Signal::Terminate, Signal::Kill] {
        if !owner.is_running() {
            break;
        }
        send_signal(signal, &[owner.pid]).map_err(LabError::io("stopping the lab"))?;
        let deadline = Instant::now() + STOP_LIMIT;
        while owner.is_running() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    state::stop_leftovers(dir)?;
    if owner.is_running() || !state::server_processes(dir).is_empty() {
        return Err(LabError::State(format!(
            "processes of the lab in {} do not die",
            dir.display()
        )));
    }
    if keep {
        // Without its state the folder is no lab's, and no `lab up` takes it over.
        let file = state::path(dir);
        return fs::remove_file(&file)
            .map_err(LabError::io(format!("removing {}", file.display())));
    }
    site::remove(dir)
}

/// Stops every lab of this user and cleans up after those that were killed; returns a line for each.
///
/// # Errors
/// As [`down`], for the first lab that cannot be stopped; the others are stopped all the same.
pub async fn down_all(keep: bool) -> Result<String, LabError> {
    let mut told = String::new();
    let mut first_error = None;
    for (entry, dir) in registry::entries()? {
        match LabState::load(&dir) {
            // It went by itself, and its folder too.
            Ok(None) => {}
            Ok(Some(_)) => match down(&dir, keep).await {
                Ok(()) => told += &format!("stopped the lab in {}\n", dir.display()),
                Err(error) => {
                    first_error.get_or_insert(error);
                    continue;
                }
            },
            Err(error) => {
                first_error.get_or_insert(error);
                continue;
            }
        }
        // The lab itself may have taken it away.
        let _ = fs::remove_file(&entry);
    }
    match first_error {
        Some(error) => Err(error),
        None if told.is_empty() => Ok("no lab of yours is there\n".to_owned()),
        None => Ok(told),
    }
}
