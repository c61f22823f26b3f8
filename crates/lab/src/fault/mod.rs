//! What the lab breaks, and what its controller does about it.

mod in_place;
mod loss;
mod planned;
mod slow;

pub(crate) use loss::{note_returned, open_way};

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use tokio_postgres::Client;

use crate::{
    cluster::{FOLLOW_LIMIT, Lab, await_write},
    dns::{NameServer, WRITER_NAME},
    drop_rules::DropRules,
    error::LabError,
    node_name::NodeName,
    options::{FailoverKind, FailoverOptions},
    replication::{await_healthy, await_streaming},
    site::Site,
    sql,
    step::{Step, StepKind, StepLog, until},
};

/// How long a pair may take to be healthy before it is broken on purpose.
const HEALTHY_LIMIT: Duration = Duration::from_secs(10);
/// How long a promotion may take.
const PROMOTE_LIMIT: Duration = Duration::from_secs(60);

impl Lab {
    /// Breaks what `options` says, and returns when the pair is healthy again; the roles are exchanged then, where the kind does that
    /// ([`FailoverKind::exchanges_roles`]). `on_step` hears of each step as it is done.
    ///
    /// # Errors
    /// The pair is not healthy to begin with, the lab cannot break that, or a step fails: [`Lab::heal`] leads back from there.
    pub async fn failover(
        &mut self,
        options: &FailoverOptions,
        mut on_step: impl FnMut(&Step) + Send,
    ) -> Result<Vec<Step>, LabError> {
        options.validate()?;
        self.expect_means(options.kind)?;
        let old = self.writer;
        self.expect_healthy().await?;
        let is_random = !options.jitter.is_zero() || !options.dns_jitter.is_zero();
        let (options, seed) = options.drawn();
        let note = is_random.then(|| format!(", seed {seed}"));
        let log = StepLog::open(&self.site.dir, note, &mut on_step)?;
        match options.kind {
            FailoverKind::Crash
            | FailoverKind::Stop
            | FailoverKind::Immediate
            | FailoverKind::Freeze
            | FailoverKind::Blackhole => loss::lose_writer(self, &options, &log).await?,
            FailoverKind::Switchover => planned::switch_over(self, &options, &log).await?,
            FailoverKind::ReadOnly => planned::demote(self, &options, &log).await?,
            FailoverKind::Restart => in_place::restart(self, &options, &log).await?,
            FailoverKind::Flap => in_place::flap(self, &options, &log).await?,
            FailoverKind::ProxyRestart => in_place::restart_proxy(self, &options, &log).await?,
            FailoverKind::Slow => slow::slow_down(self, &options, &log).await?,
        }
        self.note_healthy(&log).await?;
        self.nodes[old.index()].remove_discarded()?;
        for follower in &mut self.followers {
            follower.remove_discarded()?;
        }
        Ok(log.into_steps())
    }

    /// Can this lab break that?
    fn expect_means(&self, kind: FailoverKind) -> Result<(), LabError> {
        let usage = |text: &str| Err(LabError::Usage(text.to_owned()));
        match kind {
            FailoverKind::Slow if !self.site.has_relay => usage(
                "this lab has no relay that could slow anything down; `lab up --relay` starts one that has",
            ),
            FailoverKind::Blackhole if !self.site.has_relay && !DropRules::are_possible() => usage(
                "this lab has no relay that could drop packets, and is not root in a network namespace of its own \
                 with nft; `lab up --relay` starts one that has",
            ),
            _ => Ok(()),
        }
    }

    async fn expect_healthy(&self) -> Result<(), LabError> {
        let healthy = async {
            let client = sql::connect_node(&self.site, self.writer).await?;
            self.await_followed(&client, HEALTHY_LIMIT).await
        };
        healthy.await.map_err(|error| unhealthy(&error))
    }

    /// Waits until it is so, and notes it.
    pub(crate) async fn note_healthy(&self, log: &StepLog<'_>) -> Result<(), LabError> {
        let client = sql::connect_node(&self.site, self.writer).await?;
        self.await_followed(&client, FOLLOW_LIMIT).await?;
        let mut roles = format!("writer {}, reader {}", self.writer, self.writer.other());
        for follower in &self.followers {
            roles += &format!(", {}", follower.name);
        }
        log.note(StepKind::Healthy, roles)
    }

    /// Waits until every reader follows the writer, which `client` is connected to.
    async fn await_followed(&self, client: &Client, limit: Duration) -> Result<(), LabError> {
        await_healthy(client, self.writer.other(), self.replication, limit).await?;
        for follower in &self.followers {
            await_streaming(client, follower.name, limit).await?;
        }
        Ok(())
    }
}

fn unhealthy(error: &LabError) -> LabError {
    LabError::State(format!(
        "the pair is not healthy, so nothing was broken: {error}; `lab status` shows it, `lab heal` mends it"
    ))
}

/// Makes `new` the writer; returns when it has acknowledged a write. `client` is connected to it: the first write tests the server and
/// not the way to it.
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

/// The addresses of every reader.
pub(crate) fn readers_beside(writer: NodeName, followers: &[NodeName]) -> Vec<Ipv4Addr> {
    let readers = [writer.other()]
        .into_iter()
        .chain(followers.iter().copied());
    readers.map(NodeName::address).collect()
}

/// Lets the writer's name lead to `writer`, `after` the fault.
async fn change_dns(
    dns: &NameServer,
    site: &Site,
    log: &StepLog<'_>,
    writer: NodeName,
    followers: &[NodeName],
    fault: Instant,
    after: Duration,
) -> Result<(), LabError> {
    until(fault, after).await;
    dns.point(writer.address(), readers_beside(writer, followers));
    let (address, port) = (writer.address(), site.port);
    let detail = format!("{WRITER_NAME} answers {address} (port {port})");
    log.note(StepKind::DnsChanged, detail)
}
