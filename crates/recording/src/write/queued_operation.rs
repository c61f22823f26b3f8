//! An operation's row as it waits for the writer.

use crate::format::rows::{Failure, Operation};
use crate::format::vocabulary::{OperationType, Outcome, Path};

/// A number that can be absent, and its bit.
#[derive(Debug, Clone, Copy)]
enum Optional {
    Worker,
    StartTime,
    EndTime,
    CheckoutUs,
    ExecuteUs,
    AffectedRows,
    ConnectionId,
}

/// An [`Operation`] in two thirds of the memory: each `Option<i64>` there costs eight bytes for one bit, and the queue has room for tens
/// of thousands.
#[derive(Debug)]
pub(crate) struct Queued {
    /// As in [`Operation`].
    pub(crate) operation_id: i64,
    /// As in [`Operation`].
    pub(crate) scheduled_time: i64,
    start_time: i64,
    end_time: i64,
    checkout_us: i64,
    execute_us: i64,
    affected_rows: i64,
    connection_id: i64,
    /// As in [`Operation`].
    pub(crate) operation_name: &'static str,
    /// As in [`Operation`].
    pub(crate) failure: Option<Box<Failure>>,
    worker: i32,
    /// One bit per [`Optional`] that is there.
    present: u8,
    /// As in [`Operation`].
    pub(crate) path: Path,
    /// As in [`Operation`].
    pub(crate) operation_type: OperationType,
    /// As in [`Operation`].
    pub(crate) outcome: Outcome,
}

impl Queued {
    const fn has(&self, which: Optional) -> bool {
        self.present & (1 << which as u8) != 0
    }

    fn number(&self, which: Optional, value: i64) -> Option<i64> {
        self.has(which).then_some(value)
    }

    pub(crate) fn worker(&self) -> Option<i32> {
        self.has(Optional::Worker).then_some(self.worker)
    }

    pub(crate) fn start_time(&self) -> Option<i64> {
        self.number(Optional::StartTime, self.start_time)
    }

    pub(crate) fn end_time(&self) -> Option<i64> {
        self.number(Optional::EndTime, self.end_time)
    }

    pub(crate) fn checkout_us(&self) -> Option<i64> {
        self.number(Optional::CheckoutUs, self.checkout_us)
    }

    pub(crate) fn execute_us(&self) -> Option<i64> {
        self.number(Optional::ExecuteUs, self.execute_us)
    }

    pub(crate) fn affected_rows(&self) -> Option<i64> {
        self.number(Optional::AffectedRows, self.affected_rows)
    }

    pub(crate) fn connection_id(&self) -> Option<i64> {
        self.number(Optional::ConnectionId, self.connection_id)
    }
}

impl From<Operation> for Queued {
    fn from(row: Operation) -> Self {
        let present = [
            (Optional::Worker, row.worker.is_some()),
            (Optional::StartTime, row.start_time.is_some()),
            (Optional::EndTime, row.end_time.is_some()),
            (Optional::CheckoutUs, row.checkout_us.is_some()),
            (Optional::ExecuteUs, row.execute_us.is_some()),
            (Optional::AffectedRows, row.affected_rows.is_some()),
            (Optional::ConnectionId, row.connection_id.is_some()),
        ];
        let bits = |bits, (which, is_there)| bits | (u8::from(is_there) << which as u8);
        Self {
            operation_id: row.operation_id,
            scheduled_time: row.scheduled_time,
            start_time: row.start_time.unwrap_or_default(),
            end_time: row.end_time.unwrap_or_default(),
            checkout_us: row.checkout_us.unwrap_or_default(),
            execute_us: row.execute_us.unwrap_or_default(),
            affected_rows: row.affected_rows.unwrap_or_default(),
            connection_id: row.connection_id.unwrap_or_default(),
            operation_name: row.operation_name,
            failure: row.failure,
            worker: row.worker.unwrap_or_default(),
            present: present.into_iter().fold(0, bits),
            path: row.path,
            operation_type: row.operation_type,
            outcome: row.outcome,
        }
    }
}

impl From<Queued> for Operation {
    fn from(row: Queued) -> Self {
        Self {
            path: row.path,
            worker: row.worker(),
            operation_id: row.operation_id,
            operation_type: row.operation_type,
            operation_name: row.operation_name,
            scheduled_time: row.scheduled_time,
            start_time: row.start_time(),
            end_time: row.end_time(),
            checkout_us: row.checkout_us(),
            execute_us: row.execute_us(),
            outcome: row.outcome,
            affected_rows: row.affected_rows(),
            connection_id: row.connection_id(),
            failure: row.failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_number_comes_back_and_every_absent_one(
            times in proptest::array::uniform2(proptest::option::of(any::<i64>())),
            others in proptest::array::uniform4(proptest::option::of(any::<i64>())),
            worker in proptest::option::of(any::<i32>()),
            (operation_id, scheduled_time) in any::<(i64, i64)>(),
        ) {
            let row = Operation {
                path: Path::Proxy,
                worker,
                operation_id,
                operation_type: OperationType::Transaction,
                operation_name: "place_order",
                scheduled_time,
                start_time: times[0],
                end_time: times[1],
                checkout_us: others[0],
                execute_us: others[1],
                outcome: Outcome::Rejected,
                affected_rows: others[2],
                connection_id: others[3],
                failure: None,
            };
            let before = format!("{row:?}");
            let queued = Queued::from(row);
            prop_assert_eq!(queued.end_time(), times[1]);
            prop_assert_eq!(format!("{:?}", Operation::from(queued)), before);
        }
    }

    #[test]
    fn it_is_as_small_as_said() {
        assert!(size_of::<Queued>() <= 96, "{}", size_of::<Queued>());
        assert!(size_of::<Queued>() * 3 <= size_of::<Operation>() * 2);
    }
}
