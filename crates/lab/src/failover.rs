//! The course of a failover: the fault, and what the controller does about it.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use rand::RngExt;

use crate::{
    cluster::{FOLLOW_LIMIT, Lab, await_write},
    dns::{NameServer, WRITER_NAME},
    error::LabError,
    node::{Node, NodeName, arm_replication, await_healthy},
    options::{FailoverKind, FailoverOptions, Replication},
    pgbouncer,
    site::Site,
    sql,
    step::{Step, StepKind, StepLog, until},
};

/// The controller asks the writer this often,
const PROBE_INTERVAL: Duration = Duration::from_millis(200);
/// waits this long for an answer,
const PROBE_LIMIT: Duration = Duration::from_secs(1);
/// and takes it for lost after so many failures in a row.
const PROBES_TO_DETECT: u32 = 3;
/// How long a pair may take to be healthy before it is broken on purpose.
const HEALTHY_LIMIT: Duration = Duration::from_secs(10);
/// How long a promotion may take.
const PROMOTE_LIMIT: Duration = Duration::from_secs(60);

impl Lab {
    /// Loses the writer, makes the reader the new writer, brings the old one back as a reader; the roles are
    /// exchanged when it returns. `on_step` hears of each step as it is done.
    ///
    /// # Errors
    /// The pair is not healthy to begin with, or a step fails; then the lab is of no more use.
    pub async fn failover(
        &mut self,
        options: &FailoverOptions,
        mut on_step: impl FnMut(&Step) + Send,
    ) -> Result<Vec<Step>, LabError> {
        let Self {
            site,
            nodes,
            dns,
            writer,
            replication,
            ..
        } = self;
        let (site, replication) = (&*site, *replication);
        let (old, new) = (*writer, writer.other());
        let client = sql::connect_node(site, old)
            .await
            .map_err(|error| unhealthy(&error))?;
        await_healthy(&client, new, replication, HEALTHY_LIMIT)
            .await
            .map_err(|error| unhealthy(&error))?;
        drop(client);
        let mut probes = Probes::new(site, old);
        probes
            .expect_answer()
            .await
            .map_err(|error| unhealthy(&error))?;

        let jitter = options
            .dns_jitter
            .mul_f64(rand::rng().random_range(0.0..=1.0));
        let log = StepLog::open(&site.dir, &mut on_step)?;
        let old_node = &mut nodes[old.index()];
        let crash = match options.kind {
            FailoverKind::Crash => crash(site, old_node, &log).await?,
        };
        let course = Course {
            site,
            replication,
            options,
            log: &log,
            crash,
            old: old_node,
            new,
        };
        let dns_after = options.dns_after + jitter;
        tokio::try_join!(
            course.run(probes),
            change_dns(dns, site, &log, new, crash, dns_after)
        )?;
        *writer = new;
        log.note(StepKind::Healthy, format!("writer {new}, reader {old}"))?;
        nodes[old.index()].remove_discarded()?;
        Ok(log.into_steps())
    }
}

async fn crash(site: &Site, writer: &mut Node, log: &StepLog<'_>) -> Result<Instant, LabError> {
    let first_signal = Instant::now();
    let killed = writer.crash().await?;
    let crash = Instant::now();
    let took_ms = (crash - first_signal).as_secs_f64() * 1e3;
    log.note_at(
        crash,
        StepKind::Crash,
        format!(
            "writer {} ({}): {killed} processes killed, {took_ms:.1} ms from first signal to last death",
            writer.name,
            writer.endpoint(site)
        ),
    )?;
    writer.free_memory(site);
    Ok(crash)
}

fn unhealthy(error: &LabError) -> LabError {
    LabError::State(format!(
        "the pair is not healthy, so nothing was broken: {error}; `lab status` shows it"
    ))
}

/// The controller's view of the writer: asked every 200 ms, on a connection made for it, as a proxy does.
struct Probes<'a> {
    site: &'a Site,
    node: NodeName,
    ticks: tokio::time::Interval,
}

impl<'a> Probes<'a> {
    fn new(site: &'a Site, node: NodeName) -> Self {
        Self {
            site,
            node,
            ticks: tokio::time::interval(PROBE_INTERVAL),
        }
    }

    async fn expect_answer(&mut self) -> Result<(), LabError> {
        self.ticks.tick().await;
        let client = sql::connect(
            self.site,
            self.node.address(),
            self.site.port,
            "postgres",
            PROBE_LIMIT,
        )
        .await?;
        sql::within(
            "asking the writer",
            PROBE_LIMIT,
            client.simple_query("select 1"),
        )
        .await
        .map(drop)
    }

    /// Returns the last failure, once there were enough in a row.
    async fn detect_loss(&mut self) -> LabError {
        let mut failures = 0;
        loop {
            match self.expect_answer().await {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    if failures == PROBES_TO_DETECT {
                        return error;
                    }
                }
            }
        }
    }
}

/// Everything after the fault, except DNS, which keeps its own time.
struct Course<'a, 'l> {
    site: &'a Site,
    replication: Replication,
    options: &'a FailoverOptions,
    log: &'a StepLog<'l>,
    crash: Instant,
    old: &'a mut Node,
    new: NodeName,
}

impl Course<'_, '_> {
    async fn run(self, mut probes: Probes<'_>) -> Result<(), LabError> {
        let Self {
            site,
            replication,
            options,
            log,
            crash,
            old,
            new,
        } = self;
        let failure = probes.detect_loss().await;
        log.note(
            StepKind::Detected,
            format!(
                "{PROBES_TO_DETECT} probes failed, {} ms apart; the last: {failure}",
                PROBE_INTERVAL.as_millis()
            ),
        )?;
        pgbouncer::pause(site).await?;
        log.note(StepKind::ProxyPaused, "pgbouncer: PAUSE".to_owned())?;

        // Connected before the promotion, so that the first write tests the server and not the way to it.
        let client = sql::connect_node(site, new).await?;
        until(crash, options.promote_after).await;
        sql::execute(
            &client,
            "promoting the reader",
            &["select pg_promote(wait => false)"],
        )
        .await?;
        await_write(&client, new, PROMOTE_LIMIT).await?;
        let endpoint = SocketAddr::from((new.address(), site.port));
        log.note(
            StepKind::Promoted,
            format!("writer {new} ({endpoint}) acknowledged its first write"),
        )?;
        pgbouncer::point(site, new).await?;
        pgbouncer::resume(site).await?;
        log.note(
            StepKind::ProxyResumed,
            format!("pgbouncer: RELOAD to {endpoint}, RESUME"),
        )?;

        // The copy is made at once, so that a slow machine does not delay the return any more than it must.
        old.copy_from(site, new).await?;
        until(crash, options.return_after).await;
        old.start(site).await?;
        log.note(
            StepKind::ReturnedAsReader,
            format!(
                "reader {} ({}) answers: a fresh copy of {new}",
                old.name,
                old.endpoint(site)
            ),
        )?;
        // Only now: a writer that waits for a reader which is not there yet hangs on every commit.
        arm_replication(&client, old.name, replication, FOLLOW_LIMIT).await
    }
}

async fn change_dns(
    dns: &NameServer,
    site: &Site,
    log: &StepLog<'_>,
    writer: NodeName,
    crash: Instant,
    after: Duration,
) -> Result<(), LabError> {
    until(crash, after).await;
    dns.point(writer.address(), writer.other().address());
    log.note(
        StepKind::DnsChanged,
        format!(
            "{WRITER_NAME} answers {} (port {})",
            writer.address(),
            site.port
        ),
    )
}
