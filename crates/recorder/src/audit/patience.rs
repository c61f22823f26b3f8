//! How long an audit waits, and that it says what for.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::audit::announce::Announcer;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(500);
/// On one look, however little of the wait is left.
pub(super) const LEAST_LIMIT: Duration = Duration::from_secs(5);

/// How long is waited, and that it is said.
pub(super) struct Patience<'l> {
    pub(super) begun: Instant,
    wait: Duration,
    /// What was said to be waited for last.
    said: Option<&'static str>,
    announcer: Announcer<'l>,
}

impl<'l> Patience<'l> {
    pub(super) fn new(wait: Duration, announcer: Announcer<'l>) -> Self {
        Self {
            begun: Instant::now(),
            wait,
            said: None,
            announcer,
        }
    }

    fn left(&self) -> Duration {
        self.wait.saturating_sub(self.begun.elapsed())
    }

    /// The limit on one look.
    pub(super) fn limit(&self) -> Duration {
        self.left().max(LEAST_LIMIT)
    }

    /// Waits for the next look; false where there is none. `why` it is waited for what is told once.
    pub(super) async fn go_on(&mut self, what: &'static str, why: &str) -> bool {
        if self.left() < INTERVAL {
            return false;
        }
        if self.said != Some(what) {
            self.said = Some(what);
            let left = self.left().as_secs();
            self.announcer
                .say(&format!("waiting for {what}, up to {left} s: {why}"));
        }
        sleep(INTERVAL).await;
        true
    }
}
