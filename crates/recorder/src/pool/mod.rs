//! The connections of one endpoint: deadpool's pool over our own manager (why: `docs/decisions/0001-deadpool-managed.md`).

pub(crate) mod backoff;
pub(crate) mod checkout;
pub(crate) mod connection;
pub(crate) mod min_idle;
pub(crate) mod settings;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, PoolError, RecycleError, RecycleResult, Timeouts};
use parking_lot::Mutex;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};
use recording::vocabulary::{ErrorClass, Path};
use recording::{Clock, ConnectFailure, Connection};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use crate::connect::{ConnectError, ConnectProgress, Connector, Session};
use crate::pool::backoff::{Gate, Round};
use crate::pool::checkout::Checkout;
use crate::pool::connection::PooledConnection;
use crate::pool::settings::PoolSettings;
use crate::sql::STATEMENTS;
use crate::sql::protocol::Protocol;

/// By how much, at most, a connection's lifetime is shorter than the maximum.
const LIFETIME_JITTER: f64 = 0.1;

/// Gets the row of every attempt to connect.
pub(crate) type OnAttempt = Arc<dyn Fn(Connection) + Send + Sync>;

/// The pool of an endpoint.
pub(crate) type Pool = managed::Pool<Manager>;

/// A connection out of the pool.
pub(crate) type CheckedOut = managed::Object<Manager>;

/// What a pool is made of.
pub(crate) struct Plan {
    /// Makes its connections.
    pub connector: Connector,
    /// The recording's clock.
    pub clock: Clock,
    /// Connections at most.
    pub size: usize,
    /// How they are kept.
    pub settings: PoolSettings,
    /// How the statement is sent that validates a connection on checkout.
    pub protocol: Protocol,
    /// How long that statement may take.
    pub check_limit: Duration,
    /// The last id of a connection on this path, which may have two pools.
    pub last_id: Arc<AtomicI64>,
    /// For the jitter of lifetimes and of the back-off.
    pub random: Xoshiro256PlusPlus,
    /// Gets every attempt.
    pub on_attempt: OnAttempt,
}

/// Makes connections for a pool and reports every attempt.
pub(crate) struct Manager {
    plan: Plan,
    /// Connections that the pool may still have.
    room: Arc<Semaphore>,
    /// Connections made in the background, before an operation asked for one.
    ready: Mutex<Vec<PooledConnection>>,
    /// One came into `ready`.
    added: Notify,
    backoff: Gate,
    lifetimes: Mutex<Xoshiro256PlusPlus>,
}

/// Why the attempt failed that the pool made.
#[derive(Debug)]
pub(crate) struct FailedAttempt(pub ConnectError);

/// Makes the pool of an endpoint; it connects when first asked.
///
/// # Errors
/// One line, where deadpool refuses the settings.
pub(crate) fn build(mut plan: Plan) -> Result<Pool, String> {
    let size = plan.size;
    let lifetimes = Xoshiro256PlusPlus::seed_from_u64(plan.random.next_u64());
    let manager = Manager {
        room: Arc::new(Semaphore::new(size)),
        ready: Mutex::default(),
        added: Notify::new(),
        backoff: Gate::new(plan.settings.backoff, plan.random.clone()),
        lifetimes: Mutex::new(lifetimes),
        plan,
    };
    Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| format!("no connection pool: {error}"))
}

/// Gives no connection out any more, and drops the idle ones.
pub(crate) fn close(pool: &Pool) {
    pool.close();
    pool.manager().ready.lock().clear();
}

impl Manager {
    /// Makes a connection before an operation asks for one, all of it within `limit`. False where that failed, or where there is no
    /// room for another.
    pub(crate) async fn make_ready(&self, limit: Duration) -> bool {
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            return false;
        };
        let deadline = tokio::time::Instant::now() + limit;
        let checkout = Arc::new(Checkout::default());
        let Ok(Ok(connection)) = checkout.limit(self.open(room), deadline).await else {
            return false;
        };
        self.ready.lock().push(connection);
        self.added.notify_waiters();
        true
    }

    /// Connections made ready that are still there; those that ended meanwhile go.
    pub(crate) fn count_ready(&self) -> usize {
        let mut ready = self.ready.lock();
        ready.retain(|connection| !connection.is_closed());
        ready.len()
    }

    /// One attempt, after the wait that failed ones before it call for.
    async fn open(&self, room: OwnedSemaphorePermit) -> Result<PooledConnection, FailedAttempt> {
        let round = self.backoff.pass().await;
        let connection_id = self.plan.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let mut attempt = Attempt {
            manager: self,
            connection_id,
            start_time: self.plan.clock.now_us(),
            progress: ConnectProgress::default(),
            checkout: Checkout::of_attempt(connection_id),
            round,
            reported: false,
        };
        let result = self.attempt(connection_id, &mut attempt.progress).await;
        match &result {
            Ok(_) => self.backoff.succeeded(),
            Err(_) => self.backoff.failed(round),
        }
        attempt.report(result.as_ref().err().cloned().map(ConnectFailure::from));
        let session = result.map_err(FailedAttempt)?;
        Ok(PooledConnection::new(session, self.draw_end(), room))
    }

    async fn attempt(
        &self,
        connection_id: i64,
        progress: &mut ConnectProgress,
    ) -> Result<Session, ConnectError> {
        let connector = &self.plan.connector;
        let mut session = connector.connect(connection_id, progress).await?;
        connector.identify(&mut session, progress).await?;
        Ok(session)
    }

    /// When the lifetime of a connection ends that was made just now.
    fn draw_end(&self) -> Option<Instant> {
        let longest = self.plan.settings.max_lifetime?;
        let jitter = self.lifetimes.lock().random_range(0.0..=LIFETIME_JITTER);
        Instant::now().checked_add(longest.mul_f64(1.0 - jitter))
    }

    /// True where an operation can have the connection.
    async fn is_fit(&self, connection: &mut PooledConnection) -> bool {
        if connection.in_use || connection.is_closed() {
            return false;
        }
        let settings = &self.plan.settings;
        if settings.max_lifetime.is_none() && settings.idle_check.is_none() {
            return true;
        }
        let now = Instant::now();
        if connection.is_expired(now) {
            return false;
        }
        match settings.idle_check {
            // Boxed, as all that is rare: a checkout moves its future, the largest that is in it too.
            Some(longest) if now.saturating_duration_since(connection.idle_since()) > longest => {
                Box::pin(self.validate(connection)).await
            }
            _ => true,
        }
    }

    /// Validates the connection: it has to answer a statement.
    async fn validate(&self, connection: &mut PooledConnection) -> bool {
        // Cut off meanwhile by the operation's limit, it can't be used.
        connection.in_use = true;
        let mut text = String::new();
        let mut executor = connection.executor(self.plan.protocol, &mut text);
        let asked = executor.count_rows(&STATEMENTS.idle_check, &[]);
        let is_valid = matches!(timeout(self.plan.check_limit, asked).await, Ok(Ok(_)));
        connection.in_use = !is_valid;
        is_valid
    }
}

impl managed::Manager for Manager {
    type Type = PooledConnection;
    type Error = FailedAttempt;

    /// A connection that was made ready, or the outcome of an attempt.
    async fn create(&self) -> Result<PooledConnection, FailedAttempt> {
        loop {
            // Made before the look: it hears of what comes from here on.
            let added = self.added.notified();
            loop {
                let Some(mut connection) = self.ready.lock().pop() else {
                    break;
                };
                if self.is_fit(&mut connection).await {
                    return Ok(connection);
                }
            }
            // Where the last room is taken by a connection that is being made ready, that one is waited for.
            tokio::select! {
                biased;
                Ok(room) = Arc::clone(&self.room).acquire_owned() => {
                    // Unboxed it makes every checkout's future 18 kB, which are copied with each operation.
                    return Box::pin(self.open(room)).await;
                }
                () = added => {}
            }
        }
    }

    async fn recycle(
        &self,
        connection: &mut PooledConnection,
        _: &Metrics,
    ) -> RecycleResult<Self::Error> {
        match self.is_fit(connection).await {
            true => Ok(()),
            false => Err(RecycleError::message(
                "closed, cut off during an operation, over its maximum lifetime, or failed validation",
            )),
        }
    }
}

/// An attempt in progress. One that is cut off by the operation's limit or the recording's end is reported too: every attempt
/// is a row.
struct Attempt<'a> {
    manager: &'a Manager,
    connection_id: i64,
    start_time: i64,
    progress: ConnectProgress,
    checkout: Option<Arc<Checkout>>,
    round: Round,
    reported: bool,
}

impl Attempt<'_> {
    fn report(&mut self, failure: Option<ConnectFailure>) {
        self.reported = true;
        let plan = &self.manager.plan;
        let progress = std::mem::take(&mut self.progress);
        let host = &plan.connector.endpoint().hosts[progress.host];
        (plan.on_attempt)(Connection {
            path: self.path(),
            connection_id: self.connection_id,
            start_time: self.start_time,
            end_time: plan.clock.now_us(),
            host: host.name.clone(),
            address: progress.address.map(|address| address.to_string()),
            port: i32::from(host.port),
            reader: plan.connector.is_reader(),
            dns_us: progress.dns_us,
            tcp_us: progress.tcp_us,
            tls_us: progress.tls_us,
            tls_error: progress.tls_error,
            startup_us: progress.startup_us,
            server: progress.server,
            failure,
        });
    }

    const fn path(&self) -> Path {
        self.manager.plan.connector.path()
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let (false, Some(phase)) = (self.reported, self.progress.phase) {
            let checkout = self.checkout.as_ref();
            let (class, text) = match checkout.is_some_and(|checkout| checkout.is_given_up()) {
                true => {
                    self.manager.backoff.failed(self.round);
                    (
                        Some(ErrorClass::OperationTimeout),
                        "given up: the operation's time limit was reached",
                    )
                }
                false => (None, "unfinished: the recording ended"),
            };
            // Of several hosts, this one was waited for, and others had failed before.
            let message = match self.progress.earlier.as_slice() {
                [] => text.to_owned(),
                earlier => format!("{text}; before: {}", earlier.join("; ")),
            };
            self.report(Some(ConnectFailure {
                phase,
                class,
                sqlstate: None,
                message,
            }));
        }
    }
}

/// Takes a connection out of the pool for a checkout, waiting at most `wait` for a slot; one that has to be made has the limits of
/// its own phases. All of it ends at `deadline`.
///
/// # Errors
/// [`Elapsed`] at the deadline, else the pool's.
pub(crate) async fn get(
    checkout: &Arc<Checkout>,
    pool: &Pool,
    wait: Duration,
    deadline: tokio::time::Instant,
) -> Result<Result<CheckedOut, PoolError<FailedAttempt>>, Elapsed> {
    let limits = Timeouts {
        wait: Some(wait),
        create: None,
        recycle: None,
    };
    checkout.limit(pool.timeout_get(&limits), deadline).await
}

/// Gives an idle connection back; one that is over its maximum lifetime is closed instead.
pub(crate) fn give_back(mut pooled: CheckedOut) {
    if pooled.rest() {
        drop(Object::take(pooled));
    }
}

/// Closes a connection's socket now, whatever the server does; the pool has room for another.
pub(crate) fn abandon(pooled: CheckedOut) {
    Object::take(pooled).into_session().abandon();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::Resolver;
    use crate::endpoint::Endpoint;
    use crate::pool::backoff::Backoff;
    use crate::pool::settings::OnReadOnly;

    fn pool(max_lifetime: Option<Duration>) -> Pool {
        let limit = Duration::from_secs(1);
        let endpoint = Endpoint::parse(
            "postgres://app@127.0.0.1/d",
            &crate::endpoint::environment::Environment::of(&[]),
        )
        .unwrap();
        let resolver = Resolver::new(Some(([127, 0, 0, 1], 53).into()), limit).unwrap();
        build(Plan {
            connector: Connector::new(Path::Direct, endpoint, resolver, limit).unwrap(),
            clock: Clock::start(),
            size: 1,
            settings: PoolSettings {
                min_idle: 0,
                max_lifetime,
                idle_check: None,
                on_read_only: OnReadOnly::Reconnect,
                backoff: Backoff {
                    min: Duration::ZERO,
                    max: Duration::ZERO,
                },
            },
            protocol: Protocol::Extended,
            check_limit: limit,
            last_id: Arc::default(),
            random: Xoshiro256PlusPlus::seed_from_u64(5),
            on_attempt: Arc::new(|_| {}),
        })
        .unwrap()
    }

    #[tokio::test]
    async fn lifetimes_end_apart() {
        let longest = Duration::from_secs(100_000);
        let (pool, forever) = (pool(Some(longest)), pool(None));
        let begun = Instant::now();
        let lifetimes: Vec<Duration> = (0..200)
            .map(|_| pool.manager().draw_end().unwrap() - begun)
            .collect();
        let (shortest, most) = (
            lifetimes.iter().min().unwrap(),
            lifetimes.iter().max().unwrap(),
        );
        // The test itself takes some of the time.
        assert!(*shortest >= longest.mul_f64(0.9) && *most <= longest + Duration::from_secs(60));
        assert!(*most - *shortest > longest.mul_f64(0.08), "{lifetimes:?}");
        assert_eq!(forever.manager().draw_end(), None);
    }
}
