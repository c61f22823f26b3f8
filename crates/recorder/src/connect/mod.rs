//! Making a connection: each phase up to the start-up timed apart, each under the same limit of our own. The driver's limit
//! covers TCP only, and a stopped postmaster accepts and says nothing. Who answered is asked apart from that: a proxy that
//! waits for a writer lets us in at once and holds the question back, as it would an operation.

mod identity;
mod resolve;
mod session;
mod stream;
mod tls;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use command_line::duration::micros;
use recording::vocabulary::{ConnectPhase, ErrorClass, Path};
use recording::{ConnectFailure, Server};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_postgres::NoTls;

pub use resolve::Resolver;
pub(crate) use session::answer_of;
pub use session::{Failed, Notice, Session};

use crate::classify::{self, Symptom};
use crate::endpoint::{Endpoint, SslMode};
use crate::message;
use stream::Stream;
pub use stream::TlsFacts;
use tls::Tls;

/// Makes connections to one endpoint.
#[derive(Clone)]
pub struct Connector {
    path: Path,
    endpoint: Endpoint,
    resolver: Resolver,
    tls: Option<Tls>,
    limit: Duration,
    is_reader: bool,
}

/// What is known of an attempt so far; it stays readable where the attempt is cut off.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// The phase that it is in; `None` before the first.
    pub phase: Option<ConnectPhase>,
    /// The address that was tried last.
    pub address: Option<IpAddr>,
    /// Look-up, microseconds.
    pub dns_us: Option<i64>,
    /// TCP handshake, microseconds.
    pub tcp_us: Option<i64>,
    /// TLS, microseconds.
    pub tls_us: Option<i64>,
    /// Start-up and authentication, microseconds.
    pub startup_us: Option<i64>,
    /// What TLS was agreed on; `None` on a plain connection.
    pub tls: Option<TlsFacts>,
    /// Who answered.
    pub server: Option<Server>,
}

/// Why an attempt to connect failed.
#[derive(Debug, Clone)]
pub struct ConnectError {
    /// Where in the attempt.
    pub phase: ConnectPhase,
    /// What kind.
    pub class: ErrorClass,
    /// The server's code, where one came.
    pub sqlstate: Option<String>,
    /// The whole chain of causes, without secrets.
    pub message: String,
}

impl From<ConnectError> for ConnectFailure {
    fn from(error: ConnectError) -> Self {
        Self {
            phase: error.phase,
            class: Some(error.class),
            sqlstate: error.sqlstate,
            message: error.message,
        }
    }
}

/// A failure inside an attempt; the phase is in [`Progress`].
struct PhaseError {
    class: ErrorClass,
    sqlstate: Option<String>,
    message: String,
}

impl PhaseError {
    fn after(self, progress: &Progress) -> ConnectError {
        ConnectError {
            phase: progress.phase.unwrap_or(ConnectPhase::Dns),
            class: self.class,
            sqlstate: self.sqlstate,
            message: self.message,
        }
    }
}

impl Connector {
    /// A connector for the endpoint; `limit` is that of each phase up to the start-up.
    ///
    /// # Errors
    /// One line where the endpoint's certificates can't be used.
    pub fn new(
        path: Path,
        endpoint: Endpoint,
        resolver: Resolver,
        limit: Duration,
    ) -> Result<Self, String> {
        let tls = Tls::new(&endpoint)?;
        Ok(Self {
            path,
            endpoint,
            resolver,
            tls,
            limit,
            is_reader: false,
        })
    }

    /// The connector of the endpoint that only the path's reads go to.
    #[must_use]
    pub fn for_reads(mut self) -> Self {
        self.is_reader = true;
        self
    }

    /// True where only the path's reads go there.
    #[must_use]
    pub const fn is_reader(&self) -> bool {
        self.is_reader
    }

    /// The flag that names the endpoint.
    #[must_use]
    pub fn flag(&self) -> String {
        match self.is_reader {
            true => format!("--{}-reader-url", self.path),
            false => format!("--{}-url", self.path),
        }
    }

    /// The path.
    #[must_use]
    pub const fn path(&self) -> Path {
        self.path
    }

    /// Where it leads.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The resolver that it asks.
    #[must_use]
    pub const fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// The same with a resolver of its own that keeps no answer; two tries of a look-up fit into `limit`.
    ///
    /// # Errors
    /// One line where there is no resolver to be had.
    pub fn without_cache(&self, limit: Duration) -> Result<Self, String> {
        Ok(Self {
            resolver: self.resolver.without_cache(limit)?,
            ..self.clone()
        })
    }

    /// One attempt to connect, up to the start-up. `progress` tells how far it came, also where this future is dropped.
    ///
    /// # Errors
    /// The phase, the class and the text of the failure.
    pub async fn connect(
        &self,
        connection_id: i64,
        progress: &mut Progress,
    ) -> Result<Session, ConnectError> {
        let opened = match (&self.tls, self.endpoint.sslmode) {
            (Some(tls), SslMode::Prefer) => {
                match self.open(connection_id, Some(tls), progress).await {
                    // libpq's `prefer`: what TLS did not do is tried again without.
                    Err(error) if is_refusal_of_tls(progress, &error) => {
                        self.open(connection_id, None, progress).await
                    }
                    opened => opened,
                }
            }
            (tls, _) => self.open(connection_id, tls.as_ref(), progress).await,
        };
        opened.map_err(|error| error.after(progress))
    }

    /// Asks who is at the other end. It takes as long as the caller lets it: a limit of its own would end attempts that a
    /// proxy holds back until there is a writer, and operations with them that an application would have seen succeed.
    ///
    /// A server that is there and refuses the question leaves [`Progress::server`] empty.
    ///
    /// # Errors
    /// The class and the text of the failure that ended the connection.
    pub async fn identify(
        &self,
        session: &mut Session,
        progress: &mut Progress,
    ) -> Result<(), ConnectError> {
        progress.phase = Some(ConnectPhase::Identify);
        match identity::identify(&session.client, self.path).await {
            Ok(server) => progress.server = Some(server),
            Err(error) => {
                let failed = session.explain(&error);
                let class = classify::class(failed.symptom());
                let can_go_on = failed.answer.is_some() && !failed.lost && !session.is_closed();
                if !can_go_on || classify::ends_connection(class) {
                    let error = PhaseError {
                        class,
                        sqlstate: failed.sqlstate(),
                        message: failed.message,
                    };
                    return Err(error.after(progress));
                }
            }
        }
        session.in_use = false;
        Ok(())
    }

    /// Name, TCP, TLS and start-up.
    async fn open(
        &self,
        connection_id: i64,
        tls: Option<&Tls>,
        progress: &mut Progress,
    ) -> Result<Session, PhaseError> {
        let host = self.endpoint.host.as_str();
        let lookup = async {
            let no_address = |message: String| PhaseError {
                class: ErrorClass::Dns,
                sqlstate: None,
                message: message::one_line(&message),
            };
            self.resolver.addresses(host).await.map_err(no_address)
        };
        let (addresses, us) = self.phase(ConnectPhase::Dns, progress, lookup).await?;
        progress.dns_us = host.parse::<IpAddr>().is_err().then_some(us);

        let tcp = self.tcp(&addresses, progress).await?;
        let stream = match tls {
            None => Stream::Plain(tcp),
            Some(tls) => {
                let (stream, us) = self
                    .phase(ConnectPhase::Tls, progress, self.agree_on_tls(tls, tcp))
                    .await?;
                progress.tls_us = Some(us);
                progress.tls = stream.tls();
                stream
            }
        };
        let startup = async {
            let mut config = tokio_postgres::Config::new();
            config
                .user(&self.endpoint.user)
                .dbname(&self.endpoint.database);
            if let Some(password) = &self.endpoint.password {
                config.password(&password.0);
            }
            config.ssl_mode(tokio_postgres::config::SslMode::Disable);
            config
                .connect_raw(stream, NoTls)
                .await
                .map_err(|error| from_startup(&error))
        };
        let ((client, connection), us) =
            self.phase(ConnectPhase::Startup, progress, startup).await?;
        progress.startup_us = Some(us);
        Ok(Session::new(client, connection, connection_id))
    }

    /// The addresses in their order, each under the limit; the last one's failure is reported.
    async fn tcp(
        &self,
        addresses: &[IpAddr],
        progress: &mut Progress,
    ) -> Result<TcpStream, PhaseError> {
        let begun = Instant::now();
        let mut last = None;
        for address in addresses {
            progress.address = Some(*address);
            let target = SocketAddr::new(*address, self.endpoint.port);
            let connect = async {
                let stream = TcpStream::connect(target)
                    .await
                    .map_err(|error| from_io(&error))?;
                stream.set_nodelay(true).map_err(|error| from_io(&error))?;
                Ok(stream)
            };
            match self.phase(ConnectPhase::Tcp, progress, connect).await {
                Ok((stream, _)) => {
                    progress.tcp_us = Some(micros(begun.elapsed()));
                    return Ok(stream);
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| PhaseError {
            class: ErrorClass::Dns,
            sqlstate: None,
            message: resolve::no_address(&self.endpoint.host),
        }))
    }

    async fn agree_on_tls(&self, tls: &Tls, mut tcp: TcpStream) -> Result<Stream, PhaseError> {
        let refused = |message: String| PhaseError {
            class: ErrorClass::Tls,
            sqlstate: None,
            message: message::one_line(&message),
        };
        if tls::ask_for_tls(&mut tcp)
            .await
            .map_err(|error| from_io(&error))?
        {
            let stream = tls
                .handshake(tcp)
                .await
                .map_err(|error| match error.get_ref() {
                    Some(_) => refused(format!("TLS handshake: {error}")),
                    None => from_io(&error),
                })?;
            return Ok(Stream::Tls(Box::new(stream)));
        }
        if self.endpoint.sslmode == SslMode::Prefer {
            return Ok(Stream::Plain(tcp));
        }
        let mode = self.endpoint.sslmode.as_str();
        Err(refused(format!(
            "the server does no TLS, and sslmode={mode} asks for it"
        )))
    }

    /// Runs a phase under the limit and times it.
    async fn phase<T>(
        &self,
        phase: ConnectPhase,
        progress: &mut Progress,
        work: impl Future<Output = Result<T, PhaseError>>,
    ) -> Result<(T, i64), PhaseError> {
        progress.phase = Some(phase);
        let begun = Instant::now();
        match timeout(self.limit, work).await {
            Ok(done) => done.map(|value| (value, micros(begun.elapsed()))),
            Err(_) => Err(PhaseError {
                class: ErrorClass::ConnectTimeout,
                sqlstate: None,
                message: format!("no answer within {:?} ({phase})", self.limit),
            }),
        }
    }
}

/// A failed handshake, or a server that refuses this user over TLS (28000, `hostnossl` in `pg_hba.conf`).
fn is_refusal_of_tls(progress: &Progress, error: &PhaseError) -> bool {
    match progress.phase {
        Some(ConnectPhase::Tls) => error.class == ErrorClass::Tls,
        Some(ConnectPhase::Startup) => error.sqlstate.as_deref() == Some("28000"),
        _ => false,
    }
}

fn from_io(error: &io::Error) -> PhaseError {
    let class = match error.kind() {
        ErrorKind::ConnectionRefused => ErrorClass::Refused,
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable => ErrorClass::Unreachable,
        ErrorKind::TimedOut => ErrorClass::ConnectTimeout,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => ErrorClass::ConnectionLost,
        _ => ErrorClass::Other,
    };
    PhaseError {
        class,
        sqlstate: None,
        message: message::chain(error),
    }
}

fn from_startup(error: &tokio_postgres::Error) -> PhaseError {
    let message = message::chain(error);
    if let Some(Notice {
        sqlstate,
        message: text,
        ..
    }) = session::answer_of(error)
    {
        let class = classify::class_at_startup(Symptom::Answer {
            sqlstate: &sqlstate,
            message: &text,
        });
        return PhaseError {
            class,
            sqlstate: Some(sqlstate),
            message,
        };
    }
    let source = std::error::Error::source(error);
    if let Some(io) = source.and_then(|source| source.downcast_ref::<io::Error>()) {
        return PhaseError {
            class: from_io(io).class,
            sqlstate: None,
            message,
        };
    }
    // The driver tells the rest apart only by its text: no password given, SCRAM refused.
    let is_login =
        message.starts_with("invalid configuration") || message.starts_with("authentication error");
    let class = match (error.is_closed(), is_login) {
        (true, _) => ErrorClass::ConnectionLost,
        (false, true) => ErrorClass::Auth,
        (false, false) => ErrorClass::Other,
    };
    PhaseError {
        class,
        sqlstate: None,
        message,
    }
}
