//! What the pass over all operations is asked, and what it finds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use recording::vocabulary::{OperationType, Outcome, Path};

use crate::reduce::histogram::{Alike, Histogram, SuccessTimes};
use crate::reduce::pauses::Pauses;
use crate::reduce::rows::LeftOutRows;
use crate::reduce::scan::first_uses::FirstUses;
use crate::reduce::served::Served;
use crate::reduce::timeline::wait_threshold_us;
use crate::reduce::times::Times;
use crate::summary::Word;

/// So many slow successes of a path are kept before it is known what is slow for their names.
pub(super) const MOST_SLOW: usize = 500_000;

/// What the pass has to know before.
pub(crate) struct Question<'q> {
    /// Start of the recording, UTC microseconds.
    pub(crate) start_us: i64,
    /// Its end; the end of all time where it is not known.
    pub(crate) end_us: i64,
    pub(crate) pauses: &'q Pauses,
    /// How much longer than usual a stalled operation takes at least, microseconds.
    pub(crate) min_stall_us: i64,
    /// `None`: every path.
    pub(crate) path: Option<Path>,
    /// Numbers of acknowledged writes that the audit found lost: they count as failures. Only with a `path`.
    pub(crate) lost: BTreeSet<i64>,
}

impl Question<'_> {
    /// The response time from which on a success of such a median may have waited or stalled, microseconds.
    pub(super) fn slow_us(&self, median_us: i64) -> i64 {
        wait_threshold_us(Some(median_us)).min(self.min_stall_us.saturating_add(median_us))
    }
}

/// What was found of all paths.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) paths: BTreeMap<Path, PathScan>,
    pub(crate) left_out: LeftOutRows,
}

/// What was found of a path.
#[derive(Debug, Default)]
pub(crate) struct PathScan {
    pub(crate) times: BTreeMap<Alike, Times>,
    pub(crate) served: Arc<BTreeMap<OperationType, Served>>,
    /// What did not succeed, what was slow, what a pause of the recorder changes, and what ended after the recording; in its order.
    pub(crate) kept: Vec<Kept>,
    pub(crate) first_uses: FirstUses,
    pub(crate) errors: BTreeMap<ErrorKey, ErrorCounts>,
    /// When the first was to begin, UTC microseconds.
    pub(crate) first_us: Option<i64>,
    /// The time of the last, UTC microseconds.
    pub(crate) last_us: Option<i64>,
    /// Successes that were kept because they were slow.
    pub(super) slow: usize,
}

/// An operation that is kept as it is. Times are UTC microseconds.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// Number of its file.
    pub(super) file: usize,
    pub(crate) kind: OperationType,
    pub(crate) name: Word,
    pub(crate) outcome: Outcome,
    pub(crate) class: Option<Word>,
    pub(crate) sqlstate: Option<Word>,
    pub(crate) message: Option<Word>,
    pub(crate) scheduled_us: i64,
    pub(crate) start_us: Option<i64>,
    pub(crate) end_us: Option<i64>,
    pub(crate) response_us: Option<i64>,
    pub(crate) checkout_us: Option<i64>,
    pub(crate) execute_us: Option<i64>,
    pub(crate) connection: Option<i64>,
}

/// Class, SQLSTATE and text of a failure.
pub(crate) type ErrorKey = (Word, Option<Word>, Option<Word>);

/// Failures of one class, SQLSTATE and text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ErrorCounts {
    pub(crate) count: u64,
    /// End of the first and of the last, UTC microseconds.
    pub(crate) first_us: Option<i64>,
    pub(crate) last_us: Option<i64>,
}

/// By path and name, the response time from which on a success may have waited or stalled, microseconds.
pub(super) type SlowFrom = BTreeMap<Path, BTreeMap<Word, i64>>;

impl Scan {
    pub(super) fn merge(&mut self, other: Self) {
        for (path, other) in other.paths {
            self.paths.entry(path).or_default().merge(other);
        }
        for (wrong, rows) in other.left_out {
            *self.left_out.entry(wrong).or_insert(0) += rows;
        }
    }
}

impl PathScan {
    /// Medians of the response times of successes by name, as outage detection takes them: without the pauses of the recorder, and without what
    /// ended after the recording.
    pub(crate) fn medians_us(
        &self,
        histogram: &Histogram,
        end_us: i64,
        pauses: &Pauses,
    ) -> BTreeMap<String, i64> {
        let mut times = SuccessTimes::of(histogram);
        for kept in self.kept.iter().filter(|kept| kept.outcome.is_success()) {
            let (Some(ended_us), Some(response_us)) = (kept.end_us, kept.response_us) else {
                continue;
            };
            let ended_later = ended_us > end_us;
            let paused_us = pauses.within_us(kept.scheduled_us, ended_us);
            if ended_later || paused_us > 0 {
                times.remove(&kept.name, response_us);
            }
            if !ended_later && paused_us > 0 {
                times.add(&kept.name, response_us - paused_us);
            }
        }
        times.medians_us()
    }

    /// Adds what was found in other files.
    fn merge(&mut self, other: Self) {
        for (alike, times) in other.times {
            self.times.entry(alike).or_default().merge(&times);
        }
        let own = Arc::make_mut(&mut self.served);
        for (kind, served) in Arc::unwrap_or_clone(other.served) {
            match own.get_mut(&kind) {
                Some(own) => own.merge(&served),
                None => drop(own.insert(kind, served)),
            }
        }
        self.kept.extend(other.kept);
        self.first_uses.merge(other.first_uses);
        for (key, counts) in other.errors {
            self.errors.entry(key).or_default().add(&counts);
        }
        self.first_us = earliest(self.first_us, other.first_us);
        self.last_us = self.last_us.max(other.last_us);
        self.slow += other.slow;
    }
}

impl ErrorCounts {
    pub(super) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.first_us = earliest(self.first_us, other.first_us);
        self.last_us = self.last_us.max(other.last_us);
    }
}

pub(super) fn earliest(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.into_iter().chain(other).min()
}
