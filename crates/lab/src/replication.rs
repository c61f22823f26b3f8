//! A reader that follows its writer: slots, synchronous commits, and waiting for both.

use std::time::{Duration, Instant};

use tokio_postgres::Client;

use crate::{error::LabError, node_name::NodeName, options::Replication, site::Site, sql};

/// The slot that a reader's writer keeps for it.
pub(crate) fn slot_of(reader: NodeName) -> String {
    format!("slot_{reader}")
}

/// How long a sender may take to let go of its slot.
const RELEASE_LIMIT: Duration = Duration::from_secs(10);

/// Makes `source` keep what its reader still needs.
pub(crate) async fn make_slot(
    site: &Site,
    source: NodeName,
    reader: NodeName,
) -> Result<(), LabError> {
    let client = sql::connect_node(site, source).await?;
    let slot = slot_of(reader);
    let make_slot = format!(
        "select pg_create_physical_replication_slot('{slot}', true)
         where not exists (select from pg_replication_slots where slot_name = '{slot}')"
    );
    sql::execute(&client, "making a replication slot", &[&make_slot]).await
}

/// The same for a reader that is not running. Its slot may still belong to a sender that has not noticed that its receiver is gone: of a
/// server that was killed, or of a copy that was given up. A slot serves one at a time.
pub(crate) async fn free_slot(
    site: &Site,
    source: NodeName,
    reader: NodeName,
) -> Result<(), LabError> {
    make_slot(site, source, reader).await?;
    let client = sql::connect_node(site, source).await?;
    let slot = slot_of(reader);
    let terminate = format!(
        "select pg_terminate_backend(active_pid) from pg_replication_slots
         where slot_name = '{slot}' and active_pid is not null"
    );
    let what = format!("releasing the replication slot {slot}");
    let deadline = Instant::now() + RELEASE_LIMIT;
    while sql::scalar(&client, &what, &terminate).await?.is_some() {
        if Instant::now() > deadline {
            return Err(LabError::Timeout {
                what,
                after: RELEASE_LIMIT,
            });
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// How `reader` connects to `source`, for `primary_conninfo`.
pub(crate) fn connection_to(site: &Site, source: NodeName, reader: NodeName) -> String {
    format!(
        "host={} port={} user=postgres password={} application_name={reader} connect_timeout=2",
        site.server_address(source),
        site.port,
        site.superuser_password
    )
}

/// Makes commits on `writer` wait for `reader`, once that streams; for asynchronous replication only waits.
pub(crate) async fn arm_replication(
    writer: &Client,
    reader: NodeName,
    replication: Replication,
    limit: Duration,
) -> Result<(), LabError> {
    await_streaming(writer, reader, limit).await?;
    if replication == Replication::Sync {
        let arm = format!("alter system set synchronous_standby_names = 'FIRST 1 ({reader})'");
        sql::execute(
            writer,
            "arming synchronous replication",
            &[&arm, "select pg_reload_conf()"],
        )
        .await?;
    }
    await_healthy(writer, reader, replication, limit).await
}

/// Waits until `reader` follows `writer` in the way that `replication` promises.
pub(crate) async fn await_healthy(
    writer: &Client,
    reader: NodeName,
    replication: Replication,
    limit: Duration,
) -> Result<(), LabError> {
    let condition = match replication {
        Replication::Sync => "state = 'streaming' and sync_state = 'sync'",
        Replication::Async => "state = 'streaming'",
    };
    await_replication(writer, reader, condition, limit).await
}

/// Waits until `reader` streams from `writer`, synchronously or not.
pub(crate) async fn await_streaming(
    writer: &Client,
    reader: NodeName,
    limit: Duration,
) -> Result<(), LabError> {
    await_replication(writer, reader, "state = 'streaming'", limit).await
}

async fn await_replication(
    writer: &Client,
    reader: NodeName,
    condition: &str,
    limit: Duration,
) -> Result<(), LabError> {
    let query = format!(
        "select 1 from pg_stat_replication where application_name = '{reader}' and {condition}"
    );
    let what = format!("waiting for node {reader} to follow the writer");
    let deadline = Instant::now() + limit;
    while sql::scalar(writer, &what, &query).await?.is_none() {
        if Instant::now() > deadline {
            return Err(LabError::Timeout { what, after: limit });
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Lets commits on `writer` go on without its reader.
pub(crate) async fn disarm_replication(writer: &Client) -> Result<(), LabError> {
    let disarm = "alter system set synchronous_standby_names = ''";
    let what = "disarming synchronous replication";
    sql::execute(writer, what, &[disarm, "select pg_reload_conf()"]).await
}
