//! What is known of one path.

use recording::vocabulary::{ErrorClass, OperationType, Outcome, Path};
use recording::{Failure, Operation, ScheduleLag};

use crate::monitor::histogram::Histogram;

/// Seconds of history: the strip of the view.
pub(crate) const HISTORY: usize = 60;
/// Seconds behind "operations per second".
const RATE_SECONDS: usize = 5;
/// Seconds behind p99.
const P99_SECONDS: usize = 30;

/// Operations of a path by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// All, `unfinished` ones too.
    pub operations: u64,
    /// `ok` and `rejected`.
    pub succeeded: u64,
    pub failed: u64,
    pub unknown: u64,
    pub unfinished: u64,
    /// Arrivals of an open loop that no worker took before the end: part of the unfinished.
    pub not_begun: u64,
    /// `rejected`: part of the succeeded.
    pub rejected: u64,
    /// Of class `client`: part of the failed and the unknown.
    pub shortages: u64,
}

impl Totals {
    /// Successes among the finished operations, per cent; `None` where none is finished.
    pub(crate) fn success_rate(&self) -> Option<f64> {
        let finished = self.operations - self.unfinished;
        (finished > 0).then(|| 100.0 * self.succeeded as f64 / finished as f64)
    }
}

/// Reads, or what only a writer serves.
#[derive(Debug, Default, Clone, Copy)]
struct Group {
    /// False while no operation of it was seen: it may have no weight.
    is_asked: bool,
    last_success_us: Option<i64>,
    failures_since: u32,
    /// The first success after the last availability failure, or of all.
    up_since_us: Option<i64>,
    first_success_us: Option<i64>,
    /// The longest time between two successes, microseconds.
    longest_gap_us: i64,
}

impl Group {
    fn success(&mut self, end_us: i64) {
        if let Some(last_us) = self.last_success_us {
            self.longest_gap_us = self.longest_gap_us.max(end_us - last_us);
        }
        self.last_success_us = Some(end_us.max(self.last_success_us.unwrap_or(i64::MIN)));
        self.failures_since = 0;
        self.up_since_us.get_or_insert(end_us);
        self.first_success_us.get_or_insert(end_us);
    }

    fn availability_failure(&mut self) {
        self.failures_since = self.failures_since.saturating_add(1);
        self.up_since_us = None;
    }

    fn served(&self, start_us: i64, end_us: i64) -> Option<Served> {
        let (first_us, last_us) = (
            self.first_success_us.unwrap_or(end_us),
            self.last_success_us.unwrap_or(end_us),
        );
        let longest_us = self.longest_gap_us;
        self.is_asked.then_some(Served {
            up_since_us: self.up_since_us,
            last_success_us: self.last_success_us,
            longest_gap_us: longest_us.max(first_us - start_us).max(end_us - last_us),
        })
    }
}

/// How a group of operations was served so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Served {
    /// The first success after the last availability failure, or of all; `None` where none came since. UTC microseconds.
    pub(crate) up_since_us: Option<i64>,
    /// UTC microseconds.
    pub(crate) last_success_us: Option<i64>,
    /// The longest time without a success, from the start and to now too, microseconds.
    pub(crate) longest_gap_us: i64,
}

/// One second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Second {
    pub(crate) succeeded: u32,
    pub(crate) failed: u32,
}

/// pgbench on this path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LoadState {
    pub(crate) tps: f64,
    pub(crate) latency_us: Option<i64>,
    pub(crate) restarts: u32,
}

/// A failure, as the view tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LastError {
    pub(crate) class: ErrorClass,
    pub(crate) sqlstate: Option<String>,
    /// Of a failure whose class says nothing.
    pub(crate) text: Option<String>,
}

impl LastError {
    fn new(failure: &Failure) -> Self {
        let says_nothing = failure.class == ErrorClass::Other;
        Self {
            class: failure.class,
            sqlstate: failure.sqlstate.clone(),
            text: says_nothing.then(|| failure.message.clone()),
        }
    }
}

/// All of one path. Slots of time are found by the second on the recording's clock, and emptied when their turn comes.
pub(crate) struct PathState {
    totals: Totals,
    reads: Group,
    writes: Group,
    last_error: Option<(LastError, i64)>,
    seconds: [(i64, Second); HISTORY],
    times: Box<[(i64, Histogram); P99_SECONDS]>,
    load: Option<LoadState>,
    reads_go_apart: bool,
    /// How late operations began by the recorder's own fault, and the latest, microseconds.
    lag: Box<Histogram>,
    longest_lag_us: i64,
    /// When the recording ended, UTC microseconds.
    ended_us: i64,
}

impl Default for PathState {
    fn default() -> Self {
        Self {
            totals: Totals::default(),
            reads: Group::default(),
            writes: Group::default(),
            last_error: None,
            seconds: [(0, Second::default()); HISTORY],
            times: Box::new(std::array::from_fn(|_| (0, Histogram::new()))),
            load: None,
            reads_go_apart: false,
            lag: Box::new(Histogram::new()),
            longest_lag_us: 0,
            ended_us: i64::MAX,
        }
    }
}

/// A group as the view shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupView {
    /// Since its last success, or the start: microseconds.
    pub(crate) gap_us: i64,
    /// When it went down (UTC microseconds), if it is.
    pub(crate) down_since_us: Option<i64>,
}

/// One path as the view shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) path: Path,
    pub(crate) totals: Totals,
    /// `None` while there were none.
    pub(crate) reads: Option<GroupView>,
    /// Writes and transactions; `None` while there were none.
    pub(crate) writes: Option<GroupView>,
    /// Successes per second over the last whole seconds.
    pub(crate) succeeded_per_s: f64,
    /// Failures per second over the same.
    pub(crate) failed_per_s: f64,
    pub(crate) p99_us: Option<i64>,
    /// The last failure and how long ago it was, microseconds.
    pub(crate) last_error: Option<(LastError, i64)>,
    /// Whole seconds, the latest last; at most [`HISTORY`] - 1.
    pub(crate) history: Vec<Second>,
    pub(crate) load: Option<LoadState>,
    /// The reads have an endpoint of their own.
    pub(crate) reads_go_apart: bool,
    /// How late operations began by the recorder's own fault.
    pub(crate) lag: Option<ScheduleLag>,
}

impl PathState {
    pub(crate) const fn totals(&self) -> Totals {
        self.totals
    }

    /// The recording ended: no time after that is a time without a success.
    pub(crate) const fn end(&mut self, at_us: i64) {
        self.ended_us = at_us;
    }

    pub(crate) const fn reads_go_apart(&mut self) {
        self.reads_go_apart = true;
    }

    pub(crate) fn schedule_lag(&mut self, lag_us: i64) {
        self.lag.record(lag_us);
        self.longest_lag_us = self.longest_lag_us.max(lag_us);
    }

    /// The lag of all operations; `None` where none is known.
    pub(crate) fn lag(&self, path: Path) -> Option<ScheduleLag> {
        Some(ScheduleLag {
            path,
            operations: self.lag.total().into(),
            median_us: self.lag.median_us()?,
            p99_us: self.lag.p99_us(),
            max_us: self.longest_lag_us,
        })
    }

    /// The reads, and what only a writer serves; `None` for a group that was never asked.
    pub(crate) fn served(&self, start_us: i64, now_us: i64) -> [Option<Served>; 2] {
        let end_us = now_us.min(self.ended_us);
        [&self.reads, &self.writes].map(|group| group.served(start_us, end_us))
    }

    pub(crate) fn operation(&mut self, operation: &Operation) {
        self.totals.operations += 1;
        self.totals.not_begun += u64::from(operation.start_time.is_none());
        let count = match operation.outcome {
            Outcome::Ok => &mut self.totals.succeeded,
            Outcome::Rejected => {
                self.totals.rejected += 1;
                &mut self.totals.succeeded
            }
            Outcome::Failed => &mut self.totals.failed,
            Outcome::Unknown => &mut self.totals.unknown,
            Outcome::Unfinished => &mut self.totals.unfinished,
        };
        *count += 1;
        let group = match operation.operation_type {
            OperationType::Read => &mut self.reads,
            OperationType::Write | OperationType::Transaction => &mut self.writes,
        };
        group.is_asked = true;
        let Some(end_us) = operation.end_time else {
            return;
        };
        let second = end_us.div_euclid(1_000_000);
        if operation.outcome.is_success() {
            // What ends while the recorder ends is a success, and no time without one.
            group.success(end_us.min(self.ended_us));
            if let Some(counts) = slot(&mut self.seconds, second, |counts| {
                *counts = Second::default();
            }) {
                counts.succeeded += 1;
            }
            if let Some(times) = slot(&mut *self.times, second, Histogram::clear) {
                times.record(end_us - operation.scheduled_time);
            }
            return;
        }
        if let Some(counts) = slot(&mut self.seconds, second, |counts| {
            *counts = Second::default();
        }) {
            counts.failed += 1;
        }
        if let Some(failure) = &operation.failure {
            self.last_error = Some((LastError::new(failure), end_us));
            self.totals.shortages += u64::from(failure.class == ErrorClass::Client);
            if is_availability_failure(failure) {
                group.availability_failure();
            }
        }
    }

    pub(crate) fn load(&mut self, tps: f64, latency_us: Option<i64>) {
        let restarts = self.load.map_or(0, |load| load.restarts);
        self.load = Some(LoadState {
            tps,
            latency_us,
            restarts,
        });
    }

    /// It does nothing until its next line of progress.
    pub(crate) fn load_restarted(&mut self) {
        let restarts = self.load.map_or(0, |load| load.restarts) + 1;
        self.load = Some(LoadState {
            tps: 0.0,
            latency_us: None,
            restarts,
        });
    }

    /// What there is to see at `now_us`, of a recording that began at `start_us`.
    pub(crate) fn snapshot(&self, path: Path, start_us: i64, now_us: i64) -> Snapshot {
        let group = |group: &Group| {
            group.is_asked.then(|| {
                let since_us = group.last_success_us.unwrap_or(start_us);
                GroupView {
                    gap_us: (now_us - since_us).max(0),
                    down_since_us: (group.failures_since >= 2).then_some(since_us),
                }
            })
        };
        // Whole seconds only: those after the one in which it began and before the one that runs.
        let this_second = now_us.div_euclid(1_000_000);
        let first = (start_us.div_euclid(1_000_000) + 1).max(this_second - HISTORY as i64 + 1);
        let history: Vec<Second> = (first..this_second)
            .map(|second| read(&self.seconds, second).copied().unwrap_or_default())
            .collect();
        let recent = &history[history.len().saturating_sub(RATE_SECONDS)..];
        let per_second = |count: fn(&Second) -> u32| {
            let sum: u32 = recent.iter().map(count).sum();
            f64::from(sum) / recent.len().max(1) as f64
        };
        let mut times = Histogram::new();
        for second in this_second - self.times.len() as i64 + 1..=this_second {
            if let Some(more) = read(&*self.times, second) {
                times.add(more);
            }
        }
        Snapshot {
            path,
            totals: self.totals,
            reads: group(&self.reads),
            writes: group(&self.writes),
            succeeded_per_s: per_second(|second| second.succeeded),
            failed_per_s: per_second(|second| second.failed),
            p99_us: times.p99_us(),
            last_error: self
                .last_error
                .as_ref()
                .map(|(error, at_us)| (error.clone(), (now_us - at_us).max(0))),
            history,
            load: self.load,
            reads_go_apart: self.reads_go_apart,
            lag: self.lag(path),
        }
    }
}

/// The slot of a second, emptied if it held an older one; `None` for a second that is long past.
fn slot<T>(slots: &mut [(i64, T)], second: i64, empty: impl FnOnce(&mut T)) -> Option<&mut T> {
    let index = second.rem_euclid(slots.len() as i64) as usize;
    let (held, value) = slots.get_mut(index)?;
    if *held > second {
        return None;
    }
    if *held < second {
        *held = second;
        empty(value);
    }
    Some(value)
}

/// What a second's slot holds, if it still holds that second.
fn read<T>(slots: &[(i64, T)], second: i64) -> Option<&T> {
    let index = second.rem_euclid(slots.len() as i64) as usize;
    slots
        .get(index)
        .filter(|(held, _)| *held == second)
        .map(|(_, value)| value)
}

/// The rule of `docs/definitions.md`: neither the business (conflict, constraint) nor a wrong or cancelled statement is an outage, nor is what
/// this host could not ask.
fn is_availability_failure(failure: &Failure) -> bool {
    match failure.class {
        ErrorClass::Conflict
        | ErrorClass::Constraint
        | ErrorClass::StatementTimeout
        | ErrorClass::Client => false,
        ErrorClass::Other => !failure.sqlstate.as_deref().is_some_and(|code| {
            ["0A", "21", "22", "42", "44", "P0"]
                .iter()
                .any(|class| code.starts_with(class))
        }),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
