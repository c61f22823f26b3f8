//! One endpoint: connects once and asks, until something does not answer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use recording::Clock;
use recording::vocabulary::{ConnectPhase, Path};
use tokio::time::timeout;

use crate::check::row::{Check, Examined, Row, Sizing, Verdict};
use crate::connect::x509::Certificate;
use crate::connect::{ConnectProgress, Connector, Session};
use crate::database::{self, Trouble};
use crate::endpoint::SslMode;

/// A certificate that ends sooner is told.
const SOON_S: i64 = 30 * 86_400;

/// The rows of one endpoint as they come.
pub(super) struct Rows {
    pub(super) connector: Connector,
    rows: Vec<Row>,
}

/// Something did not answer or failed for good: nothing more can be asked.
pub(super) struct End;

impl Rows {
    pub(super) fn push(
        &mut self,
        check: Check,
        result: Verdict,
        found: impl Into<String>,
        remedy: Option<String>,
    ) {
        self.rows.push(Row {
            path: Some(self.connector.path()),
            reader: self.connector.is_reader(),
            check,
            result,
            found: found.into(),
            remedy,
            is_mistake: true,
        });
    }

    pub(super) fn ok(&mut self, check: Check, found: impl Into<String>) {
        self.push(check, Verdict::Ok, found, None);
    }

    pub(super) fn warn(&mut self, check: Check, found: impl Into<String>, remedy: &str) {
        self.push(check, Verdict::Warn, found, Some(remedy.to_owned()));
    }

    pub(super) fn fail(&mut self, check: Check, trouble: Trouble) -> End {
        self.push(check, Verdict::Fail, trouble.found, Some(trouble.remedy));
        if let Some(row) = self.rows.last_mut() {
            row.is_mistake = trouble.is_mistake;
        }
        End
    }

    /// Asks within the limit. What can't be asked is a failed row, and the connection is of no more use.
    pub(super) async fn ask<T>(
        &mut self,
        check: Check,
        what: &str,
        limit: Duration,
        session: &Session,
        question: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, End> {
        match timeout(limit, question).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.fail(check, database::from_answer(session, &error))),
            Err(_) => Err(self.fail(check, database::no_answer(what, limit))),
        }
    }
}

/// Examines one of `endpoints` endpoints; `reads_go_apart` where its path has another one for reads.
pub(super) async fn examine(
    connector: Connector,
    sizing: Sizing,
    endpoints: usize,
    reads_go_apart: bool,
    clock: Clock,
) -> Examined {
    let rows = Rows {
        connector,
        rows: Vec::new(),
    };
    let mut examination = Examination {
        rows,
        sizing,
        endpoints,
        reads_go_apart,
        is_proxied: false,
        clock,
        examined: Examined {
            rows: Vec::new(),
            session: None,
            server: None,
            offset: None,
            round_trip: None,
            tls_error: None,
        },
    };
    if let Ok(session) = examination.all().await {
        examination.examined.session = Some(session);
    }
    examination.examined.rows = examination.rows.rows;
    examination.examined
}

/// An examination in progress.
pub(super) struct Examination {
    pub(super) rows: Rows,
    pub(super) sizing: Sizing,
    pub(super) endpoints: usize,
    /// The path of this endpoint has another one for reads.
    pub(super) reads_go_apart: bool,
    /// The server says another address than the one that was connected to.
    pub(super) is_proxied: bool,
    pub(super) clock: Clock,
    pub(super) examined: Examined,
}

impl Examination {
    async fn all(&mut self) -> Result<Session, End> {
        self.time_for_all_hosts();
        self.dns().await?;
        let (session, progress) = self.connect().await?;
        self.examined.tls_error.clone_from(&progress.tls_error);
        self.other_hosts(progress.host).await;
        self.server(&session, progress.server.as_ref()).await?;
        let settings = self.ask_settings(&session).await?;
        self.role(progress.server.as_ref(), &settings)?;
        self.session_limits(&settings);
        self.proxy(&progress);
        self.clock(&session).await;
        self.round_trip(&session).await?;
        self.connections(&session).await?;
        let session = self.transaction(session).await?;
        // Last: a lock on a table ends it here, and all else is known.
        match self.sizing.workload.is_shop() {
            true => {
                self.tables(&session).await?;
                self.privileges(&session).await?;
                self.columns(&session).await?;
            }
            false => self.statements(&session).await?,
        }
        self.availability(&session).await?;
        Ok(session)
    }

    /// Of several hosts: whether those let us in that the connection was not made to. They are needed once roles are exchanged.
    async fn other_hosts(&mut self, reached: usize) {
        let connector = self.rows.connector.clone();
        for (at, host) in connector.endpoint().hosts.iter().enumerate() {
            if at == reached {
                continue;
            }
            let mut progress = ConnectProgress::default();
            match connector.of_host(at).connect(0, &mut progress).await {
                Ok(mut session) => {
                    // The connection is at rest, so Terminate is sent.
                    session.in_use = false;
                    self.rows
                        .ok(Check::Hosts, format!("{host} accepts the connection too"));
                }
                Err(error) => self.rows.warn(
                    Check::Hosts,
                    format!("{host}: {}", error.message),
                    "make it accept the connection: after a failover it may be the only host that fits",
                ),
            }
        }
    }

    /// Connects, and says of each phase how it went.
    async fn connect(&mut self) -> Result<(Session, ConnectProgress), End> {
        let mut progress = ConnectProgress::default();
        let connector = self.rows.connector.clone();
        let connected = connector.connect(0, &mut progress).await;
        let failed_in = connected.as_ref().err().map(|error| error.phase);
        let is_past =
            |phase: ConnectPhase| failed_in.is_none_or(|failed| failed as u8 > phase as u8);
        // Without a password nothing was connected to.
        let is_reached = progress.tcp_us.is_some();
        if is_reached && is_past(ConnectPhase::Tcp) {
            let address = progress
                .address
                .map_or_else(|| "-".to_owned(), |address| address.to_string());
            let took = milliseconds(progress.tcp_us.unwrap_or(0));
            let port = connector.endpoint().hosts[progress.host].port;
            self.rows
                .ok(Check::Tcp, format!("{address}:{port} in {took}"));
        }
        if is_reached && is_past(ConnectPhase::Tls) {
            self.tls(&progress);
        }
        let mut session = match connected {
            Ok(session) => session,
            Err(error) => {
                let check = match error.phase {
                    ConnectPhase::Dns => Check::Dns,
                    ConnectPhase::Tcp => Check::Tcp,
                    ConnectPhase::Tls => Check::Tls,
                    ConnectPhase::Startup | ConnectPhase::Identify => Check::Login,
                };
                return Err(self
                    .rows
                    .fail(check, database::describe(&connector, &error)));
            }
        };
        let user = &connector.endpoint().user;
        let took = milliseconds(progress.startup_us.unwrap_or(0));
        self.rows.ok(Check::Login, format!("as {user} in {took}"));
        let identified = timeout(
            self.sizing.limit,
            connector.identify(&mut session, &mut progress),
        )
        .await;
        match identified {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                return Err(self
                    .rows
                    .fail(Check::Server, database::describe(&connector, &error)));
            }
            Err(_) => {
                let trouble = match connector.path() {
                    Path::Proxy => database::held_back(self.sizing.limit),
                    Path::Direct => database::no_answer("its identity", self.sizing.limit),
                };
                return Err(self.rows.fail(Check::Server, trouble));
            }
        }
        Ok((session, progress))
    }

    fn tls(&mut self, progress: &ConnectProgress) {
        let endpoint = self.rows.connector.endpoint();
        let mode = endpoint.sslmode;
        let Some(facts) = &progress.tls else {
            if let Some(error) = &progress.tls_error {
                let found =
                    format!("none: TLS failed and sslmode=prefer continued without it: {error}");
                let remedy =
                    "fix the cause: everything except the password can be read on the network";
                return self.rows.warn(Check::Tls, found, remedy);
            }
            let found = format!("none (sslmode {})", mode.as_str());
            match progress.address.is_some_and(|address| address.is_loopback()) {
                true => self.rows.ok(Check::Tls, found),
                false => self.rows.warn(
                    Check::Tls,
                    found,
                    "everything except the password can be read on the network: use sslmode=verify-full with sslrootcert",
                ),
            }
            return;
        };
        let Some(certificate) = facts.certificate.as_deref().and_then(Certificate::read) else {
            let found = format!("{}, certificate could not be parsed", facts.version);
            return self
                .rows
                .warn(Check::Tls, found, "look at the server's certificate");
        };
        let now_s = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let left_s = certificate.not_after_s - i64::try_from(now_s).unwrap_or(i64::MAX);
        let until =
            chrono::DateTime::from_timestamp(certificate.not_after_s, 0).unwrap_or_default();
        let found = format!(
            "{}, {} {}, valid until {}, {}",
            facts.version,
            if certificate.is_self_signed() {
                "self-signed by"
            } else {
                "signed by"
            },
            certificate.signed_by(),
            until.format("%Y-%m-%d"),
            match (mode, &endpoint.roots) {
                (SslMode::VerifyFull, _) => "signature and name verified",
                (SslMode::VerifyCa, _) => "authority checked",
                (SslMode::Require | SslMode::Prefer, roots)
                    if *roots != crate::endpoint::RootCertificates::None =>
                    "authority checked",
                _ => "not checked",
            }
        );
        let remedy = match left_s {
            ..0 => "it has expired: renew it",
            0..SOON_S => "it expires in less than 30 days: renew it",
            _ => return self.rows.ok(Check::Tls, found),
        };
        self.rows.warn(Check::Tls, found, remedy);
    }
}

/// `45 us`, `1.2 ms`.
pub(super) fn milliseconds(us: i64) -> String {
    match us {
        ..1_000 => format!("{us} us"),
        _ => format!("{:.1} ms", us as f64 / 1e3),
    }
}
