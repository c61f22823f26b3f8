//! The independent witness: a loop of its own per path and group, every 20 ms one statement on one raw connection, a fresh connection
//! 100 ms after any error and before each fault, with its own look-up of the writer's name. It has no code of the recorder or of `analyze`.

use std::cell::Cell;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use lab::Lab;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio_postgres::{Client, Config, NoTls, config::Host, error::SqlState};

use super::lanes::{Group, LANES, Lane, Path};
use super::samples::{Answer, Sample, Span, is_calm};

/// From one attempt's start to the next one's, where the attempt takes no longer.
pub(crate) const EVERY: Duration = Duration::from_millis(20);
/// The same where the attempt connects anew: that is work for the server, and most of all for the proxy, which needs 5 ms for each login.
const EVERY_ANEW: Duration = Duration::from_millis(100);
/// How long an attempt may take, a new connection included. A little more than the floor of a stall (500 ms): what waits for less is
/// no outage by definition, and must not become one by impatience.
pub(crate) const LIMIT: Duration = Duration::from_millis(600);

/// The witness's table.
pub(crate) const TABLE: &str = "truth_witness";

/// How long every loop must be served before anything is broken.
const CALM: Duration = Duration::from_secs(1);
/// How long that may take.
const CALM_LIMIT: Duration = Duration::from_secs(60);

/// Four loops, each in a thread of its own, so that nothing but the server keeps them waiting. They end when this is dropped.
pub(crate) struct Witness {
    wishes: Arc<Wishes>,
    lanes: Vec<(Lane, Samples, JoinHandle<()>)>,
}

type Samples = Arc<Mutex<Vec<Sample>>>;

/// What the loops are told.
#[derive(Default)]
struct Wishes {
    is_ending: AtomicBool,
    /// How often the loops had to connect anew.
    renewals: AtomicU64,
    /// Each attempt connects anew.
    is_anew: AtomicBool,
}

impl Witness {
    /// Makes the witness's table and begins.
    pub(crate) async fn start(lab: &Lab) -> Result<Self> {
        let direct = Target::new(&lab.direct_url(), lab.dns_server())?;
        let proxy = Target::new(&lab.proxy_url(), lab.dns_server())?;
        let connection = direct.connect(Instant::now()).await;
        let connection = connection.context("the witness's connection")?;
        let table = format!(
            "create table if not exists {TABLE} (path text not null, at timestamptz not null default clock_timestamp())"
        );
        let made = connection.client.batch_execute(&table).await;
        made.context("the witness's table")?;

        let wishes = Arc::new(Wishes::default());
        let mut lanes = Vec::new();
        for lane in LANES {
            let target = match lane.path {
                Path::Direct => direct.clone(),
                Path::Proxy => proxy.clone(),
            };
            let samples = Samples::default();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .context("the witness's runtime")?;
            let thread = thread::Builder::new().name(format!("witness {lane}"));
            let thread = thread.spawn({
                let (samples, wishes) = (Arc::clone(&samples), Arc::clone(&wishes));
                move || runtime.block_on(look(&target, lane, &samples, &wishes))
            });
            lanes.push((lane, samples, thread.context("the witness's thread")?));
        }
        Ok(Self { wishes, lanes })
    }

    /// Has every loop connect anew. A connection for reads that was made while the old writer, a reader by then, still had the name stays
    /// there without an error, and would sit through the next fault of the writer. Those of the recorder write too, so that 25006 drives
    /// them off.
    pub(crate) fn renew(&self) {
        self.wishes.renewals.fetch_add(1, Ordering::Relaxed);
    }

    /// Has every attempt connect anew, or not: a new client, whatever became of the connections that there were.
    pub(crate) fn connect_anew(&self, is_anew: bool) {
        self.wishes.is_anew.store(is_anew, Ordering::Relaxed);
    }

    /// Waits until every loop was served for a while.
    ///
    /// # Errors
    /// They are not, though nothing is broken.
    pub(crate) async fn await_calm(&self) -> Result<()> {
        let deadline = Instant::now() + CALM_LIMIT;
        loop {
            let since_us = Clock::start().start_us - CALM.as_micros() as i64;
            let restless = self
                .lanes
                .iter()
                .find(|(_, samples, _)| !is_calm(&samples.lock(), since_us));
            match restless {
                None => return Ok(()),
                Some((lane, ..)) if Instant::now() > deadline => bail!(
                    "{lane}: the witness is not served for {CALM:?} without a break, though nothing is broken; is this machine too busy?"
                ),
                Some(_) => tokio::time::sleep(CALM / 10).await,
            }
        }
    }

    /// What the loop of `lane` saw in `span`, what began before or went on after it included.
    pub(crate) fn samples(&self, lane: Lane, span: Span) -> Vec<Sample> {
        let of_lane = self.lanes.iter().find(|(of, ..)| *of == lane);
        let Some((_, samples, _)) = of_lane else {
            return Vec::new();
        };
        let samples = samples.lock();
        let inside = samples
            .iter()
            .filter(|sample| sample.end_us >= span.start_us && sample.start_us <= span.end_us);
        inside.copied().collect()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.wishes.is_ending.store(true, Ordering::Relaxed);
        for (_, _, thread) in self.lanes.drain(..) {
            // An error here means that it panicked; it has ended in any case.
            let _ = thread.join();
        }
    }
}

/// What is asked, over and over.
pub(super) fn statement(lane: Lane) -> String {
    match lane.group {
        Group::Read => format!("select count(*) from (select from {TABLE} limit 1) as one"),
        Group::Writer => {
            let path = lane.path.as_str();
            format!("insert into {TABLE} (path) values ('{path}')")
        }
    }
}

/// One loop.
async fn look(target: &Target, lane: Lane, samples: &Samples, wishes: &Wishes) {
    let statement = statement(lane);
    let clock = Clock::start();
    let mut connection: Option<Connection> = None;
    let mut renewed = 0;
    while !wishes.is_ending.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let renewals = wishes.renewals.load(Ordering::Relaxed);
        let is_anew = wishes.is_anew.load(Ordering::Relaxed);
        if renewals != renewed || is_anew {
            renewed = renewals;
            connection = None;
        }
        let first = connection.as_ref().map(|open| open.first);
        let asked = Cell::new(None);
        let attempt = async {
            let open = match connection.take() {
                Some(open) => open,
                None => target.connect(begun).await?,
            };
            asked.set(Some(Instant::now()));
            open.client.simple_query(&statement).await?;
            anyhow::Ok(open)
        };
        let answer = match tokio::time::timeout(LIMIT, attempt).await {
            Ok(Ok(open)) => {
                connection = Some(open);
                Answer::Yes
            }
            // The connection is dropped with the attempt.
            Ok(Err(error)) => answer_of(&error, asked.get().is_some(), lane.path),
            Err(_) => Answer::Silence,
        };
        samples.lock().push(Sample {
            start_us: clock.at(begun),
            asked_us: asked.get().map(|at| clock.at(at)),
            end_us: clock.at(Instant::now()),
            first_us: first.map(|at| clock.at(at)),
            answer,
        });
        let every = if is_anew || connection.is_none() {
            EVERY_ANEW
        } else {
            EVERY
        };
        tokio::time::sleep_until((begun + every).into()).await;
    }
}

/// What an error says: of the server, of the statement or of the connection.
fn answer_of(error: &anyhow::Error, is_connected: bool, path: Path) -> Answer {
    let of_driver = error.downcast_ref::<tokio_postgres::Error>();
    let code = of_driver.and_then(tokio_postgres::Error::code);
    match code.map(SqlState::code) {
        None if is_connected => Answer::Lost,
        Some(code) if is_connected => answer_of_code(code),
        None if is_cut(error, path) => Answer::Cut,
        _ => Answer::Other,
    }
}

/// Did the attempt to connect end without an answer? A proxy that ends it has answered for itself.
fn is_cut(error: &anyhow::Error, path: Path) -> bool {
    let kind = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<std::io::Error>())
        .map(std::io::Error::kind);
    match kind {
        Some(ErrorKind::ConnectionRefused) => false,
        Some(ErrorKind::UnexpectedEof) => path == Path::Direct,
        Some(_) => true,
        // The driver says so of a connection that ended, without a cause.
        None => {
            let of_driver = error.downcast_ref::<tokio_postgres::Error>();
            path == Path::Direct && of_driver.is_some_and(tokio_postgres::Error::is_closed)
        }
    }
}

fn answer_of_code(code: &str) -> Answer {
    match (code, code.get(..2)) {
        ("25006", _) => Answer::ReadOnly,
        ("57P01" | "57P02" | "57P03", _) => Answer::Stopping,
        ("55P03" | "57014", _) => Answer::Refused { has_waited: true },
        ("40001" | "40P01", _) => Answer::Data,
        (_, Some("0A" | "42" | "P0")) => Answer::Refused { has_waited: false },
        (_, Some("21" | "22" | "23" | "44")) => Answer::Data,
        _ => Answer::Other,
    }
}

/// Where a loop connects to.
#[derive(Clone)]
pub(super) struct Target {
    config: Config,
    host: String,
    port: u16,
    dns: SocketAddr,
}

impl Target {
    pub(super) fn new(url: &str, dns: SocketAddr) -> Result<Self> {
        // The error of a URL that doesn't parse does not hold the URL.
        let config: Config = url.parse().context("the lab's URL")?;
        let host = match config.get_hosts() {
            [Host::Tcp(host)] => host.clone(),
            _ => bail!("the lab's URL names no host"),
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        Ok(Self {
            config,
            host,
            port,
            dns,
        })
    }

    /// Looks the name up, without any cache, and connects.
    pub(super) async fn connect(&self, begun: Instant) -> Result<Connection> {
        let address = match self.host.parse::<IpAddr>() {
            Ok(address) => address,
            Err(_) => {
                let answer = lab::lookup(self.dns, &self.host)?;
                let (address, _) = answer.context("no such name")?;
                address.into()
            }
        };
        let stream = TcpStream::connect((address, self.port)).await?;
        stream.set_nodelay(true)?;
        let (client, connection) = self.config.connect_raw(stream, NoTls).await?;
        let driver = tokio::spawn(async move {
            // Its end is the client's error too.
            let _ = connection.await;
        });
        Ok(Connection {
            client,
            driver: driver.abort_handle(),
            first: begun,
        })
    }
}

/// An open connection; its socket is closed when this is dropped, whatever the server does.
pub(super) struct Connection {
    pub(super) client: Client,
    driver: AbortHandle,
    /// When the attempt that made it began.
    first: Instant,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// The wall clock, read once; a step of it bends nothing, as on the recorder's clock.
pub(crate) struct Clock {
    start_us: i64,
    start: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            start_us: since_1970.as_micros() as i64,
            start: Instant::now(),
        }
    }

    /// UTC, microseconds.
    pub(crate) fn at(&self, instant: Instant) -> i64 {
        self.start_us + instant.saturating_duration_since(self.start).as_micros() as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_sqlstate_says() {
        let locked = Answer::Refused { has_waited: true };
        let forbidden = Answer::Refused { has_waited: false };
        for (code, answer) in [
            ("25006", Answer::ReadOnly),
            ("57P03", Answer::Stopping),
            ("55P03", locked),
            ("42501", forbidden),
            ("23505", Answer::Data),
            ("08P01", Answer::Other),
            ("XX", Answer::Other),
        ] {
            assert_eq!(answer_of_code(code), answer, "{code}");
        }
        let plain = anyhow::anyhow!("no such name");
        assert_eq!(answer_of(&plain, false, Path::Direct), Answer::Other);
        assert_eq!(answer_of(&plain, true, Path::Direct), Answer::Lost);
        for (kind, path, answer) in [
            (ErrorKind::ConnectionRefused, Path::Direct, Answer::Other),
            (ErrorKind::HostUnreachable, Path::Proxy, Answer::Cut),
            (ErrorKind::ConnectionReset, Path::Direct, Answer::Cut),
            (ErrorKind::UnexpectedEof, Path::Direct, Answer::Cut),
            (ErrorKind::UnexpectedEof, Path::Proxy, Answer::Other),
        ] {
            let error = anyhow::Error::new(std::io::Error::from(kind));
            assert_eq!(answer_of(&error, false, path), answer, "{kind} {path:?}");
        }
    }
}
