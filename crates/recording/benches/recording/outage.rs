//! Failures of an outage, with texts as the driver, the system and the server write them: ports, process numbers and times in them
//! change from row to row.

use std::ops::Range;

use recording::vocabulary::{ErrorClass, ErrorPhase, OperationType, Outcome};
use recording::{Failure, Operation};

use crate::random::Random;

/// Makes a failure of a row that met the outage.
pub(crate) fn fail(row: &mut Operation, outage: &Range<i64>, random: &mut Random) {
    let start = row.start_time.unwrap_or(row.scheduled_time);
    let progress = (start - outage.start) as f64 / (outage.end - outage.start).max(1) as f64;
    let port = 32_768 + random.below(28_000);
    row.affected_rows = None;
    row.outcome = Outcome::Failed;
    if start < outage.start {
        cut_off(
            row,
            outage.start + i64::from(random.below(3_000)),
            port,
            random,
        );
    } else if random.one_in(50) {
        // Hung until the client's own limit.
        end_after(row, start, 1_000_000 + i64::from(random.below(1_500)));
        row.outcome = without_an_answer(row);
        let text = "not done within 1s (statement)".to_owned();
        let class = ErrorClass::OperationTimeout;
        row.failure = Some(failure(phase_of(row), class, None, text));
    } else if progress < 0.5 {
        refuse(row, start, port, random);
    } else if row.operation_type == OperationType::Read {
        // The old writer answers reads again, as a reader.
        row.outcome = Outcome::Ok;
        row.affected_rows = Some(20);
    } else {
        end_after(row, start, 200 + random.exponential(200.0) as i64);
        let text = format!(
            "ERROR: cannot execute {} in a read-only transaction (process {}, {}.{:03} ms)",
            if random.one_in(2) { "INSERT" } else { "UPDATE" },
            10_000 + random.below(50_000),
            random.below(3),
            random.below(1_000),
        );
        let class = ErrorClass::ReadOnly;
        row.failure = Some(failure(phase_of(row), class, Some("25006"), text));
    }
}

/// In flight when the server died.
fn cut_off(row: &mut Operation, end_time: i64, port: u32, random: &mut Random) {
    row.end_time = Some(end_time);
    row.outcome = without_an_answer(row);
    let (class, sqlstate, text) = match random.one_in(2) {
        true => (
            ErrorClass::StartingOrStopping,
            "57P01",
            "FATAL: terminating connection due to administrator command".to_owned(),
        ),
        false => (
            ErrorClass::ConnectionLost,
            "08006",
            format!(
                "error communicating with the server: 10.0.3.17:5432 from 10.0.1.9:{port}: \
                 Connection reset by peer (os error 104)"
            ),
        ),
    };
    row.failure = Some(failure(phase_of(row), class, Some(sqlstate), text));
}

fn refuse(row: &mut Operation, start: i64, port: u32, random: &mut Random) {
    row.connection_id = None;
    row.execute_us = None;
    let took = 150 + random.exponential(120.0) as i64;
    row.checkout_us = Some(took);
    row.end_time = Some(start + took);
    let text = format!(
        "tcp connect to 10.0.3.17:5432 from 10.0.1.9:{port}: Connection refused (os error 111)"
    );
    let class = ErrorClass::Refused;
    row.failure = Some(failure(ErrorPhase::Checkout, class, None, text));
}

/// The server has no connection left for it.
pub(crate) fn refuse_for_want_of_connections(row: &mut Operation, random: &mut Random) {
    row.affected_rows = None;
    row.outcome = Outcome::Failed;
    row.connection_id = None;
    row.execute_us = None;
    let took = 900 + random.exponential(400.0) as i64;
    row.checkout_us = Some(took);
    row.end_time = row.start_time.map(|start| start + took);
    let class = ErrorClass::TooManyConnections;
    let text = "FATAL: sorry, too many clients already".to_owned();
    row.failure = Some(failure(ErrorPhase::Checkout, class, Some("53300"), text));
}

/// A write may be committed where no answer came.
fn without_an_answer(row: &Operation) -> Outcome {
    match row.operation_type {
        OperationType::Read => Outcome::Failed,
        OperationType::Write | OperationType::Transaction => Outcome::Unknown,
    }
}

/// The phase in which an operation fails that has its connection.
fn phase_of(row: &Operation) -> ErrorPhase {
    match row.operation_type {
        OperationType::Transaction => ErrorPhase::Begin,
        OperationType::Read | OperationType::Write => ErrorPhase::Statement,
    }
}

fn end_after(row: &mut Operation, start: i64, execute_us: i64) {
    row.execute_us = Some(execute_us);
    row.end_time = Some(start + row.checkout_us.unwrap_or(0) + execute_us);
}

fn failure(
    phase: ErrorPhase,
    class: ErrorClass,
    sqlstate: Option<&str>,
    message: String,
) -> Box<Failure> {
    Box::new(Failure {
        phase,
        class,
        sqlstate: sqlstate.map(str::to_owned),
        message,
    })
}
