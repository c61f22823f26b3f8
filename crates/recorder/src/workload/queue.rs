//! The arrivals of an open loop: a thread lets them in when they are due, and workers take them in order. What finds no worker free waits,
//! and keeps the time at which it was due.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use command_line::duration::micros;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};

use crate::output::event_sink::EventSink;
use crate::workload::open_loop::Arrivals;

/// So long the thread sleeps at most before it looks whether the recording has ended.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);
/// A thread that wakes so late is a pause of the recorder, as in `run::pauses`.
const PAUSE: Duration = Duration::from_millis(100);

/// The arrivals of a path.
#[derive(Debug)]
pub(crate) struct Queue {
    next: Mutex<(i64, Arrivals)>,
    /// One permit for each arrival that is due and not taken.
    due: Semaphore,
}

/// An operation that was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrived {
    /// Counts from 1.
    pub(crate) number: i64,
    /// When it was due, since the start.
    pub(crate) after: Duration,
}

impl Queue {
    pub(crate) fn new(arrivals: Arrivals) -> Self {
        Self {
            next: Mutex::new((0, arrivals)),
            due: Semaphore::new(0),
        }
    }

    /// Waits for the next arrival. Given up, it takes none.
    pub(crate) async fn next(&self) -> Arrived {
        // An error is a closed semaphore, which this one never is.
        if let Ok(permit) = self.due.acquire().await {
            permit.forget();
        }
        self.take()
    }

    /// An arrival that is due already, if there is one.
    pub(crate) fn waiting(&self) -> Option<Arrived> {
        self.due.try_acquire().ok()?.forget();
        Some(self.take())
    }

    fn take(&self) -> Arrived {
        let (number, arrivals) = &mut *self.next.lock();
        *number += 1;
        Arrived {
            number: *number,
            after: arrivals.advance(),
        }
    }
}

/// Lets the same arrivals into the queues of all paths, on a thread of its own: a timer of the runtime would be up to a millisecond late.
/// The thread ends with the recording.
pub(crate) fn let_in(
    queues: Vec<Arc<Queue>>,
    arrivals: impl Iterator<Item = Duration> + Send + 'static,
    start: Instant,
    stop: watch::Receiver<bool>,
    sink: EventSink,
) {
    tokio::task::spawn_blocking(move || {
        let mut awake = start;
        for after in arrivals {
            let due = start + after;
            if !sleep_until(due, &stop) {
                return;
            }
            // From when on it was late: an arrival that was due while it slept for another is none of its own.
            let since = due.max(awake);
            awake = Instant::now();
            let late = awake.saturating_duration_since(since);
            if late >= PAUSE {
                sink.pause(sink.clock.at_us(since), micros(late));
            }
            for queue in &queues {
                queue.due.add_permits(1);
            }
        }
    });
}

/// False where the recording ended before.
fn sleep_until(due: Instant, stop: &watch::Receiver<bool>) -> bool {
    loop {
        // A sender that is gone, as after a panic, says the same: the runtime waits for this thread.
        if *stop.borrow() || stop.has_changed().is_err() {
            return false;
        }
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        thread::sleep(left.min(LONGEST_SLEEP));
    }
}
