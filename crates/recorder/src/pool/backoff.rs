//! The wait before an attempt to connect where the last one failed: exponential, with full jitter, per endpoint.

use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The bounds of the wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Bound after the first failure; zero for no wait at all.
    pub min: Duration,
    /// Largest bound.
    pub max: Duration,
}

impl Backoff {
    /// The longest wait after so many failures in a row: [`Backoff::min`] doubled with each, at most [`Backoff::max`].
    #[must_use]
    pub fn bound(&self, failures: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(1) else {
            return Duration::ZERO;
        };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.min.saturating_mul(factor).min(self.max)
    }
}

/// What an endpoint's attempts know of each other.
pub(crate) struct Gate {
    bounds: Backoff,
    state: Mutex<State>,
    /// An attempt succeeded: the others wait no longer.
    succeeded: Notify,
}

struct State {
    /// Grows with what is learnt of the endpoint.
    round: u64,
    /// In a row.
    failures: u32,
    last_failure: Option<Instant>,
    random: Xoshiro256PlusPlus,
}

/// What was known when an attempt began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Round(u64);

impl Gate {
    pub(crate) fn new(bounds: Backoff, random: Xoshiro256PlusPlus) -> Self {
        Self {
            bounds,
            state: Mutex::new(State {
                round: 0,
                failures: 0,
                last_failure: None,
                random,
            }),
            succeeded: Notify::new(),
        }
    }

    /// Waits as long as an attempt has to wait that would begin now.
    pub(crate) async fn pass(&self) -> Round {
        // Made before the state is looked at: it hears of a success from here on.
        let succeeded = self.succeeded.notified();
        if let Some(begin) = self.earliest() {
            tokio::select! {
                () = tokio::time::sleep_until(begin) => {}
                () = succeeded => {}
            }
        }
        Round(self.state().round)
    }

    /// When an attempt may begin; each one draws its own time, so that not all come at once. `None` for now.
    fn earliest(&self) -> Option<Instant> {
        let mut state = self.state();
        let bound = self.bounds.bound(state.failures);
        let last_failure = state.last_failure.filter(|_| !bound.is_zero())?;
        Some(last_failure + state.random.random_range(Duration::ZERO..=bound))
    }

    /// The attempt of that round failed. Those that began together count once: ten workers know no more than one.
    pub(crate) fn failed(&self, round: Round) {
        let mut state = self.state();
        if state.round == round.0 {
            state.round += 1;
            state.failures = state.failures.saturating_add(1);
        }
        state.last_failure = Some(Instant::now());
    }

    /// An attempt succeeded.
    pub(crate) fn succeeded(&self) {
        let mut state = self.state();
        state.round += 1;
        state.failures = 0;
        drop(state);
        self.succeeded.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn gate(min: Duration, max: Duration, seed: u64) -> Gate {
        let random = Xoshiro256PlusPlus::seed_from_u64(seed);
        Gate::new(Backoff { min, max }, random)
    }

    #[test]
    fn the_bound_doubles_up_to_the_largest() {
        let bounds = Backoff {
            min: ms(100),
            max: ms(1_000),
        };
        let of = |failures: u32| bounds.bound(failures);
        assert_eq!(of(0), Duration::ZERO);
        assert_eq!(
            [of(1), of(2), of(3), of(4), of(5)],
            [100, 200, 400, 800, 1_000].map(ms)
        );
        assert_eq!(of(u32::MAX), ms(1_000));
    }

    /// Attempts begin without their wait.
    fn begin(gate: &Gate) -> Round {
        Round(gate.state().round)
    }

    #[tokio::test]
    async fn a_wait_ends_where_another_attempt_succeeds() {
        let year = Duration::from_secs(365 * 86_400);
        let gate = gate(year, year, 1);
        gate.failed(begin(&gate));
        assert!(gate.earliest() > Some(Instant::now() + ms(60_000)));
        let in_time = tokio::time::timeout(ms(60_000), async {
            // Polled in this order: it waits when the success comes.
            tokio::join!(gate.pass(), async { gate.succeeded() })
        });
        assert!(in_time.await.is_ok());
        assert_eq!(gate.earliest(), None);
    }

    #[tokio::test]
    async fn a_wait_is_waited() {
        let gate = gate(ms(30), ms(30), 1);
        gate.failed(begin(&gate));
        let begin = gate.earliest();
        // The same draw again.
        gate.state().random = Xoshiro256PlusPlus::seed_from_u64(1);
        gate.pass().await;
        assert!(Some(Instant::now()) >= begin && begin.is_some());
    }

    #[test]
    fn attempts_made_together_count_once() {
        let gate = gate(ms(100), ms(10_000), 1);
        let rounds = [begin(&gate), begin(&gate), begin(&gate)];
        rounds.into_iter().for_each(|round| gate.failed(round));
        assert_eq!(gate.state().failures, 1);
        gate.failed(begin(&gate));
        assert_eq!(gate.state().failures, 2);
        // One from before a success says nothing of the endpoint now.
        let stale = begin(&gate);
        gate.succeeded();
        gate.failed(stale);
        assert_eq!(gate.earliest(), None);
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_its_bound(
            min in 0_u64..5_000, more in 0_u64..60_000, failures in 1_u32..80, seed: u64,
        ) {
            let gate = gate(ms(min), ms(min + more), seed);
            prop_assert_eq!(gate.earliest(), None);
            let mut before = Duration::ZERO;
            for failed in 1..=failures {
                gate.failed(begin(&gate));
                let bound = gate.bounds.bound(failed);
                prop_assert!(bound >= before && (ms(min)..=ms(min + more)).contains(&bound));
                before = bound;
                let last = gate.state().last_failure.unwrap();
                match gate.earliest() {
                    Some(earliest) => prop_assert!(earliest >= last && earliest - last <= bound),
                    None => prop_assert_eq!(min, 0),
                }
            }
            gate.succeeded();
            prop_assert_eq!(gate.earliest(), None);
        }

        #[test]
        fn the_jitter_is_full(seed: u64) {
            let gate = gate(ms(1_000), ms(1_000), seed);
            gate.failed(begin(&gate));
            let last = gate.state().last_failure.unwrap();
            let waits: Vec<_> = (0..400).map(|_| gate.earliest().unwrap() - last).collect();
            prop_assert!(waits.iter().min() < Some(&ms(100)));
            prop_assert!(waits.iter().max() > Some(&ms(900)));
        }
    }
}
