//! Further readers: they follow the current writer, and never take over.

use std::time::Duration;

use tokio_postgres::Client;

use crate::{
    cluster::FOLLOW_LIMIT,
    error::LabError,
    node::Node,
    node_name::NodeName,
    replication::{await_streaming, connection_to, make_slot},
    site::Site,
    sql,
    step::{StepKind, StepLog},
};

/// How long a reader may take to stream from its new writer: one that has more of the old writer's log than the new writer has never
/// does.
const TURN_LIMIT: Duration = Duration::from_secs(5);
/// How long it may take to show that it follows already.
const LOOK_LIMIT: Duration = Duration::from_millis(100);

/// Makes each of `readers` follow `writer`: with a new setting where that helps, otherwise as a fresh copy. `client` is
/// connected to the writer.
pub(crate) async fn lead(
    readers: &mut [Node],
    site: &Site,
    writer: NodeName,
    client: &Client,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    for reader in readers {
        if await_streaming(client, reader.name, LOOK_LIMIT)
            .await
            .is_ok()
        {
            continue;
        }
        let how = match turn(reader, site, writer, client).await {
            Ok(()) => "on its own data",
            Err(_) => {
                copy(reader, site, writer).await?;
                await_streaming(client, reader.name, FOLLOW_LIMIT).await?;
                "as a fresh copy"
            }
        };
        let detail = format!("reader {} follows {writer}, {how}", reader.name);
        log.note(StepKind::Follows, detail)?;
    }
    Ok(())
}

/// Makes a running reader follow another writer.
async fn turn(
    reader: &Node,
    site: &Site,
    writer: NodeName,
    client: &Client,
) -> Result<(), LabError> {
    make_slot(site, writer, reader.name).await?;
    let own = sql::connect_node(site, reader.name).await?;
    let connection = connection_to(site, writer, reader.name);
    let statements = [
        // A statement that fails is logged, and the next one holds a password.
        "set log_min_error_statement = panic",
        &format!("alter system set primary_conninfo = '{connection}'"),
        "select pg_reload_conf()",
    ];
    sql::execute(&own, "leading a reader to its writer", &statements).await?;
    await_streaming(client, reader.name, TURN_LIMIT).await
}

/// Makes a reader a fresh copy of the writer.
async fn copy(reader: &mut Node, site: &Site, writer: NodeName) -> Result<(), LabError> {
    if reader.is_running() {
        reader.crash().await?;
    }
    reader.free_memory(site);
    // From an earlier attempt.
    reader.remove_discarded()?;
    reader.copy_from(site, writer).await?;
    reader.start(site).await
}

pub(crate) fn names(followers: &[Node]) -> Vec<NodeName> {
    followers.iter().map(|follower| follower.name).collect()
}
