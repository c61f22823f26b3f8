//! Hears of every attempt to connect: a row each, and a line of the log and an entry of the manifest where something changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use recording::vocabulary::{ErrorClass, Path};
use recording::{Connection, Handle, Server};
use tokio::sync::mpsc::UnboundedSender;

use crate::logfile::Log;
use crate::pool::OnAttempt;

/// How the last attempt on a path ended.
#[derive(PartialEq)]
enum Last {
    Connected(Server),
    Failed(ErrorClass),
}

#[derive(Default)]
struct Seen {
    servers: Vec<Server>,
    last: BTreeMap<Path, Last>,
}

/// Hears of attempts on all paths.
pub(crate) struct Observer {
    handle: Handle,
    log: Arc<Log>,
    new_servers: UnboundedSender<Server>,
    seen: Mutex<Seen>,
}

impl Observer {
    /// `new_servers` is sent each server when it answers first.
    #[must_use]
    pub(crate) fn new(
        handle: Handle,
        log: Arc<Log>,
        new_servers: UnboundedSender<Server>,
    ) -> Arc<Self> {
        Arc::new(Self {
            handle,
            log,
            new_servers,
            seen: Mutex::default(),
        })
    }

    /// For the pool of a path.
    #[must_use]
    pub(crate) fn on_attempt(self: &Arc<Self>) -> OnAttempt {
        let observer = Arc::clone(self);
        Arc::new(move |connection| observer.attempt(connection))
    }

    fn attempt(&self, connection: Connection) {
        self.note_change(&connection);
        self.handle.connection(connection);
    }

    /// An outage makes many attempts that fail alike: the log has the first of them.
    fn note_change(&self, connection: &Connection) {
        let path = connection.path;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = match (&connection.server, &connection.failure) {
            (_, Some(failure)) => Last::Failed(failure.class),
            (Some(server), None) => {
                if !seen.servers.contains(server) {
                    seen.servers.push(server.clone());
                    // Nobody listens any more when the recording has ended.
                    let _ = self.new_servers.send(server.clone());
                }
                Last::Connected(server.clone())
            }
            (None, None) => return,
        };
        if seen.last.get(&path) == Some(&now) {
            return;
        }
        let address = connection.address.as_deref().unwrap_or("-");
        let target = format!("{}:{} ({address})", connection.host, connection.port);
        self.log.line(&match (&connection.failure, &now) {
            (Some(failure), _) => format!(
                "{path}: connection {} to {target} failed: {} ({}, in phase {})",
                connection.connection_id, failure.message, failure.class, failure.phase
            ),
            (None, Last::Connected(server)) => format!(
                "{path}: connection {} to {target} reached {}",
                connection.connection_id,
                describe(server)
            ),
            (None, Last::Failed(_)) => return,
        });
        seen.last.insert(path, now);
    }
}

/// A server in words.
pub(crate) fn describe(server: &Server) -> String {
    let name = match (
        &server.aurora_instance_identifier,
        &server.address,
        server.port,
    ) {
        (Some(instance), _, _) => instance.clone(),
        (None, Some(address), Some(port)) => format!("{address}:{port}"),
        _ => "a server without address".to_owned(),
    };
    let role = match server.in_recovery {
        Some(true) => "reader",
        Some(false) => "writer",
        None => "role unknown",
    };
    format!(
        "{name} ({role}, PostgreSQL {})",
        server.version.as_deref().unwrap_or("?")
    )
}
