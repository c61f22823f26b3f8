//! `--max-tps`: a bound on how many operations begin per second, all workers and paths together.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Gives each operation its moment to begin, one interval after the last one's. Nothing is saved up while nobody asks: there
/// are no bursts but those of a late timer.
#[derive(Debug)]
pub(crate) struct Pacer {
    interval: Duration,
    /// The next moment that is free.
    next: Mutex<Instant>,
}

impl Pacer {
    /// For `tps` operations per second.
    pub(crate) fn new(tps: f64) -> Self {
        Self {
            interval: Duration::from_secs_f64(1.0 / tps),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits for the caller's turn. Who asks first begins first; a turn that is given up is lost.
    pub(crate) async fn turn(&self) {
        let turn = self.take(Instant::now());
        // Where it is there already no timer is asked: it would take a millisecond.
        if turn > Instant::now() {
            tokio::time::sleep_until(turn).await;
        }
    }

    fn take(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = now.max(*next);
        *next = turn + self.interval;
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_apart_and_nothing_saved_up() {
        let pacer = Pacer::new(50.0);
        let start = Instant::now() + Duration::from_secs(1);
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(pacer.take(at(0)), at(0));
        assert_eq!(pacer.take(at(0)), at(20));
        assert_eq!(pacer.take(at(5)), at(40));
        // A second of idleness gives one operation its moment, not fifty.
        assert_eq!(pacer.take(at(1_000)), at(1_000));
        assert_eq!(pacer.take(at(1_000)), at(1_020));
        assert_eq!(pacer.take(at(1_030)), at(1_040));
    }
}
