//! The lab itself: a pair of servers, a proxy and a name server, all stopped when it is dropped.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process,
    time::{Duration, Instant},
};

use crate::{
    account::Account,
    application::PROXY_HOST,
    certificates,
    dns::{NameServer, READER_NAME, WRITER_NAME, Zone},
    error::LabError,
    node::Node,
    node_name::NodeName,
    options::{LabOptions, Replication},
    pgbouncer::{self, PgBouncer},
    registry::Registration,
    relay::Relay,
    replication::{arm_replication, await_healthy, await_streaming},
    site::{Folder, Reservation, Site, node_addresses, random_word},
    software::Software,
    sql,
    state::{LabState, Owner},
};

/// How long the reader may take to follow the writer.
pub(crate) const FOLLOW_LIMIT: Duration = Duration::from_secs(60);
/// How often a lab with automatic ports tries again when another program took one.
const PORT_TRIES: usize = 3;

/// A running lab. Dropped, it stops every server and waits until they are gone; a folder that it chose itself is
/// removed. Should this process be killed, the kernel ends the servers.
#[derive(Debug)]
pub struct Lab {
    // In the order in which they stop: the proxy first, the folder last.
    pub(crate) pgbouncer: PgBouncer,
    pub(crate) nodes: [Node; 2],
    /// Readers in addition to the pair.
    pub(crate) followers: Vec<Node>,
    pub(crate) dns: NameServer,
    pub(crate) writer: NodeName,
    pub(crate) replication: Replication,
    pub(crate) site: Site,
    folder: Folder,
    _registration: Registration,
}

impl Lab {
    /// Starts a lab; about 3 s.
    ///
    /// # Errors
    /// Software that is missing, a port that is taken, a folder that cannot be used, a server that does not start.
    pub async fn start(options: LabOptions) -> Result<Self, LabError> {
        Self::start_with(options, &mut |_| ()).await
    }

    /// Starts a lab; `on_progress` gets what is being done.
    ///
    /// # Errors
    /// As [`Lab::start`].
    pub async fn start_with(
        options: LabOptions,
        on_progress: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Self, LabError> {
        options.validate()?;
        let mut tries = 1;
        loop {
            match Self::try_start(&options, on_progress).await {
                // Another program took the port between our release of it and the server's bind.
                Err(LabError::PortTaken { option, .. })
                    if tries < PORT_TRIES && options.is_automatic(option) =>
                {
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    async fn try_start(
        options: &LabOptions,
        on_progress: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Self, LabError> {
        let software = Software::find()?;
        let account = Account::detect()?;
        let folder = Folder::prepare(options.dir.as_deref(), &account)?;
        let registration = Registration::enter(&folder.path)?;
        let addresses = node_addresses(options.nodes(), options.relay);
        let mut server_port = Reservation::take(options.port, &addresses, "--port")?;
        let mut proxy_port =
            Reservation::take(options.proxy_port, &[Ipv4Addr::LOCALHOST], "--proxy-port")?;
        let dns = NameServer::start(options.dns_port, zone(options))?;
        let site = Site {
            dir: folder.path.clone(),
            account,
            software,
            port: server_port.port,
            proxy_port: proxy_port.port,
            has_relay: options.relay,
            has_tls: options.tls,
            superuser_password: random_word(24),
            app_password: random_word(24),
        };
        save_state(&site, &dns, options)?;
        let (mut nodes, mut followers) = make_nodes(&site, options)?;

        on_progress("making the writer");
        let [writer, reader] = &mut nodes;
        let client = start_writer(&site, writer, &mut server_port).await?;
        on_progress("making the reader");
        for reader in [reader].into_iter().chain(&mut followers) {
            reader.copy_from(&site, NodeName::A).await?;
            server_port.release(reader.name.address());
            server_port.release(site.server_address(reader.name));
            reader.start(&site).await?;
        }
        arm_replication(&client, NodeName::B, options.replication, FOLLOW_LIMIT).await?;
        for follower in &followers {
            await_streaming(&client, follower.name, FOLLOW_LIMIT).await?;
        }

        on_progress("starting pgbouncer");
        proxy_port.release(Ipv4Addr::LOCALHOST);
        let pgbouncer = PgBouncer::start(&site, NodeName::A).await?;
        Ok(Self {
            pgbouncer,
            nodes,
            followers,
            dns,
            writer: NodeName::A,
            replication: options.replication,
            site,
            folder,
            _registration: registration,
        })
    }

    /// The direct path of applications: by the writer's name, which [`Lab::dns_server`] resolves.
    #[must_use]
    pub fn direct_url(&self) -> String {
        self.site.application().url(WRITER_NAME, self.site.port)
    }

    /// The path of applications through the proxy.
    #[must_use]
    pub fn proxy_url(&self) -> String {
        self.site
            .application()
            .url(PROXY_HOST, self.site.proxy_port)
    }

    /// The direct path of applications that only read: by the reader's name.
    #[must_use]
    pub fn reader_url(&self) -> String {
        self.site.application().url(READER_NAME, self.site.port)
    }

    #[must_use]
    pub fn dns_server(&self) -> SocketAddr {
        self.dns.address()
    }

    /// Superuser access to one node, without name, proxy or relay.
    #[must_use]
    pub fn admin_url(&self, node: NodeName) -> String {
        let address = self.site.server_address(node);
        let (password, port) = (&self.site.superuser_password, self.site.port);
        format!("postgres://postgres:{password}@{address}:{port}/postgres?sslmode=disable")
    }

    /// The node that takes writes, or took them until it was killed.
    #[must_use]
    pub fn writer(&self) -> NodeName {
        self.writer
    }

    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.folder.path
    }

    /// Kills every process of the writer; no failover follows. Returns when the last of them is dead.
    ///
    /// # Errors
    /// The writer does not run, or does not die.
    pub async fn kill_writer(&mut self) -> Result<(), LabError> {
        let writer = &mut self.nodes[self.writer.index()];
        writer.crash().await?;
        writer.free_memory(&self.site);
        Ok(())
    }

    /// Starts the killed writer again, on the same data. Returns when it has acknowledged a write.
    ///
    /// # Errors
    /// The writer runs already, does not start, or (synchronous) the reader does not follow it.
    pub async fn restart_writer(&mut self) -> Result<(), LabError> {
        let node = &mut self.nodes[self.writer.index()];
        if node.is_running() {
            return Err(LabError::State(format!(
                "node {} runs already",
                self.writer
            )));
        }
        node.start(&self.site).await?;
        let client = sql::connect_node(&self.site, self.writer).await?;
        await_healthy(&client, self.writer.other(), self.replication, FOLLOW_LIMIT).await?;
        await_write(&client, self.writer, FOLLOW_LIMIT).await
    }

    /// Makes every new statement wait in the proxy. Returns when those in flight are done.
    ///
    /// # Errors
    /// pgbouncer does not answer, or the statements in flight do not end within 10 s.
    pub async fn pause_proxy(&self) -> Result<(), LabError> {
        pgbouncer::pause(&self.site).await
    }

    /// Sends the waiting statements on.
    ///
    /// # Errors
    /// pgbouncer does not answer.
    pub async fn resume_proxy(&self) -> Result<(), LabError> {
        pgbouncer::resume(&self.site).await
    }

    /// Drops everything on the connections to the servers that there are now, or ends those. New ones are served, as behind a NAT that has
    /// forgotten the old ones. Needs relays ([`LabOptions::relay`]).
    pub fn silence_connections(&self, are_silent: bool) {
        for relay in self.relays() {
            relay.silence(are_silent);
        }
    }

    /// Forwards requests to the servers and loses their answers, or loses no more. A connection that lost an answer stays mute until its
    /// client closes it. Needs relays ([`LabOptions::relay`]).
    pub fn lose_answers(&self, are_lost: bool) {
        for relay in self.relays() {
            relay.lose_answers(are_lost);
        }
    }

    /// None where the lab has no relays.
    pub(crate) fn relays(&self) -> impl Iterator<Item = &Relay> {
        let nodes = self.nodes.iter().chain(&self.followers);
        nodes.filter_map(|node| node.relay.as_ref())
    }

    /// Do all servers and the proxy run?
    pub fn is_running(&mut self) -> bool {
        let mut nodes = self.nodes.iter_mut().chain(&mut self.followers);
        self.pgbouncer.is_running() && nodes.all(Node::is_running)
    }
}

/// What the names resolve to at first.
fn zone(options: &LabOptions) -> Zone {
    let readers = &options.nodes()[1..];
    Zone {
        writer: NodeName::A.address(),
        readers: readers.iter().map(|node| node.address()).collect(),
        ttl_s: options.ttl_s(),
    }
}

/// The pair and the followers, each with its relay where the lab has relays; none of them runs yet.
fn make_nodes(site: &Site, options: &LabOptions) -> Result<([Node; 2], Vec<Node>), LabError> {
    let mut nodes = [Node::new(NodeName::A), Node::new(NodeName::B)];
    let followers = options.nodes()[2..].iter().copied();
    let mut followers: Vec<Node> = followers.map(Node::new).collect();
    if site.has_relay {
        for node in nodes.iter_mut().chain(&mut followers) {
            let server = SocketAddr::from((site.server_address(node.name), site.port));
            node.relay = Some(Relay::start(node.endpoint(site), server)?);
        }
    }
    Ok((nodes, followers))
}

/// Makes the writer and its roles, and returns a connection to it.
async fn start_writer(
    site: &Site,
    writer: &mut Node,
    port: &mut Reservation,
) -> Result<tokio_postgres::Client, LabError> {
    if site.has_tls {
        certificates::make(&site.dir, &site.account)?;
    }
    writer.initialize(site).await?;
    port.release(writer.name.address());
    port.release(site.server_address(writer.name));
    writer.start(site).await?;
    let client = sql::connect_node(site, writer.name).await?;
    make_roles(&client, site).await?;
    Ok(client)
}

fn save_state(site: &Site, dns: &NameServer, options: &LabOptions) -> Result<(), LabError> {
    let owner = Owner::of(process::id())
        .ok_or_else(|| LabError::State("cannot read /proc/self/stat".to_owned()))?;
    let state = LabState {
        owner,
        port: site.port,
        proxy_port: site.proxy_port,
        dns_server: dns.address(),
        ttl_s: options.ttl_s(),
        replication: options.replication,
        has_relay: site.has_relay,
        has_tls: site.has_tls,
        readers: options.readers,
        superuser_password: site.superuser_password.clone(),
        app_password: site.app_password.clone(),
    };
    state.save(&site.dir)
}

/// The application's role, without further rights, and the table of the lab's own test writes.
async fn make_roles(client: &tokio_postgres::Client, site: &Site) -> Result<(), LabError> {
    let role = format!("create role app login password '{}'", site.app_password);
    let statements = [
        // A statement that fails is logged, and the next one holds a password.
        "set log_min_error_statement = panic",
        &role,
        // PostgreSQL 15 took this right away from ordinary roles.
        "grant usage, create on schema public to app",
        "create schema lab",
        "create table lab.write_probe (node text primary key, written_at timestamptz not null)",
    ];
    sql::execute(client, "setting up the writer", &statements).await
}

/// Writes to `node` until it acknowledges a write. A reader refuses with 25006, and the write is repeated.
pub(crate) async fn await_write(
    client: &tokio_postgres::Client,
    node: NodeName,
    limit: Duration,
) -> Result<(), LabError> {
    let write = format!(
        "insert into lab.write_probe values ('{node}', clock_timestamp())
         on conflict (node) do update set written_at = excluded.written_at"
    );
    let what = format!("the first write on node {node}");
    let deadline = Instant::now() + limit;
    loop {
        match sql::within(&what, limit, client.batch_execute(&write)).await {
            Err(LabError::Sql { source, .. })
                if source.code()
                    == Some(&tokio_postgres::error::SqlState::READ_ONLY_SQL_TRANSACTION)
                    && Instant::now() < deadline =>
            {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            result => return result,
        }
    }
}
