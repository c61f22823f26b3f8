//! `lab down`: everything is stopped by pid, the remains of a killed lab too.

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

/// Stops the lab in `dir` and removes the folder; with `keep` only the file that makes it a lab. Returns when no process of it is
/// left.
///
/// # Errors
/// There is no lab; a process does not die; the folder cannot be removed.
pub(crate) async fn down(dir: &Path, keep: bool) -> Result<(), LabError> {
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

/// Stops every lab of this user and cleans up after those that were killed; returns how many there were. `on_stopped` gets the folder of
/// each as soon as it is stopped.
///
/// # Errors
/// As [`down`], for the first lab that cannot be stopped; the others are stopped all the same.
pub(crate) async fn down_all(
    keep: bool,
    mut on_stopped: impl FnMut(&Path) -> Result<(), LabError>,
) -> Result<usize, LabError> {
    let mut stopped = 0;
    let mut first_error = None;
    for (entry, dir) in registry::entries()? {
        let done = match LabState::load(&dir) {
            // It went by itself, and its folder too.
            Ok(None) => Ok(()),
            Ok(Some(_)) => match down(&dir, keep).await {
                Ok(()) => {
                    stopped += 1;
                    on_stopped(&dir)
                }
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        match done {
            // The lab itself may have removed it.
            Ok(()) => drop(fs::remove_file(&entry)),
            Err(error) => drop(first_error.get_or_insert(error)),
        }
    }
    match first_error {
        Some(error) => Err(error),
        None => Ok(stopped),
    }
}
