//! One path's operations, reduced to what outage detection looks at.

use std::collections::BTreeMap;

use recording::vocabulary::{OperationType, Path};

use crate::reduce::pauses::Pauses;
use crate::reduce::suspect::Suspect;
use crate::summary::{Group, Thresholds};

/// Waiting begins here at the earliest, microseconds: `docs/definitions.md`, Downtime: brownout.
const MIN_WAIT_US: i64 = 100_000;

/// Successes of one operation type: `end_us[i]` and `response_us[i]` belong together, in order of `end_us`.
#[derive(Debug, Clone, Default)]
pub struct Successes {
    /// When each ended, UTC microseconds, within the recording.
    pub end_us: Vec<i64>,
    /// How long the user waited, microseconds.
    pub response_us: Vec<i64>,
}

impl Successes {
    /// Successes in order of their ends, whatever order they came in.
    #[must_use]
    pub fn sorted(mut pairs: Vec<(i64, i64)>) -> Self {
        pairs.sort_unstable();
        let (end_us, response_us) = pairs.into_iter().unzip();
        Self {
            end_us,
            response_us,
        }
    }

    /// Those of several types together.
    #[must_use]
    pub fn merged<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        let mut parts = parts.filter(|part| !part.end_us.is_empty()).peekable();
        let Some(first) = parts.next() else {
            return Self::default();
        };
        if parts.peek().is_none() {
            return first.clone();
        }
        let all = std::iter::once(first).chain(parts);
        Self::sorted(all.flat_map(Self::pairs).collect())
    }

    /// (end, response) of each.
    pub fn pairs(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.end_us
            .iter()
            .copied()
            .zip(self.response_us.iter().copied())
    }

    /// Indices of the successes that ended in [from, to).
    #[must_use]
    pub fn within(&self, from_us: i64, to_us: i64) -> std::ops::Range<usize> {
        let start = self.end_us.partition_point(|end| *end < from_us);
        let end = self.end_us.partition_point(|end| *end < to_us);
        start..end.max(start)
    }
}

/// A probe of the server behind a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerProbe {
    /// When its answer or failure came, UTC microseconds.
    pub time_us: i64,
    pub is_answered: bool,
}

#[derive(Debug, Clone)]
pub struct Timeline {
    pub path: Path,
    /// Start of the recording, UTC microseconds.
    pub start_us: i64,
    pub end_us: i64,
    pub successes: BTreeMap<OperationType, Successes>,
    /// Failed, unfinished and slow operations, in any order.
    pub suspects: Vec<Suspect>,
    /// Median response time of successes per operation name, microseconds.
    pub median_response_us: BTreeMap<String, i64>,
    pub pauses: Pauses,
    /// Successes that a pause of the recorder hides, by end and response time: when each may have been served at the earliest.
    pub hidden_us: BTreeMap<(OperationType, i64, i64), i64>,
    /// Workers of the path.
    pub workers: u32,
    /// Operations that can be in execute at the same time: the smaller of the workers and the pool.
    pub slots: u32,
    /// In order of time.
    pub server_probes: Vec<ServerProbe>,
}

impl Timeline {
    #[must_use]
    pub fn duration_us(&self) -> i64 {
        self.end_us - self.start_us
    }

    /// True where the group has a success of the type.
    #[must_use]
    pub fn has_successes(&self, kind: OperationType) -> bool {
        self.successes
            .get(&kind)
            .is_some_and(|successes| !successes.end_us.is_empty())
    }

    /// Successes of a group, in order of their ends.
    #[must_use]
    pub fn successes_of(&self, group: Group) -> Successes {
        let of_group = self
            .successes
            .iter()
            .filter(|(kind, _)| group.contains(**kind));
        Successes::merged(of_group.map(|(_, successes)| successes))
    }

    /// When a success of the group may have been served at the earliest: at its end, unless a pause of the recorder hides that.
    #[must_use]
    pub fn served_since_us(&self, group: Group, end_us: i64, response_us: i64) -> i64 {
        let kinds = OperationType::ALL
            .iter()
            .filter(|kind| group.contains(**kind));
        let hidden = kinds.filter_map(|kind| self.hidden_us.get(&(*kind, end_us, response_us)));
        hidden.copied().max().unwrap_or(end_us)
    }

    /// True where the group had any operation at all.
    #[must_use]
    pub fn has_operations(&self, group: Group) -> bool {
        OperationType::ALL
            .iter()
            .copied()
            .any(|kind| group.contains(kind) && self.has_successes(kind))
            || self
                .suspects
                .iter()
                .any(|suspect| group.contains(suspect.operation_type))
    }

    /// Response time from which on an operation is stalled: max(floor + m, 3 m).
    #[must_use]
    pub fn stall_threshold_us(&self, operation_name: &str, thresholds: &Thresholds) -> i64 {
        let median = self
            .median_response_us
            .get(operation_name)
            .copied()
            .unwrap_or(0);
        (thresholds.min_stall_us + median).max(3 * median)
    }

    /// Response time from which on an operation waited: max(100 ms, 3 m).
    #[must_use]
    pub fn wait_threshold_us(&self, operation_name: &str) -> i64 {
        wait_threshold_us(self.median_response_us.get(operation_name).copied())
    }
}

/// Response time from which on an operation waited, from the median of its name: max(100 ms, 3 m).
#[must_use]
pub fn wait_threshold_us(median_us: Option<i64>) -> i64 {
    MIN_WAIT_US.max(3 * median_us.unwrap_or(0))
}

impl Group {
    /// True where operations of this type belong to the group.
    #[must_use]
    pub const fn contains(self, kind: OperationType) -> bool {
        match self {
            Self::Read => matches!(kind, OperationType::Read),
            Self::Write => matches!(kind, OperationType::Write),
            Self::Transaction => matches!(kind, OperationType::Transaction),
            Self::Writer => matches!(kind, OperationType::Write | OperationType::Transaction),
            Self::All => true,
        }
    }
}
