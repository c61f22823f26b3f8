//! The writer is lost, and its reader takes over: crash, stop, immediate, freeze, blackhole.

use std::time::Instant;

use crate::{
    cluster::{FOLLOW_LIMIT, Lab, await_write},
    detect::Probes,
    drop_rules::DropRules,
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

use super::{change_dns, promote, unhealthy};

/// Loses the writer; the controller notices, promotes the reader, and brings the old writer back as a reader.
pub(super) async fn lose_writer(
    lab: &mut Lab,
    options: &FailoverOptions,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    let Lab {
        site,
        nodes,
        dns,
        writer,
        replication,
        drop_rules,
        followers,
        ..
    } = lab;
    let names = names(followers);
    let (site, replication) = (&*site, *replication);
    let (old, new) = (*writer, writer.other());
    let mut probes = Probes::new(site, old);
    let answer = probes.expect_answer().await;
    answer.map_err(|error| unhealthy(&error))?;

    let node = &mut nodes[old.index()];
    let fault = begin(site, node, options.kind, log, drop_rules).await?;
    let lost = tokio::select! {
        error = probes.detect_loss() => error,
        () = thaw_time(fault, options) => return thaw_in_time(site, node, log).await,
    };
    let detail = format!("writer {old}: 3 probes in a row failed, the last with: {lost}");
    log.note(StepKind::Detected, detail)?;

    let lives_on = options.thaw_after.is_some();
    let is_silent = matches!(options.kind, FailoverKind::Freeze | FailoverKind::Blackhole);
    if is_silent && !lives_on {
        fence(site, node, log).await?;
    }
    // PAUSE waits for the statements under way, and those on a writer that nobody hears never end.
    let is_paused = !lives_on && options.kind != FailoverKind::Blackhole;
    if is_paused {
        pgbouncer::pause(site).await?;
        log.note(StepKind::ProxyPaused, "pgbouncer: PAUSE".to_owned())?;
    }
    let client = sql::connect_node(site, new).await?;
    until(fault, options.promote_after).await;
    promote(site, &client, new, log).await?;
    *writer = new;
    pgbouncer::point(site, new).await?;
    if is_paused {
        pgbouncer::resume(site).await?;
    }
    note_resumed(site, new, is_paused, log)?;

    let bring_back = async {
        if let Some(thaw_after) = options.thaw_after {
            until(fault, thaw_after).await;
            thaw(node, log).await?;
            until(fault, options.return_after).await;
            fence(site, node, log).await?;
        }
        // The copy is made at once, so that a slow machine does not delay the return any more than it must.
        node.copy_from(site, new).await?;
        until(fault, options.return_after).await;
        open_way(node, drop_rules, log)?;
        node.start(site).await?;
        note_returned(site, node, new, log)?;
        // Only now: a writer that waits for a reader which is not there yet hangs on every commit.
        arm_replication(&client, old, replication, FOLLOW_LIMIT).await
    };
    let change_dns = change_dns(dns, site, log, new, &names, fault, options.dns_after);
    let lead = lead(followers, site, new, &client, log);
    tokio::try_join!(bring_back, change_dns, lead).map(drop)
}

/// The fault itself. Returns when it began: for what takes a moment, the end of that moment, except where clients hear of it before.
async fn begin(
    site: &Site,
    writer: &mut Node,
    kind: FailoverKind,
    log: &StepLog<'_>,
    drop_rules: &mut Option<DropRules>,
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
                "{name}: {frozen} processes stand still, {took_ms:.1} ms from first signal to last"
            );
            log.note_at(fault, StepKind::Frozen, detail)?;
            Ok(fault)
        }
        FailoverKind::Blackhole => {
            let means = match &writer.relay {
                Some(relay) => {
                    relay.blackhole(true);
                    "the relay forwards nothing"
                }
                None => {
                    *drop_rules = Some(DropRules::drop_all(writer.name.address(), site.port)?);
                    "nft drops every packet"
                }
            };
            let fault = Instant::now();
            log.note_at(fault, StepKind::Blackholed, format!("{name}: {means}"))?;
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

/// Shuts the writer down and notes both ends of it. Returns when it was told: its clients hear of it from then on.
pub(super) async fn shut_down(
    site: &Site,
    writer: &mut Node,
    signal: Signal,
    log: &StepLog<'_>,
) -> Result<Instant, LabError> {
    let name = format!("writer {} ({})", writer.name, writer.endpoint(site));
    let told = Instant::now();
    let detail = format!("{name}: SIG{}", signal.name());
    log.note_at(told, StepKind::Stopping, detail)?;
    writer.shut_down(signal).await?;
    log.note(StepKind::Stopped, name)?;
    writer.free_memory(site);
    Ok(told)
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

/// It goes on before anybody took it for lost: nothing else happens.
async fn thaw_in_time(site: &Site, node: &mut Node, log: &StepLog<'_>) -> Result<(), LabError> {
    thaw(node, log).await?;
    let client = sql::connect_node(site, node.name).await?;
    await_write(&client, node.name, FOLLOW_LIMIT).await
}

/// Kills an old writer that may still be there: from now on nothing that it does can matter.
async fn fence(site: &Site, node: &mut Node, log: &StepLog<'_>) -> Result<(), LabError> {
    let killed = node.crash().await?;
    node.free_memory(site);
    let detail = format!("node {}: {killed} processes killed", node.name);
    log.note(StepKind::Fenced, detail)
}

/// Ends a blackhole, where there is one.
pub(crate) fn open_way(
    node: &Node,
    drop_rules: &mut Option<DropRules>,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    let was_dropped = drop_rules.take().is_some();
    let was_swallowed = match &node.relay {
        Some(relay) if relay.is_blackhole() => {
            relay.blackhole(false);
            true
        }
        _ => false,
    };
    if was_dropped || was_swallowed {
        let detail = format!("the way to node {} is open again", node.name);
        log.note(StepKind::Forwarding, detail)?;
    }
    Ok(())
}

pub(super) fn note_resumed(
    site: &Site,
    writer: NodeName,
    was_paused: bool,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    let endpoint = std::net::SocketAddr::from((writer.address(), site.port));
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
