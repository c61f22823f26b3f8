//! Says when the disk refuses what is recorded, and when it takes it again.

use std::sync::Arc;
use std::time::Duration;

use recording::Handle;

use crate::monitor::Monitor;
use crate::output::log::Log;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(250);

/// Watches until it is dropped. Each change is a note above the live view and a line of the log.
pub(crate) async fn watch(handle: Handle, monitor: Arc<Monitor>, log: Arc<Log>) {
    let mut was_well = true;
    loop {
        tokio::time::sleep(INTERVAL).await;
        let text = match (was_well, handle.trouble()) {
            (true, Some(trouble)) => {
                was_well = false;
                format!("cannot write to the recording: {trouble}; the workload continues")
            }
            (false, None) => {
                was_well = true;
                match handle.dropped_rows() {
                    0 => "writes to the recording work again: no rows lost".to_owned(),
                    rows => format!("writes to the recording work again; {rows} rows lost so far"),
                }
            }
            _ => continue,
        };
        log.line(&text);
        monitor.note(text);
    }
}
