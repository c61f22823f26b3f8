//! The reader gets nothing for a while before a fault: what the writer acknowledges meanwhile is lost with it.

use std::time::{Duration, Instant};

use crate::{
    error::LabError,
    node_name::NodeName,
    site::Site,
    sql,
    step::{StepKind, StepLog, until},
};

/// How long the reader may take to let go of its writer.
const RELEASE_LIMIT: Duration = Duration::from_secs(10);

/// Cuts `reader` off from the writer, and returns after `time`. Its receiver ends: one that is only stopped has a socket's buffer full of
/// the writer's log, which it would write once it continues. It stays cut off: a writer needs no writer, and a copy gets settings of its own.
pub(super) async fn hold(
    site: &Site,
    reader: NodeName,
    time: Duration,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    let what = format!("holding the replication of reader {reader}");
    let client = sql::connect_node(site, reader).await?;
    let cut = [
        "alter system set primary_conninfo = ''",
        "select pg_reload_conf()",
    ];
    sql::execute(&client, &what, &cut).await?;
    let deadline = Instant::now() + RELEASE_LIMIT;
    let receiver = "select pid from pg_stat_wal_receiver";
    while sql::scalar(&client, &what, receiver).await?.is_some() {
        if Instant::now() > deadline {
            return Err(LabError::Timeout {
                what,
                after: RELEASE_LIMIT,
            });
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let held = Instant::now();
    let end = "select pg_last_wal_receive_lsn()";
    let end = sql::scalar(&client, &what, end).await?.unwrap_or_default();
    let detail = format!(
        "reader {reader} gets nothing from the writer for {time:?}; it has the log up to {end}"
    );
    log.note_at(held, StepKind::Held, detail)?;
    until(held, time).await;
    Ok(())
}
