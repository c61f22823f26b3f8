//! A relay in front of a server: it forwards what reaches the server's public address to the server, or drops or delays it.

use std::{
    collections::VecDeque,
    future::pending,
    io,
    net::SocketAddr,
    thread::{self, JoinHandle},
    time::Duration,
};

use rand::RngExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::error::LabError;

/// The most that is read at once, in bytes.
const CHUNK: usize = 16 * 1024;
/// How many chunks a slow relay holds: beyond that the sender waits, as it would for a full window.
const WINDOW: usize = 64;

/// How the relay treats connections at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// The server runs, and connections are accepted. Where it does not, they are refused.
    pub(crate) is_open: bool,
    /// Nothing is forwarded, in either direction, and nothing is closed. Takes precedence over `is_open`.
    pub(crate) is_blackhole: bool,
    /// How often the connections of that moment were silenced; each connection keeps the number that it began with.
    silencings: u64,
    /// The connections from before the last silencing are a blackhole each, or else they end.
    are_silent: bool,
    /// What a server sends is lost, and with it all that it sends later on the same connection.
    loses_answers: bool,
    /// Added in each direction.
    pub(crate) latency: Duration,
    /// A random time, this long at most, is added to that.
    pub(crate) latency_jitter: Duration,
    /// Bytes per second, in each direction of each connection.
    pub(crate) bandwidth: Option<u64>,
}

impl Traffic {
    /// Open, or closed, and as fast as loopback is.
    fn plain(is_open: bool) -> Self {
        Self {
            is_open,
            is_blackhole: false,
            silencings: 0,
            are_silent: false,
            loses_answers: false,
            latency: Duration::ZERO,
            latency_jitter: Duration::ZERO,
            bandwidth: None,
        }
    }
}

/// A running relay; it ends when this is dropped, and with it every connection through it.
#[derive(Debug)]
pub(crate) struct Relay {
    traffic: watch::Sender<Traffic>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Takes `public`, and refuses connections until [`Relay::open`]. On a thread of its own, so that a busy runtime delays nothing.
    pub(crate) fn start(public: SocketAddr, server: SocketAddr) -> Result<Self, LabError> {
        let (sender, traffic) = watch::channel(Traffic::plain(false));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(LabError::io("starting a relay"))?;
        let thread = thread::Builder::new()
            .name("lab-relay".to_owned())
            .spawn(move || runtime.block_on(serve(public, server, traffic)))
            .map_err(LabError::io("starting a relay's thread"))?;
        Ok(Self {
            traffic: sender,
            thread: Some(thread),
        })
    }

    /// Accepts connections: the server runs.
    pub(crate) fn open(&self) {
        self.traffic.send_modify(|traffic| traffic.is_open = true);
    }

    /// Refuses new connections: the server is gone. Those that exist end with the server's.
    pub(crate) fn close(&self) {
        self.traffic.send_modify(|traffic| traffic.is_open = false);
    }

    /// Drops everything from now on, or nothing.
    pub(crate) fn blackhole(&self, is_blackhole: bool) {
        self.traffic
            .send_modify(|traffic| traffic.is_blackhole = is_blackhole);
    }

    pub(crate) fn is_blackhole(&self) -> bool {
        self.traffic.borrow().is_blackhole
    }

    /// Drops everything on the connections that there are now, or ends those; new ones are served.
    pub(crate) fn silence(&self, are_silent: bool) {
        self.traffic.send_modify(|traffic| {
            traffic.silencings += u64::from(are_silent);
            traffic.are_silent = are_silent;
        });
    }

    /// Forwards requests and loses the answers, or nothing. A connection that lost one stays mute: what follows a gap can't be read.
    pub(crate) fn lose_answers(&self, loses_answers: bool) {
        self.traffic
            .send_modify(|traffic| traffic.loses_answers = loses_answers);
    }

    pub(crate) fn slow(&self, latency: Duration, latency_jitter: Duration, bandwidth: Option<u64>) {
        self.traffic.send_modify(|traffic| {
            traffic.latency = latency;
            traffic.latency_jitter = latency_jitter;
            traffic.bandwidth = bandwidth;
        });
    }

    /// As fast as loopback is, and nothing dropped.
    pub(crate) fn restore(&self) {
        self.traffic.send_modify(|traffic| {
            *traffic = Traffic {
                silencings: traffic.silencings,
                ..Traffic::plain(traffic.is_open)
            }
        });
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // The thread ends when the sender is gone.
        drop(std::mem::replace(
            &mut self.traffic,
            watch::channel(Traffic::plain(false)).0,
        ));
        if let Some(thread) = self.thread.take() {
            // An error here means that it panicked; it has ended in any case.
            let _ = thread.join();
        }
    }
}

async fn serve(public: SocketAddr, server: SocketAddr, mut traffic: watch::Receiver<Traffic>) {
    let mut listener = None;
    loop {
        let Traffic {
            is_open,
            is_blackhole,
            ..
        } = *traffic.borrow_and_update();
        // In a blackhole it listens and accepts nothing: the kernel shakes hands, and no more answer comes.
        match (is_open || is_blackhole, &listener) {
            (true, None) => match listen(public) {
                Ok(made) => listener = Some(made),
                Err(error) => eprintln!("lab: relay at {public}: {error}"),
            },
            (false, Some(_)) => listener = None,
            _ => {}
        }
        let accepted = async {
            match &listener {
                Some(listener) if !is_blackhole => listener.accept().await,
                _ => pending().await,
            }
        };
        tokio::select! {
            biased;
            changed = traffic.changed() => if changed.is_err() {
                return;
            },
            accepted = accepted => if let Ok((client, _)) = accepted {
                tokio::spawn(relay(client, server, traffic.clone()));
            },
        }
    }
}

fn listen(public: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // The last server's connections may linger.
    socket.set_reuseaddr(true)?;
    socket.bind(public)?;
    socket.listen(1024)
}

/// One client's connection.
async fn relay(client: TcpStream, server: SocketAddr, traffic: watch::Receiver<Traffic>) {
    let _ = client.set_nodelay(true);
    let Ok(upstream) = TcpStream::connect(server).await else {
        // The server died at this moment: the client is reset, as by a dead server's port.
        let _ = client.set_zero_linger();
        return;
    };
    let _ = upstream.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = upstream.into_split();
    let silencings = traffic.borrow().silencings;
    let of = |is_answers| Direction {
        is_answers,
        silencings,
    };
    let there = carry(from_client, to_server, of(false), traffic.clone());
    let back = carry(from_server, to_client, of(true), traffic);
    tokio::join!(there, back);
}

/// One direction of a connection.
#[derive(Debug, Clone, Copy)]
struct Direction {
    /// From the server to the client.
    is_answers: bool,
    /// [`Traffic::silencings`] when the connection began.
    silencings: u64,
}

impl Direction {
    /// What `traffic` means for it; `None` where it is to end.
    fn of(self, mut traffic: Traffic) -> Option<Traffic> {
        let was_silenced = self.silencings < traffic.silencings;
        if was_silenced && !traffic.are_silent {
            return None;
        }
        traffic.is_blackhole |= was_silenced;
        traffic.loses_answers &= self.is_answers;
        Some(traffic)
    }
}

/// Carries bytes in one direction until either end closes, or the relay ends.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    direction: Direction,
    mut traffic: watch::Receiver<Traffic>,
) {
    let mut queued: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    let mut buffer = vec![0; CHUNK];
    let mut is_read = true;
    // When the bandwidth allows the next chunk.
    let mut free_at = Instant::now();
    let mut is_mute = false;
    loop {
        let Some(now) = direction.of(*traffic.borrow_and_update()) else {
            return;
        };
        let arrival = queued.front().map(|(arrival, _)| *arrival);
        if arrival.is_none() && !is_read {
            // All is forwarded: the end too, unless everything is dropped.
            if !now.is_blackhole {
                let _ = to.shutdown().await;
                return;
            }
        }
        let arrives = async {
            match arrival {
                Some(_) if now.is_blackhole => pending().await,
                // The timer's step is a millisecond: what is due is not delayed by it.
                Some(arrival) if arrival <= Instant::now() => {}
                Some(arrival) => sleep_until(arrival).await,
                None => pending().await,
            }
        };
        let may_read = is_read && !now.is_blackhole && queued.len() < WINDOW;
        let read = async {
            match may_read {
                true => from.read(&mut buffer).await,
                false => pending().await,
            }
        };
        tokio::select! {
            // In this order: what comes after a change is treated as the change says.
            biased;
            changed = traffic.changed() => if changed.is_err() {
                return;
            },
            () = arrives => if let Some((_, chunk)) = queued.pop_front()
                && to.write_all(&chunk).await.is_err()
            {
                return;
            },
            read = read => match read {
                Ok(0) | Err(_) => is_read = false,
                Ok(_) if is_mute || now.loses_answers => is_mute = true,
                Ok(length) => {
                    let begun = Instant::now().max(free_at);
                    free_at = begun + transfer_time(length, now.bandwidth);
                    let jitter = now.latency_jitter.mul_f64(rand::rng().random_range(0.0..=1.0));
                    // In order, whatever the jitter: TCP would wait for the late one too.
                    let latest = queued.back().map_or(begun, |(arrival, _)| *arrival);
                    let arrival = (free_at + now.latency + jitter).max(latest);
                    queued.push_back((arrival, buffer[..length].to_vec()));
                }
            },
        }
    }
}

/// How long `length` bytes take at `bandwidth` bytes per second.
fn transfer_time(length: usize, bandwidth: Option<u64>) -> Duration {
    bandwidth.map_or(Duration::ZERO, |bandwidth| {
        Duration::from_secs_f64(length as f64 / bandwidth.max(1) as f64)
    })
}

#[cfg(test)]
mod tests;
