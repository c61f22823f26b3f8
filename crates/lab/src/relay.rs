//! A relay before a server: what comes to the server's public address goes on to the server, unless it is told to drop or delay it.

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

/// The most that is read at once, bytes; also the most that a slow way holds back at once.
const CHUNK: usize = 16 * 1024;
/// How many chunks may be on a slow way: beyond that the sender waits, as it would for a full window.
const WINDOW: usize = 64;

/// How the way is at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    /// The server is there: who connects is let in. Where it is not, who connects is refused.
    pub(crate) is_open: bool,
    /// Nothing is let through, in neither direction, and nothing is closed. Goes before `is_open`.
    pub(crate) is_blackhole: bool,
    /// Added to the way in each direction.
    pub(crate) latency: Duration,
    /// A random time between nothing and this is added to that.
    pub(crate) latency_jitter: Duration,
    /// Bytes per second, in each direction of each connection.
    pub(crate) bandwidth: Option<u64>,
}

impl Way {
    /// Open, or closed, and as fast as loopback is.
    fn plain(is_open: bool) -> Self {
        Self {
            is_open,
            is_blackhole: false,
            latency: Duration::ZERO,
            latency_jitter: Duration::ZERO,
            bandwidth: None,
        }
    }
}

/// A running relay; it ends when this is dropped, and with it every connection through it.
#[derive(Debug)]
pub(crate) struct Relay {
    way: watch::Sender<Way>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Takes `public`, and lets nobody in until [`Relay::open`]. On a thread of its own, so that a busy runtime delays nothing.
    pub(crate) fn start(public: SocketAddr, server: SocketAddr) -> Result<Self, LabError> {
        let (sender, way) = watch::channel(Way::plain(false));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(LabError::io("starting a relay"))?;
        let thread = thread::Builder::new()
            .name("lab-relay".to_owned())
            .spawn(move || runtime.block_on(serve(public, server, way)))
            .map_err(LabError::io("starting a relay's thread"))?;
        Ok(Self {
            way: sender,
            thread: Some(thread),
        })
    }

    /// The server is there.
    pub(crate) fn open(&self) {
        self.way.send_modify(|way| way.is_open = true);
    }

    /// The server is gone: who connects is refused from now on. Connections that are there end with the server's.
    pub(crate) fn close(&self) {
        self.way.send_modify(|way| way.is_open = false);
    }

    /// Drops everything, or no longer.
    pub(crate) fn blackhole(&self, is_blackhole: bool) {
        self.way.send_modify(|way| way.is_blackhole = is_blackhole);
    }

    /// Does it drop everything?
    pub(crate) fn is_blackhole(&self) -> bool {
        self.way.borrow().is_blackhole
    }

    /// Delays what goes through.
    pub(crate) fn slow(&self, latency: Duration, latency_jitter: Duration, bandwidth: Option<u64>) {
        self.way.send_modify(|way| {
            way.latency = latency;
            way.latency_jitter = latency_jitter;
            way.bandwidth = bandwidth;
        });
    }

    /// As fast as loopback is, and nothing dropped.
    pub(crate) fn restore(&self) {
        self.way.send_modify(|way| *way = Way::plain(way.is_open));
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // The thread ends when the way's sender is gone.
        drop(std::mem::replace(
            &mut self.way,
            watch::channel(Way::plain(false)).0,
        ));
        if let Some(thread) = self.thread.take() {
            // It only ends by panicking or by being told to; either way it is over.
            let _ = thread.join();
        }
    }
}

async fn serve(public: SocketAddr, server: SocketAddr, mut way: watch::Receiver<Way>) {
    let mut listener = None;
    loop {
        let Way {
            is_open,
            is_blackhole,
            ..
        } = *way.borrow_and_update();
        // Blackholed it listens and accepts nothing: the kernel shakes hands, and that is all that anybody ever hears.
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
            changed = way.changed() => if changed.is_err() {
                return;
            },
            accepted = accepted => if let Ok((client, _)) = accepted {
                tokio::spawn(relay(client, server, way.clone()));
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
async fn relay(client: TcpStream, server: SocketAddr, way: watch::Receiver<Way>) {
    let _ = client.set_nodelay(true);
    let Ok(upstream) = TcpStream::connect(server).await else {
        // It died this moment: the client hears what it would hear from a dead server's port.
        let _ = client.set_zero_linger();
        return;
    };
    let _ = upstream.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = upstream.into_split();
    let there = carry(from_client, to_server, way.clone());
    let back = carry(from_server, to_client, way);
    tokio::join!(there, back);
}

/// Carries bytes one way until either end closes, or the relay ends.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut way: watch::Receiver<Way>) {
    let mut on_the_way: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    let mut buffer = vec![0; CHUNK];
    let mut is_read = true;
    // When the last chunk has left a narrow way.
    let mut free_at = Instant::now();
    loop {
        let now = *way.borrow_and_update();
        let arrival = on_the_way.front().map(|(arrival, _)| *arrival);
        if arrival.is_none() && !is_read {
            // What it had to say is said: its end comes through as well, once anything comes through.
            if !now.is_blackhole {
                let _ = to.shutdown().await;
                return;
            }
        }
        let arrives = async {
            match arrival {
                Some(_) if now.is_blackhole => pending().await,
                // The timer's step is a millisecond: what is due does not wait for it.
                Some(arrival) if arrival <= Instant::now() => {}
                Some(arrival) => sleep_until(arrival).await,
                None => pending().await,
            }
        };
        let may_read = is_read && !now.is_blackhole && on_the_way.len() < WINDOW;
        let read = async {
            match may_read {
                true => from.read(&mut buffer).await,
                false => pending().await,
            }
        };
        tokio::select! {
            changed = way.changed() => if changed.is_err() {
                return;
            },
            () = arrives => if let Some((_, chunk)) = on_the_way.pop_front()
                && to.write_all(&chunk).await.is_err()
            {
                return;
            },
            read = read => match read {
                Ok(0) | Err(_) => is_read = false,
                Ok(length) => {
                    let begun = Instant::now().max(free_at);
                    free_at = begun + transfer_time(length, now.bandwidth);
                    let jitter = now.latency_jitter.mul_f64(rand::rng().random_range(0.0..=1.0));
                    // In order, whatever the jitter: TCP would wait for the late one too.
                    let latest = on_the_way.back().map_or(begun, |(arrival, _)| *arrival);
                    let arrival = (free_at + now.latency + jitter).max(latest);
                    on_the_way.push_back((arrival, buffer[..length].to_vec()));
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
#[path = "relay_tests.rs"]
mod tests;
