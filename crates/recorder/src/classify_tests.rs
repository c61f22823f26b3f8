//! One row for each symptom that `lab-facts.md` measured, for each text of a proxy that was seen on the wire, and every class.

use proptest::prelude::*;
use recording::vocabulary::{ErrorClass as C, Outcome as O};
use tokio_postgres::error::Severity as S;

use super::*;

/// As PostgreSQL says it: with its severity, and the routine that raised it.
fn server<'a>(severity: S, sqlstate: &'a str, message: &'a str) -> Symptom<'a> {
    Symptom::Answer(Answer {
        sqlstate,
        severity: Some(severity),
        routine: Some("ProcessInterrupts"),
        message,
        unasked: false,
    })
}

fn error<'a>(sqlstate: &'a str, message: &'a str) -> Symptom<'a> {
    server(S::Error, sqlstate, message)
}

fn fatal<'a>(sqlstate: &'a str, message: &'a str) -> Symptom<'a> {
    server(S::Fatal, sqlstate, message)
}

/// As pgbouncer, Odyssey and pgpool say it: severity in the field that PostgreSQL translates, no routine.
fn proxy<'a>(sqlstate: &'a str, message: &'a str) -> Symptom<'a> {
    Symptom::Answer(Answer {
        sqlstate,
        severity: None,
        routine: None,
        message,
        unasked: false,
    })
}

/// As pgcat says it.
fn pgcat(message: &str) -> Symptom<'_> {
    Symptom::Answer(Answer {
        sqlstate: "58000",
        severity: Some(S::Fatal),
        routine: None,
        message,
        unasked: false,
    })
}

fn warning<'a>(sqlstate: &'a str, routine: Option<&'a str>, message: &'a str) -> Answer<'a> {
    Answer {
        sqlstate,
        severity: Some(S::Warning),
        routine,
        message,
        unasked: false,
    }
}

/// Symptom, class, outcome of a write that had been sent, whether the connection goes.
type Row = (Symptom<'static>, C, O, bool);

fn of_servers() -> Vec<Row> {
    let gone = "terminating connection due to administrator command";
    vec![
        // The commit record may have been written before the backend looked for the signal.
        (
            fatal("57P01", gone),
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
    ]
}

fn of_proxies() -> Vec<Row> {
    vec![
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
    ]
}

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

fn table() -> Vec<Row> {
    let unreplicated = Symptom::Answer(warning("01000", Some(WAITS_FOR_STANDBY), "storniere"));
    let local_only = (unreplicated, C::Unreplicated, O::Unknown, false);
    [
        of_servers(),
        of_proxies(),
        without_answer(),
        vec![local_only],
    ]
    .concat()
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
        C::NoWriter,
        C::Client,
    ];
    for wanted in C::ALL.iter().filter(|class| !of_connecting.contains(class)) {
        assert!(
            table().iter().any(|(_, class, _, _)| class == wanted),
            "{wanted}"
        );
    }
}

#[test]
fn what_came_before_the_statement_was_sent_did_not_do_it() {
    for (symptom, ..) in table() {
        if let Symptom::Answer(answer) = symptom {
            let unasked = Symptom::Answer(Answer {
                unasked: true,
                ..answer
            });
            assert_eq!(outcome(unasked, true), O::Failed, "{answer:?}");
            assert_eq!(class(unasked), class(symptom), "{answer:?}");
        }
    }
}

#[test]
fn a_missing_database_is_a_refused_login_only_at_startup() {
    let symptom = fatal("3D000", "Datenbank »shop« existiert nicht");
    assert_eq!(class_at_startup(symptom), C::Auth);
    assert_eq!(class(symptom), C::Other);
    assert_eq!(
        class_at_startup(fatal("57P03", "the database system is starting up")),
        C::StartingOrStopping
    );
}

#[test]
fn a_commit_that_no_standby_confirmed() {
    let english = "canceling wait for synchronous replication due to user request";
    let waits = Some(WAITS_FOR_STANDBY);
    for (sqlstate, routine, message, expected) in [
        ("01000", waits, english, true),
        (
            "01000",
            waits,
            "storniere Warten auf synchrone Replikation wegen Benutzeraufforderung",
            true,
        ),
        (
            "57P01",
            waits,
            "annulation de l'attente pour la réplication synchrone et fermeture des connexions",
            true,
        ),
        // A proxy may leave the routine off.
        ("01000", None, english, true),
        (
            "57P01",
            Some("quickdie"),
            "immediate shutdown command",
            false,
        ),
        // A text in which a user quotes it.
        ("01000", Some("exec_stmt_raise"), english, false),
        ("01000", None, "some other warning", false),
    ] {
        let warning = warning(sqlstate, routine, message);
        assert_eq!(is_unconfirmed_commit(warning), expected, "{warning:?}");
    }
}

/// The codes that may make a write that was sent `failed`, written down once more: a line that is added to the table must be added
/// here too, by hand and after thought.
const MAY_PROVE: [&str; 13] = [
    "0A", "21", "22", "23", "25", "26", "40", "42", "44", "54", "55", "57014", "P0",
];

fn answers() -> impl Strategy<Value = (String, Option<S>, Option<&'static str>, String)> {
    let known = prop::sample::select(vec![
        "00000", "01000", "08006", "08007", "08P01", "0A000", "22012", "23505", "25006", "25P02",
        "28P01", "2D000", "3D000", "40001", "40003", "42601", "53200", "55P03", "57014", "57P01",
        "57P03", "58000", "58030", "F0000", "HV000", "P0001", "XX000", "XX001",
    ]);
    let code = prop_oneof![known.prop_map(str::to_owned), "[0-9A-Z]{5}"];
    let severity = prop::sample::select(vec![
        None,
        Some(S::Error),
        Some(S::Fatal),
        Some(S::Panic),
        Some(S::Warning),
        Some(S::Notice),
    ]);
    let routine = prop::sample::select(vec![
        None,
        Some("exec_simple_query"),
        Some(WAITS_FOR_STANDBY),
    ]);
    let texts = prop::sample::select(vec![
        "query_wait_timeout",
        "could not get connection from the pool",
        "server conn crashed?",
        "the database system is shutting down",
        "password authentication failed",
    ]);
    let text = prop_oneof![texts.prop_map(str::to_owned), ".{0,40}"];
    (code, severity, routine, text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// At COMMIT no code outside of the table becomes `failed`, whatever the text; and none inside without severity ERROR.
    #[test]
    fn no_other_code_becomes_failed((sqlstate, severity, routine, message) in answers()) {
        let answer = Answer { sqlstate: &sqlstate, severity, routine, message: &message, unasked: false };
        if outcome(Symptom::Answer(answer), true) == O::Failed {
            let by_code = severity == Some(S::Error)
                && sqlstate != "40003"
                && MAY_PROVE.iter().any(|code| sqlstate.starts_with(code));
            let by_text = routine.is_none()
                && ["08", "53", "58", "XX"].iter().any(|code| sqlstate.starts_with(code))
                && ["query_wait", "could not get connection", "password auth"].iter().any(|text| message.contains(text));
            prop_assert!(by_code || by_text, "{answer:?}");
        }
    }

    /// What a server's own text says decides nothing: it comes in the server's language, and users write texts too.
    #[test]
    fn no_text_of_a_server_decides((sqlstate, severity, _, message) in answers(), other in ".{0,40}") {
        let answer = |message| Answer { sqlstate: &sqlstate, severity, routine: Some("any"), message, unasked: false };
        let (one, two) = (Symptom::Answer(answer(&message)), Symptom::Answer(answer(&other)));
        prop_assert_eq!((class(one), outcome(one, true)), (class(two), outcome(two, true)));
    }
}
