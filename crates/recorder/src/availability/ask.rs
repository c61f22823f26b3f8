//! One question: connects where it must, asks within the limit, and makes the row.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use command_line::duration::micros;
use recording::vocabulary::{ErrorClass, OperationType, Outcome};
use recording::{AvailabilityProbe, Clock, ProbeFailure};
use tokio::sync::oneshot;
use tokio::time::sleep_until;

use crate::availability::questions::{Answer, Statements};
use crate::availability::schedule::{LIMIT, Number, Question};
use crate::classify::{self, Symptom};
use crate::connect::{ConnectProgress, Connector, Session};
use crate::probe::names::Names;
use crate::sql::AVAILABILITY_TABLE;

/// Asks one endpoint for one kind.
pub(super) struct Asker {
    /// The endpoint, with a resolver that has no cache.
    pub(super) connector: Connector,
    /// [`OperationType::Read`] or [`OperationType::Write`].
    pub(super) kind: OperationType,
    pub(super) statements: Statements,
    /// What the endpoint's names lead to.
    pub(super) names: Names,
    pub(super) clock: Clock,
}

/// A connection between two questions.
pub(super) struct Connected {
    session: Session,
    /// Where it leads.
    address: Option<IpAddr>,
    /// The role of its server when it answered first.
    in_recovery: Option<bool>,
    has_answered: bool,
}

/// A question that is over.
pub(super) struct Asked {
    pub(super) number: Number,
    pub(super) row: AvailabilityProbe,
    pub(super) end: End,
}

/// How it ended.
pub(super) enum End {
    /// With success.
    Answered {
        connected: Box<Connected>,
        /// It may be asked again.
        fits: bool,
    },
    Failed,
    GivenUp,
}

/// A question in flight.
#[derive(Default)]
struct Attempt {
    connected: Option<Connected>,
    progress: ConnectProgress,
    connect_us: Option<i64>,
    /// It was handed to the connection.
    is_sent: bool,
}

/// Why there is no success.
struct Failed {
    outcome: Outcome,
    failure: ProbeFailure,
    /// What is known of who answered all the same.
    answer: Option<Answer>,
}

impl From<ProbeFailure> for Failed {
    fn from(failure: ProbeFailure) -> Self {
        Self {
            outcome: Outcome::Failed,
            failure,
            answer: None,
        }
    }
}

impl Connected {
    /// Takes note of the role in an answer: false where the connection is no longer what a client that connects anew would ask for.
    fn fits(&mut self, connector: &Connector, in_recovery: Option<bool>) -> bool {
        let first = std::mem::replace(&mut self.has_answered, true);
        if !first {
            self.in_recovery = in_recovery;
        }
        let target = connector.endpoint().target;
        self.in_recovery == in_recovery
            && in_recovery.is_none_or(|in_recovery| !target.excludes(in_recovery))
    }
}

impl Asker {
    /// False for a connection that has ended, or that leads where the name no longer does: an old writer that lives on would answer for
    /// ever.
    pub(super) fn is_current(&self, connected: &Connected) -> bool {
        let leads_there = |address| self.names.lead_to(address);
        !connected.session.is_closed() && connected.address.is_none_or(leads_there)
    }

    /// Asks, on that connection or on a fresh one, until the answer, the limit, or until it is given up.
    pub(super) async fn ask(
        self: Arc<Self>,
        question: Question,
        connected: Option<Connected>,
        given_up: oneshot::Receiver<()>,
    ) -> Asked {
        let asked = Instant::now();
        let mut attempt = Attempt {
            connected,
            ..Attempt::default()
        };
        let done = tokio::select! {
            biased;
            done = self.exchange(&mut attempt) => Some(done),
            () = sleep_until((asked + LIMIT).into()) => Some(Err(self.too_late(&attempt))),
            _ = given_up => None,
        };
        let duration_us = micros(asked.elapsed());
        let address = match &attempt.connected {
            Some(connected) => connected.address,
            None => attempt.progress.address,
        };
        let mut row = AvailabilityProbe {
            path: self.connector.path(),
            time: self.clock.at_us(asked),
            operation_type: self.kind,
            reader: self.connector.is_reader(),
            fresh: question.fresh,
            duration_us,
            connect_us: attempt.connect_us,
            outcome: Outcome::Unfinished,
            address: address.map(|address| address.to_string()),
            server: None,
            replication_lag_us: None,
            sync_rep_waits: None,
            failure: None,
        };
        let (answer, failure, outcome) = match done {
            Some(Ok(answer)) => (Some(answer), None, Outcome::Ok),
            Some(Err(failed)) => (failed.answer, Some(failed.failure), failed.outcome),
            None => (None, None, Outcome::Unfinished),
        };
        if let Some(answer) = answer {
            (row.server, row.replication_lag_us) = (answer.server, answer.replication_lag_us);
            row.sync_rep_waits = answer.sync_rep_waits;
        }
        (row.failure, row.outcome) = (failure, outcome);
        let end = self.end(attempt, &row);
        Asked {
            number: question.number,
            row,
            end,
        }
    }

    /// What becomes of the connection.
    fn end(&self, attempt: Attempt, row: &AvailabilityProbe) -> End {
        match (row.outcome, attempt.connected) {
            (Outcome::Ok, Some(mut connected)) => {
                let in_recovery = row.server.as_ref().and_then(|server| server.in_recovery);
                let fits = connected.fits(&self.connector, in_recovery);
                End::Answered {
                    connected: Box::new(connected),
                    fits,
                }
            }
            (Outcome::Unfinished, _) => End::GivenUp,
            // The server answered: to ask on fresh connections would tell no more.
            (_, Some(connected)) if lacks_its_own(row) && !connected.session.in_use => {
                End::Answered {
                    connected: Box::new(connected),
                    fits: true,
                }
            }
            _ => End::Failed,
        }
    }

    /// No answer within the limit.
    fn too_late(&self, attempt: &Attempt) -> Failed {
        let class = match attempt.connected {
            Some(_) => ErrorClass::OperationTimeout,
            None => ErrorClass::ConnectTimeout,
        };
        Failed {
            outcome: classify::outcome(Symptom::TimedOut, self.may_commit(attempt)),
            failure: ProbeFailure {
                class,
                sqlstate: None,
                message: format!("no answer within {LIMIT:?}"),
            },
            answer: None,
        }
    }

    fn may_commit(&self, attempt: &Attempt) -> bool {
        attempt.is_sent && self.kind == OperationType::Write
    }

    async fn exchange(&self, attempt: &mut Attempt) -> Result<Answer, Failed> {
        let connected = match attempt.connected.take() {
            Some(connected) => connected,
            None => self.connect(attempt).await?,
        };
        attempt.is_sent = !connected.session.is_closed();
        let may_commit = self.may_commit(attempt);
        let connected = attempt.connected.insert(connected);
        // Cut off from here on, the connection is in an unknown state.
        connected.session.in_use = true;
        connected.session.forget_warnings();
        let client = &connected.session.client;
        let asked = match self.kind {
            OperationType::Read => self.statements.read(client).await,
            _ => self.statements.write(client).await,
        };
        let answer = asked.map_err(|error| {
            let failed = connected.session.explain(&error);
            let sqlstate = failed.sqlstate();
            let lacks_its_own = sqlstate.as_deref().is_some_and(is_of_its_own_table);
            Failed {
                outcome: classify::outcome(failed.symptom(), may_commit),
                failure: ProbeFailure {
                    class: match lacks_its_own {
                        true => ErrorClass::Client,
                        false => classify::class(failed.symptom()),
                    },
                    sqlstate,
                    message: failed.message,
                },
                answer: None,
            }
        });
        let lacks_its_own = |failed: &Failed| failed.failure.class == ErrorClass::Client;
        if answer.is_ok() || answer.as_ref().is_err_and(lacks_its_own) {
            // The server answered.
            connected.session.in_use = false;
        }
        let answer = answer?;
        if !answer.has_row {
            let is_held = self.kind == OperationType::Write
                && self
                    .statements
                    .read(client)
                    .await
                    .is_ok_and(|read| read.has_row);
            return Err(no_row(is_held).into());
        }
        // The server said yes, and before that, that no standby has it.
        if let (true, Some(notice)) = (may_commit, connected.session.unreplicated_commit()) {
            return Err(Failed {
                outcome: Outcome::Unknown,
                failure: ProbeFailure {
                    class: classify::class(Symptom::Answer(notice.answer())),
                    message: format!("warning: {}", notice.message),
                    sqlstate: Some(notice.sqlstate),
                },
                answer: Some(answer),
            });
        }
        Ok(answer)
    }

    /// As a client that starts: without a memory of hosts that were silent.
    async fn connect(&self, attempt: &mut Attempt) -> Result<Connected, ProbeFailure> {
        let begun = Instant::now();
        // A silent address must not hide those behind it.
        let rounds = self.connector.endpoint().target.rounds().len();
        let limit = LIMIT / self.names.tries(rounds).max(1);
        let connector = self.connector.without_memory().with_limit(limit);
        let session = connector.connect(0, &mut attempt.progress).await;
        let session = session.map_err(|error| ProbeFailure {
            class: error.class,
            sqlstate: error.sqlstate,
            message: error.message,
        })?;
        attempt.connect_us = Some(micros(begun.elapsed()));
        Ok(Connected {
            session,
            address: attempt.progress.address,
            in_recovery: None,
            has_answered: false,
        })
    }
}

/// True for a question that could not be asked, as the probes' own table or rows are missing, or the host lacks what it needs.
pub(super) fn lacks_its_own(row: &AvailabilityProbe) -> bool {
    let class = row.failure.as_ref().map(|failure| failure.class);
    class == Some(ErrorClass::Client)
}

/// The answer of a server that is there, and has no row for the question.
fn no_row(is_held: bool) -> ProbeFailure {
    let (class, why) = match is_held {
        true => (
            ErrorClass::Conflict,
            "each is held by a write that has not ended",
        ),
        // Nothing was asked of the service.
        false => (ErrorClass::Client, "there is none"),
    };
    ProbeFailure {
        class,
        sqlstate: None,
        message: format!("no row of {AVAILABILITY_TABLE} for this path: {why}"),
    }
}

/// True for the codes of a statement whose table or columns are missing: no client of the service needs the probes' own table. Rights that
/// are missing are most often missing for all tables.
fn is_of_its_own_table(sqlstate: &str) -> bool {
    ["42P01", "42703"].contains(&sqlstate)
}
