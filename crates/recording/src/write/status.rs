//! The state that the handles and the writer's thread share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::format::layout::Table;
use crate::format::manifest::{Manifest, WriteFailure};
use crate::format::timestamp::Timestamp;
use crate::write::in_flight::InFlight;

/// A disk that has not answered for this long has stalled.
const STALLED: Duration = Duration::from_secs(3);
/// Write failures that the manifest has at most; further ones prolong the last.
const MOST_FAILURES: usize = 100;

/// A change to the manifest, made by the thread that owns it.
pub(crate) type ManifestChange = Box<dyn FnOnce(&mut Manifest) + Send>;

/// The state of the disk.
#[derive(Debug, Default)]
struct Disk {
    /// When it refused writes; the last one may still last.
    failures: Vec<WriteFailure>,
    /// Rows of the backlog.
    backlog_rows: u64,
    /// Since when the writer's thread has been writing.
    busy_since: Option<Instant>,
}

/// The state that the handles and the writer's thread share.
#[derive(Default)]
pub(crate) struct Status {
    pub(crate) in_flight: InFlight,
    dropped: [AtomicU64; Table::ALL.len()],
    disk: Mutex<Disk>,
    changes: Mutex<Vec<ManifestChange>>,
}

impl Status {
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

    /// Rows lost so far, all tables together.
    pub(crate) fn dropped_rows(&self) -> u64 {
        let tables = self.dropped.iter();
        tables.map(|rows| rows.load(Ordering::Relaxed)).sum()
    }

    pub(crate) fn add_change(&self, change: ManifestChange) {
        self.changes.lock().push(change);
    }

    pub(crate) fn take_changes(&self) -> Vec<ManifestChange> {
        std::mem::take(&mut *self.changes.lock())
    }

    /// The writer's thread begins to write, or is done.
    pub(crate) fn set_busy(&self, is_busy: bool) {
        self.disk.lock().busy_since = is_busy.then(Instant::now);
    }

    pub(crate) fn set_backlog(&self, rows: u64) {
        self.disk.lock().backlog_rows = rows;
    }

    /// Notes that the disk refused a write; true where that is a new failure.
    pub(crate) fn refused(&self, now: Timestamp, error: &str) -> bool {
        let mut disk = self.disk.lock();
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

    /// True while a write failure lasts.
    pub(crate) fn is_refused(&self) -> bool {
        let disk = self.disk.lock();
        disk.failures
            .last()
            .is_some_and(|last| last.until.is_none())
    }

    /// Notes that the disk has taken everything: the write failure is over.
    pub(crate) fn accepted(&self, now: Timestamp) {
        if let Some(last) = self.disk.lock().failures.last_mut() {
            last.until.get_or_insert(now);
        }
    }

    pub(crate) fn failures(&self) -> Vec<WriteFailure> {
        self.disk.lock().failures.clone()
    }

    /// What is wrong with the disk now.
    pub(crate) fn trouble(&self) -> Option<String> {
        let disk = self.disk.lock();
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
        Some(match disk.backlog_rows {
            0 => error.clone(),
            rows => format!("{error}; backlog: {rows} rows in memory"),
        })
    }
}
