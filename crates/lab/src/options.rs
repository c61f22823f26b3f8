//! What a lab can be told: validated values, apart from the command line that they come from.

use std::{path::PathBuf, time::Duration};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::error::LabError;

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

/// How the writer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailoverKind {
    /// Every process of the writer dies at once (kill -9), as when its host loses power.
    #[default]
    Crash,
}

/// Where and how a lab is made. A port of 0 takes a free one.
#[derive(Debug, Clone)]
pub struct LabOptions {
    /// The lab's folder; `None` makes one in the temporary folder and removes it in the end.
    pub dir: Option<PathBuf>,
    /// The port of both nodes, on 127.0.0.2 and 127.0.0.3.
    pub port: u16,
    /// pgbouncer's port on 127.0.0.1.
    pub proxy_port: u16,
    /// The name server's UDP port on 127.0.0.1.
    pub dns_port: u16,
    /// How long resolvers may keep an answer; whole seconds.
    pub ttl: Duration,
    /// Synchronous or asynchronous replication.
    pub replication: Replication,
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
        }
    }
}

impl LabOptions {
    /// # Errors
    /// A TTL that DNS cannot say.
    pub(crate) fn validate(&self) -> Result<(), LabError> {
        if self.ttl.subsec_nanos() != 0 || self.ttl.as_secs() > 86_400 {
            return Err(LabError::Usage(format!(
                "--ttl {}: a DNS TTL is a whole number of seconds, at most a day",
                self.ttl.as_secs_f64()
            )));
        }
        Ok(())
    }

    /// Is the port behind this option ours to choose?
    pub(crate) fn is_automatic(&self, option: &str) -> bool {
        match option {
            "--port" => self.port == 0,
            "--proxy-port" => self.proxy_port == 0,
            _ => false,
        }
    }
}

/// What a failover does and when; every time is measured from the crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailoverOptions {
    /// How the writer is lost.
    pub kind: FailoverKind,
    /// The reader is promoted then, but never before the loss is detected.
    pub promote_after: Duration,
    /// The writer's name answers with the new address from then on.
    pub dns_after: Duration,
    /// A random time between nothing and this is added to `dns_after`.
    pub dns_jitter: Duration,
    /// The old writer comes back as a reader then, or as soon after as its fresh copy is made.
    pub return_after: Duration,
}

impl Default for FailoverOptions {
    fn default() -> Self {
        Self {
            kind: FailoverKind::Crash,
            promote_after: Duration::from_secs(1),
            dns_after: Duration::from_secs(4),
            dns_jitter: Duration::ZERO,
            return_after: Duration::from_secs(2),
        }
    }
}
