//! Options of a lab and of a fault, as validated values.

use std::{path::PathBuf, time::Duration};

use clap::ValueEnum;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use crate::{error::LabError, node_name::NodeName};

/// Whether an acknowledged commit is on both nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Replication {
    /// A commit waits for the reader: a failover loses nothing that was acknowledged.
    #[default]
    Sync,
    /// A commit does not wait: a failover may lose the last of them.
    Async,
}

/// What is broken, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailoverKind {
    /// Every process of the writer dies at once (kill -9), as when its host loses power.
    #[default]
    Crash,
    /// The writer is shut down (fast, SIGINT): each client gets 57P01.
    Stop,
    /// The writer is shut down without a checkpoint (SIGQUIT): each client gets a warning 57P01, and its connection ends.
    Immediate,
    /// Planned: statements wait in the proxy before the writer is shut down, so that none of its clients sees an error.
    Switchover,
    /// The writer is frozen (SIGSTOP): connections stay open and do not answer.
    Freeze,
    /// The writer's packets are dropped by its relay, in both directions.
    Blackhole,
    /// The writer crashes and is started again in place, several times; no failover.
    Flap,
    /// The proxy is killed and started again; the servers are not touched.
    ProxyRestart,
    /// The network gets slow: latency, jitter, bandwidth; no failover.
    Slow,
    /// The writer is demoted and answers at once as a reader, while its name still resolves to it.
    ReadOnly,
    /// The writer is shut down and started again in place; no failover.
    Restart,
}

impl FailoverKind {
    /// Does another node become the writer?
    #[must_use]
    pub fn exchanges_roles(self) -> bool {
        !matches!(
            self,
            Self::Flap | Self::ProxyRestart | Self::Slow | Self::Restart
        )
    }

    /// Is the writer lost, with what its reader does not have?
    pub(crate) fn loses_writer(self) -> bool {
        matches!(
            self,
            Self::Crash | Self::Stop | Self::Immediate | Self::Freeze | Self::Blackhole
        )
    }
}

/// Where and how a lab is made. A port of 0 takes a free one.
#[derive(Debug, Clone)]
pub struct LabOptions {
    /// `None` makes a folder in the temporary folder, and removes it at the end.
    pub dir: Option<PathBuf>,
    /// The port of the nodes, on 127.0.0.2, 127.0.0.3 and, for further readers, the addresses after them.
    pub port: u16,
    /// pgbouncer's port on 127.0.0.1.
    pub proxy_port: u16,
    /// The name server's UDP port on 127.0.0.1.
    pub dns_port: u16,
    /// How long resolvers may keep an answer; whole seconds.
    pub ttl: Duration,
    pub replication: Replication,
    /// Puts a relay in front of each server, which can drop and delay packets; it adds about 0.1 ms to each statement. The servers then
    /// report the addresses 127.0.1.2, 127.0.1.3, ...
    pub relay: bool,
    /// How many readers follow the writer, 1 to 5. The first of them takes over in a failover; the reader's name resolves to each in turn.
    pub readers: usize,
    /// The servers and the proxy accept applications with TLS only, with a certificate of the lab's own authority.
    pub tls: bool,
}

impl Default for LabOptions {
    fn default() -> Self {
        Self {
            dir: None,
            port: 0,
            proxy_port: 0,
            dns_port: 0,
            ttl: Duration::from_secs(5),
            replication: Replication::Sync,
            relay: false,
            readers: 1,
            tls: false,
        }
    }
}

impl LabOptions {
    /// # Errors
    /// A TTL that DNS cannot express, or a number of readers out of range.
    pub(crate) fn validate(&self) -> Result<(), LabError> {
        if self.ttl.subsec_nanos() != 0 || self.ttl.as_secs() > 86_400 {
            return Err(LabError::Usage(format!(
                "--ttl {}: a DNS TTL is a whole number of seconds, at most a day",
                self.ttl.as_secs_f64()
            )));
        }
        let most = NodeName::ALL.len() - 1;
        if !(1..=most).contains(&self.readers) {
            return Err(LabError::Usage(format!(
                "--readers {}: a lab has 1 to {most} readers",
                self.readers
            )));
        }
        Ok(())
    }

    /// The TTL in whole seconds, as DNS has it.
    pub(crate) fn ttl_s(&self) -> u32 {
        u32::try_from(self.ttl.as_secs()).unwrap_or(u32::MAX)
    }

    pub(crate) fn nodes(&self) -> &'static [NodeName] {
        &NodeName::ALL[..=self.readers]
    }

    /// Does the lab choose the port of this option?
    pub(crate) fn is_automatic(&self, option: &str) -> bool {
        match option {
            "--port" => self.port == 0,
            "--proxy-port" => self.proxy_port == 0,
            _ => false,
        }
    }
}

/// What a fault does and when; every time is measured from the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailoverOptions {
    pub kind: FailoverKind,
    /// When the reader is promoted, but never before the loss is detected.
    pub promote_after: Duration,
    /// From when on the writer's name resolves to the new address, but never before that is the writer.
    pub dns_after: Duration,
    /// A random time, this long at most, is added to `dns_after`.
    pub dns_jitter: Duration,
    /// When the old writer starts as a reader, or as soon after as its fresh copy is made.
    pub return_after: Duration,
    /// Freeze: when the writer continues. Before its loss is detected, there is no failover; after that it is a second writer until
    /// `return_after`. `None`: it is killed when its loss is detected.
    pub thaw_after: Option<Duration>,
    /// Crash, stop, immediate, freeze, blackhole: the reader gets nothing of the writer's log for this long before the fault, so what the
    /// writer acknowledges meanwhile is lost. Needs [`Replication::Async`].
    pub hold: Option<Duration>,
    /// Restart, flap, proxy-restart: how long the server or proxy is down; slow: how long it lasts.
    pub down_for: Duration,
    /// Flap: how long the writer is up between two crashes.
    pub up_for: Duration,
    /// Flap: number of crashes.
    pub flaps: u32,
    /// Slow: what is added in each direction.
    pub latency: Duration,
    /// Slow: a random time, this long at most, is added to `latency`.
    pub latency_jitter: Duration,
    /// Slow: bytes per second, in each direction of each connection.
    pub bandwidth: Option<u64>,
    /// A random time, this long at most, is added to each of the times above that say when something happens.
    pub jitter: Duration,
    /// Seed of the random times; `None` draws one.
    pub seed: Option<u64>,
}

impl Default for FailoverOptions {
    fn default() -> Self {
        Self {
            kind: FailoverKind::Crash,
            promote_after: Duration::from_secs(1),
            dns_after: Duration::from_secs(4),
            dns_jitter: Duration::ZERO,
            return_after: Duration::from_secs(2),
            thaw_after: None,
            hold: None,
            down_for: Duration::from_secs(2),
            up_for: Duration::from_secs(3),
            flaps: 3,
            latency: Duration::from_millis(200),
            latency_jitter: Duration::ZERO,
            bandwidth: None,
            jitter: Duration::ZERO,
            seed: None,
        }
    }
}

impl FailoverOptions {
    /// # Errors
    /// An option of another kind, or a value that breaks nothing.
    pub(crate) fn validate(&self) -> Result<(), LabError> {
        let usage = |text: &str| Err(LabError::Usage(text.to_owned()));
        if self.thaw_after.is_some() && self.kind != FailoverKind::Freeze {
            return usage("--thaw-after is only for --kind freeze");
        }
        if self.hold.is_some() && !self.kind.loses_writer() {
            return usage(
                "--hold is only for the kinds that lose the writer: crash, stop, immediate, freeze, blackhole",
            );
        }
        if self.hold.is_some() && self.thaw_after.is_some() {
            return usage(
                "--hold and --thaw-after exclude each other; a writer that thaws late loses commits without --hold",
            );
        }
        if self.kind == FailoverKind::Flap && self.flaps == 0 {
            return usage("--flaps 0: the writer has to crash at least once; give 1 or more");
        }
        if self.bandwidth == Some(0) {
            return usage(
                "--bandwidth 0: no packet would pass; give 1 or more, or use --kind blackhole",
            );
        }
        Ok(())
    }

    /// The same with the random times added, and their seed.
    pub(crate) fn drawn(mut self) -> (Self, u64) {
        let seed = self.seed.unwrap_or_else(|| rand::rng().random());
        let mut random = StdRng::seed_from_u64(seed);
        let mut up_to = |most: Duration| most.mul_f64(random.random_range(0.0..=1.0));
        self.dns_after += up_to(self.dns_jitter) + up_to(self.jitter);
        self.promote_after += up_to(self.jitter);
        self.return_after += up_to(self.jitter);
        self.down_for += up_to(self.jitter);
        self.up_for += up_to(self.jitter);
        let thaw_jitter = up_to(self.jitter);
        self.thaw_after = self.thaw_after.map(|after| after + thaw_jitter);
        (self, seed)
    }
}
