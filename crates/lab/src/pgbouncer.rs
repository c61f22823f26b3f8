//! The proxy: pgbouncer in transaction mode, and its admin console.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::{Duration, Instant},
};

use tokio_postgres::{Client, SimpleQueryMessage};

use crate::{
    certificates,
    error::LabError,
    node_name::NodeName,
    process::{self, Process, Signal},
    site::Site,
    sql,
};

const START_LIMIT: Duration = Duration::from_secs(20);
/// PAUSE waits for the transactions in flight; those of a dead writer end at once.
const PAUSE_LIMIT: Duration = Duration::from_secs(10);

/// A running pgbouncer; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct PgBouncer {
    process: Option<Process>,
}

fn dir(site: &Site) -> PathBuf {
    site.dir.join("pgbouncer")
}

/// `server_login_retry`: the default of 15 s would add 15 s to every outage.
fn configuration(site: &Site, writer: NodeName) -> String {
    format!(
        "[databases]
postgres = host={writer_address} port={port} dbname=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {proxy_port}
unix_socket_dir =
auth_type = {auth_type}
auth_file = {users}
admin_users = postgres
pool_mode = transaction
max_client_conn = 1000
default_pool_size = 50
server_login_retry = 0.1
server_connect_timeout = 2
query_wait_timeout = 60
ignore_startup_parameters = extra_float_digits
server_reset_query =
{tls}",
        auth_type = if site.has_tls { "hba" } else { "scram-sha-256" },
        tls = if site.has_tls {
            tls_settings(site)
        } else {
            String::new()
        },
        writer_address = writer.address(),
        port = site.port,
        proxy_port = site.proxy_port,
        users = dir(site).join("users.txt").display(),
    )
}

/// The console is for the lab only, which uses no TLS.
const HBA: &str = "hostssl all all 127.0.0.0/8 scram-sha-256
host pgbouncer postgres 127.0.0.0/8 scram-sha-256
";

fn hba(site: &Site) -> PathBuf {
    dir(site).join("hba.conf")
}

fn tls_settings(site: &Site) -> String {
    let lab = &site.dir;
    format!(
        "auth_hba_file = {}
client_tls_sslmode = allow
client_tls_cert_file = {}
client_tls_key_file = {}
server_tls_sslmode = verify-full
server_tls_ca_file = {}
",
        hba(site).display(),
        certificates::certificate(lab).display(),
        certificates::key(lab).display(),
        certificates::authority(lab).display(),
    )
}

fn configure(site: &Site, writer: NodeName) -> Result<(), LabError> {
    site.account.write_private(
        &dir(site).join("pgbouncer.ini"),
        &configuration(site, writer),
    )
}

impl PgBouncer {
    /// Makes its folder and its users, and starts it.
    pub(crate) async fn start(site: &Site, writer: NodeName) -> Result<Self, LabError> {
        let dir = dir(site);
        site.account.make_private_dir(&dir)?;
        let users = format!(
            "\"postgres\" \"{}\"\n\"app\" \"{}\"\n",
            site.superuser_password, site.app_password
        );
        site.account.write_private(&dir.join("users.txt"), &users)?;
        site.account.write_private(&hba(site), HBA)?;
        configure(site, writer)?;
        let mut proxy = Self { process: None };
        proxy.run(site).await?;
        Ok(proxy)
    }

    /// Starts it with the configuration that is there, and waits until it answers.
    pub(crate) async fn run(&mut self, site: &Site) -> Result<(), LabError> {
        let dir = dir(site);
        let mut command = site.account.command(&site.software.pgbouncer, Signal::Kill);
        command.current_dir(&dir).arg(dir.join("pgbouncer.ini"));
        let log = site.log("pgbouncer");
        let process = Process::start("pgbouncer", command, Signal::Terminate, &log)?;
        let process = self.process.insert(process);
        let deadline = Instant::now() + START_LIMIT;
        while admin(site).await.is_err() {
            if process.exited().is_some() {
                if process.output().contains("Address already in use")
                    || process.output().contains("not listening")
                {
                    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, site.proxy_port));
                    return Err(LabError::PortTaken {
                        address,
                        option: "--proxy-port",
                    });
                }
                return Err(process.failure());
            }
            if Instant::now() > deadline {
                return Err(LabError::Timeout {
                    what: "starting pgbouncer".to_owned(),
                    after: START_LIMIT,
                });
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Kills it, as the loss of its host would.
    pub(crate) async fn crash(&mut self) -> Result<(), LabError> {
        let mut process = self
            .process
            .take()
            .ok_or_else(|| LabError::State("pgbouncer is not running".to_owned()))?;
        tokio::task::spawn_blocking(move || process.kill())
            .await
            .map_err(|error| LabError::State(format!("killing pgbouncer: {error}")))?
            .map_err(LabError::io("killing pgbouncer"))
            .map(drop)
    }

    /// Makes it lead to `writer` and run statements; restarts it where it does not answer. True where it had to be started.
    pub(crate) async fn heal(&mut self, site: &Site, writer: NodeName) -> Result<bool, LabError> {
        if self.is_running() {
            if let Some(process) = &self.process {
                // One that is not frozen does not mind.
                process::thaw_tree(process.id()).map_err(LabError::io("thawing pgbouncer"))?;
            }
            if lead_to(site, writer).await.is_ok() {
                return Ok(false);
            }
            self.crash().await?;
        }
        configure(site, writer)?;
        self.run(site).await?;
        lead_to(site, writer).await?;
        Ok(true)
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process
            .as_mut()
            .is_some_and(|process| process.exited().is_none())
    }
}

async fn admin(site: &Site) -> Result<Client, LabError> {
    sql::connect(
        site,
        Ipv4Addr::LOCALHOST,
        site.proxy_port,
        "pgbouncer",
        Duration::from_secs(2),
    )
    .await
}

async fn command(site: &Site, text: &str, limit: Duration) -> Result<(), LabError> {
    let client = admin(site).await?;
    // The admin console speaks only the simple protocol.
    sql::within(
        &format!("pgbouncer: {text}"),
        limit,
        client.simple_query(text),
    )
    .await
    .map(drop)
}

/// New statements wait from now on; returns when those in flight are done.
pub(crate) async fn pause(site: &Site) -> Result<(), LabError> {
    command(site, "PAUSE postgres", PAUSE_LIMIT).await
}

/// Sends the waiting statements on.
pub(crate) async fn resume(site: &Site) -> Result<(), LabError> {
    command(site, "RESUME postgres", sql::STATEMENT_LIMIT).await
}

/// Makes it lead to `writer`, and resumes it where it is paused.
async fn lead_to(site: &Site, writer: NodeName) -> Result<(), LabError> {
    point(site, writer).await?;
    match target(site).await? {
        (_, true) => resume(site).await,
        (_, false) => Ok(()),
    }
}

/// Sends all new server connections to `writer`; those to the old one are closed.
pub(crate) async fn point(site: &Site, writer: NodeName) -> Result<(), LabError> {
    configure(site, writer)?;
    command(site, "RELOAD", sql::STATEMENT_LIMIT).await
}

/// The server (`host:port`) that it sends statements to, and whether it is paused, as pgbouncer itself says.
pub(crate) async fn target(site: &Site) -> Result<(String, bool), LabError> {
    let client = admin(site).await?;
    let rows = sql::within(
        "pgbouncer: SHOW DATABASES",
        sql::STATEMENT_LIMIT,
        client.simple_query("SHOW DATABASES"),
    )
    .await?;
    let row = rows.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) if row.get("name") == Some("postgres") => Some(row),
        _ => None,
    });
    let row =
        row.ok_or_else(|| LabError::State("pgbouncer knows no database postgres".to_owned()))?;
    let column = |name| {
        row.try_get(name)
            .map_err(LabError::sql("pgbouncer: SHOW DATABASES"))
    };
    let (host, port) = (
        column("host")?.unwrap_or_default(),
        column("port")?.unwrap_or_default(),
    );
    Ok((format!("{host}:{port}"), column("paused")? == Some("1")))
}
