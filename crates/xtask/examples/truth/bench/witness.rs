//! The independent witness: a loop of its own per path and group, every 20 ms one statement on one raw connection, a fresh connection
//! after any error and before each fault, with its own look-up of the writer's name. It has no code of the recorder or of `analyze`.

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
use tokio_postgres::{Client, Config, NoTls, config::Host};

use super::lanes::{Group, LANES, Lane, Path};
use super::samples::{Answer, Sample, Span, is_calm};

/// From one attempt's start to the next one's, where the attempt takes no longer.
pub(crate) const EVERY: Duration = Duration::from_millis(20);
/// How long an attempt may take, a new connection included. A little more than the floor of a stall (500 ms): what waits for less is
/// no outage by definition, and must not become one by impatience.
pub(crate) const LIMIT: Duration = Duration::from_millis(600);

/// How long every loop must be served before anything is broken.
const CALM: Duration = Duration::from_secs(1);
/// How long that may take.
const CALM_LIMIT: Duration = Duration::from_secs(60);

/// Four loops, each in a thread of its own, so that nothing but the server keeps them waiting. They end when this is dropped.
pub(crate) struct Witness {
    ending: Arc<AtomicBool>,
    /// How often the loops had to connect anew.
    renewals: Arc<AtomicU64>,
    lanes: Vec<(Lane, Samples, JoinHandle<()>)>,
}

type Samples = Arc<Mutex<Vec<Sample>>>;

impl Witness {
    /// Makes the witness's table and begins.
    pub(crate) async fn start(lab: &Lab) -> Result<Self> {
        let direct = Target::new(&lab.direct_url(), lab.dns_server())?;
        let proxy = Target::new(&lab.proxy_url(), lab.dns_server())?;
        let connection = direct.connect().await.context("the witness's connection")?;
        let table = "create table if not exists truth_witness (path text not null, at timestamptz not null default clock_timestamp())";
        let made = connection.client.batch_execute(table).await;
        made.context("the witness's table")?;

        let ending = Arc::new(AtomicBool::new(false));
        let renewals = Arc::new(AtomicU64::new(0));
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
                let (samples, ending) = (Arc::clone(&samples), Arc::clone(&ending));
                let renewals = Arc::clone(&renewals);
                move || runtime.block_on(look(&target, lane, &samples, &renewals, &ending))
            });
            lanes.push((lane, samples, thread.context("the witness's thread")?));
        }
        Ok(Self {
            ending,
            renewals,
            lanes,
        })
    }

    /// Has every loop connect anew. A connection for reads that was made while the old writer, a reader by then, still had the name stays
    /// there without an error, and would sit through the next fault of the writer. Those of the recorder write too, so that 25006 drives
    /// them off.
    pub(crate) fn renew(&self) {
        self.renewals.fetch_add(1, Ordering::Relaxed);
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

    /// What the loop of `lane` saw from a little before `span` to its end.
    pub(crate) fn samples(&self, lane: Lane, span: Span) -> Vec<Sample> {
        let of_lane = self.lanes.iter().find(|(of, ..)| *of == lane);
        let Some((_, samples, _)) = of_lane else {
            return Vec::new();
        };
        let samples = samples.lock();
        let inside = samples
            .iter()
            .filter(|sample| sample.end_us >= span.start_us && sample.end_us < span.end_us);
        inside.copied().collect()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        for (_, _, thread) in self.lanes.drain(..) {
            // An error here means that it panicked; it has ended in any case.
            let _ = thread.join();
        }
    }
}

/// One loop.
async fn look(
    target: &Target,
    lane: Lane,
    samples: &Samples,
    renewals: &AtomicU64,
    ending: &AtomicBool,
) {
    let statement = match lane.group {
        Group::Read => "select count(*) from (select from truth_witness limit 1) as one".to_owned(),
        Group::Writer => format!(
            "insert into truth_witness (path) values ('{}')",
            lane.path.as_str()
        ),
    };
    let clock = Clock::start();
    let mut connection: Option<Connection> = None;
    let mut renewed = 0;
    while !ending.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let asked = renewals.load(Ordering::Relaxed);
        if asked != renewed {
            renewed = asked;
            connection = None;
        }
        let attempt = async {
            let open = match connection.take() {
                Some(open) => open,
                None => target.connect().await?,
            };
            open.client.simple_query(&statement).await?;
            anyhow::Ok(open)
        };
        let answer = match tokio::time::timeout(LIMIT, attempt).await {
            Ok(Ok(open)) => {
                connection = Some(open);
                Answer::Yes
            }
            // The connection is dropped with the attempt.
            Ok(Err(_)) => Answer::No,
            Err(_) => Answer::Silence,
        };
        samples.lock().push(Sample {
            start_us: clock.at(begun),
            end_us: clock.at(Instant::now()),
            answer,
        });
        tokio::time::sleep_until((begun + EVERY).into()).await;
    }
}

/// Where a loop connects to.
#[derive(Clone)]
struct Target {
    config: Config,
    host: String,
    port: u16,
    dns: SocketAddr,
}

impl Target {
    fn new(url: &str, dns: SocketAddr) -> Result<Self> {
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
    async fn connect(&self) -> Result<Connection> {
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
        })
    }
}

/// An open connection; its socket is closed when this is dropped, whatever the server does.
struct Connection {
    client: Client,
    driver: AbortHandle,
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
