//! A network that gets slow.

use std::time::Instant;

use crate::{
    cluster::Lab,
    error::LabError,
    options::FailoverOptions,
    step::{StepKind, StepLog, until},
};

/// Every server's relay delays what goes through them, for a while.
pub(super) async fn slow_down(
    lab: &mut Lab,
    options: &FailoverOptions,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    let FailoverOptions {
        latency,
        latency_jitter,
        bandwidth,
        down_for,
        ..
    } = *options;
    for relay in lab.relays() {
        relay.slow(latency, latency_jitter, bandwidth);
    }
    let begun = Instant::now();
    let width = bandwidth.map_or_else(String::new, |bytes| format!(", {bytes} bytes/s"));
    let detail = format!(
        "every server: {latency:?} to {:?} each way{width}",
        latency + latency_jitter
    );
    log.note_at(begun, StepKind::Slowed, detail)?;
    until(begun, down_for).await;
    for relay in lab.relays() {
        relay.restore();
    }
    let detail = "every server: as before".to_owned();
    log.note(StepKind::Restored, detail)
}
