//! One attempt to connect over the hosts of an endpoint, and the addresses of each, as libpq makes it: in their order, until one is found
//! whose server is what `target_session_attrs` asks for. Each address has the whole of `--connect-timeout`, as with libpq ("This timeout
//! applies separately to each host name or IP address"). Unlike libpq, hosts that were silent come last: see [`super::silence`].

use std::net::IpAddr;
use std::time::Instant;

use rand::seq::SliceRandom;
use recording::vocabulary::{ConnectPhase, ErrorClass};
use tokio_postgres::SimpleQueryMessage;

use crate::classify;
use crate::connect::failure::{PhaseError, refusal};
use crate::connect::outcome::{Failures, Next};
use crate::connect::{ConnectError, ConnectProgress, Connector, Session};
use crate::endpoint::TargetSession;

impl Connector {
    /// One attempt to connect, up to the start-up; where only some servers will do, up to the answer whether this one does.
    /// `progress` tells how far it came, also where this future is dropped.
    ///
    /// # Errors
    /// What [`Failures::into_error`] makes of the failures of all hosts; `progress` is then of the host that gave the class.
    pub async fn connect(
        &self,
        connection_id: i64,
        progress: &mut ConnectProgress,
    ) -> Result<Session, ConnectError> {
        let endpoint = self.endpoint();
        let mut order: Vec<usize> = (0..endpoint.hosts.len()).collect();
        if endpoint.in_random_order {
            order.shuffle(&mut rand::rng());
        }
        self.silence.order_hosts(&mut order, Instant::now());
        let mut failures = Failures::new(&endpoint.hosts);
        'rounds: for wanted in endpoint.target.rounds() {
            // What a host was not good for is no news in the next round.
            failures.clear();
            for host in &order {
                let tried = self.try_host(*host, *wanted, connection_id, progress, &mut failures);
                match tried.await {
                    Ok(session) => return Ok(session),
                    Err(Next::Nothing) => break 'rounds,
                    Err(Next::Host | Next::Address) => {}
                }
            }
        }
        Err(failures.into_error(progress))
    }

    /// Tries the addresses of one host, one after the other.
    async fn try_host(
        &self,
        host: usize,
        wanted: TargetSession,
        connection_id: i64,
        progress: &mut ConnectProgress,
        failures: &mut Failures<'_>,
    ) -> Result<Session, Next> {
        progress.earlier = failures.texts();
        progress.begin(host);
        let (password, addresses) = match self.prepare(host, progress).await {
            Ok(prepared) => prepared,
            Err(error) => return Err(failures.add(0, error, progress)),
        };
        let password = password.as_ref();
        let has_others = addresses.len() > 1;
        let mut addresses: Vec<(usize, IpAddr)> = addresses.into_iter().enumerate().collect();
        if self.endpoint().in_random_order {
            addresses.shuffle(&mut rand::rng());
        }
        self.silence
            .order_addresses(host, &mut addresses, Instant::now());
        for (at, address) in addresses {
            progress.earlier = failures.texts();
            progress.begin_address(address, has_others);
            let opened = self.open_as_asked(connection_id, address, password, progress);
            let error = match opened.await {
                Ok(session) => match self.accept(session, wanted, progress).await {
                    Ok(session) => return Ok(session),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            match failures.add(at, error, progress) {
                Next::Address => {}
                next => return Err(next),
            }
        }
        Err(Next::Host)
    }

    /// The session, where its server is what is wanted. As libpq does with servers before PostgreSQL 14, and as poolers need that
    /// hand on what another server said at log-in, the server itself is asked.
    async fn accept(
        &self,
        mut session: Session,
        wanted: TargetSession,
        progress: &mut ConnectProgress,
    ) -> Result<Session, PhaseError> {
        let question = match wanted {
            TargetSession::Any | TargetSession::PreferStandby => return Ok(session),
            TargetSession::ReadWrite | TargetSession::ReadOnly => "SHOW transaction_read_only",
            TargetSession::Primary | TargetSession::Standby => {
                "SELECT pg_catalog.pg_is_in_recovery()"
            }
        };
        let asked = async {
            let answer = session.client.simple_query(question).await;
            answer.map_err(|error| {
                let failed = session.explain(&error);
                PhaseError {
                    class: classify::class(failed.symptom()),
                    sqlstate: failed.sqlstate(),
                    message: failed.message,
                    is_silence: false,
                }
            })
        };
        let (answer, _) = self.phase(ConnectPhase::Identify, progress, asked).await?;
        let said = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        let is_true = matches!(said, Some("on" | "t"));
        // Not read_only: that is an operation which a server answered, and here none is served.
        let (fits, class, found) = match wanted {
            TargetSession::ReadWrite => {
                (!is_true, ErrorClass::NoWriter, "the session is read-only")
            }
            TargetSession::ReadOnly => (is_true, ErrorClass::Other, "the session is not read-only"),
            TargetSession::Primary => (!is_true, ErrorClass::NoWriter, "the server is in recovery"),
            _ => (is_true, ErrorClass::Other, "the server is not in recovery"),
        };
        // Its state is known: kept or not, it is not cut off in mid-question.
        session.in_use = fits;
        match fits {
            true => Ok(session),
            false => Err(refusal(class, found)),
        }
    }
}
