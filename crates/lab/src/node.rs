//! One PostgreSQL server of the pair: made, started, copied, killed.

use std::{
    fmt, fs,
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio_postgres::Client;

use crate::{
    error::LabError,
    options::Replication,
    process::{Process, Signal},
    site::{self, Site, random_word},
    sql, state,
};

/// How long a server may take to start, recovery included.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long initdb or a base backup may take.
const TOOL_LIMIT: Duration = Duration::from_secs(120);

/// One of the two nodes; either may be the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeName {
    /// The node at 127.0.0.2, the writer at first.
    A,
    /// The node at 127.0.0.3, the reader at first.
    B,
}

impl NodeName {
    /// The node's address; the port is the same for both, so that the DNS answer is all that changes in a failover.
    #[must_use]
    pub fn address(self) -> Ipv4Addr {
        match self {
            Self::A => Ipv4Addr::new(127, 0, 0, 2),
            Self::B => Ipv4Addr::new(127, 0, 0, 3),
        }
    }

    /// The node that is not this one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    pub(crate) fn index(self) -> usize {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }

    /// `a` or `b`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What the pair needs beyond the defaults: fast detection of a lost sender or receiver, memory that dies with the
/// process (a killed postmaster leaks POSIX segments), no start-up delay from syncing each file one by one.
const SETTINGS: &str = "
max_connections = 300
shared_buffers = 128MB
dynamic_shared_memory_type = mmap
wal_level = replica
hot_standby = on
wal_receiver_status_interval = 1s
wal_retrieve_retry_interval = 200ms
wal_receiver_timeout = 5s
wal_sender_timeout = 5s
autovacuum_naptime = 10min
recovery_init_sync_method = syncfs
unix_socket_directories = ''
";

/// A node and its server, if that runs.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: NodeName,
    process: Option<Process>,
    /// Data that a fresh copy replaced, kept until removing it disturbs nobody.
    discarded: Option<PathBuf>,
}

impl Node {
    pub(crate) fn new(name: NodeName) -> Self {
        Self {
            name,
            process: None,
            discarded: None,
        }
    }

    fn data(&self, site: &Site) -> PathBuf {
        site.dir.join(self.name.as_str())
    }

    pub(crate) fn endpoint(&self, site: &Site) -> SocketAddr {
        SocketAddr::from((self.name.address(), site.port))
    }

    /// Makes an empty cluster with the pair's settings.
    pub(crate) async fn initialize(&self, site: &Site) -> Result<(), LabError> {
        let data = self.data(site);
        site.account.make_private_dir(&data)?;
        // A file, not a pipe: after the change of user a pipe of ours cannot be opened.
        let password = site.dir.join("initdb-password");
        site.account
            .write_private(&password, &site.superuser_password)?;
        let mut command = site
            .account
            .command(&site.software.pg("initdb"), Signal::Kill);
        command
            .current_dir(&site.dir)
            .arg("-D")
            .arg(&data)
            .arg("--pwfile")
            .arg(&password);
        command.args([
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--locale=C",
        ]);
        // --no-sync skips initdb's own flush only; the server itself keeps fsync on. Small segments promote faster.
        command.args(["--no-sync", "--no-instructions", "--wal-segsize=1"]);
        let made = Process::start("initdb", command, Signal::Kill, &site.log("initdb"))?
            .finish(TOOL_LIMIT)
            .await;
        fs::remove_file(&password)
            .map_err(LabError::io(format!("removing {}", password.display())))?;
        made?;
        self.append(site, "postgresql.conf", SETTINGS)?;
        let hba = "host all all 127.0.0.0/8 scram-sha-256\nhost replication postgres 127.0.0.0/8 scram-sha-256\n";
        site.account.write_private(&data.join("pg_hba.conf"), hba)
    }

    fn append(&self, site: &Site, file: &str, text: &str) -> Result<(), LabError> {
        let path = self.data(site).join(file);
        fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(LabError::io(format!("writing {}", path.display())))
    }

    /// Makes this node a fresh copy of the running `source`, ready to start as its reader. What it held is put aside.
    pub(crate) async fn copy_from(
        &mut self,
        site: &Site,
        source: NodeName,
    ) -> Result<(), LabError> {
        let data = self.data(site);
        if data.exists() {
            let aside = site
                .dir
                .join(format!("discarded-{}-{}", self.name, random_word(6)));
            fs::rename(&data, &aside)
                .map_err(LabError::io(format!("putting {} aside", data.display())))?;
            self.discarded = Some(aside);
        }
        let client = sql::connect_node(site, source).await?;
        let slot = format!("slot_{}", self.name);
        let make_slot = format!(
            "select pg_create_physical_replication_slot('{slot}', true)
             where not exists (select from pg_replication_slots where slot_name = '{slot}')"
        );
        sql::execute(&client, "making a replication slot", &[&make_slot]).await?;

        site.account.make_private_dir(&data)?;
        let mut command = site
            .account
            .command(&site.software.pg("pg_basebackup"), Signal::Kill);
        command
            .current_dir(&site.dir)
            .arg("-D")
            .arg(&data)
            .env("PGPASSWORD", &site.superuser_password);
        command.args([
            "-h",
            &source.address().to_string(),
            "-p",
            &site.port.to_string(),
            "-U",
            "postgres",
        ]);
        command.args(["-X", "stream", "-c", "fast", "--no-sync", "-S", &slot]);
        Process::start(
            "pg_basebackup",
            command,
            Signal::Kill,
            &site.log("pg_basebackup"),
        )?
        .finish(TOOL_LIMIT)
        .await?;

        site.account
            .write_private(&data.join("standby.signal"), "")?;
        // The copy brings the writer's settings: with its synchronous_standby_names, this node would hang on every
        // commit once promoted. An empty one is written after each copy; later lines win.
        let settings = format!(
            "primary_conninfo = 'host={} port={} user=postgres password={} application_name={} connect_timeout=2'\n\
             primary_slot_name = '{slot}'\n\
             synchronous_standby_names = ''\n",
            source.address(),
            site.port,
            site.superuser_password,
            self.name
        );
        self.append(site, "postgresql.auto.conf", &settings)
    }

    /// Starts the server and waits until it answers queries.
    pub(crate) async fn start(&mut self, site: &Site) -> Result<(), LabError> {
        let mut command = site
            .account
            .command(&site.software.pg("postgres"), Signal::Quit);
        command.arg("-D").arg(self.data(site));
        command
            .arg("-c")
            .arg(format!("listen_addresses={}", self.name.address()));
        command.arg("-c").arg(format!("port={}", site.port));
        command.arg("-c").arg(format!("cluster_name={}", self.name));
        let what = format!("PostgreSQL node {}", self.name);
        let log = site.log(self.name.as_str());
        let process = self
            .process
            .insert(Process::start(&what, command, Signal::Quit, &log)?);
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if process.exited().is_some() {
                if process.output().contains("Address already in use") {
                    let address = SocketAddr::from((self.name.address(), site.port));
                    return Err(LabError::PortTaken {
                        address,
                        option: "--port",
                    });
                }
                return Err(process.failure());
            }
            let client = sql::connect(
                site,
                self.name.address(),
                site.port,
                "postgres",
                Duration::from_secs(2),
            )
            .await;
            if client.is_ok() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(LabError::Timeout {
                    what: format!("starting {what}"),
                    after: START_LIMIT,
                });
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Kills every process of the server at once, as a lost host would; returns how many there were. When this
    /// returns, the last of them is dead.
    pub(crate) async fn crash(&mut self) -> Result<usize, LabError> {
        let Some(mut process) = self.process.take() else {
            return Err(LabError::State(format!(
                "node {} is not running",
                self.name
            )));
        };
        // It waits for the processes to die: not on a thread that serves somebody's workload.
        tokio::task::spawn_blocking(move || process.kill())
            .await
            .map_err(|error| LabError::State(format!("killing node: {error}")))?
            .map_err(LabError::io("killing a node's processes"))
    }

    /// Frees the shared memory that a killed server could not free itself.
    pub(crate) fn free_memory(&self, site: &Site) {
        state::remove_shared_memory(&self.data(site));
    }

    /// Removes what was put aside. It keeps the disk busy, so nothing that is measured should run now.
    pub(crate) fn remove_discarded(&mut self) -> Result<(), LabError> {
        match self.discarded.take() {
            Some(aside) => site::remove_behind(&aside)
                .map_err(LabError::io(format!("removing {}", aside.display()))),
            None => Ok(()),
        }
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process
            .as_mut()
            .is_some_and(|process| process.exited().is_none())
    }
}

/// Makes commits on `writer` wait for `reader`, once that streams; for asynchronous replication only waits.
pub(crate) async fn arm_replication(
    writer: &Client,
    reader: NodeName,
    replication: Replication,
    limit: Duration,
) -> Result<(), LabError> {
    await_replication(writer, reader, "state = 'streaming'", limit).await?;
    if replication == Replication::Sync {
        let arm = format!("alter system set synchronous_standby_names = 'FIRST 1 ({reader})'");
        sql::execute(
            writer,
            "arming synchronous replication",
            &[&arm, "select pg_reload_conf()"],
        )
        .await?;
    }
    await_healthy(writer, reader, replication, limit).await
}

/// Waits until `reader` follows `writer` in the way that `replication` promises.
pub(crate) async fn await_healthy(
    writer: &Client,
    reader: NodeName,
    replication: Replication,
    limit: Duration,
) -> Result<(), LabError> {
    let condition = match replication {
        Replication::Sync => "state = 'streaming' and sync_state = 'sync'",
        Replication::Async => "state = 'streaming'",
    };
    await_replication(writer, reader, condition, limit).await
}

async fn await_replication(
    writer: &Client,
    reader: NodeName,
    condition: &str,
    limit: Duration,
) -> Result<(), LabError> {
    let query = format!(
        "select 1 from pg_stat_replication where application_name = '{reader}' and {condition}"
    );
    let what = format!("waiting for node {reader} to follow the writer");
    let deadline = Instant::now() + limit;
    while sql::scalar(writer, &what, &query).await?.is_none() {
        if Instant::now() > deadline {
            return Err(LabError::Timeout { what, after: limit });
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}
