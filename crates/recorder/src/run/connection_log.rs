//! Hears of every attempt to connect: a row each, and a line of the log and an entry of the manifest where something changed.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use recording::vocabulary::{ErrorClass, Path};
use recording::{Connection, Handle, Server};
use tokio::sync::mpsc::UnboundedSender;

use crate::connect::identity::describe;
use crate::output::log::Log;
use crate::pool::OnAttempt;

/// How the last attempt on a path ended.
#[derive(PartialEq)]
enum Last {
    /// `None` where the server did not say who it is.
    Connected(Option<Server>),
    Failed(ErrorClass),
}

#[derive(Default)]
struct Seen {
    servers: Vec<Server>,
    /// By path and endpoint: the reads of a path may go elsewhere.
    last: BTreeMap<(Path, String), Last>,
}

/// Hears of attempts on all paths.
pub(crate) struct Observer {
    handle: Handle,
    log: Arc<Log>,
    new_servers: UnboundedSender<Server>,
    seen: Mutex<Seen>,
    /// Attempts of class `client`.
    shortages: AtomicU64,
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
            shortages: AtomicU64::new(0),
        })
    }

    /// Attempts that failed as this host lacked descriptors, ports or memory.
    pub(crate) fn shortages(&self) -> u64 {
        self.shortages.load(Ordering::Relaxed)
    }

    /// For the pool of a path.
    #[must_use]
    pub(crate) fn on_attempt(self: &Arc<Self>) -> OnAttempt {
        let observer = Arc::clone(self);
        Arc::new(move |connection| observer.attempt(connection))
    }

    fn attempt(&self, connection: Connection) {
        let failure = connection.failure.as_ref();
        if failure.is_some_and(|failure| failure.class == Some(ErrorClass::Client)) {
            self.shortages.fetch_add(1, Ordering::Relaxed);
        }
        self.note_change(&connection);
        self.handle.connection(connection);
    }

    /// An outage makes many attempts that fail alike: the log has the first of them.
    fn note_change(&self, connection: &Connection) {
        let path = connection.path;
        let endpoint = (path, format!("{}:{}", connection.host, connection.port));
        let mut seen = self.seen.lock();
        let now = match &connection.failure {
            Some(failure) => match failure.class {
                Some(class) => Last::Failed(class),
                // Cut off by the end: says nothing of the server.
                None => return,
            },
            None => Last::Connected(connection.server.clone()),
        };
        if let Last::Connected(Some(server)) = &now
            && !seen.servers.contains(server)
        {
            seen.servers.push(server.clone());
            // The receiver is gone once the recording has ended.
            let _ = self.new_servers.send(server.clone());
        }
        if seen.last.get(&endpoint) == Some(&now) {
            return;
        }
        let address = connection.address.as_deref().unwrap_or("-");
        let target = format!("{} ({address})", endpoint.1);
        let outcome = match (&connection.failure, &connection.server) {
            (Some(failure), _) => {
                let class = failure.class.map_or("-", ErrorClass::as_str);
                let (message, phase) = (&failure.message, failure.phase);
                format!("failed in phase {phase}, class {class}: {message}")
            }
            (None, Some(server)) => format!("connected to {}", describe(server)),
            (None, None) => "connected to a server that does not identify itself".to_owned(),
        };
        let id = connection.connection_id;
        self.log
            .line(&format!("{path}: connection {id} to {target}: {outcome}"));
        seen.last.insert(endpoint, now);
    }
}
