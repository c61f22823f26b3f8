//! The roles are exchanged as planned: a switchover that the proxy's clients do not notice, and a demotion that they do.

use std::time::Instant;

use crate::{
    cluster::{FOLLOW_LIMIT, Lab},
    error::LabError,
    followers::{lead, names},
    options::FailoverOptions,
    pgbouncer,
    process::Signal,
    replication::arm_replication,
    sql,
    step::{StepKind, StepLog, until},
};

use super::actions::{change_dns, note_resumed, note_returned, promote, shut_down};

/// Statements wait in the proxy while the writer is shut down: none of the proxy's clients sees an error.
pub(super) async fn switch_over(
    lab: &mut Lab,
    options: &FailoverOptions,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    let (old, new) = (lab.writer, lab.writer.other());
    let (site, replication) = (&lab.site, lab.replication);
    let client = sql::connect_node(site, new).await?;
    pgbouncer::pause(site).await?;
    let fault = Instant::now();
    let detail = "pgbouncer: PAUSE, when the statements in flight were done".to_owned();
    log.note_at(fault, StepKind::ProxyPaused, detail)?;
    let node = &mut lab.nodes[old.index()];
    shut_down(site, node, Signal::Interrupt, log).await?;
    until(fault, options.promote_after).await;
    promote(site, &client, new, log).await?;
    lab.writer = new;
    pgbouncer::point(site, new).await?;
    pgbouncer::resume(site).await?;
    note_resumed(site, new, true, log)?;
    let bring_back = async {
        node.rejoin(site, new).await?;
        until(fault, options.return_after).await;
        node.start(site).await?;
        note_returned(site, node, new, log)?;
        arm_replication(&client, old, replication, FOLLOW_LIMIT).await
    };
    let names = names(&lab.followers);
    let change_dns = change_dns(&lab.dns, site, log, new, &names, fault, options.dns_after);
    let lead = lead(&mut lab.followers, site, new, &client, log);
    tokio::try_join!(bring_back, change_dns, lead).map(drop)
}

/// The writer becomes a reader as fast as it can, while its name still resolves to it: writes there are refused with 25006.
pub(super) async fn demote(
    lab: &mut Lab,
    options: &FailoverOptions,
    log: &StepLog<'_>,
) -> Result<(), LabError> {
    let (old, new) = (lab.writer, lab.writer.other());
    let (site, replication) = (&lab.site, lab.replication);
    let client = sql::connect_node(site, new).await?;
    let node = &mut lab.nodes[old.index()];
    let fault = shut_down(site, node, Signal::Interrupt, log).await?;
    pgbouncer::pause(site).await?;
    log.note(StepKind::ProxyPaused, "pgbouncer: PAUSE".to_owned())?;
    // The other one is not promoted yet: until then this one follows a reader.
    node.rejoin(site, new).await?;
    node.start(site).await?;
    note_returned(site, node, new, log)?;
    until(fault, options.promote_after).await;
    promote(site, &client, new, log).await?;
    lab.writer = new;
    pgbouncer::point(site, new).await?;
    pgbouncer::resume(site).await?;
    note_resumed(site, new, true, log)?;
    let arm = arm_replication(&client, old, replication, FOLLOW_LIMIT);
    let names = names(&lab.followers);
    let change_dns = change_dns(&lab.dns, site, log, new, &names, fault, options.dns_after);
    let lead = lead(&mut lab.followers, site, new, &client, log);
    tokio::try_join!(arm, change_dns, lead).map(drop)
}
