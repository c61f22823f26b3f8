//! A proxy of our own before a real server: it passes everything on, but for statements that would commit. To those it answers with the
//! recorded bytes of a proxy that can't be installed here, and the server has the statement or has it not.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// What becomes of a statement that would commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// The server does it, the client is told this, and both connections end.
    DoneButTold,
    /// The server never gets it, the client is told this, and both connections end.
    NotDoneAndTold,
    /// The server does it, and the client hears this before its answer.
    DoneAndToldBefore,
}

/// One case: what happens, and the bytes of the n-th such answer.
pub struct Case {
    pub reaction: Reaction,
    pub bytes: fn(usize) -> Vec<u8>,
}

/// Takes turns: a statement goes through, the next one is a case.
pub struct Interceptor {
    pub address: SocketAddr,
    seen: Arc<AtomicUsize>,
}

struct Plan {
    server: SocketAddr,
    cases: Vec<Case>,
    seen: Arc<AtomicUsize>,
}

impl Interceptor {
    pub fn start(runtime: &Runtime, server: SocketAddr, cases: Vec<Case>) -> Self {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(AtomicUsize::new(0));
        let plan = Arc::new(Plan {
            server,
            cases,
            seen: Arc::clone(&seen),
        });
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let plan = Arc::clone(&plan);
                // The end of a connection is how most of them end.
                tokio::spawn(async move { plan.pass_on(client).await });
            }
        });
        Self { address, seen }
    }

    /// Statements that would commit, so far.
    pub fn seen(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }
}

impl Plan {
    async fn pass_on(&self, mut client: TcpStream) -> io::Result<()> {
        let mut server = TcpStream::connect(self.server).await?;
        // The start-up message has no type.
        let length = client.read_u32().await?;
        let mut rest = vec![0; length as usize - 4];
        client.read_exact(&mut rest).await?;
        server.write_u32(length).await?;
        server.write_all(&rest).await?;
        let (mut client, mut server) = (Side::new(client), Side::new(server));
        let mut in_transaction = false;
        loop {
            tokio::select! {
                message = client.next() => {
                    let message = message?;
                    let text = query(&message);
                    let commits = match in_transaction {
                        true => text.starts_with("commit"),
                        false => text.starts_with("insert") || text.starts_with("update"),
                    };
                    in_transaction = text.starts_with("begin") || in_transaction && !text.starts_with("commit") && !text.starts_with("rollback");
                    match commits.then(|| self.turn()).flatten() {
                        Some((case, number)) => {
                            let bytes = (case.bytes)(number);
                            if !react(case.reaction, &bytes, &message, &mut client, &mut server).await? {
                                return Ok(());
                            }
                        }
                        None => server.stream.write_all(&message).await?,
                    }
                }
                message = server.next() => client.stream.write_all(&message?).await?,
            }
        }
    }

    /// The case of a statement that would commit now.
    fn turn(&self) -> Option<(&Case, usize)> {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed);
        let number = seen / 2;
        (seen % 2 == 1).then(|| (&self.cases[number % self.cases.len()], number))
    }
}

/// True where the connections live on.
async fn react(
    reaction: Reaction,
    bytes: &[u8],
    message: &[u8],
    client: &mut Side,
    server: &mut Side,
) -> io::Result<bool> {
    let mut answers = Vec::new();
    if reaction != Reaction::NotDoneAndTold {
        server.stream.write_all(message).await?;
        while answers.last().is_none_or(|last: &Vec<u8>| last[0] != b'Z') {
            answers.push(server.next().await?);
        }
    }
    client.stream.write_all(bytes).await?;
    let goes_on = reaction == Reaction::DoneAndToldBefore;
    if goes_on {
        client.stream.write_all(&answers.concat()).await?;
    }
    Ok(goes_on)
}

/// The text of a simple query, in lower case; else nothing.
fn query(message: &[u8]) -> String {
    match message.split_first() {
        Some((b'Q', rest)) => String::from_utf8_lossy(&rest[4..])
            .trim()
            .to_ascii_lowercase(),
        _ => String::new(),
    }
}

/// One side of a connection, message by message.
struct Side {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Side {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            read: Vec::new(),
        }
    }

    /// The next message, whole. Cut off, it loses nothing.
    async fn next(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(length) = self.read.get(1..5) {
                let length = u32::from_be_bytes(length.try_into().unwrap()) as usize + 1;
                if self.read.len() >= length {
                    return Ok(self.read.drain(..length).collect());
                }
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// An error (`E`) or a notice (`N`) with these fields.
pub fn told(kind: u8, fields: &[(u8, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.push(*name);
        body.extend(value.as_bytes());
        body.push(0);
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), &body].concat()
}
