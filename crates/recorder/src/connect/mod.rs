//! Making a connection: each phase up to the start-up timed apart, each under the same limit of our own. The driver's limit
//! covers TCP only, and a stopped postmaster accepts and says nothing. Who answered is asked apart from that: a proxy that
//! waits for a writer lets us in at once and holds the question back, as it would an operation.

mod channel_binding;
mod failure;
mod hosts;
mod identity;
mod resolve;
mod session;
mod stream;
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use command_line::duration::micros;
use rand::seq::SliceRandom;
use recording::Server;
use recording::vocabulary::{ConnectPhase, ErrorClass, Path};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_postgres::config::SslNegotiation;

pub use failure::ConnectError;
pub use resolve::Resolver;
pub(crate) use session::answer_of;
pub use session::{Failed, Notice, Session};

use failure::{PhaseError, from_io, from_startup, is_refusal_of_tls, refusal};

use crate::classify;
use crate::endpoint::{ChannelBinding, Endpoint, Host, Password, TargetSession};
use crate::password_command::PasswordCommand;
pub use stream::TlsFacts;
use stream::{Established, Stream};
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
    /// One for each host, or none.
    password_commands: Vec<PasswordCommand>,
}

/// What is known of an attempt so far; it stays readable where the attempt is cut off.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// The host that was tried last: where it stands among those of the endpoint.
    pub host: usize,
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
    /// Why TLS failed where `sslmode=prefer` went on without it.
    pub tls_error: Option<String>,
    /// Start-up and authentication, microseconds.
    pub startup_us: Option<i64>,
    /// What TLS was agreed on; `None` on a plain connection.
    pub tls: Option<TlsFacts>,
    /// Who answered.
    pub server: Option<Server>,
}

impl Progress {
    /// Nothing is known of that host yet.
    fn begin(&mut self, host: usize) {
        *self = Self {
            host,
            // An attempt that has begun stays one: cut off here, it is told.
            phase: self.phase,
            ..Self::default()
        };
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
            password_commands: Vec::new(),
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

    /// The same, with passwords from a command for each host of the endpoint, in their order.
    #[must_use]
    pub fn with_password_commands(mut self, commands: Vec<PasswordCommand>) -> Self {
        self.password_commands = commands;
        self
    }

    /// The commands that give the passwords, one for each host; none where nothing is to be run.
    #[must_use]
    pub fn password_commands(&self) -> &[PasswordCommand] {
        &self.password_commands
    }

    /// The password of the moment for a host of the endpoint, if there is any.
    ///
    /// # Errors
    /// One line, where the command has no valid one.
    pub async fn password(&self, host: usize) -> Result<Option<Password>, String> {
        match self.password_commands.get(host) {
            Some(command) => command.password().await.map(Some),
            None => Ok(self
                .endpoint
                .password_for(&self.endpoint.hosts[host])
                .cloned()),
        }
    }

    /// The same for one of the endpoint's hosts alone, whatever its server is.
    #[must_use]
    pub fn of_host(&self, host: usize) -> Self {
        let mut alone = self.clone();
        alone.endpoint.hosts = vec![self.endpoint.hosts[host].clone()];
        alone.endpoint.target = TargetSession::Any;
        alone.password_commands = self
            .password_commands
            .get(host)
            .cloned()
            .into_iter()
            .collect();
        alone.tls = self.tls.as_ref().map(|tls| tls.of_host(host));
        alone
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

    /// Connects to one of the hosts, up to the start-up.
    async fn connect_to(
        &self,
        host: usize,
        id: i64,
        progress: &mut Progress,
    ) -> Result<Session, ConnectError> {
        let password = match self.password(host).await {
            Ok(password) => password,
            Err(message) => {
                progress.phase = Some(ConnectPhase::Startup);
                return Err(refusal(ErrorClass::Auth, &message).after(progress));
            }
        };
        let opened = match &self.tls {
            Some(tls) if self.endpoint.needs_tls().is_none() => {
                match self.open(id, Some(tls), password.as_ref(), progress).await {
                    // libpq's `prefer`: what TLS did not do is tried again without.
                    Err(error) if is_refusal_of_tls(progress, &error) => {
                        progress.tls_error = Some(error.message);
                        self.open(id, None, password.as_ref(), progress).await
                    }
                    opened => opened,
                }
            }
            tls => {
                self.open(id, tls.as_ref(), password.as_ref(), progress)
                    .await
            }
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
        password: Option<&Password>,
        progress: &mut Progress,
    ) -> Result<Session, PhaseError> {
        let host = &self.endpoint.hosts[progress.host];
        let lookup = async {
            let no_address = |message: String| refusal(ErrorClass::Dns, &message);
            if let Some(address) = host.address() {
                return Ok(vec![address]);
            }
            self.resolver
                .addresses(&host.name)
                .await
                .map_err(no_address)
        };
        let (addresses, us) = self.phase(ConnectPhase::Dns, progress, lookup).await?;
        progress.dns_us = host.address().is_none().then_some(us);

        let tcp = self.tcp(host, addresses, progress).await?;
        let stream = match tls {
            None => Stream::Plain(tcp),
            Some(tls) => {
                let at = progress.host;
                let (stream, us) = self
                    .phase(ConnectPhase::Tls, progress, self.agree_on_tls(tls, at, tcp))
                    .await?;
                progress.tls_us = Some(us);
                progress.tls = stream.tls();
                stream
            }
        };
        let startup = async {
            self.login(password)
                .connect_raw(stream, Established)
                .await
                .map_err(|error| from_startup(&error))
        };
        let ((client, connection), us) =
            self.phase(ConnectPhase::Startup, progress, startup).await?;
        progress.startup_us = Some(us);
        Ok(Session::new(client, connection, connection_id))
    }

    /// What the driver is to do on a stream whose TLS is done.
    fn login(&self, password: Option<&Password>) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config
            .user(&self.endpoint.user)
            .dbname(&self.endpoint.database)
            // Only so does it take the stream, and the channel binding, as they are.
            .ssl_mode(tokio_postgres::config::SslMode::Require)
            .ssl_negotiation(SslNegotiation::Direct)
            .channel_binding(match self.endpoint.channel_binding {
                ChannelBinding::Disable => tokio_postgres::config::ChannelBinding::Disable,
                ChannelBinding::Prefer => tokio_postgres::config::ChannelBinding::Prefer,
                ChannelBinding::Require => tokio_postgres::config::ChannelBinding::Require,
            });
        if let Some(password) = password {
            config.password(&password.0);
        }
        if let Some(name) = &self.endpoint.application_name {
            config.application_name(name);
        }
        if let Some(options) = &self.endpoint.options {
            config.options(options);
        }
        config
    }

    /// The addresses in their order, each under the limit; the last one's failure is reported.
    async fn tcp(
        &self,
        host: &Host,
        mut addresses: Vec<IpAddr>,
        progress: &mut Progress,
    ) -> Result<TcpStream, PhaseError> {
        if self.endpoint.in_random_order {
            addresses.shuffle(&mut rand::rng());
        }
        let begun = Instant::now();
        let mut last = None;
        for address in addresses {
            progress.address = Some(address);
            let target = SocketAddr::new(address, host.port);
            let connect = async {
                let connected = self.endpoint.tcp.connect(target).await;
                connected.map_err(|error| from_io(&error))
            };
            match self.phase(ConnectPhase::Tcp, progress, connect).await {
                Ok((stream, _)) => {
                    progress.tcp_us = Some(micros(begun.elapsed()));
                    return Ok(stream);
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| refusal(ErrorClass::Dns, &resolve::no_address(&host.name))))
    }

    async fn agree_on_tls(
        &self,
        tls: &Tls,
        host: usize,
        mut tcp: TcpStream,
    ) -> Result<Stream, PhaseError> {
        let refused = |message: String| refusal(ErrorClass::Tls, &message);
        if tls::ask_for_tls(&mut tcp)
            .await
            .map_err(|error| from_io(&error))?
        {
            let stream =
                tls.handshake(host, tcp)
                    .await
                    .map_err(|error| match tls::explain(&error) {
                        Some(reason) => refused(format!("TLS handshake: {reason}")),
                        None => from_io(&error),
                    })?;
            return Ok(Stream::Tls(Box::new(stream)));
        }
        match self.endpoint.needs_tls() {
            None => Ok(Stream::Plain(tcp)),
            Some(setting) => Err(refused(format!(
                "the server does no TLS, and {setting} asks for it"
            ))),
        }
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
