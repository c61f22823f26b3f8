//! A healthy pair again, after a fault or after processes were killed by hand.

use std::time::Duration;

use tokio_postgres::Client;

use crate::{
    cluster::{FOLLOW_LIMIT, Lab, await_write},
    error::LabError,
    fault::actions::{self, note_returned, reader_addresses},
    followers::{lead, names},
    node_name::NodeName,
    replication::{arm_replication, await_healthy, disarm_replication},
    sql,
    step::{Step, StepKind, StepLog},
};

/// How long a server may take to answer with its role: one that has just thawed is slow.
const ASK_LIMIT: Duration = Duration::from_secs(5);
/// How long a healthy reader may take to show that it follows.
const FOLLOWS_LIMIT: Duration = Duration::from_secs(3);

/// The role that a server answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Writer,
    /// With how much of the log it has, bytes.
    Reader(u64),
    Nothing,
}

impl Lab {
    /// Makes the pair healthy again: network and proxy as they were, one writer, a reader that follows it, the name resolving to the writer.
    /// What is healthy stays as it is; a node that does not fit becomes a fresh copy of the writer. `on_step` gets each step.
    ///
    /// # Errors
    /// No server can be made to take writes, or a step fails.
    pub async fn heal(
        &mut self,
        mut on_step: impl FnMut(&Step) + Send,
    ) -> Result<Vec<Step>, LabError> {
        let log = StepLog::open(&self.site.dir, None, &mut on_step)?;
        for node in self.nodes.iter_mut().chain(&mut self.followers) {
            node.finish_ending().await?;
        }
        for relay in self.relays() {
            relay.restore();
        }
        for node in self.nodes.iter_mut().chain(&mut self.followers) {
            // It changes nothing where it is not frozen.
            if node.is_running() {
                node.thaw().await?;
            }
        }
        let client = self.find_writer(&log).await?;
        let (writer, reader) = (self.writer, self.writer.other());
        let follows = await_healthy(&client, reader, self.replication, FOLLOWS_LIMIT).await;
        let is_reader = matches!(self.ask(reader).await, Answer::Reader(_));
        if follows.is_err() || !is_reader {
            // Otherwise the writer would wait for it with every commit.
            disarm_replication(&client).await?;
            self.make_reader(reader, &log).await?;
            arm_replication(&client, reader, self.replication, FOLLOW_LIMIT).await?;
        }
        lead(&mut self.followers, &self.site, writer, &client, &log).await?;
        await_write(&client, writer, FOLLOW_LIMIT).await?;
        if self.pgbouncer.heal(&self.site, writer).await? {
            log.note(StepKind::ProxyStarted, "pgbouncer answers".to_owned())?;
        }
        if self.dns.writer() != writer.address() {
            let readers = reader_addresses(writer, &names(&self.followers));
            self.dns.point(writer.address(), readers);
            let detail = format!("the writer's name answers {}", writer.address());
            log.note(StepKind::DnsChanged, detail)?;
        }
        self.note_healthy(&log).await?;
        for node in self.nodes.iter_mut().chain(&mut self.followers) {
            node.remove_discarded()?;
        }
        Ok(log.into_steps())
    }

    async fn ask(&self, name: NodeName) -> Answer {
        let ask = async {
            let address = self.site.server_address(name);
            let client =
                sql::connect(&self.site, address, self.site.port, "postgres", ASK_LIMIT).await?;
            let query = "select case when pg_is_in_recovery() then
                             coalesce(pg_last_wal_replay_lsn(), '0/0') - '0/0'::pg_lsn end";
            sql::scalar(&client, "asking for the role", query).await
        };
        match ask.await {
            Ok(None) => Answer::Writer,
            Ok(Some(bytes)) => Answer::Reader(bytes.parse().unwrap_or(0)),
            Err(_) => Answer::Nothing,
        }
    }

    /// Decides which node is the writer, makes it the writer, and connects to it.
    async fn find_writer(&mut self, log: &StepLog<'_>) -> Result<Client, LabError> {
        let known = self.writer;
        let other = known.other();
        let answers = (self.ask(known).await, self.ask(other).await);
        self.writer = match answers {
            // With two of them, the one that was promoted last.
            (Answer::Writer, _) => known,
            (_, Answer::Writer) => other,
            // The writer is down: it has everything that it ever acknowledged.
            (Answer::Nothing, Answer::Nothing | Answer::Reader(_)) => {
                match self.start_writer(known, log).await {
                    Ok(()) => known,
                    Err(error) if answers.1 == Answer::Nothing => return Err(error),
                    Err(_) => self.promote(other, log).await?,
                }
            }
            (Answer::Reader(_), Answer::Nothing) => self.promote(known, log).await?,
            (Answer::Reader(of_known), Answer::Reader(of_other)) if of_other > of_known => {
                self.promote(other, log).await?
            }
            (Answer::Reader(_), Answer::Reader(_)) => self.promote(known, log).await?,
        };
        sql::connect_node(&self.site, self.writer).await
    }

    async fn start_writer(&mut self, name: NodeName, log: &StepLog<'_>) -> Result<(), LabError> {
        let node = &mut self.nodes[name.index()];
        if node.is_running() {
            node.crash().await?;
        }
        node.free_memory(&self.site);
        node.start(&self.site).await?;
        if self.ask(name).await != Answer::Writer {
            self.promote(name, log).await?;
        }
        let detail = format!("writer {name} started in place");
        log.note(StepKind::Restarted, detail)
    }

    async fn promote(&mut self, name: NodeName, log: &StepLog<'_>) -> Result<NodeName, LabError> {
        let client = sql::connect_node(&self.site, name).await?;
        actions::promote(&self.site, &client, name, log).await?;
        Ok(name)
    }

    async fn make_reader(&mut self, reader: NodeName, log: &StepLog<'_>) -> Result<(), LabError> {
        let node = &mut self.nodes[reader.index()];
        if node.is_running() {
            node.crash().await?;
        }
        node.free_memory(&self.site);
        // From an earlier attempt.
        node.remove_discarded()?;
        node.copy_from(&self.site, self.writer).await?;
        node.start(&self.site).await?;
        note_returned(&self.site, node, self.writer, log)
    }
}
