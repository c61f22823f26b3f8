//! What the lab breaks, and what its controller does about it.

pub(crate) mod actions;
mod hold;
mod in_place;
mod loss;
mod planned;
mod slow;

use std::time::Duration;

use tokio_postgres::Client;

use crate::{
    cluster::{FOLLOW_LIMIT, Lab},
    error::LabError,
    options::{FailoverKind, FailoverOptions, Replication},
    replication::{await_healthy, await_streaming},
    sql,
    step::{Step, StepKind, StepLog},
};
use actions::unhealthy;

/// How long a pair may take to be healthy before it is broken on purpose.
const HEALTHY_LIMIT: Duration = Duration::from_secs(10);

impl Lab {
    /// Breaks what `options` says, and returns when the pair is healthy again; the roles are exchanged then, where the kind does that
    /// ([`FailoverKind::exchanges_roles`]). `on_step` gets each step as it is done.
    ///
    /// # Errors
    /// The pair is not healthy to begin with, the lab cannot break that, or a step fails: [`Lab::heal`] mends that.
    pub async fn failover(
        &mut self,
        options: &FailoverOptions,
        mut on_step: impl FnMut(&Step) + Send,
    ) -> Result<Vec<Step>, LabError> {
        options.validate()?;
        self.expect_relay(options.kind)?;
        self.expect_holdable(options)?;
        let old = self.writer;
        self.expect_healthy().await?;
        let is_random = !options.jitter.is_zero() || !options.dns_jitter.is_zero();
        let (options, seed) = options.drawn();
        let note = is_random.then(|| format!(", seed {seed}"));
        let log = StepLog::open(&self.site.dir, note, &mut on_step)?;
        if let Some(time) = options.hold {
            hold::hold(&self.site, self.writer.other(), time, &log).await?;
        }
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
    fn expect_relay(&self, kind: FailoverKind) -> Result<(), LabError> {
        let what = match kind {
            FailoverKind::Slow => "delay",
            FailoverKind::Blackhole => "drop",
            _ => return Ok(()),
        };
        match self.site.has_relay {
            true => Ok(()),
            false => Err(LabError::Usage(format!(
                "this lab has no relay that could {what} packets; `lab up --relay` starts a lab that has one"
            ))),
        }
    }

    /// Can this lab's reader be held?
    fn expect_holdable(&self, options: &FailoverOptions) -> Result<(), LabError> {
        match (options.hold, self.replication) {
            (Some(_), Replication::Sync) => Err(LabError::Usage(
                "--hold: in this lab commits wait for the reader, so each would hang and none be lost; `lab up --replication async` starts one in which they do not".to_owned(),
            )),
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

    /// Waits for a healthy pair, and notes it.
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
