//! The witness of the service: clients that connect anew, one every 200 ms for each path and group, whatever became of those before it. Each
//! looks the name up, connects, sends one statement and goes. It has no code of the recorder or of `analyze`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use lab::Lab;
use parking_lot::Mutex;

use super::lanes::{LANES, Lane, Path};
use super::samples::{Answer, Sample, Span};
use super::witness::{Clock, Target, statement};

/// From one client of a path and group to the next one. More of them would be too much work for the proxy, which needs 5 ms for each login.
pub(crate) const EVERY: Duration = Duration::from_millis(200);
/// How long a client waits, connecting included. Longer would be of no use, and those that wait hold places in the proxy's pool.
const LIMIT: Duration = Duration::from_millis(500);

/// The clients, in a thread of their own, until this is dropped. They ask only when they are told: connecting is work for the server.
pub(crate) struct Fresh {
    wishes: Arc<Wishes>,
    lanes: Vec<(Lane, Samples)>,
    thread: Option<JoinHandle<()>>,
}

type Samples = Arc<Mutex<Vec<Sample>>>;

#[derive(Default)]
struct Wishes {
    is_ending: AtomicBool,
    is_asking: AtomicBool,
}

impl Fresh {
    /// Reads and writes the table of the other witness.
    pub(crate) fn start(lab: &Lab) -> Result<Self> {
        let wishes = Arc::new(Wishes::default());
        let clock = Arc::new(Clock::start());
        let (mut clients, mut lanes) = (Vec::new(), Vec::new());
        for lane in LANES {
            let url = match lane.path {
                Path::Direct => lab.direct_url(),
                Path::Proxy => lab.proxy_url(),
            };
            let samples = Samples::default();
            clients.push(Client {
                target: Target::new(&url, lab.dns_server())?,
                statement: statement(lane),
                clock: Arc::clone(&clock),
                samples: Arc::clone(&samples),
            });
            lanes.push((lane, samples));
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("the fresh witness's runtime")?;
        let thread = thread::Builder::new().name("fresh witness".to_owned());
        let thread = thread.spawn({
            let wishes = Arc::clone(&wishes);
            move || runtime.block_on(ask(&clients, &wishes))
        });
        Ok(Self {
            wishes,
            lanes,
            thread: Some(thread.context("the fresh witness's thread")?),
        })
    }

    pub(crate) fn ask(&self, is_asking: bool) {
        self.wishes.is_asking.store(is_asking, Ordering::Relaxed);
    }

    /// What the clients of `lane` met in `span`, in the order in which they came.
    pub(crate) fn samples(&self, lane: Lane, span: Span) -> Vec<Sample> {
        let of_lane = self.lanes.iter().find(|(of, _)| *of == lane);
        let Some((_, samples)) = of_lane else {
            return Vec::new();
        };
        let is_inside =
            |sample: &Sample| sample.end_us >= span.start_us && sample.start_us <= span.end_us;
        let samples = samples.lock();
        let mut inside: Vec<Sample> = samples.iter().copied().filter(is_inside).collect();
        inside.sort_by_key(|sample| sample.start_us);
        inside
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        self.wishes.is_ending.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // An error here means that it panicked; it has ended in any case.
            let _ = thread.join();
        }
    }
}

/// A client of each lane at every tick, spread over it.
async fn ask(clients: &[Client], wishes: &Wishes) {
    let apart = EVERY / u32::try_from(clients.len().max(1)).unwrap_or(1);
    let mut next = Instant::now();
    while !wishes.is_ending.load(Ordering::Relaxed) {
        for client in clients {
            tokio::time::sleep_until(next.into()).await;
            next += apart;
            if wishes.is_asking.load(Ordering::Relaxed) {
                tokio::spawn(client.clone().look());
            }
        }
        next = next.max(Instant::now());
    }
}

#[derive(Clone)]
struct Client {
    target: Target,
    statement: String,
    clock: Arc<Clock>,
    samples: Samples,
}

impl Client {
    async fn look(self) {
        let begun = Instant::now();
        let attempt = async {
            let open = self.target.connect(begun).await?;
            open.client.simple_query(&self.statement).await?;
            anyhow::Ok(())
        };
        let answer = match tokio::time::timeout(LIMIT, attempt).await {
            Ok(Ok(())) => Answer::Yes,
            Ok(Err(_)) => Answer::Other,
            Err(_) => Answer::Silence,
        };
        self.samples.lock().push(Sample {
            start_us: self.clock.at(begun),
            asked_us: None,
            end_us: self.clock.at(Instant::now()),
            first_us: None,
            answer,
        });
    }
}
