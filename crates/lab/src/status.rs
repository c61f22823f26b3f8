//! `lab status`: the state of the servers, the proxy and the name server, as they report it themselves.

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

/// How long a server may take to answer with its role.
const ASK_LIMIT: Duration = Duration::from_secs(2);

#[derive(Debug, Serialize)]
pub(crate) struct Status {
    /// The background process.
    pub(crate) pid: u32,
    pub(crate) replication: Replication,
    pub(crate) nodes: Vec<NodeStatus>,
    pub(crate) proxy: ProxyStatus,
    pub(crate) dns: DnsStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// It takes writes.
    Writer,
    /// It is in recovery, and answers reads only.
    Reader,
    /// It does not answer.
    Down,
}

#[derive(Debug, Serialize)]
pub(crate) struct NodeStatus {
    pub(crate) node: NodeName,
    /// With its port.
    pub(crate) address: String,
    /// The postmaster's.
    pub(crate) pid: Option<u32>,
    /// Its own answer to `pg_is_in_recovery()`.
    pub(crate) role: Role,
    /// For a writer: `sync_state` of each reader that streams from it, such as `sync` or `async`.
    pub(crate) followers: Vec<String>,
    /// Why it does not answer.
    pub(crate) error: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ProxyStatus {
    /// Where it listens.
    pub(crate) address: String,
    pub(crate) pid: Option<u32>,
    /// The server that it sends statements to, with its port.
    pub(crate) points_to: Option<String>,
    /// Statements wait.
    pub(crate) paused: bool,
    /// Why it does not answer.
    pub(crate) error: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct DnsStatus {
    /// Where it listens.
    pub(crate) address: String,
    /// The address that the writer's name resolves to.
    pub(crate) writer: Option<Ipv4Addr>,
    /// One of the addresses that the reader's name resolves to.
    pub(crate) reader: Option<Ipv4Addr>,
    pub(crate) ttl_s: Option<u32>,
    /// Why it does not answer.
    pub(crate) error: Option<String>,
}

/// The state of the lab in `dir`.
///
/// # Errors
/// No lab runs there. A part that does not answer is no error: its `error` says why.
pub(crate) async fn status(dir: &Path) -> Result<Status, LabError> {
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
    // All at the same time: a frozen one takes the whole limit.
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
    pub(crate) fn json(&self) -> Result<String, LabError> {
        serde_json::to_string_pretty(self)
            .map(|text| text + "\n")
            .map_err(|error| LabError::State(error.to_string()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Writer => "writer",
            Self::Reader => "reader",
            Self::Down => "down",
        })
    }
}

/// `pid 1234`
fn process(pid: Option<u32>) -> String {
    pid.map_or_else(|| "not running".to_owned(), |pid| format!("pid {pid}"))
}

impl NodeStatus {
    fn text(&self) -> String {
        match (self.role, &self.error) {
            (role, Some(error)) => format!("{role}: {error}"),
            (Role::Writer, None) if self.followers.is_empty() => {
                "writer, no reader follows".to_owned()
            }
            (Role::Writer, None) => format!("writer, followed by {}", self.followers.join(", ")),
            (role, None) => role.to_string(),
        }
    }
}

impl ProxyStatus {
    fn text(&self) -> String {
        let paused = if self.paused { ", paused" } else { "" };
        match (&self.points_to, &self.error) {
            (Some(target), _) => format!("to {target}{paused}"),
            (None, Some(error)) => error.clone(),
            (None, None) => "no answer".to_owned(),
        }
    }
}

impl DnsStatus {
    fn text(&self) -> String {
        if let Some(error) = &self.error {
            return error.clone();
        }
        let address = |address: Option<Ipv4Addr>| {
            address.map_or_else(|| "unknown".to_owned(), |address| address.to_string())
        };
        format!(
            "{WRITER_NAME} is {} (TTL {} s), {READER_NAME} is {}",
            address(self.writer),
            self.ttl_s.unwrap_or_default(),
            address(self.reader)
        )
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |part: &str, address: &str, pid: Option<u32>, text: String| {
            writeln!(
                out,
                "{part:<8}  {address:<21}  {:<12}  {text}",
                process(pid)
            )
        };
        for node in &self.nodes {
            let part = format!("node {}", node.node);
            line(&part, &node.address, node.pid, node.text())?;
        }
        line(
            "proxy",
            &self.proxy.address,
            self.proxy.pid,
            self.proxy.text(),
        )?;
        line("dns", &self.dns.address, Some(self.pid), self.dns.text())
    }
}
