//! The writer is lost, and its reader takes over: crash, stop, immediate, freeze, blackhole.

use std::time::Instant;

use crate::{
    cluster::{FOLLOW_LIMIT, Lab, await_write},
    detect::Probes,
    error::LabError,
    followers::{lead, names},
    node::Node,
    node_name::NodeName,
    options::{FailoverKind, FailoverOptions},
    pgbouncer,
    process::Signal,
    replication::arm_replication,
    site::Site,
    sql,
    step::{StepKind, StepLog, until},
};

use super::actions::{change_dns, note_resumed, note_returned, promote, shut_down, unhealthy};

/// Loses the writer; the controller notices, promotes the reader, and brings the old writer back as a reader.
pub(super) async fn lose_writer(
    lab: &mut Lab,
    options: &FailoverOptions,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    let (site, replication) = (&lab.site, lab.replication);
    let (old, new) = (lab.writer, lab.writer.other());
    let mut probes = Probes::new(site, old);
    let answer = probes.expect_answer().await;
    answer.map_err(|error| unhealthy(&error))?;

    let node = &mut lab.nodes[old.index()];
    let fault = begin(site, node, options.kind, log).await?;
    let lost = tokio::select! {
        error = probes.detect_loss() => error,
        () = thaw_time(fault, options) => return thaw_in_time(site, node, log).await,
    };
    let detail = format!("writer {old}: 3 probes in a row failed, the last with: {lost}");
    log.note(StepKind::Detected, detail)?;

    let is_paused = take_out(site, node, options, log).await?;
    let client = sql::connect_node(site, new).await?;
    until(fault, options.promote_after).await;
    promote(site, &client, new, log).await?;
    lab.writer = new;
    pgbouncer::point(site, new).await?;
    if is_paused {
        pgbouncer::resume(site).await?;
    }
    note_resumed(site, new, is_paused, log)?;

    let bring_back = async {
        bring_back(site, node, new, options, fault, log).await?;
        // Only now: a writer that waits for a reader which is not there yet hangs on every commit.
        arm_replication(&client, old, replication, FOLLOW_LIMIT).await
    };
    let names = names(&lab.followers);
    let change_dns = change_dns(&lab.dns, site, log, new, &names, fault, options.dns_after);
    let lead = lead(&mut lab.followers, site, new, &client, log);
    tokio::try_join!(bring_back, change_dns, lead).map(drop)
}

/// Kills a lost writer that may still run, and pauses the proxy. False where the proxy is not paused.
async fn take_out(
    site: &Site,
    node: &mut Node,
    options: &FailoverOptions,
    log: &StepLog<'_>,
) -> Result<bool, LabError> {
    let lives_on = options.thaw_after.is_some();
    let is_silent = matches!(options.kind, FailoverKind::Freeze | FailoverKind::Blackhole);
    if is_silent && !lives_on {
        fence(site, node, log).await?;
    }
    // PAUSE waits for the statements in flight, and those on a silent writer never end.
    let is_paused = !lives_on && options.kind != FailoverKind::Blackhole;
    if is_paused {
        pgbouncer::pause(site).await?;
        log.note(StepKind::ProxyPaused, "pgbouncer: PAUSE".to_owned())?;
    }
    Ok(is_paused)
}

/// Starts the old writer as a reader of the new one.
async fn bring_back(
    site: &Site,
    node: &mut Node,
    writer: NodeName,
    options: &FailoverOptions,
    fault: Instant,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    if let Some(thaw_after) = options.thaw_after {
        until(fault, thaw_after).await;
        thaw(node, log).await?;
        until(fault, options.return_after).await;
        fence(site, node, log).await?;
    }
    // The copy is made at once, so that a slow machine does not delay the return any more than it must.
    node.copy_from(site, writer).await?;
    until(fault, options.return_after).await;
    end_blackhole(node, log)?;
    node.start(site).await?;
    note_returned(site, node, writer, log)
}

/// The fault itself. Returns when it began: for what takes a moment, the end of that moment, except where clients notice it earlier.
async fn begin(
    site: &Site,
    writer: &mut Node,
    kind: FailoverKind,
    log: &StepLog<'_>,
) -> Result<Instant, LabError> {
    let name = format!("writer {} ({})", writer.name, writer.endpoint(site));
    let first_signal = Instant::now();
    let took_ms = |end: Instant| (end - first_signal).as_secs_f64() * 1e3;
    match kind {
        FailoverKind::Stop | FailoverKind::Immediate => {
            let signal = match kind {
                FailoverKind::Stop => Signal::Interrupt,
                _ => Signal::Quit,
            };
            shut_down(site, writer, signal, log).await
        }
        FailoverKind::Freeze => {
            let frozen = writer.freeze().await?;
            let fault = Instant::now();
            let took_ms = took_ms(fault);
            let detail = format!(
                "{name}: {frozen} processes frozen, {took_ms:.1} ms from first signal to last"
            );
            log.note_at(fault, StepKind::Frozen, detail)?;
            Ok(fault)
        }
        FailoverKind::Blackhole => {
            if let Some(relay) = &writer.relay {
                relay.blackhole(true);
            }
            let fault = Instant::now();
            let detail = format!("{name}: the relay forwards nothing");
            log.note_at(fault, StepKind::Blackholed, detail)?;
            Ok(fault)
        }
        _ => {
            let killed = writer.crash().await?;
            let fault = Instant::now();
            let took_ms = took_ms(fault);
            let detail = format!(
                "{name}: {killed} processes killed, {took_ms:.1} ms from first signal to last death"
            );
            log.note_at(fault, StepKind::Crash, detail)?;
            writer.free_memory(site);
            Ok(fault)
        }
    }
}

async fn thaw_time(fault: Instant, options: &FailoverOptions) {
    match options.thaw_after {
        Some(after) => until(fault, after).await,
        None => std::future::pending().await,
    }
}

async fn thaw(node: &mut Node, log: &StepLog<'_>) -> Result<(), LabError> {
    node.thaw().await?;
    let detail = format!("node {}: SIGCONT", node.name);
    log.note(StepKind::Thawed, detail)
}

/// It continues before its loss is detected: no failover.
async fn thaw_in_time(site: &Site, node: &mut Node, log: &StepLog<'_>) -> Result<(), LabError> {
    thaw(node, log).await?;
    let client = sql::connect_node(site, node.name).await?;
    await_write(&client, node.name, FOLLOW_LIMIT).await
}

/// Kills an old writer that may still run, so that it can do no harm from now on.
async fn fence(site: &Site, node: &mut Node, log: &StepLog<'_>) -> Result<(), LabError> {
    let killed = node.crash().await?;
    node.free_memory(site);
    let detail = format!("node {}: {killed} processes killed", node.name);
    log.note(StepKind::Fenced, detail)
}

/// Ends a blackhole, where there is one.
fn end_blackhole(node: &Node, log: &StepLog<'_>) -> Result<(), LabError> {
    match &node.relay {
        Some(relay) if relay.is_blackhole() => {
            relay.blackhole(false);
            let detail = format!("the relay of node {} forwards again", node.name);
            log.note(StepKind::Forwarding, detail)
        }
        _ => Ok(()),
    }
}
