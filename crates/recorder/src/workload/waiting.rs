//! The arrivals of an open loop that no worker took before the recording ended: a row for each, of which there may be millions.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use recording::Operation;

use crate::workload::Workload;

/// Rows that are handed over before the writer is waited for. It has two times as many to take at most, a quarter of what its queue holds: the rows
/// of others find room.
const WINDOW: u64 = 8_192;
/// A writer that takes nothing for so long waits for its disk. What its queue does not hold then is lost and counted.
const STALLED: Duration = Duration::from_secs(10);

impl Workload {
    /// Writes the operations that were due and that no worker took, as fast as the writer takes them.
    pub(crate) async fn record_waiting(&self, start: Instant) {
        let (mut identity, mut draw) = (String::new(), self.draws.room());
        let (mut rows, mut is_stalled) = (0_u64, false);
        let mut before = self.handle.taken();
        while let Some(turn) = self.turns.waiting(start) {
            self.draw(turn.operation_id, &mut identity, &mut draw);
            let row = Operation {
                start_time: None,
                ..self.row(None, &turn, &draw)
            };
            self.monitor.operation(&row);
            self.handle.operation(row);
            rows += 1;
            if rows.is_multiple_of(WINDOW) && !is_stalled {
                is_stalled = !is_set_in_time(&before).await;
                before = self.handle.taken();
            }
        }
    }
}

/// False where that takes too long.
async fn is_set_in_time(flag: &AtomicBool) -> bool {
    let since = Instant::now();
    while !flag.load(Ordering::Relaxed) {
        if since.elapsed() > STALLED {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    true
}
