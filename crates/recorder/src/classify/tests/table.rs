//! One row for each symptom that `lab-facts.md` measured, for each text of a proxy that was seen on the wire, and every class.

use recording::vocabulary::{ErrorClass as C, Outcome as O};
use tokio_postgres::error::Severity as S;

use crate::classify::*;

/// As PostgreSQL says it: with its severity, and the routine that raised it.
const fn server<'a>(severity: S, sqlstate: &'a str, message: &'a str) -> Symptom<'a> {
    Symptom::Answer(Answer {
        sqlstate,
        severity: Some(severity),
        routine: Some("ProcessInterrupts"),
        message,
        unasked: false,
    })
}

const fn error<'a>(sqlstate: &'a str, message: &'a str) -> Symptom<'a> {
    server(S::Error, sqlstate, message)
}

pub(super) const fn fatal<'a>(sqlstate: &'a str, message: &'a str) -> Symptom<'a> {
    server(S::Fatal, sqlstate, message)
}

/// As pgbouncer, Odyssey and pgpool say it: severity in the field that PostgreSQL translates, no routine.
const fn proxy<'a>(sqlstate: &'a str, message: &'a str) -> Symptom<'a> {
    Symptom::Answer(Answer {
        sqlstate,
        severity: None,
        routine: None,
        message,
        unasked: false,
    })
}

/// As a proxy might say it that sends PostgreSQL's fields but the routine.
const fn proxy_error<'a>(sqlstate: &'a str, message: &'a str) -> Symptom<'a> {
    Symptom::Answer(Answer {
        sqlstate,
        severity: Some(S::Error),
        routine: None,
        message,
        unasked: false,
    })
}

/// As pgcat says it.
const fn pgcat(message: &str) -> Symptom<'_> {
    Symptom::Answer(Answer {
        sqlstate: "58000",
        severity: Some(S::Fatal),
        routine: None,
        message,
        unasked: false,
    })
}

/// As PostgreSQL says it, if it names its routine.
pub(super) const fn warning<'a>(
    sqlstate: &'a str,
    routine: Option<&'a str>,
    message: &'a str,
) -> Answer<'a> {
    Answer {
        sqlstate,
        severity: Some(S::Warning),
        routine,
        message,
        unasked: false,
    }
}

/// Symptom, class, outcome of a write that had been sent, whether the connection goes.
pub(super) type Row = (Symptom<'static>, C, O, bool);

const OF_SERVERS: &[Row] = &[
    // The commit record may have been written before the backend looked for the signal.
    (
        fatal(
            "57P01",
            "terminating connection due to administrator command",
        ),
        C::StartingOrStopping,
        O::Unknown,
        true,
    ),
    (
        fatal(
            "57P01",
            "terminating connection due to unexpected postmaster exit",
        ),
        C::StartingOrStopping,
        O::Unknown,
        true,
    ),
    (
        fatal("57P02", "crash of another server process"),
        C::StartingOrStopping,
        O::Unknown,
        true,
    ),
    (
        fatal("57P03", "das Datenbanksystem startet"),
        C::StartingOrStopping,
        O::Unknown,
        true,
    ),
    (
        error("25006", "cannot execute UPDATE in a read-only transaction"),
        C::ReadOnly,
        O::Failed,
        true,
    ),
    (
        fatal("53300", "sorry, too many clients already"),
        C::TooManyConnections,
        O::Unknown,
        true,
    ),
    (
        error("0A000", "the feature \"x\" is disabled"),
        C::Other,
        O::Failed,
        false,
    ),
    (
        fatal("28P01", "password authentication failed for user \"app\""),
        C::Auth,
        O::Unknown,
        true,
    ),
    (
        fatal("28000", "no pg_hba.conf entry for host"),
        C::Auth,
        O::Unknown,
        true,
    ),
    (
        error("40001", "could not serialize access"),
        C::Conflict,
        O::Failed,
        false,
    ),
    (
        error("40P01", "Verklemmung entdeckt"),
        C::Conflict,
        O::Failed,
        false,
    ),
    (
        error("55P03", "lock not available"),
        C::Conflict,
        O::Failed,
        false,
    ),
    // Says itself that the outcome is unknown.
    (
        error("40003", "result is ambiguous"),
        C::Other,
        O::Unknown,
        false,
    ),
    (
        error("23505", "duplicate key value"),
        C::Constraint,
        O::Failed,
        false,
    ),
    (
        error("23503", "violates foreign key constraint"),
        C::Constraint,
        O::Failed,
        false,
    ),
    (
        error("42P01", "relation \"x\" does not exist"),
        C::Other,
        O::Failed,
        false,
    ),
    (
        error("26000", "prepared statement \"s0\" does not exist"),
        C::Other,
        O::Failed,
        false,
    ),
    (
        error("25P02", "current transaction is aborted"),
        C::Other,
        O::Failed,
        false,
    ),
    (
        error("54000", "database is not accepting commands"),
        C::Other,
        O::Failed,
        false,
    ),
    (
        error("P0001", "query_wait_timeout"),
        C::Other,
        O::Failed,
        false,
    ),
    (
        error("57014", "canceling statement due to statement timeout"),
        C::StatementTimeout,
        O::Failed,
        false,
    ),
    // Of the machine: can come after the commit record was written.
    (
        error("53100", "No space left on device"),
        C::Other,
        O::Unknown,
        false,
    ),
    (
        error("58030", "could not fsync file"),
        C::Other,
        O::Unknown,
        false,
    ),
    (
        error("XX000", "could not open relation"),
        C::Other,
        O::Unknown,
        false,
    ),
    (
        server(S::Panic, "XX001", "could not write to log"),
        C::Other,
        O::Unknown,
        false,
    ),
    // Terminated by its own limits, whatever the code's class.
    (
        fatal("25P03", "idle-in-transaction timeout"),
        C::Other,
        O::Unknown,
        false,
    ),
    (
        error("08003", "connection \"x\" not available"),
        C::ConnectionLost,
        O::Unknown,
        true,
    ),
    (
        error("HV000", "foreign server"),
        C::Other,
        O::Unknown,
        false,
    ),
];

const OF_PROXIES: &[Row] = &[
    (
        proxy_error("25006", "this proxy passes no writes on"),
        C::ReadOnly,
        O::Unknown,
        true,
    ),
    (
        proxy_error("40001", "the server went away"),
        C::Conflict,
        O::Unknown,
        false,
    ),
    (
        proxy("08006", "the database system is shutting down"),
        C::StartingOrStopping,
        O::Unknown,
        true,
    ),
    (
        proxy("08P01", "no more connections allowed (max_client_conn)"),
        C::TooManyConnections,
        O::Failed,
        true,
    ),
    (
        proxy("08P01", "sorry, too many clients already"),
        C::TooManyConnections,
        O::Failed,
        true,
    ),
    (
        proxy("08P01", "server conn crashed?"),
        C::Proxy,
        O::Unknown,
        true,
    ),
    (
        proxy(
            "08P01",
            "server login has been failing, try again later (server_login_retry)",
        ),
        C::Proxy,
        O::Failed,
        true,
    ),
    // pgbouncer 1.21 and later quote the error of the log-in, which may be any.
    (
        proxy(
            "08P01",
            "server login has been failing, cached error: server conn crashed? (server_login_retry)",
        ),
        C::Proxy,
        O::Failed,
        true,
    ),
    (
        proxy("08P01", "query_wait_timeout"),
        C::Proxy,
        O::Failed,
        true,
    ),
    (
        proxy("08P01", "database \"postgres\" is disabled"),
        C::Proxy,
        O::Failed,
        true,
    ),
    (
        proxy("08P01", "database removed"),
        C::Proxy,
        O::Unknown,
        true,
    ),
    (
        proxy(
            "08P01",
            "transaction blocks not allowed in statement pooling mode",
        ),
        C::Proxy,
        O::Unknown,
        true,
    ),
    (
        proxy("08P01", "no such database: shop"),
        C::Auth,
        O::Failed,
        true,
    ),
    (
        proxy("08P01", "SASL authentication failed"),
        C::Auth,
        O::Failed,
        true,
    ),
    (
        proxy("08P01", "a text of a later version"),
        C::Proxy,
        O::Unknown,
        true,
    ),
    (
        proxy("XX000", "Timed-out waiting to acquire database connection"),
        C::Proxy,
        O::Failed,
        true,
    ),
    (
        pgcat("could not get connection from the pool - AllServersDown"),
        C::Proxy,
        O::Failed,
        true,
    ),
    (
        pgcat(
            "error receiving data from server: SocketError(\"Error reading message code from socket\")",
        ),
        C::Proxy,
        O::Unknown,
        true,
    ),
    (
        proxy("XX000", "unable to read data from DB node 0"),
        C::Proxy,
        O::Unknown,
        true,
    ),
    (
        proxy("XX000", "failed to create a backend connection"),
        C::Proxy,
        O::Unknown,
        true,
    ),
    // Its text, "kind does not match between main(52) slot[1] (45)", is in the detail.
    (
        proxy("XX000", "unable to read message kind"),
        C::Proxy,
        O::Unknown,
        true,
    ),
    (
        proxy(
            "08006",
            "odyssey: c4b1e4f6d0c5e: failed to get remote server connection",
        ),
        C::Proxy,
        O::Failed,
        true,
    ),
    (
        proxy(
            "08006",
            "odyssey: c4b1e4f6d0c5e: failed to connect to remote server s0f3c2a9d8e71",
        ),
        C::Proxy,
        O::Failed,
        true,
    ),
    (
        proxy(
            "08006",
            "odyssey: c4b1e4f6d0c5e: can't find suitable host for tsa 'read-write' of user shop.app",
        ),
        C::Proxy,
        O::Failed,
        true,
    ),
    (
        proxy(
            "08006",
            "odyssey: c4b1e4f6d0c5e: remote server read/write error s0f3c2a9d8e71: eof",
        ),
        C::Proxy,
        O::Unknown,
        true,
    ),
    (
        proxy(
            "08006",
            "odyssey: c4b1e4f6d0c5e: Odyssey is gracefully shutting down",
        ),
        C::Proxy,
        O::Unknown,
        true,
    ),
    (
        proxy(
            "53300",
            "odyssey: c4b1e4f6d0c5e: too many active clients for user (pool_size for user shop.app reached 2)",
        ),
        C::TooManyConnections,
        O::Failed,
        true,
    ),
    // Codes that prove something of a server prove nothing of a proxy.
    (
        proxy("23505", "duplicate key value"),
        C::Constraint,
        O::Unknown,
        false,
    ),
    (
        proxy("57014", "canceled"),
        C::StatementTimeout,
        O::Unknown,
        false,
    ),
];

fn without_answer() -> Vec<Row> {
    let lost = |warning| Symptom::Lost { warning };
    vec![
        (lost(None), C::ConnectionLost, O::Unknown, true),
        (lost(Some("57P01")), C::StartingOrStopping, O::Unknown, true),
        (lost(Some("57P02")), C::StartingOrStopping, O::Unknown, true),
        (lost(Some("01000")), C::ConnectionLost, O::Unknown, true),
        (Symptom::TimedOut, C::OperationTimeout, O::Unknown, true),
        (Symptom::Client, C::Other, O::Unknown, false),
    ]
}

pub(super) fn table() -> Vec<Row> {
    let unreplicated = Symptom::Answer(warning("01000", Some(WAITS_FOR_STANDBY), "storniere"));
    let local_only = (unreplicated, C::Unreplicated, O::Unknown, false);
    [OF_SERVERS, OF_PROXIES, &without_answer(), &[local_only]].concat()
}
