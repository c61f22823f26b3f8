//! The one clock of a recording.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A monotonic clock, anchored once to the wall clock: a step of the wall clock during the recording changes no row.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    anchor_us: i64,
    anchor: Instant,
}

impl Clock {
    /// Anchors the clock to the wall clock's time now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            anchor_us: wall_us(),
            anchor: Instant::now(),
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
        match instant.checked_duration_since(self.anchor) {
            Some(after) => self.anchor_us + micros(after),
            None => self.anchor_us - micros(self.anchor.duration_since(instant)),
        }
    }

    /// How far the wall clock has gone ahead of this clock since the anchor, microseconds.
    #[must_use]
    pub fn drift_us(&self) -> i64 {
        wall_us() - self.now_us()
    }
}

fn micros(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn wall_us() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => micros(after),
        Err(before) => -micros(before.duration()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn moments_before_and_after_the_anchor() {
        let clock = Clock::start();
        let later = clock.anchor + Duration::from_micros(1_500);
        assert_eq!(clock.at_us(later), clock.anchor_us() + 1_500);
        if let Some(earlier) = clock.anchor.checked_sub(Duration::from_micros(700)) {
            assert_eq!(clock.at_us(earlier), clock.anchor_us() - 700);
        }
    }
}
