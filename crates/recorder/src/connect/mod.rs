//! Making a connection: each phase up to the start-up timed apart, each under the same limit of our own. The driver's limit
//! covers TCP only, and a stopped postmaster accepts and says nothing. Who answered is asked apart from that: a proxy that
//! waits for a writer takes the connection at once and holds the question back, as it would an operation.

pub(crate) mod application_name;
mod channel_binding;
mod failure;
mod hosts;
pub(crate) mod identity;
mod lookup_error;
mod names;
mod order;
mod outcome;
pub mod password_command;
mod progress;
mod resolve;
mod session;
pub(crate) mod shortage;
mod silence;
mod stream;
mod system;
mod tls;
mod wary_stream;
pub(crate) mod x509;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use command_line::duration::micros;
use recording::vocabulary::{ConnectPhase, ErrorClass, Path};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_postgres::config::SslNegotiation;

pub use failure::ConnectError;
pub use lookup_error::LookupError;
pub use progress::ConnectProgress;
pub use resolve::{Family, Resolved, Resolver};
pub(crate) use session::answer_of;
pub use session::{Failed, Notice, Session};

use failure::{PhaseError, from_connect, from_io, from_startup, is_refusal_of_tls, refusal};
use silence::{Place, Silence};

use crate::classify;
use crate::connect::password_command::{NoPassword, PasswordCommand};
use crate::endpoint::{ChannelBinding, Endpoint, Password, SslMode, TargetSession};
use crate::sql::question::Refused;
pub use stream::TlsFacts;
use stream::{Established, FirstByte, Stream};
use tls::Tls;
use wary_stream::WaryStream;

/// Makes connections to one endpoint.
#[derive(Clone)]
pub struct Connector {
    path: Path,
    endpoint: Endpoint,
    resolver: Resolver,
    tls: Option<Tls>,
    limit: Duration,
    is_reader: bool,
    /// The flag that gave the endpoint, where it is not the path's own.
    flag: Option<&'static str>,
    /// One for each host, or none.
    password_commands: Vec<PasswordCommand>,
    /// What its server refused to say of itself: asked for with every connection, it would fill the server's log.
    refused: Refused,
    /// What its sessions are called in `pg_stat_activity`.
    application_name: String,
    /// What its attempts know of each other; clones share it.
    silence: Arc<Silence>,
    /// The password goes to no server that could read it: see [`Connector::with_scram`].
    is_wary: bool,
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
            flag: None,
            password_commands: Vec::new(),
            refused: Refused::default(),
            application_name: application_name::PLAIN.to_owned(),
            silence: Arc::default(),
            is_wary: false,
        })
    }

    /// The same, its sessions under this name in `pg_stat_activity`.
    #[must_use]
    pub fn named(mut self, application_name: String) -> Self {
        self.application_name = application_name;
        self
    }

    /// What its sessions are called: the user's own name comes first.
    #[must_use]
    pub fn application_name(&self) -> &str {
        let of_user = self.endpoint.application_name.as_deref();
        of_user.unwrap_or(&self.application_name)
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
        match (self.flag, self.is_reader) {
            (Some(flag), _) => flag.to_owned(),
            (None, true) => format!("--{}-reader-url", self.path),
            (None, false) => format!("--{}-url", self.path),
        }
    }

    /// The same, named by another flag than the path's.
    #[must_use]
    pub fn given_by(mut self, flag: &'static str) -> Self {
        self.flag = Some(flag);
        self
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
    /// Where the command has no valid one.
    pub async fn password(&self, host: usize) -> Result<Option<Password>, NoPassword> {
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
        alone.silence = Arc::default();
        alone
    }

    /// The same for one server, whatever it is, and as the first of the endpoint's hosts is connected to: with its password, and its name
    /// for TLS.
    #[must_use]
    pub fn at(&self, server: SocketAddr) -> Self {
        let mut alone = self.of_host(0);
        alone.path = Path::Direct;
        for host in &mut alone.endpoint.hosts {
            host.fixed_address = Some(server.ip());
            host.port = server.port();
        }
        alone
    }

    /// The same, which proves the password with SCRAM or not at all, unless TLS has proved the server's name: for an address that another
    /// person's file may have named.
    #[must_use]
    pub fn with_scram(mut self) -> Self {
        self.is_wary = self.endpoint.sslmode != SslMode::VerifyFull;
        self
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

    /// The same, without memory of hosts that were silent: the pool of an application that starts has none.
    #[must_use]
    pub fn without_memory(&self) -> Self {
        Self {
            silence: Arc::default(),
            ..self.clone()
        }
    }

    /// The same with a resolver of its own that keeps no answer, and gives a look-up `limit`. Nor does it know which hosts were silent.
    #[must_use]
    pub fn without_cache(&self, limit: Duration) -> Self {
        Self {
            resolver: self.resolver.without_cache(limit),
            silence: Arc::default(),
            ..self.clone()
        }
    }

    /// The same with a shorter limit on each phase; a longer one stays as it is.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = self.limit.min(limit);
        self
    }

    /// The password for one of the hosts, and its addresses in the order of the resolver.
    async fn prepare(
        &self,
        host: usize,
        progress: &mut ConnectProgress,
    ) -> Result<(Option<Password>, Vec<IpAddr>), PhaseError> {
        let password = match self.password(host).await {
            Ok(password) => password,
            Err(error) => {
                progress.phase = Some(ConnectPhase::Startup);
                let class = match error.is_shortage {
                    true => ErrorClass::Client,
                    false => ErrorClass::Auth,
                };
                return Err(refusal(class, &error.message));
            }
        };
        let host = &self.endpoint.hosts[host];
        if let Some(address) = host.address() {
            return Ok((password, vec![address]));
        }
        let lookup = async { Ok(self.resolver.addresses(&host.name).await?) };
        let (addresses, us) = self.phase(ConnectPhase::Dns, progress, lookup).await?;
        progress.dns_us = Some(us);
        Ok((password, addresses))
    }

    /// Connects to the address of [`ConnectProgress::address`], up to the start-up.
    async fn open_as_asked(
        &self,
        id: i64,
        address: IpAddr,
        password: Option<&Password>,
        progress: &mut ConnectProgress,
    ) -> Result<Session, PhaseError> {
        match &self.tls {
            Some(tls) if self.endpoint.needs_tls().is_none() => {
                match self.open(id, address, Some(tls), password, progress).await {
                    // libpq's `prefer`: what TLS did not do is tried again without.
                    Err(error) if is_refusal_of_tls(progress, &error) => {
                        progress.begin_without_tls(error.message);
                        self.open(id, address, None, password, progress).await
                    }
                    opened => opened,
                }
            }
            tls => {
                self.open(id, address, tls.as_ref(), password, progress)
                    .await
            }
        }
    }

    /// Asks who is at the other end. It takes as long as the caller lets it: a limit of its own would end attempts that a
    /// proxy holds back until there is a writer, and operations with them that an application would have seen succeed.
    ///
    /// A server that is there and refuses the question leaves [`ConnectProgress::server`] empty.
    ///
    /// # Errors
    /// The class and the text of the failure that ended the connection.
    pub async fn identify(
        &self,
        session: &mut Session,
        progress: &mut ConnectProgress,
    ) -> Result<(), ConnectError> {
        progress.phase = Some(ConnectPhase::Identify);
        match identity::identify(&session.client, self.path, &self.refused).await {
            Ok(server) => progress.server = server,
            Err(error) => {
                let failed = session.explain(&error);
                let class = classify::class(failed.symptom());
                let can_go_on = failed.answer.is_some() && !failed.lost && !session.is_closed();
                if !can_go_on || classify::ends_connection(class) {
                    let error = PhaseError {
                        class,
                        sqlstate: failed.sqlstate(),
                        message: failed.message,
                        is_silence: false,
                    };
                    return Err(error.after(progress));
                }
            }
        }
        session.in_use = false;
        Ok(())
    }

    /// TCP, TLS and start-up.
    async fn open(
        &self,
        connection_id: i64,
        address: IpAddr,
        tls: Option<&Tls>,
        password: Option<&Password>,
        progress: &mut ConnectProgress,
    ) -> Result<Session, PhaseError> {
        let port = self.endpoint.hosts[progress.host].port;
        let connect = async {
            let connected = self.endpoint.tcp.connect(SocketAddr::new(address, port));
            let connected = connected.await;
            connected.map_err(|error| from_connect(&error, address))
        };
        let (tcp, us) = self.phase(ConnectPhase::Tcp, progress, connect).await?;
        progress.tcp_us = Some(us);
        let first_byte = FirstByte::default();
        let by_proxy = |error: PhaseError| error.of_silent_proxy(self.path, &first_byte);
        let stream = match tls {
            None => Stream::Plain(tcp, first_byte.clone()),
            Some(tls) => {
                let agree = self.agree_on_tls(tls, progress.host, tcp, &first_byte);
                let agreed = self.phase(ConnectPhase::Tls, progress, agree).await;
                let (stream, us) = agreed.map_err(by_proxy)?;
                progress.tls_us = Some(us);
                progress.tls = stream.tls();
                stream
            }
        };
        let stream = match self.is_wary {
            true => Stream::Wary(Box::new(WaryStream::new(stream))),
            false => stream,
        };
        let startup = async {
            self.login(password)
                .connect_raw(stream, Established)
                .await
                .map_err(|error| from_startup(&error))
        };
        let started = self.phase(ConnectPhase::Startup, progress, startup).await;
        let ((client, connection), us) = started.map_err(by_proxy)?;
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
        config.application_name(self.application_name());
        if let Some(password) = password {
            config.password(&password.0);
        }
        if let Some(options) = &self.endpoint.options {
            config.options(options);
        }
        config
    }

    async fn agree_on_tls(
        &self,
        tls: &Tls,
        host: usize,
        mut tcp: TcpStream,
        first_byte: &FirstByte,
    ) -> Result<Stream, PhaseError> {
        let refused = |message: String| refusal(ErrorClass::Tls, &message);
        let asked = tls::ask_for_tls(&mut tcp).await;
        let does_tls = asked.map_err(|error| from_io(&error))?;
        first_byte.has_come();
        if does_tls {
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
            None => Ok(Stream::Plain(tcp, first_byte.clone())),
            Some(setting) => Err(refused(format!(
                "the server has no TLS, and {setting} requires it"
            ))),
        }
    }

    /// Runs a phase under the limit and times it. Where there are other hosts or addresses to ask, silence is remembered, and what
    /// attempts before have waited counts.
    async fn phase<T>(
        &self,
        phase: ConnectPhase,
        progress: &mut ConnectProgress,
        work: impl Future<Output = Result<T, PhaseError>>,
    ) -> Result<(T, i64), PhaseError> {
        progress.phase = Some(phase);
        let has_choice = self.endpoint.hosts.len() > 1 || progress.has_other_addresses;
        let place = Place {
            host: progress.host,
            address: progress.address,
        };
        let asked = has_choice.then(|| self.silence.ask(place, phase, self.limit));
        let limit = asked
            .as_ref()
            .map_or(self.limit, silence::TimedAttempt::limit);
        let begun = Instant::now();
        let done = timeout(limit, work).await.unwrap_or_else(|_| {
            let host = &self.endpoint.hosts[progress.host].name;
            let mut error = match phase {
                ConnectPhase::Dns => self.resolver.silence(host).into(),
                _ => PhaseError::too_late(phase, self.limit),
            };
            if asked.as_ref().is_some_and(silence::TimedAttempt::goes_on) {
                error.message += ", counting the attempt before";
            }
            Err(error)
        });
        if let Some(asked) = asked {
            asked.end(matches!(&done, Err(error) if error.is_silence));
        }
        done.map(|value| (value, micros(begun.elapsed())))
    }
}
