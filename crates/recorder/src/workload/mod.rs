//! The workers of one path: draw, check a connection out, run the statements, say how it went.

pub mod draws;
pub(crate) mod execute;
pub mod open_loop;
pub(crate) mod pacer;
pub(crate) mod queue;
pub mod schedule;
pub(crate) mod turns;
mod waiting;

use std::fmt::Write as _;
use std::iter;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use command_line::duration::micros;
use deadpool::managed::{PoolError, TimeoutType};
use recording::vocabulary::{ErrorClass, ErrorPhase, OperationType, Outcome, Path};
use recording::{Clock, Failure, Handle, Operation, Slot};
use tokio::sync::watch;
use tokio::time::{timeout, timeout_at};

use crate::classify::{self, Symptom};
use crate::connect::Session;
use crate::definition::keys::PathKeys;
use crate::definition::values::Place;
use crate::monitor::Monitor;
use crate::pool::checkout::Checkout;
use crate::pool::settings::OnReadOnly;
use crate::pool::{self, CheckedOut, FailedAttempt, Pool, abandon, give_back};
use crate::shutdown::stopped;
use crate::sql::protocol::Protocol;
use crate::workload::draws::{Draw, Draws};
use crate::workload::execute::{OperationProgress, Served, execute};
use crate::workload::turns::{Turn, Turns};

/// The client's own limits on an operation.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Over checkout and execute, from the start.
    pub operation: Duration,
    /// Waiting for a slot of the pool.
    pub pool: Duration,
}

/// What the workers of one path share.
pub(crate) struct Workload {
    pub path: Path,
    /// Its connections.
    pub pool: Pool,
    /// Those of its reads, where they have an endpoint of their own.
    pub reader_pool: Option<Pool>,
    /// How statements are sent.
    pub protocol: Protocol,
    /// What becomes of a connection that answers 25006.
    pub on_read_only: OnReadOnly,
    /// The keys that it works on.
    pub keys: PathKeys,
    /// What operation n is.
    pub draws: Draws,
    /// When operations begin.
    pub turns: Turns,
    /// The client's limits.
    pub limits: Limits,
    /// `run-d-` or `run-p-`, before the number of the operation.
    pub identity_prefix: String,
    /// The recording's clock.
    pub clock: Clock,
    /// The recording.
    pub handle: Handle,
    /// The live view.
    pub monitor: Arc<Monitor>,
}

/// Room for what a worker writes with every operation.
#[derive(Default)]
struct Texts {
    /// `run-path-number`.
    identity: String,
    /// A statement with its values.
    statement: String,
}

impl Workload {
    /// Gives no connection out any more. To be called before the workers are told to stop: the connections that they drop then
    /// free slots, and an operation that waits for one must not begin an attempt after the end.
    pub(crate) fn close(&self) {
        self.pools().for_each(pool::close);
    }

    /// The pool, and that of the reads.
    pub(crate) fn pools(&self) -> impl Iterator<Item = &Pool> {
        iter::once(&self.pool).chain(&self.reader_pool)
    }

    /// The pool for an operation of that type.
    fn pool_for(&self, operation_type: OperationType) -> &Pool {
        match (operation_type, &self.reader_pool) {
            (OperationType::Read, Some(pool)) => pool,
            _ => &self.pool,
        }
    }

    /// Runs one worker until the recording ends. An operation that is running then becomes an `unfinished` row.
    pub(crate) async fn work(
        self: Arc<Self>,
        worker: u32,
        start: Instant,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut think_times = self.draws.think_times(worker);
        let mut texts = Texts::default();
        let mut draw = self.draws.room();
        let checkout = Arc::new(Checkout::default());
        let slot = self.handle.slot();
        // Of all operations: it stays registered, where one for each wait would register anew.
        let mut ended = pin!(stopped(&mut stop));
        loop {
            let turn = tokio::select! {
                biased;
                () = &mut ended => return,
                turn = self.turns.next(start) => turn,
            };
            let Turn {
                operation_id,
                begun,
                ..
            } = turn;
            if let Some(lag) = turn.lag {
                self.monitor.schedule_lag(self.path, micros(lag));
            }
            self.draw(operation_id, &mut texts.identity, &mut draw);
            let mut row = self.row(Some(worker), &turn, &draw);
            slot.begin(&row);
            checkout.reset();
            let to_roll_back = tokio::select! {
                biased;
                session = self.run(&mut row, &slot, &draw, &mut texts.statement, &checkout, begun) => session,
                () = &mut ended => None,
            };
            row.connection_id = row.connection_id.or_else(|| checkout.connection_id());
            let is_over = row.outcome == Outcome::Unfinished;
            self.monitor.operation(&row);
            slot.end(row);
            if is_over {
                return;
            }
            let think = self.turns.think_time(&mut think_times);
            tokio::select! {
                biased;
                () = &mut ended => return,
                () = async {
                    if let Some(session) = to_roll_back {
                        roll_back(session, self.limits.operation).await;
                    }
                    // A timer takes at least a millisecond, also for nothing.
                    if !think.is_zero() {
                        tokio::time::sleep(think).await;
                    }
                } => {}
            }
        }
    }

    /// Takes a connection before the first operation; `None` where there is none to be had.
    pub(crate) async fn connect(&self, pool: &Pool) -> Option<CheckedOut> {
        let deadline = tokio::time::Instant::now() + self.limits.operation;
        let checkout = Arc::new(Checkout::default());
        pool::get(&checkout, pool, self.limits.pool, deadline)
            .await
            .ok()?
            .ok()
    }

    /// What operation n is, on this path.
    fn draw(&self, operation_id: i64, identity: &mut String, draw: &mut Draw) {
        identity.clear();
        // Writing to a String can't fail.
        let _ = write!(identity, "{}{operation_id}", self.identity_prefix);
        let place = Place {
            path: self.path,
            operation_id,
            keys: &self.keys,
            identity,
            clock: self.clock,
        };
        self.draws.fill(&place, draw);
    }

    fn row(&self, worker: Option<u32>, turn: &Turn, draw: &Draw) -> Operation {
        Operation {
            path: self.path,
            worker: worker.and_then(|worker| i32::try_from(worker).ok()),
            operation_id: turn.operation_id,
            operation_type: draw.operation().operation_type,
            operation_name: &draw.operation().name,
            scheduled_time: self.clock.at_us(turn.due),
            start_time: Some(self.clock.at_us(turn.begun)),
            end_time: None,
            checkout_us: None,
            execute_us: None,
            outcome: Outcome::Unfinished,
            affected_rows: None,
            target: draw.target(),
            connection_id: None,
            failure: None,
        }
    }

    /// Runs one operation and completes its row. Gives the connection back where a failed transaction must be rolled back
    /// on it: that is no part of the operation's time. Where the pool is closed, the recording has ended: the row stays as it is.
    async fn run(
        &self,
        row: &mut Operation,
        slot: &Slot,
        draw: &Draw,
        statement: &mut String,
        checkout: &Arc<Checkout>,
        begun: Instant,
    ) -> Option<CheckedOut> {
        let deadline = tokio::time::Instant::from_std(begun + self.limits.operation);
        let pool = self.pool_for(row.operation_type);
        let checked_out = pool::get(checkout, pool, self.limits.pool, deadline).await;
        if let Ok(Err(PoolError::Closed)) = checked_out {
            return None;
        }
        row.checkout_us = Some(micros(begun.elapsed()));
        let mut session = match checked_out {
            Ok(Ok(session)) => session,
            Ok(Err(error)) => {
                self.fail(row, Outcome::Failed, checkout_failure(error));
                return None;
            }
            Err(_) => {
                let failure = self.limit_failure(ErrorPhase::Checkout);
                self.fail(row, Outcome::Failed, failure);
                return None;
            }
        };
        row.connection_id = Some(session.connection_id);
        // After a kill this tells an operation that waited for its answer from one that waited for a connection.
        slot.begin(row);
        session.in_use = true;
        session.forget_warnings();

        let mut progress = OperationProgress {
            phase: ErrorPhase::Statement,
            may_commit: false,
            in_transaction: false,
        };
        let executing = Instant::now();
        let mut executor = session.executor(self.protocol, statement);
        let result = timeout_at(deadline, execute(&mut executor, draw, &mut progress)).await;
        row.execute_us = Some(micros(executing.elapsed()));
        match result {
            Ok(Ok(served)) => self.succeed(row, served, &session, progress),
            Ok(Err(error)) => {
                if self.fail_statement(row, &session, &error, progress) {
                    abandon(session);
                    return None;
                }
                if progress.in_transaction {
                    return Some(session);
                }
            }
            Err(_) => {
                let outcome = classify::outcome(Symptom::TimedOut, progress.may_commit);
                self.fail(row, outcome, self.limit_failure(progress.phase));
                abandon(session);
                return None;
            }
        }
        give_back(session);
        None
    }

    /// Completes the row of a failed statement; true where the connection is lost with it.
    fn fail_statement(
        &self,
        row: &mut Operation,
        session: &Session,
        error: &tokio_postgres::Error,
        progress: OperationProgress,
    ) -> bool {
        let failed = session.explain(error);
        let class = classify::class(failed.symptom());
        let outcome = classify::outcome(failed.symptom(), progress.may_commit);
        let is_lost = failed.lost || session.is_closed();
        let sqlstate = failed.sqlstate();
        let failure = Failure {
            phase: progress.phase,
            class,
            sqlstate,
            message: failed.message,
        };
        self.fail(row, outcome, failure);
        is_lost || self.on_read_only.ends_connection(class)
    }

    fn succeed(
        &self,
        row: &mut Operation,
        served: Served,
        session: &Session,
        progress: OperationProgress,
    ) {
        // The server said yes, and before that, that no standby has it: after a failover it may be gone.
        if let (true, Some(notice)) = (progress.may_commit, session.unreplicated_commit()) {
            let failure = Failure {
                phase: progress.phase,
                class: classify::class(Symptom::Answer(notice.answer())),
                message: format!("warning: {}", notice.message),
                sqlstate: Some(notice.sqlstate),
            };
            self.fail(row, Outcome::Unknown, failure);
            return;
        }
        row.end_time = Some(self.clock.now_us());
        (row.outcome, row.affected_rows) = match served {
            Served::Done(rows) => (Outcome::Ok, Some(rows)),
            Served::Rejected => (Outcome::Rejected, Some(0)),
        };
    }

    fn fail(&self, row: &mut Operation, outcome: Outcome, failure: Failure) {
        row.end_time = Some(self.clock.now_us());
        row.outcome = outcome;
        row.failure = Some(Box::new(failure));
    }

    fn limit_failure(&self, phase: ErrorPhase) -> Failure {
        Failure {
            phase,
            class: ErrorClass::OperationTimeout,
            sqlstate: None,
            message: format!(
                "time limit of {:?} reached ({phase})",
                self.limits.operation
            ),
        }
    }
}

/// Why there was no connection.
fn checkout_failure(error: PoolError<FailedAttempt>) -> Failure {
    let failure = |class, message: &str| Failure {
        phase: ErrorPhase::Checkout,
        class,
        sqlstate: None,
        message: message.to_owned(),
    };
    match error {
        PoolError::Backend(FailedAttempt(error)) => Failure {
            phase: ErrorPhase::Checkout,
            class: error.class,
            sqlstate: error.sqlstate,
            message: error.message,
        },
        PoolError::Timeout(TimeoutType::Wait) => failure(
            ErrorClass::PoolTimeout,
            "no free connection in the pool within --pool-timeout",
        ),
        other => failure(ErrorClass::Other, &format!("the pool failed: {other:?}")),
    }
}

/// Ends a failed transaction, so that its connection can be used again; a connection that does not answer is dropped.
async fn roll_back(session: CheckedOut, limit: Duration) {
    match timeout(limit, session.client.batch_execute("ROLLBACK")).await {
        Ok(Ok(())) => give_back(session),
        _ => abandon(session),
    }
}
