//! `lab status`: what the servers, the proxy and the name server say of themselves.

use std::{fmt, net::Ipv4Addr, path::Path, sync::Arc, time::Duration};

use serde::Serialize;

use crate::{
    account::Account,
    dns::{READER_NAME, WRITER_NAME, lookup},
    error::LabError,
    node_name::NodeName,
    options::Replication,
    pgbouncer,
    site::Site,
    software::Software,
    sql,
    state::{LabState, ServerProcess, server_processes},
};

/// How long a server may take to say who it is.
const ASK_LIMIT: Duration = Duration::from_secs(2);

/// A lab as its parts describe themselves.
#[derive(Debug, Serialize)]
pub struct Status {
    /// The background process.
    pub pid: u32,
    /// What was asked for.
    pub replication: Replication,
    /// Every server.
    pub nodes: Vec<NodeStatus>,
    /// The proxy.
    pub proxy: ProxyStatus,
    /// The name server.
    pub dns: DnsStatus,
}

/// What a server plays at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It takes writes.
    Writer,
    /// It is in recovery, and answers reads only.
    Reader,
    /// It does not answer.
    Down,
}

/// One server.
#[derive(Debug, Serialize)]
pub struct NodeStatus {
    /// Its name.
    pub node: NodeName,
    /// Its address and port.
    pub address: String,
    /// Its postmaster.
    pub pid: Option<u32>,
    /// Its own answer to `pg_is_in_recovery()`.
    pub role: Role,
    /// For a writer: `sync_state` of each reader that streams from it, such as `sync` or `async`.
    pub followers: Vec<String>,
    /// Why it does not answer.
    pub error: Option<String>,
}

/// The proxy.
#[derive(Debug, Serialize)]
pub struct ProxyStatus {
    /// Where it listens.
    pub address: String,
    /// Its process.
    pub pid: Option<u32>,
    /// The server that it sends statements to.
    pub points_to: Option<String>,
    /// Statements wait.
    pub paused: bool,
    /// Why it does not answer.
    pub error: Option<String>,
}

/// The name server.
#[derive(Debug, Serialize)]
pub struct DnsStatus {
    /// Where it listens.
    pub address: String,
    /// What the writer's name answers.
    pub writer: Option<Ipv4Addr>,
    /// One of the addresses that the reader's name answers.
    pub reader: Option<Ipv4Addr>,
    /// How long resolvers may keep it, in seconds.
    pub ttl_s: Option<u32>,
    /// Why it does not answer.
    pub error: Option<String>,
}

/// Asks every part of the lab in `dir`.
///
/// # Errors
/// No lab runs there. A part that does not answer is no error: its `error` says why.
pub async fn status(dir: &Path) -> Result<Status, LabError> {
    let state = LabState::load_running(dir)?;
    let processes = server_processes(dir);
    let site = Site {
        dir: dir.to_owned(),
        account: Account::detect()?,
        software: Software::find()?,
        port: state.port,
        proxy_port: state.proxy_port,
        has_relay: state.has_relay,
        has_tls: state.has_tls,
        superuser_password: state.superuser_password.clone(),
        app_password: state.app_password.clone(),
    };
    let (site, processes) = (Arc::new(site), Arc::new(processes));
    // All at the same time: one that is frozen does not say so before the limit.
    let asked: Vec<_> = NodeName::ALL[..=state.readers]
        .iter()
        .map(|node| {
            let (site, processes) = (Arc::clone(&site), Arc::clone(&processes));
            tokio::spawn(async move { node_status(&site, *node, &processes).await })
        })
        .collect();
    let proxy = proxy_status(&site, &processes).await;
    let mut nodes = Vec::new();
    for node in asked {
        let answer = node.await;
        nodes.push(answer.map_err(|error| LabError::State(format!("asking a node: {error}")))?);
    }
    Ok(Status {
        pid: state.owner.pid,
        replication: state.replication,
        nodes,
        proxy,
        dns: dns_status(&state),
    })
}

async fn node_status(site: &Site, node: NodeName, processes: &[ServerProcess]) -> NodeStatus {
    let ask = async {
        let client = sql::connect(site, node.address(), site.port, "postgres", ASK_LIMIT).await?;
        let in_recovery =
            sql::scalar(&client, "asking for the role", "select pg_is_in_recovery()").await?;
        let query =
            "select string_agg(application_name || ' ' || sync_state, ',' order by application_name) from pg_stat_replication
                     where state = 'streaming' and length(application_name) = 1";
        let followers = sql::scalar(&client, "asking for the followers", query)
            .await?
            .unwrap_or_default();
        let role = if in_recovery.as_deref() == Some("t") {
            Role::Reader
        } else {
            Role::Writer
        };
        Ok::<_, LabError>((
            role,
            followers
                .split(',')
                .filter(|f| !f.is_empty())
                .map(str::to_owned)
                .collect(),
        ))
    };
    let (role, followers, error) = match ask.await {
        Ok((role, followers)) => (role, followers, None),
        Err(error) => (Role::Down, Vec::new(), Some(error.to_string())),
    };
    NodeStatus {
        node,
        address: format!("{}:{}", node.address(), site.port),
        // The postmaster came first, and its children carry later numbers except across a wrap-around.
        pid: processes
            .iter()
            .filter(|process| process.place == node.as_str())
            .map(|process| process.pid)
            .min(),
        role,
        followers,
        error,
    }
}

async fn proxy_status(site: &Site, processes: &[ServerProcess]) -> ProxyStatus {
    let pid = processes
        .iter()
        .find(|process| process.program == "pgbouncer")
        .map(|process| process.pid);
    let address = format!("127.0.0.1:{}", site.proxy_port);
    match pgbouncer::target(site).await {
        Ok((points_to, paused)) => ProxyStatus {
            address,
            pid,
            points_to: Some(points_to),
            paused,
            error: None,
        },
        Err(error) => ProxyStatus {
            address,
            pid,
            points_to: None,
            paused: false,
            error: Some(error.to_string()),
        },
    }
}

fn dns_status(state: &LabState) -> DnsStatus {
    let answers = lookup(state.dns_server, WRITER_NAME)
        .and_then(|w| Ok((w, lookup(state.dns_server, READER_NAME)?)));
    let address = state.dns_server.to_string();
    match answers {
        Ok((writer, reader)) => DnsStatus {
            address,
            writer: writer.map(|(address, _)| address),
            reader: reader.map(|(address, _)| address),
            ttl_s: writer.map(|(_, ttl_s)| ttl_s),
            error: None,
        },
        Err(error) => DnsStatus {
            address,
            writer: None,
            reader: None,
            ttl_s: None,
            error: Some(error.to_string()),
        },
    }
}

impl Status {
    /// The whole of it as JSON.
    ///
    /// # Errors
    /// None in practice: every field has a place in JSON.
    pub fn json(&self) -> Result<String, LabError> {
        serde_json::to_string_pretty(self)
            .map(|text| text + "\n")
            .map_err(|error| LabError::State(error.to_string()))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pid = |pid: Option<u32>| {
            pid.map_or_else(|| "not running".to_owned(), |pid| format!("pid {pid}"))
        };
        for node in &self.nodes {
            let role = match node.role {
                Role::Writer => "writer",
                Role::Reader => "reader",
                Role::Down => "down",
            };
            write!(
                out,
                "node {}    {:<21}  {:<12}  {role}",
                node.node,
                node.address,
                pid(node.pid)
            )?;
            match (node.role, node.followers.as_slice(), &node.error) {
                (_, _, Some(error)) => writeln!(out, ": {error}")?,
                (Role::Writer, [], None) => writeln!(out, ", nobody follows")?,
                (Role::Writer, followers, None) => {
                    writeln!(out, ", followed by {}", followers.join(", "))?;
                }
                _ => writeln!(out)?,
            }
        }
        write!(
            out,
            "proxy     {:<21}  {:<12}  ",
            self.proxy.address,
            pid(self.proxy.pid)
        )?;
        match (&self.proxy.points_to, &self.proxy.error) {
            (Some(target), _) => writeln!(
                out,
                "to {target}{}",
                if self.proxy.paused { ", paused" } else { "" }
            )?,
            (None, error) => writeln!(out, "{}", error.as_deref().unwrap_or("says nothing"))?,
        }
        write!(
            out,
            "dns       {:<21}  {:<12}  ",
            self.dns.address,
            pid(Some(self.pid))
        )?;
        let address = |address: Option<Ipv4Addr>| {
            address.map_or_else(|| "nothing".to_owned(), |address| address.to_string())
        };
        match &self.dns.error {
            Some(error) => writeln!(out, "{error}"),
            None => writeln!(
                out,
                "{WRITER_NAME} is {} for {} s, {READER_NAME} is {}",
                address(self.dns.writer),
                self.dns.ttl_s.unwrap_or_default(),
                address(self.dns.reader)
            ),
        }
    }
}
