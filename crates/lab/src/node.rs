//! One PostgreSQL server of the lab: made, started, copied, killed.

use std::{
    fs,
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tokio::{
    net::TcpStream,
    task::{JoinHandle, spawn_blocking},
};

use crate::{
    certificates,
    error::LabError,
    node_name::NodeName,
    process::{Process, Signal, freeze_tree, thaw_tree},
    relay::Relay,
    replication::{connection_to, free_slot, slot_of},
    site::{self, Site, random_word},
    sql, state,
};

/// How long a server may take to start, recovery included.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long a shutdown may take before it becomes a kill.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// How long initdb or a base backup may take.
const TOOL_LIMIT: Duration = Duration::from_secs(120);

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

fn tls_settings(lab: &Path) -> String {
    format!(
        "ssl = on\nssl_cert_file = '{}'\nssl_key_file = '{}'\n",
        certificates::certificate(lab).display(),
        certificates::key(lab).display()
    )
}

/// A node and its server, if that runs.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: NodeName,
    process: Option<Process>,
    /// Where the lab has relays.
    pub(crate) relay: Option<Relay>,
    /// A server that is shutting down or dying.
    ending: Option<Ending>,
    /// Data that a fresh copy replaced, kept until its removal disturbs no measurement.
    discarded: Option<PathBuf>,
}

/// The end of a server, awaited in a thread of its own: it happens even where the fault that wanted it is given up.
#[derive(Debug)]
struct Ending {
    pid: u32,
    done: JoinHandle<io::Result<usize>>,
}

impl Node {
    pub(crate) fn new(name: NodeName) -> Self {
        Self {
            name,
            process: None,
            relay: None,
            ending: None,
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
        // The superuser is the lab itself, which uses no TLS.
        let applications = if site.has_tls { "hostssl" } else { "host" };
        let hba = format!(
            "{applications} all all 127.0.0.0/8 scram-sha-256
host all postgres 127.0.0.0/8 scram-sha-256
host replication postgres 127.0.0.0/8 scram-sha-256
"
        );
        if site.has_tls {
            self.append(site, "postgresql.conf", &tls_settings(&site.dir))?;
        }
        site.account.write_private(&data.join("pg_hba.conf"), &hba)
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
        free_slot(site, source, self.name).await?;
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
            &site.server_address(source).to_string(),
            "-p",
            &site.port.to_string(),
            "-U",
            "postgres",
        ]);
        command.args(["-X", "stream", "-c", "fast", "--no-sync", "-S"]);
        command.arg(slot_of(self.name));
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
        self.follow(site, source)
    }

    /// Makes the stopped node a reader of `source` on the data that it has: it was shut down cleanly, and `source` has all of it.
    pub(crate) async fn rejoin(&self, site: &Site, source: NodeName) -> Result<(), LabError> {
        free_slot(site, source, self.name).await?;
        let signal = self.data(site).join("standby.signal");
        site.account.write_private(&signal, "")?;
        self.follow(site, source)
    }

    /// The settings of a reader of `source`. The writer's own came with the copy: with its synchronous_standby_names, this node would
    /// hang on every commit once promoted. Later lines win.
    fn follow(&self, site: &Site, source: NodeName) -> Result<(), LabError> {
        let settings = format!(
            "primary_conninfo = '{}'\nprimary_slot_name = '{}'\nsynchronous_standby_names = ''\n",
            connection_to(site, source, self.name),
            slot_of(self.name),
        );
        self.append(site, "postgresql.auto.conf", &settings)
    }

    /// Starts the server and waits until it answers queries.
    pub(crate) async fn start(&mut self, site: &Site) -> Result<(), LabError> {
        let mut command = site
            .account
            .command(&site.software.pg("postgres"), Signal::Quit);
        command.arg("-D").arg(self.data(site));
        command.arg("-c").arg(format!(
            "listen_addresses={}",
            site.server_address(self.name)
        ));
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
                    let address = SocketAddr::from((site.server_address(self.name), site.port));
                    return Err(LabError::PortTaken {
                        address,
                        option: "--port",
                    });
                }
                return Err(process.failure());
            }
            // As soon as the server accepts connections: clients get its answers while it starts, too.
            if let Some(relay) = &self.relay
                && TcpStream::connect((site.server_address(self.name), site.port))
                    .await
                    .is_ok()
            {
                relay.open();
            }
            let limit = Duration::from_secs(2);
            let client = sql::connect(site, self.name.address(), site.port, "postgres", limit);
            if client.await.is_ok() {
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
        self.end(Process::kill).await
    }

    /// Shuts the server down, and returns when its last process is gone.
    pub(crate) async fn shut_down(&mut self, signal: Signal) -> Result<(), LabError> {
        let shut_down = move |process: &mut Process| process.end(signal, STOP_LIMIT).map(|()| 0);
        self.end(shut_down).await.map(drop)
    }

    async fn end(
        &mut self,
        how: impl FnOnce(&mut Process) -> io::Result<usize> + Send + 'static,
    ) -> Result<usize, LabError> {
        let mut process = self.take_process()?;
        self.ending = Some(Ending {
            pid: process.id(),
            done: spawn_blocking(move || how(&mut process)),
        });
        self.await_end().await
    }

    async fn await_end(&mut self) -> Result<usize, LabError> {
        let Some(ending) = &mut self.ending else {
            return Ok(0);
        };
        let done = (&mut ending.done).await;
        self.ending = None;
        self.close_relay();
        done.map_err(|error| LabError::State(format!("ending a node: {error}")))?
            .map_err(LabError::io("ending a node's processes"))
    }

    /// Waits for the end of a server whose fault was given up halfway: until then it may still answer.
    pub(crate) async fn finish_ending(&mut self) -> Result<(), LabError> {
        if let Some(ending) = self.ending.as_ref().filter(|of| !of.done.is_finished()) {
            let pid = ending.pid;
            // Frozen by hand, it would end only at the limit, by a kill. One that is gone needs no signal.
            let _ = blocking("thawing", move || thaw_tree(pid)).await;
        }
        self.await_end().await.map(drop)
    }

    /// Freezes every process of the server; returns how many there are.
    pub(crate) async fn freeze(&mut self) -> Result<usize, LabError> {
        let pid = self.pid()?;
        blocking("freezing", move || freeze_tree(pid)).await
    }

    pub(crate) async fn thaw(&mut self) -> Result<(), LabError> {
        let pid = self.pid()?;
        blocking("thawing", move || thaw_tree(pid)).await
    }

    fn pid(&self) -> Result<u32, LabError> {
        let process = self.process.as_ref().ok_or_else(|| self.not_running())?;
        Ok(process.id())
    }

    fn take_process(&mut self) -> Result<Process, LabError> {
        self.process.take().ok_or_else(|| self.not_running())
    }

    fn not_running(&self) -> LabError {
        LabError::State(format!("node {} is not running", self.name))
    }

    fn close_relay(&self) {
        if let Some(relay) = &self.relay {
            relay.close();
        }
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

/// Runs what waits for processes on a thread that serves no connection.
async fn blocking<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, LabError> {
    spawn_blocking(work)
        .await
        .map_err(|error| LabError::State(format!("{what} a node: {error}")))?
        .map_err(LabError::io(format!("{what} a node's processes")))
}
