//! What more than one kind of fault does: each action notes its step.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use tokio_postgres::Client;

use crate::{
    cluster::await_write,
    dns::{NameServer, WRITER_NAME},
    error::LabError,
    node::Node,
    node_name::NodeName,
    process::Signal,
    site::Site,
    sql,
    step::{StepKind, StepLog, until},
};

/// How long a promotion may take.
const PROMOTE_LIMIT: Duration = Duration::from_secs(60);

/// Why a pair that is not healthy is not broken.
pub(super) fn unhealthy(error: &LabError) -> LabError {
    LabError::State(format!(
        "the pair is not healthy, so nothing was broken: {error}; `lab status` shows it, `lab heal` mends it"
    ))
}

/// Makes `new` the writer; returns when it has acknowledged a write. `client` is connected to it, so that the first write does not depend
/// on a new connection.
pub(crate) async fn promote(
    site: &Site,
    client: &Client,
    new: NodeName,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    let promote = "select pg_promote(wait => false)";
    sql::execute(client, "promoting the reader", &[promote]).await?;
    await_write(client, new, PROMOTE_LIMIT).await?;
    let endpoint = SocketAddr::from((new.address(), site.port));
    let detail = format!("writer {new} ({endpoint}) acknowledged its first write");
    log.note(StepKind::Promoted, detail)
}

/// The addresses of all readers: the other node of the pair, and the followers.
pub(crate) fn reader_addresses(writer: NodeName, followers: &[NodeName]) -> Vec<Ipv4Addr> {
    let readers = [writer.other()]
        .into_iter()
        .chain(followers.iter().copied());
    readers.map(NodeName::address).collect()
}

/// Makes the writer's name resolve to `writer`, `after` the fault.
pub(super) async fn change_dns(
    dns: &NameServer,
    site: &Site,
    log: &StepLog<'_>,
    writer: NodeName,
    followers: &[NodeName],
    fault: Instant,
    after: Duration,
) -> Result<(), LabError> {
    until(fault, after).await;
    dns.point(writer.address(), reader_addresses(writer, followers));
    let (address, port) = (writer.address(), site.port);
    let detail = format!("{WRITER_NAME} answers {address} (port {port})");
    log.note(StepKind::DnsChanged, detail)
}

/// Shuts the writer down; notes its begin and its end. Returns when the signal was sent: from then on its clients can notice it.
pub(super) async fn shut_down(
    site: &Site,
    writer: &mut Node,
    signal: Signal,
    log: &StepLog<'_>,
) -> Result<Instant, LabError> {
    let name = format!("writer {} ({})", writer.name, writer.endpoint(site));
    let signalled = Instant::now();
    let detail = format!("{name}: SIG{}", signal.name());
    log.note_at(signalled, StepKind::Stopping, detail)?;
    writer.shut_down(signal).await?;
    log.note(StepKind::Stopped, name)?;
    writer.free_memory(site);
    Ok(signalled)
}

pub(super) fn note_resumed(
    site: &Site,
    writer: NodeName,
    was_paused: bool,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    let endpoint = SocketAddr::from((writer.address(), site.port));
    let resume = if was_paused { ", RESUME" } else { "" };
    let detail = format!("pgbouncer: RELOAD to {endpoint}{resume}");
    log.note(StepKind::ProxyResumed, detail)
}

pub(crate) fn note_returned(
    site: &Site,
    reader: &Node,
    writer: NodeName,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    let (name, endpoint) = (reader.name, reader.endpoint(site));
    let detail = format!("reader {name} ({endpoint}) answers, and follows {writer}");
    log.note(StepKind::ReturnedAsReader, detail)
}
