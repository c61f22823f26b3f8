//! The end of a run, as its tasks wait for it.

use tokio::sync::watch;

/// Resolves when the recording is to end.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Where the sender is gone, so is the run.
    let _ = stop.wait_for(|stop| *stop).await;
}
