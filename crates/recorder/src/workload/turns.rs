//! When the workers of a path begin their operations.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::Xoshiro256PlusPlus;

use crate::workload::pacer::Pacer;
use crate::workload::queue::{Arrived, Queue};
use crate::workload::schedule::ClosedLoop;

/// What the workers of a path ask for their next operation.
pub(crate) enum Turns {
    /// A worker begins when it has thought.
    Closed {
        schedule: ClosedLoop,
        /// Where operations are limited, on all paths together.
        pacer: Option<Arc<Pacer>>,
        /// The last `operation_id` that was given out.
        last_operation: AtomicI64,
    },
    /// Operations arrive.
    Open(Arc<Queue>),
}

/// The begin of an operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) operation_id: i64,
    /// When the schedule wanted it. Closed loop: when the worker was free and its think time over.
    pub(crate) due: Instant,
    pub(crate) begun: Instant,
    /// How late it begins by the recorder's own fault; `None` in a closed loop, whose schedule is the worker itself.
    pub(crate) lag: Option<Duration>,
}

impl Turns {
    /// Waits for a free worker's next operation, of a recording that began at `start`. Given up, it takes none of an open loop.
    pub(crate) async fn next(&self, start: Instant) -> Turn {
        match self {
            Self::Closed {
                pacer,
                last_operation,
                ..
            } => {
                // Before the operation is numbered: the paths keep their streams, and the wait is no part of it.
                if let Some(pacer) = pacer {
                    pacer.turn().await;
                }
                let begun = Instant::now();
                Turn {
                    operation_id: last_operation.fetch_add(1, Ordering::Relaxed) + 1,
                    due: begun,
                    begun,
                    lag: None,
                }
            }
            Self::Open(queue) => {
                let free = Instant::now();
                let Arrived { number, after } = queue.next().await;
                let due = start + after;
                let begun = Instant::now();
                Turn {
                    operation_id: number,
                    due,
                    begun,
                    lag: Some(begun.saturating_duration_since(due.max(free))),
                }
            }
        }
    }

    /// An operation that was due and that no worker took.
    pub(crate) fn waiting(&self, start: Instant) -> Option<Turn> {
        let Self::Open(queue) = self else {
            return None;
        };
        let Arrived { number, after } = queue.waiting()?;
        let due = start + after;
        Some(Turn {
            operation_id: number,
            due,
            begun: due,
            lag: None,
        })
    }

    /// How long a worker thinks after its operation.
    pub(crate) fn think_time(&self, random: &mut Xoshiro256PlusPlus) -> Duration {
        match self {
            Self::Closed { schedule, .. } => schedule.think_time(random),
            Self::Open(_) => Duration::ZERO,
        }
    }

    pub(crate) fn queue(&self) -> Option<&Arc<Queue>> {
        match self {
            Self::Closed { .. } => None,
            Self::Open(queue) => Some(queue),
        }
    }
}
