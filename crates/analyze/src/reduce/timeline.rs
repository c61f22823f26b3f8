//! One path's operations, reduced to what outage detection looks at.

use std::collections::BTreeMap;
use std::sync::Arc;

use recording::vocabulary::{OperationType, Path};

use crate::reduce::pauses::Pauses;
use crate::reduce::served::Served;
use crate::reduce::suspect::Suspect;
use crate::summary::{Group, Thresholds};

/// Waiting begins here at the earliest, microseconds: `docs/definitions.md`, Downtime: brownout.
const MIN_WAIT_US: i64 = 100_000;

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
    /// When operations succeeded, by their type.
    pub served: Arc<BTreeMap<OperationType, Served>>,
    /// Failed, unfinished and slow operations, in any order.
    pub suspects: Vec<Suspect>,
    /// Median response time of successes per operation name, microseconds.
    pub median_response_us: BTreeMap<String, i64>,
    pub pauses: Pauses,
    /// Workers of the path.
    pub workers: u32,
    /// Operations that can be in execute at the same time: the smaller of the workers and the pool.
    pub slots: u32,
    /// In order of time.
    pub server_probes: Vec<ServerProbe>,
    /// The server of each connection by its number, where that is known, and stays the same.
    pub servers: BTreeMap<i64, String>,
}

impl Timeline {
    #[must_use]
    pub fn duration_us(&self) -> i64 {
        self.end_us - self.start_us
    }

    /// True where an operation of the type succeeded.
    #[must_use]
    pub fn has_successes(&self, kind: OperationType) -> bool {
        self.served
            .get(&kind)
            .is_some_and(|served| served.count() > 0)
    }

    /// When operations of a group succeeded.
    #[must_use]
    pub fn served_by(&self, group: Group) -> Served {
        let mut all = Served::new(self.start_us);
        let of_group = |(kind, _): &(&OperationType, &Served)| group.contains(**kind);
        for (_, served) in self.served.iter().filter(of_group) {
            all.merge(served);
        }
        all
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
