//! Keeps idle connections ready (`--pool-min-idle`), in the background.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::pool::Pool;
use crate::shutdown::stopped;

/// How often it looks how many are idle.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// Makes connections whenever fewer than `min_idle` are idle, until the recording ends. One after the other, each under `limit`: an
/// outage meets one attempt at a time from here.
pub(crate) async fn keep_ready(
    pool: Pool,
    min_idle: usize,
    limit: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let filling = async {
        let mut looks = interval(LOOK_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            while count_idle(&pool) < min_idle && pool.manager().make_ready(limit).await {}
        }
    };
    tokio::select! {
        biased;
        () = stopped(&mut stop) => {}
        () = filling => {}
    }
}

/// Idle connections that are open.
fn count_idle(pool: &Pool) -> usize {
    // What a failover closed is not ready.
    drop(pool.retain(|connection, _| !connection.is_closed()));
    pool.status().available + pool.manager().count_ready()
}
