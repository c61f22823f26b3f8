//! What is stopped and started again in place: the writer, once or several times, and the proxy.

use std::time::Instant;

use crate::{
    cluster::{FOLLOW_LIMIT, Lab, await_write},
    error::LabError,
    options::FailoverOptions,
    process::Signal,
    sql,
    step::{StepKind, StepLog, until},
};

use super::actions::shut_down;

/// The writer is shut down, and started again after a while.
pub(super) async fn restart(
    lab: &mut Lab,
    options: &FailoverOptions,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    let node = &mut lab.nodes[lab.writer.index()];
    shut_down(&lab.site, node, Signal::Interrupt, log).await?;
    start_again(lab, Instant::now(), options, log).await
}

/// The writer crashes and is started again, several times.
pub(super) async fn flap(
    lab: &mut Lab,
    options: &FailoverOptions,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    for crash in 1..=options.flaps {
        let node = &mut lab.nodes[lab.writer.index()];
        let killed = node.crash().await?;
        let down = Instant::now();
        let (name, endpoint) = (node.name, node.endpoint(&lab.site));
        let detail = format!(
            "writer {name} ({endpoint}): {killed} processes killed, crash {crash} of {}",
            options.flaps
        );
        log.note_at(down, StepKind::Crash, detail)?;
        node.free_memory(&lab.site);
        start_again(lab, down, options, log).await?;
        if crash < options.flaps {
            until(Instant::now(), options.up_for).await;
        }
    }
    Ok(())
}

async fn start_again(
    lab: &mut Lab,
    down: Instant,
    options: &FailoverOptions,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    until(down, options.down_for).await;
    let writer = lab.writer;
    let node = &mut lab.nodes[writer.index()];
    node.start(&lab.site).await?;
    let client = sql::connect_node(&lab.site, writer).await?;
    await_write(&client, writer, FOLLOW_LIMIT).await?;
    let detail = format!(
        "writer {writer} ({}) acknowledged its first write",
        node.endpoint(&lab.site)
    );
    log.note(StepKind::Restarted, detail)
}

/// The proxy dies, and is started again after a while.
pub(super) async fn restart_proxy(
    lab: &mut Lab,
    options: &FailoverOptions,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    lab.pgbouncer.crash().await?;
    let down = Instant::now();
    let port = lab.site.proxy_port;
    log.note_at(
        down,
        StepKind::ProxyStopped,
        format!("pgbouncer (127.0.0.1:{port}) killed"),
    )?;
    until(down, options.down_for).await;
    lab.pgbouncer.run(&lab.site).await?;
    log.note(
        StepKind::ProxyStarted,
        format!("pgbouncer (127.0.0.1:{port}) answers"),
    )
}
