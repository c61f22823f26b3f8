//! The connections of one path: deadpool's pool over our own manager (why: `docs/decisions/0001-deadpool-managed.md`).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use recording::vocabulary::{ErrorClass, Path};
use recording::{Clock, ConnectFailure, Connection};

use crate::checkout::Checkout;
use crate::connect::{ConnectError, Connector, Progress, Session};

/// Is told of every attempt to connect.
pub(crate) type OnAttempt = Arc<dyn Fn(Connection) + Send + Sync>;

/// The pool of a path.
pub(crate) type Pool = managed::Pool<Manager>;

/// A connection out of the pool.
pub(crate) type Pooled = managed::Object<Manager>;

/// Makes connections for a pool and tells of every attempt.
pub(crate) struct Manager {
    connector: Connector,
    clock: Clock,
    last_id: AtomicI64,
    on_attempt: OnAttempt,
}

/// Why the attempt failed that the pool made.
#[derive(Debug)]
pub(crate) struct FailedAttempt(pub ConnectError);

/// Makes the pool of a path; it connects when first asked.
///
/// # Errors
/// One line, where deadpool refuses the settings.
pub(crate) fn build(
    connector: Connector,
    clock: Clock,
    size: usize,
    on_attempt: OnAttempt,
) -> Result<Pool, String> {
    let manager = Manager {
        connector,
        clock,
        last_id: AtomicI64::new(0),
        on_attempt,
    };
    Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| format!("no connection pool: {error}"))
}

impl Manager {
    async fn attempt(
        &self,
        connection_id: i64,
        progress: &mut Progress,
    ) -> Result<Session, ConnectError> {
        let mut session = self.connector.connect(connection_id, progress).await?;
        self.connector.identify(&mut session, progress).await?;
        Ok(session)
    }
}

impl managed::Manager for Manager {
    type Type = Session;
    type Error = FailedAttempt;

    async fn create(&self) -> Result<Session, FailedAttempt> {
        let connection_id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let mut attempt = Attempt {
            manager: self,
            connection_id,
            start_time: self.clock.now_us(),
            progress: Progress::default(),
            checkout: Checkout::of_attempt(connection_id),
            told: false,
        };
        let result = self.attempt(connection_id, &mut attempt.progress).await;
        attempt.tell(result.as_ref().err().cloned().map(ConnectFailure::from));
        result.map_err(FailedAttempt)
    }

    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<Self::Error> {
        if session.in_use || session.is_closed() {
            return Err(RecycleError::message("closed, or cut off in mid-operation"));
        }
        Ok(())
    }
}

/// An attempt under way. Cut off by the operation's limit or the recording's end it is told all the same: every attempt is
/// a row.
struct Attempt<'a> {
    manager: &'a Manager,
    connection_id: i64,
    start_time: i64,
    progress: Progress,
    checkout: Option<Arc<Checkout>>,
    told: bool,
}

impl Attempt<'_> {
    fn tell(&mut self, failure: Option<ConnectFailure>) {
        self.told = true;
        let endpoint = self.manager.connector.endpoint();
        let progress = std::mem::take(&mut self.progress);
        (self.manager.on_attempt)(Connection {
            path: self.path(),
            connection_id: self.connection_id,
            start_time: self.start_time,
            end_time: self.manager.clock.now_us(),
            host: endpoint.host.clone(),
            address: progress.address.map(|address| address.to_string()),
            port: i32::from(endpoint.port),
            dns_us: progress.dns_us,
            tcp_us: progress.tcp_us,
            tls_us: progress.tls_us,
            startup_us: progress.startup_us,
            server: progress.server,
            failure,
        });
    }

    const fn path(&self) -> Path {
        self.manager.connector.path()
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let (false, Some(phase)) = (self.told, self.progress.phase) {
            let checkout = self.checkout.as_ref();
            let (class, message) = match checkout.is_some_and(|checkout| checkout.is_given_up()) {
                true => (
                    Some(ErrorClass::OperationTimeout),
                    "given up: the operation's limit passed",
                ),
                false => (None, "unfinished: the recording ended"),
            };
            self.tell(Some(ConnectFailure {
                phase,
                class,
                sqlstate: None,
                message: message.to_owned(),
            }));
        }
    }
}
