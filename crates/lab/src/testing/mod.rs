//! What the tests of several crates share.

pub mod alone;
pub mod interceptor;

use std::time::{Duration, Instant};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Waits until something is so; for asynchronous tests there is [`wait_until_async`]. The limit is how long it may take on a busy
/// machine: most tests do not depend on how fast it comes.
///
/// # Panics
/// It is not so within `limit`.
#[track_caller]
pub fn wait_until(what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited {limit:?} for {what}");
        std::thread::sleep(LOOK);
    }
}

/// As [`wait_until`], for what a server is asked.
///
/// # Panics
/// It is not so within `limit`.
pub async fn wait_until_async(what: &str, limit: Duration, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !is_so().await {
        assert!(Instant::now() < deadline, "waited {limit:?} for {what}");
        tokio::time::sleep(LOOK).await;
    }
}
