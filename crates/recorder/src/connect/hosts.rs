//! One attempt to connect over the hosts of an endpoint, as libpq makes it: in their order, until one lets us in whose server is
//! what `target_session_attrs` asks for.

use rand::seq::SliceRandom;
use recording::vocabulary::{ConnectPhase, ErrorClass};
use tokio_postgres::SimpleQueryMessage;

use super::failure::{PhaseError, refusal};
use super::{ConnectError, Connector, Progress, Session};
use crate::classify;
use crate::endpoint::TargetSession;
use crate::message;

/// The server takes no sessions now: with libpq too the one answer of a server after which the next host is tried.
const CANNOT_CONNECT_NOW: &str = "57P03";

/// A host that was of no use.
struct Failed {
    host: usize,
    error: ConnectError,
}

impl Connector {
    /// One attempt to connect, up to the start-up; where only some servers will do, up to the answer whether this one does.
    /// `progress` tells how far it came, also where this future is dropped.
    ///
    /// # Errors
    /// The phase and the class of the failure of the host that was tried last, and the texts of all.
    pub async fn connect(
        &self,
        connection_id: i64,
        progress: &mut Progress,
    ) -> Result<Session, ConnectError> {
        let endpoint = self.endpoint();
        let mut order: Vec<usize> = (0..endpoint.hosts.len()).collect();
        if endpoint.in_random_order {
            order.shuffle(&mut rand::rng());
        }
        let mut failed = Vec::new();
        for wanted in endpoint.target.rounds() {
            // What a host was not good for is no news in the next round.
            failed.clear();
            for host in &order {
                progress.begin(*host);
                let error = match self.connect_to(*host, connection_id, progress).await {
                    Ok(session) => match self.accept(session, *wanted, progress).await {
                        Ok(session) => return Ok(session),
                        Err(error) => error.after(progress),
                    },
                    Err(error) if ends_attempt(&error) => {
                        failed.push(Failed { host: *host, error });
                        return Err(self.together(failed));
                    }
                    Err(error) => error,
                };
                failed.push(Failed { host: *host, error });
            }
        }
        Err(self.together(failed))
    }

    /// The session, where its server is what is wanted. As libpq does with servers before PostgreSQL 14, and as poolers need that
    /// hand on what another server said at log-in, the server itself is asked.
    async fn accept(
        &self,
        mut session: Session,
        wanted: TargetSession,
        progress: &mut Progress,
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
                }
            })
        };
        let (answer, _) = self.phase(ConnectPhase::Identify, progress, asked).await?;
        let said = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        let is_true = matches!(said, Some("on" | "t"));
        let (fits, found) = match wanted {
            TargetSession::ReadWrite => (!is_true, "the session is read-only"),
            TargetSession::ReadOnly => (is_true, "the session is not read-only"),
            TargetSession::Primary => (!is_true, "the server is in recovery"),
            _ => (is_true, "the server is not in recovery"),
        };
        // Its state is known: kept or not, it is not cut off in mid-question.
        session.in_use = fits;
        match fits {
            true => Ok(session),
            // Not read_only: that is an operation which a server answered, and here none is served.
            false => Err(refusal(ErrorClass::Other, found)),
        }
    }

    /// The failures of an attempt as one.
    fn together(&self, failed: Vec<Failed>) -> ConnectError {
        let hosts = &self.endpoint().hosts;
        let told = |failed: &Failed| format!("{}: {}", hosts[failed.host], failed.error.message);
        let message = match failed.as_slice() {
            [only] if hosts.len() == 1 => only.error.message.clone(),
            failed => {
                let told: Vec<String> = failed.iter().map(told).collect();
                message::one_line(&told.join("; "))
            }
        };
        match failed.into_iter().next_back() {
            Some(last) => ConnectError {
                message,
                ..last.error
            },
            // An endpoint has one host at least.
            None => refusal(ErrorClass::Other, "no host").after(&Progress::default()),
        }
    }
}

/// After what failure no other host is tried: with libpq, whatever fails once TCP stands, unless the server says that it takes no sessions now
/// or does not answer in time.
fn ends_attempt(error: &ConnectError) -> bool {
    let is_of_host = matches!(error.phase, ConnectPhase::Dns | ConnectPhase::Tcp)
        || error.class == ErrorClass::ConnectTimeout
        || error.sqlstate.as_deref() == Some(CANNOT_CONNECT_NOW);
    !is_of_host
}
