//! The one clock of a recording.

use std::time::{Duration, Instant};

use chrono::Utc;

/// A monotonic clock, anchored once to the wall clock: a step of the wall clock during the recording changes no row.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    anchor_us: i64,
    anchor: Instant,
    wall: fn() -> i64,
}

impl Clock {
    /// Anchors the clock to the system's wall clock now.
    #[must_use]
    pub fn start() -> Self {
        Self::with_wall(|| Utc::now().timestamp_micros())
    }

    /// Anchors the clock to the time of `wall` now, UTC microseconds. It is read again only for [`Clock::drift_us`].
    #[must_use]
    pub fn with_wall(wall: fn() -> i64) -> Self {
        Self {
            anchor_us: wall(),
            anchor: Instant::now(),
            wall,
        }
    }

    /// The wall clock's time at the anchor, UTC microseconds.
    #[must_use]
    pub const fn anchor_us(&self) -> i64 {
        self.anchor_us
    }

    /// Time now on this clock, UTC microseconds.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        self.at_us(Instant::now())
    }

    /// A moment of the monotonic clock on this clock, UTC microseconds.
    #[must_use]
    pub fn at_us(&self, instant: Instant) -> i64 {
        let micros = |apart: Duration| i64::try_from(apart.as_micros()).unwrap_or(i64::MAX);
        match instant.checked_duration_since(self.anchor) {
            Some(after) => self.anchor_us + micros(after),
            None => self.anchor_us - micros(self.anchor.duration_since(instant)),
        }
    }

    /// How far the wall clock has gone ahead of this clock since the anchor, microseconds.
    #[must_use]
    pub fn drift_us(&self) -> i64 {
        (self.wall)() - self.now_us()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};

    #[test]
    fn moments_before_and_after_the_anchor() {
        let clock = Clock::start();
        let later = clock.anchor + Duration::from_micros(1_500);
        assert_eq!(clock.at_us(later), clock.anchor_us() + 1_500);
        if let Some(earlier) = clock.anchor.checked_sub(Duration::from_micros(700)) {
            assert_eq!(clock.at_us(earlier), clock.anchor_us() - 700);
        }
    }

    #[test]
    fn a_step_of_the_wall_clock_moves_the_drift_and_nothing_else() {
        const HOUR_US: i64 = 3_600_000_000;
        static STEP_US: AtomicI64 = AtomicI64::new(0);
        // It stands still but for its steps.
        let clock = Clock::with_wall(|| 1_000 + STEP_US.load(Ordering::Relaxed));
        assert_eq!(clock.anchor_us(), 1_000);
        let before = clock.now_us();
        let moment = Instant::now();
        let at_moment = clock.at_us(moment);
        for (step_us, net_us) in [(HOUR_US, HOUR_US), (-2 * HOUR_US, -HOUR_US)] {
            STEP_US.fetch_add(step_us, Ordering::Relaxed);
            assert_eq!(clock.at_us(moment), at_moment);
            assert_eq!(clock.anchor_us(), 1_000);
            let (earliest, drift, latest) = (clock.now_us(), clock.drift_us(), clock.now_us());
            assert!(before <= earliest && earliest <= latest);
            let wall = 1_000 + net_us;
            assert!(
                (wall - latest..=wall - earliest).contains(&drift),
                "{drift}"
            );
        }
    }
}
