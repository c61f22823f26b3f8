//! One row for each symptom that `lab-facts.md` measured, and every class.

use recording::vocabulary::{ErrorClass as C, Outcome as O};

use super::*;

fn answer<'a>(sqlstate: &'a str, message: &'a str) -> Symptom<'a> {
    Symptom::Answer { sqlstate, message }
}

/// Symptom, class, outcome of a write that had been sent, whether the connection goes.
fn table() -> Vec<(Symptom<'static>, C, O, bool)> {
    let gone = "terminating connection due to administrator command";
    vec![
        (
            answer("57P01", gone),
            C::StartingOrStopping,
            O::Failed,
            true,
        ),
        (
            answer(
                "57P01",
                "terminating connection due to unexpected postmaster exit",
            ),
            C::StartingOrStopping,
            O::Failed,
            true,
        ),
        (
            answer("57P02", "crash of another server process"),
            C::StartingOrStopping,
            O::Failed,
            true,
        ),
        (
            answer("57P03", "the database system is starting up"),
            C::StartingOrStopping,
            O::Failed,
            true,
        ),
        (
            answer("08006", "the database system is shutting down"),
            C::StartingOrStopping,
            O::Unknown,
            true,
        ),
        (
            answer("25006", "cannot execute UPDATE in a read-only transaction"),
            C::ReadOnly,
            O::Failed,
            true,
        ),
        (
            answer("53300", "sorry, too many clients already"),
            C::TooManyConnections,
            O::Failed,
            true,
        ),
        (
            answer("08P01", "no more connections allowed (max_client_conn)"),
            C::TooManyConnections,
            O::Failed,
            true,
        ),
        (
            answer("08P01", "sorry, too many clients already"),
            C::TooManyConnections,
            O::Failed,
            true,
        ),
        (
            answer("08P01", "server conn crashed?"),
            C::ConnectionLost,
            O::Unknown,
            true,
        ),
        (
            answer(
                "08P01",
                "server login has been failing, try again later (server_login_retry)",
            ),
            C::Proxy,
            O::Failed,
            true,
        ),
        (
            answer("08P01", "query_wait_timeout"),
            C::Proxy,
            O::Failed,
            true,
        ),
        (
            answer("08P01", "database \"postgres\" is disabled"),
            C::Proxy,
            O::Failed,
            true,
        ),
        (
            answer("XX000", "Timed-out waiting to acquire database connection"),
            C::Proxy,
            O::Failed,
            true,
        ),
        (
            answer("0A000", "the feature is disabled"),
            C::Other,
            O::Failed,
            false,
        ),
        (
            answer("08P01", "database removed"),
            C::Proxy,
            O::Unknown,
            true,
        ),
        (
            answer("08P01", "no such database: shop"),
            C::Auth,
            O::Failed,
            true,
        ),
        (
            answer("08P01", "SASL authentication failed"),
            C::Auth,
            O::Failed,
            true,
        ),
        (
            answer("08003", "connection does not exist"),
            C::ConnectionLost,
            O::Unknown,
            true,
        ),
        (
            answer("08P01", "a text of a later version"),
            C::ConnectionLost,
            O::Unknown,
            true,
        ),
        (
            answer("28P01", "password authentication failed for user \"app\""),
            C::Auth,
            O::Failed,
            true,
        ),
        (
            answer("28000", "no pg_hba.conf entry for host"),
            C::Auth,
            O::Failed,
            true,
        ),
        (
            answer("40001", "could not serialize access"),
            C::Conflict,
            O::Failed,
            false,
        ),
        (
            answer("40P01", "deadlock detected"),
            C::Conflict,
            O::Failed,
            false,
        ),
        (
            answer("55P03", "lock not available"),
            C::Conflict,
            O::Failed,
            false,
        ),
        (
            answer("23505", "duplicate key value violates unique constraint"),
            C::Constraint,
            O::Failed,
            false,
        ),
        (
            answer("23503", "violates foreign key constraint"),
            C::Constraint,
            O::Failed,
            false,
        ),
        (
            answer("42P01", "relation \"business_users\" does not exist"),
            C::Other,
            O::Failed,
            false,
        ),
        (
            answer("53100", "could not extend file: No space left on device"),
            C::Other,
            O::Failed,
            false,
        ),
        (
            answer("57014", "canceling statement due to statement timeout"),
            C::Other,
            O::Failed,
            false,
        ),
        (
            Symptom::Lost { warning: None },
            C::ConnectionLost,
            O::Unknown,
            true,
        ),
        (
            Symptom::Lost {
                warning: Some("57P01"),
            },
            C::StartingOrStopping,
            O::Unknown,
            true,
        ),
        (
            Symptom::Lost {
                warning: Some("57P02"),
            },
            C::StartingOrStopping,
            O::Unknown,
            true,
        ),
        (
            Symptom::Lost {
                warning: Some("01000"),
            },
            C::ConnectionLost,
            O::Unknown,
            true,
        ),
        (Symptom::TimedOut, C::OperationTimeout, O::Unknown, true),
        (Symptom::Client, C::Other, O::Unknown, false),
    ]
}

#[test]
fn every_symptom() {
    for (symptom, expected, outcome_when_sent, gone) in table() {
        assert_eq!(class(symptom), expected, "{symptom:?}");
        assert_eq!(outcome(symptom, true), outcome_when_sent, "{symptom:?}");
        assert_eq!(
            outcome(symptom, false),
            O::Failed,
            "nothing was sent: {symptom:?}"
        );
        assert_eq!(ends_connection(expected), gone, "{symptom:?}");
    }
}

/// The classes that only connecting has come from `connect`; the others must all be in the table.
#[test]
fn no_class_is_forgotten() {
    let of_connecting = [
        C::Dns,
        C::Refused,
        C::Unreachable,
        C::ConnectTimeout,
        C::Tls,
        C::PoolTimeout,
    ];
    for wanted in C::ALL.iter().filter(|class| !of_connecting.contains(class)) {
        assert!(
            table().iter().any(|(_, class, _, _)| class == wanted),
            "{wanted}"
        );
    }
}

#[test]
fn a_missing_database_is_a_refused_login_only_at_startup() {
    let symptom = answer("3D000", "database \"shop\" does not exist");
    assert_eq!(class_at_startup(symptom), C::Auth);
    assert_eq!(class(symptom), C::Other);
    assert_eq!(
        class_at_startup(answer("57P03", "the database system is starting up")),
        C::StartingOrStopping
    );
}

#[test]
fn a_commit_that_no_standby_confirmed() {
    for (sqlstate, message, expected) in [
        (
            "01000",
            "canceling wait for synchronous replication due to user request",
            true,
        ),
        (
            "57P01",
            "canceling the wait for synchronous replication and terminating connection due to administrator command",
            true,
        ),
        (
            "57P01",
            "terminating connection due to immediate shutdown command",
            false,
        ),
        ("01000", "some other warning", false),
    ] {
        assert_eq!(
            is_unreplicated_commit(sqlstate, message),
            expected,
            "{message}"
        );
    }
}
