//! The live health of each path, kept from its operations as they end. The live view shows it, and a campaign asks it.
//!
//! It is for watching. The figures proper come from `analyze`; here a group of operations (reads, or the writes and
//! transactions that only a writer serves) is *down* when two or more availability failures came since its last success,
//! and has been since that success.

pub(crate) mod histogram;
pub(crate) mod state;

use parking_lot::{Mutex, MutexGuard};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use recording::vocabulary::Path;
use recording::{Clock, Operation, ScheduleLag};

use state::PathState;
pub(crate) use state::Served;
pub use state::Totals;

/// Notes that wait to be shown; of more the oldest go.
const NOTES: usize = 1000;

/// What the view shows, fed by all who do something.
pub struct Monitor {
    clock: Clock,
    start_us: AtomicI64,
    paths: Vec<(Path, Mutex<PathState>)>,
    notes: Mutex<VecDeque<String>>,
    /// How far a campaign of failovers is.
    campaign: Mutex<Option<String>>,
    failovers: AtomicU32,
}

impl Monitor {
    /// For a recording of `paths`, whose rows carry the times of `clock`.
    #[must_use]
    pub fn new(paths: &[Path], clock: Clock) -> Arc<Self> {
        let states = paths.iter().map(|path| (*path, Mutex::default()));
        Arc::new(Self {
            clock,
            start_us: AtomicI64::new(clock.now_us()),
            paths: states.collect(),
            notes: Mutex::default(),
            campaign: Mutex::default(),
            failovers: AtomicU32::new(0),
        })
    }

    /// Takes note of an operation that is over, or that was `unfinished` at the end. Cheap, allocates nothing on success.
    pub fn operation(&self, operation: &Operation) {
        if let Some(mut state) = self.state(operation.path) {
            state.operation(operation);
        }
    }

    /// Takes note of how late an operation of an open loop began by the recorder's own fault, microseconds.
    pub(crate) fn schedule_lag(&self, path: Path, lag_us: i64) {
        if let Some(mut state) = self.state(path) {
            state.schedule_lag(lag_us);
        }
    }

    /// The same of all operations, on each path that has some.
    pub(crate) fn schedule_lags(&self) -> Vec<ScheduleLag> {
        let lag = |(path, state): &(Path, Mutex<PathState>)| state.lock().lag(*path);
        self.paths.iter().filter_map(lag).collect()
    }

    /// The reads of `path` go to an endpoint of their own.
    pub(crate) fn reads_go_apart(&self, path: Path) {
        if let Some(mut state) = self.state(path) {
            state.reads_go_apart();
        }
    }

    /// The operations of `path` so far: as many as there are rows.
    #[must_use]
    pub fn totals(&self, path: Path) -> Totals {
        self.state(path)
            .map(|state| state.totals())
            .unwrap_or_default()
    }

    /// How the reads of `path`, and what only a writer serves, were served until now, or until the recording ended; `None` for a group that was never asked.
    pub(crate) fn served(&self, path: Path) -> [Option<Served>; 2] {
        let (start_us, now_us) = (self.start_us.load(Ordering::Relaxed), self.clock.now_us());
        self.state(path)
            .map(|state| state.served(start_us, now_us))
            .unwrap_or_default()
    }

    /// Counts a failover that is triggered.
    pub(crate) fn failover_triggered(&self) {
        self.failovers.fetch_add(1, Ordering::Relaxed);
    }

    /// The failovers that were triggered.
    pub(crate) fn failovers(&self) -> u32 {
        self.failovers.load(Ordering::Relaxed)
    }

    /// Has a line of the view say how far a campaign of failovers is.
    pub(crate) fn campaign(&self, text: String) {
        *self.campaign.lock() = Some(text);
    }

    pub(crate) fn campaign_line(&self) -> Option<String> {
        self.campaign.lock().clone()
    }

    /// Has a line shown above the view.
    pub fn note(&self, text: impl Into<String>) {
        let text = text.into().replace(char::is_control, " ");
        let mut notes = self.notes.lock();
        if notes.len() == NOTES {
            notes.pop_front();
        }
        notes.push_back(text);
    }

    /// Takes note of a line of pgbench's progress: transactions per second and mean latency in microseconds.
    pub(crate) fn load(&self, path: Path, tps: f64, latency_us: Option<i64>) {
        if let Some(mut state) = self.state(path) {
            state.load(tps, latency_us);
        }
    }

    /// Takes note that pgbench was started again.
    pub(crate) fn load_restarted(&self, path: Path) {
        if let Some(mut state) = self.state(path) {
            state.load_restarted();
        }
    }

    pub(crate) fn begin(&self) {
        self.start_us.store(self.clock.now_us(), Ordering::Relaxed);
    }

    /// The recording ended.
    pub(crate) fn end(&self, at_us: i64) {
        for (_, state) in &self.paths {
            state.lock().end(at_us);
        }
    }

    pub(crate) fn elapsed_us(&self) -> i64 {
        self.clock.now_us() - self.start_us.load(Ordering::Relaxed)
    }

    pub(crate) fn snapshots(&self) -> Vec<state::Snapshot> {
        let now_us = self.clock.now_us();
        let start_us = self.start_us.load(Ordering::Relaxed);
        self.paths
            .iter()
            .map(|(path, state)| state.lock().snapshot(*path, start_us, now_us))
            .collect()
    }

    pub(crate) fn take_notes(&self) -> VecDeque<String> {
        std::mem::take(&mut *self.notes.lock())
    }

    fn state(&self, path: Path) -> Option<MutexGuard<'_, PathState>> {
        self.paths
            .iter()
            .find(|(of, _)| *of == path)
            .map(|(_, state)| state.lock())
    }
}
