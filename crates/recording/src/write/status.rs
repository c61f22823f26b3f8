//! What the handles and the writer's thread both look at.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::format::layout::Table;
use crate::format::manifest::{Manifest, WriteFailure};
use crate::format::timestamp::Timestamp;
use crate::write::in_flight::InFlight;

/// A disk that has not answered for this long has stalled.
const STALLED: Duration = Duration::from_secs(3);
/// Times at which the disk refused that the manifest tells of; more are told of as one with the last.
const MOST_FAILURES: usize = 100;

/// A change to the manifest, made by the thread that owns it.
pub(crate) type ManifestChange = Box<dyn FnOnce(&mut Manifest) + Send>;

/// How the disk does.
#[derive(Debug, Default)]
struct Disk {
    /// When it refused, the last time perhaps still.
    failures: Vec<WriteFailure>,
    /// Rows in memory that it has not taken.
    held_rows: u64,
    /// Since when the writer's thread has been at it.
    busy_since: Option<Instant>,
}

/// What the handles and the writer's thread both look at.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) in_flight: InFlight,
    dropped: [AtomicU64; Table::ALL.len()],
    disk: Mutex<Disk>,
    changes: Mutex<Vec<ManifestChange>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked here has left nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn drop_rows(&self, table: Table, rows: u64) {
        self.dropped[table as usize].fetch_add(rows, Ordering::Relaxed);
    }

    pub(crate) fn dropped(&self) -> BTreeMap<Table, u64> {
        let count = |table: &Table| self.dropped[*table as usize].load(Ordering::Relaxed);
        Table::ALL
            .iter()
            .map(|table| (*table, count(table)))
            .filter(|(_, rows)| *rows > 0)
            .collect()
    }

    pub(crate) fn add_change(&self, change: ManifestChange) {
        lock(&self.changes).push(change);
    }

    pub(crate) fn take_changes(&self) -> Vec<ManifestChange> {
        std::mem::take(&mut *lock(&self.changes))
    }

    /// The writer's thread turns to the disk, or comes back from it.
    pub(crate) fn set_busy(&self, is_busy: bool) {
        lock(&self.disk).busy_since = is_busy.then(Instant::now);
    }

    pub(crate) fn set_held(&self, rows: u64) {
        lock(&self.disk).held_rows = rows;
    }

    /// Takes note that the disk refuses; true where that is news.
    pub(crate) fn refused(&self, now: Timestamp, error: &str) -> bool {
        let mut disk = lock(&self.disk);
        let is_full = disk.failures.len() >= MOST_FAILURES;
        match disk.failures.last_mut() {
            Some(last) if last.until.is_none() => false,
            Some(last) if is_full => {
                last.until = None;
                true
            }
            _ => {
                disk.failures.push(WriteFailure {
                    from: now,
                    until: None,
                    error: error.to_owned(),
                });
                true
            }
        }
    }

    /// True while the disk does not take everything.
    pub(crate) fn is_refused(&self) -> bool {
        let disk = lock(&self.disk);
        disk.failures
            .last()
            .is_some_and(|last| last.until.is_none())
    }

    /// Takes note that the disk takes everything.
    pub(crate) fn accepted(&self, now: Timestamp) {
        if let Some(last) = lock(&self.disk).failures.last_mut() {
            last.until.get_or_insert(now);
        }
    }

    pub(crate) fn failures(&self) -> Vec<WriteFailure> {
        lock(&self.disk).failures.clone()
    }

    /// What is wrong with the disk now, in words.
    pub(crate) fn trouble(&self) -> Option<String> {
        let disk = lock(&self.disk);
        let stalled = disk.busy_since.map(|since| since.elapsed());
        if let Some(stalled) = stalled.filter(|stalled| *stalled >= STALLED) {
            let seconds = stalled.as_secs();
            return Some(format!(
                "stalled writes: no answer from the disk for {seconds} s"
            ));
        }
        let failure = disk.failures.last()?;
        if failure.until.is_some() {
            return None;
        }
        let error = &failure.error;
        Some(match disk.held_rows {
            0 => error.clone(),
            held => format!("{error}; backlog: {held} rows in memory"),
        })
    }
}
