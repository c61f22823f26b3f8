//! One path's operations, reduced to what outage detection looks at.

use std::collections::BTreeMap;

use recording::vocabulary::{ErrorClass, OperationType, Outcome};

use crate::summary::{Group, Thresholds};

/// Waiting begins here at the earliest, microseconds: `semantics.md`, brownout.
const MIN_WAIT_US: i64 = 100_000;

/// SQLSTATE classes of statements that are wrong while the server is there.
const STATEMENT_ERRORS: [&str; 6] = ["0A", "21", "22", "42", "44", "P0"];

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

/// An operation that failed, did not finish, or took so long that it may have waited or stalled.
#[derive(Debug, Clone)]
pub struct Suspect {
    pub operation_type: OperationType,
    pub operation_name: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Class of its failure, a word of [`ErrorClass`] or of a later version.
    pub class: Option<String>,
    /// The server's code.
    pub sqlstate: Option<String>,
    /// When it was to begin, UTC microseconds, within the recording.
    pub scheduled_us: i64,
    /// When a worker took it.
    pub start_us: Option<i64>,
    /// When its outcome was known, within the recording; the recording's end where it never was.
    pub end_us: i64,
    /// `end - scheduled` before both were clipped to the recording, microseconds.
    pub response_us: i64,
}

impl Suspect {
    /// True where it says nothing about the service, however long it took: the server was there and answered, or was never reached.
    #[must_use]
    pub fn is_exempt(&self, group: Group) -> bool {
        match self.known_class() {
            Some(ErrorClass::Conflict | ErrorClass::Constraint | ErrorClass::Client) => true,
            Some(ErrorClass::Other) => {
                let code = self.sqlstate.as_deref().unwrap_or_default();
                STATEMENT_ERRORS.iter().any(|class| code.starts_with(class))
            }
            Some(ErrorClass::ReadOnly) => group == Group::All,
            _ => false,
        }
    }

    /// A `failed` or `unknown` outcome that is not exempt. A statement that the server cancelled is none by itself: the server was
    /// there. But it waited as any other, and may be stalled.
    #[must_use]
    pub fn is_availability_failure(&self, group: Group) -> bool {
        matches!(self.outcome, Outcome::Failed | Outcome::Unknown)
            && !self.is_exempt(group)
            && self.known_class() != Some(ErrorClass::StatementTimeout)
    }

    fn known_class(&self) -> Option<ErrorClass> {
        self.class.as_deref().and_then(ErrorClass::parse)
    }

    /// The last moment at which this operation shows that the service was down: a failure at its end, and so an operation
    /// that was not served when the recording ended. A limit, and a wait that ended with an answer, show only that the service was
    /// down when they began.
    #[must_use]
    pub fn known_down_us(&self) -> i64 {
        let limit = matches!(
            self.known_class(),
            Some(
                ErrorClass::ConnectTimeout
                    | ErrorClass::OperationTimeout
                    | ErrorClass::PoolTimeout
                    | ErrorClass::StatementTimeout
            )
        );
        if self.outcome.is_success() || limit {
            self.start_us.unwrap_or(self.scheduled_us)
        } else {
            self.end_us
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// Start of the recording, UTC microseconds.
    pub start_us: i64,
    pub end_us: i64,
    pub successes: BTreeMap<OperationType, Successes>,
    /// Failed, unfinished and slow operations, in any order.
    pub suspects: Vec<Suspect>,
    /// Median response time of successes per operation name, microseconds.
    pub median_response_us: BTreeMap<String, i64>,
}

impl Timeline {
    #[must_use]
    pub fn duration_us(&self) -> i64 {
        self.end_us - self.start_us
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

    /// True where the group had any operation at all.
    #[must_use]
    pub fn has_operations(&self, group: Group) -> bool {
        let succeeded = |kind: &OperationType| {
            self.successes
                .get(kind)
                .is_some_and(|successes| !successes.end_us.is_empty())
        };
        OperationType::ALL
            .iter()
            .any(|kind| group.contains(*kind) && succeeded(kind))
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
