//! A proxy of a test before a real server. It passes everything on, but for what would commit: there it does what a proxy, or a network
//! that breaks, was seen to do. The server has the commit or has it not, and the client is told something else, or nothing.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What becomes of a request that would commit: COMMIT of a transaction, or an INSERT or UPDATE outside of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// The server does it, the client is told this, and both connections end. No bytes: the answer is swallowed.
    DoneButTold,
    /// The server does it, and the client hears no more: its connection stays open until it closes it.
    DoneInSilence,
    /// The server does it, and the client hears this before its answer.
    DoneAndToldBefore,
    /// The server never gets it, the client is told this, and both connections end. No bytes: the request is dropped.
    NotDoneAndTold,
}

/// One case: what happens, and the bytes of the n-th such answer.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// What happens.
    pub reaction: Reaction,
    /// What the client is told.
    pub bytes: fn(usize) -> Vec<u8>,
}

impl Case {
    /// The client is told nothing.
    #[must_use]
    pub const fn silent(reaction: Reaction) -> Self {
        Self {
            reaction,
            bytes: |_| Vec::new(),
        }
    }
}

/// Takes turns: a request that would commit goes through, the next one is a case. It serves as long as its runtime lives.
#[derive(Debug)]
pub struct Interceptor {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<AtomicUsize>,
}

struct Plan {
    server: SocketAddr,
    cases: Vec<Case>,
    seen: Arc<AtomicUsize>,
}

impl Interceptor {
    /// Listens before `server`, to which clients connect without TLS.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(server: SocketAddr, cases: Vec<Case>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let seen = Arc::new(AtomicUsize::new(0));
        let plan = Arc::new(Plan {
            server,
            cases,
            seen: Arc::clone(&seen),
        });
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let plan = Arc::clone(&plan);
                // The end of a connection is how most of them end.
                tokio::spawn(async move { plan.pass_on(client).await });
            }
        });
        Ok(Self { address, seen })
    }

    /// Requests that would commit, so far.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }
}

impl Plan {
    async fn pass_on(&self, client: TcpStream) -> io::Result<()> {
        let server = TcpStream::connect(self.server).await?;
        let (mut client, mut server) = (Side::new(client), Side::new(server));
        // The start-up message has no type.
        let start = client.message(0).await?;
        server.stream.write_all(&start).await?;
        let mut requests = Requests::default();
        loop {
            tokio::select! {
                message = client.next() => {
                    let Some((request, commits)) = requests.add(message?) else {
                        continue;
                    };
                    match commits.then(|| self.turn()).flatten() {
                        Some((case, number)) => {
                            let told = (case.bytes)(number);
                            if !react(case.reaction, &told, &request, &mut client, &mut server).await? {
                                return Ok(());
                            }
                        }
                        None => server.stream.write_all(&request).await?,
                    }
                }
                message = server.next() => client.stream.write_all(&message?).await?,
            }
        }
    }

    /// The case of a request that would commit now.
    fn turn(&self) -> Option<(Case, usize)> {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed);
        let number = seen / 2;
        let case = self.cases.iter().cycle().nth(number);
        case.filter(|_| seen % 2 == 1).map(|case| (*case, number))
    }
}

/// True where the connections live on.
async fn react(
    reaction: Reaction,
    told: &[u8],
    request: &[u8],
    client: &mut Side,
    server: &mut Side,
) -> io::Result<bool> {
    let mut answers = Vec::new();
    if reaction != Reaction::NotDoneAndTold {
        server.stream.write_all(request).await?;
        // Up to "ready for query": then it is done.
        while answers
            .last()
            .is_none_or(|last: &Vec<u8>| last.first() != Some(&b'Z'))
        {
            answers.push(server.next().await?);
        }
    }
    client.stream.write_all(told).await?;
    match reaction {
        Reaction::DoneButTold | Reaction::NotDoneAndTold => Ok(false),
        Reaction::DoneInSilence => {
            while client.next().await.is_ok() {}
            Ok(false)
        }
        Reaction::DoneAndToldBefore => {
            client.stream.write_all(&answers.concat()).await?;
            Ok(true)
        }
    }
}

/// The requests of a connection: what its client sends before it waits for an answer.
#[derive(Default)]
struct Requests {
    in_transaction: bool,
    /// The texts of prepared statements, by name; that of the unnamed one is empty.
    statements: HashMap<Vec<u8>, String>,
    /// Messages of the extended protocol, up to a Sync.
    parts: Vec<u8>,
    /// What these execute, in lower case.
    bound: String,
}

impl Requests {
    /// Adds a message; the request where it is whole now, and whether it would commit.
    fn add(&mut self, message: Vec<u8>) -> Option<(Vec<u8>, bool)> {
        let body = message.get(5..).unwrap_or_default();
        let mut texts = body.split(|byte| *byte == 0);
        let mut text = || texts.next().unwrap_or_default();
        let kind = message.first().copied();
        match kind {
            // Parse: name and text of a statement. Bind: name of a portal, then that of a statement.
            Some(b'P') => {
                let name = text().to_vec();
                self.statements.insert(name, lower_case(text()));
            }
            Some(b'B') => {
                text();
                self.bound = self.statements.get(text()).cloned().unwrap_or_default();
            }
            _ => {}
        }
        match kind {
            Some(b'P' | b'B' | b'D' | b'E' | b'C') => {
                self.parts.extend(message);
                None
            }
            Some(b'Q') => {
                let statement = lower_case(text());
                let commits = self.commits(&statement);
                Some((message, commits))
            }
            _ => {
                let statement = std::mem::take(&mut self.bound);
                let commits = self.commits(&statement);
                let mut request = std::mem::take(&mut self.parts);
                request.extend(message);
                Some((request, commits))
            }
        }
    }

    fn commits(&mut self, statement: &str) -> bool {
        let begins = |word| statement.starts_with(word);
        let commits = match self.in_transaction {
            true => begins("commit"),
            false => begins("insert") || begins("update"),
        };
        let ends = begins("commit") || begins("rollback");
        self.in_transaction = begins("begin") || self.in_transaction && !ends;
        commits
    }
}

fn lower_case(text: &[u8]) -> String {
    String::from_utf8_lossy(text).trim().to_ascii_lowercase()
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
        self.message(1).await
    }

    /// The next message, whose length comes after `before` bytes.
    async fn message(&mut self, before: usize) -> io::Result<Vec<u8>> {
        loop {
            let head = self.read.get(before..).and_then(<[u8]>::first_chunk);
            if let Some(length) = head {
                let length = before + u32::from_be_bytes(*length) as usize;
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
#[must_use]
pub fn told(kind: u8, fields: &[(u8, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.push(*name);
        body.extend(value.as_bytes());
        body.push(0);
    }
    body.push(0);
    let length = body.len() as u32 + 4;
    [&[kind][..], &length.to_be_bytes(), &body].concat()
}
