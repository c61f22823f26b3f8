//! The one server for both, and its tables.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use lab::{Lab, LabOptions, Replication};

use super::child;

pub(crate) struct Server {
    /// Of an application: both clients get the same.
    pub(crate) url: String,
    /// `recorder`, as it is shipped.
    recorder: Box<Path>,
    _lab: Lab,
}

impl Server {
    /// Commits wait for no standby: a client's part of the time is larger.
    pub(crate) async fn start(recorder: &Path) -> Result<Self> {
        let options = LabOptions {
            replication: Replication::Async,
            ..LabOptions::default()
        };
        let lab = Lab::start(options).await?;
        // pgbench can't ask the lab's name server.
        let admin = lab.admin_url(lab.writer());
        let host = |url: &str| {
            let (_, rest) = url.rsplit_once('@')?;
            let (host, _) = rest.split_once(':')?;
            Some(host.to_owned())
        };
        let direct = lab.direct_url();
        let (name, address) = host(&direct).zip(host(&admin)).context("the lab's URLs")?;
        Ok(Self {
            url: direct.replace(&name, &address),
            recorder: recorder.into(),
            _lab: lab,
        })
    }

    /// `recorder` with the server as its direct path, and nothing of the caller's own.
    pub(crate) fn recorder(&self) -> Command {
        let mut command = Command::new(&*self.recorder);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("PGOUTAGE_") || name.starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.env("PGOUTAGE_DIRECT_URL", &self.url);
        command
    }

    /// Makes the tables anew: each run finds the same, whatever ran before.
    pub(crate) fn set_up(&self) -> Result<()> {
        child::run(
            self.recorder()
                .args(["cleanup", "--yes", "--drop-unaudited"]),
        )?;
        child::run(self.recorder().arg("setup"))?;
        Ok(())
    }
}
