//! What a node had when it was lost: a copy of its data, and a server on that.

use std::{
    fs, io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    cluster::Lab,
    error::LabError,
    node_name::NodeName,
    process::{Process, Signal},
    site::Reservation,
    sql,
};

/// How long the server may take to start, recovery included.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A server that nothing follows or leads to; it ends when this is dropped.
#[derive(Debug)]
pub struct Alone {
    /// Superuser access.
    pub url: String,
    _process: Process,
}

/// Copies the data of `node`, which is down, inside of the lab's folder `lab`: a failover replaces it. Returns where the copy is.
///
/// # Errors
/// It can't be copied.
pub fn copy_data(lab: &Path, node: NodeName, name: &str) -> io::Result<PathBuf> {
    let copy = lab.join(name);
    let mut command = Command::new("cp");
    command.args(["-a", "--"]).arg(lab.join(node.as_str()));
    let status = command.arg(&copy).status()?;
    if !status.success() {
        return Err(io::Error::other(format!("cp -a: {status}")));
    }
    // Of a server that was killed. Its number may be another process's by now.
    match fs::remove_file(copy.join("postmaster.pid")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(copy),
    }
}

impl Lab {
    /// Starts a server on what [`copy_data`] copied.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start_alone(&self, data: &Path) -> Result<Alone, LabError> {
        let (site, host) = (&self.site, Ipv4Addr::LOCALHOST);
        let mut reservation = Reservation::take(0, &[host], "--port")?;
        let port = reservation.port;
        let program = site.software.pg("postgres");
        let mut command = site.account.command(&program, Signal::Quit);
        command.arg("-D").arg(data);
        command.args(["-c", &format!("listen_addresses={host}")]);
        command.args(["-c", &format!("port={port}"), "-c", "cluster_name=alone"]);
        reservation.release(host);
        let what = format!("PostgreSQL on {}", data.display());
        let mut process = Process::start(&what, command, Signal::Quit, &site.log("alone"))?;
        let deadline = Instant::now() + START_LIMIT;
        while sql::connect(site, host, port, "postgres", Duration::from_secs(2))
            .await
            .is_err()
        {
            if process.exited().is_some() {
                return Err(process.failure());
            }
            if Instant::now() > deadline {
                return Err(LabError::Timeout {
                    what: format!("starting {what}"),
                    after: START_LIMIT,
                });
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let password = &site.superuser_password;
        Ok(Alone {
            url: format!("postgres://postgres:{password}@{host}:{port}/postgres?sslmode=disable"),
            _process: process,
        })
    }
}
