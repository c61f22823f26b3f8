//! The rules over the table of symptoms, and over answers that were made at random.

use proptest::prelude::*;
use recording::vocabulary::{ErrorClass as C, Outcome as O};
use tokio_postgres::error::Severity as S;

use super::*;
use table::{fatal, table, warning};

mod table;

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
fn a_commit_that_is_none_for_sure() {
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
        // COMMIT without a transaction.
        (
            "25P01",
            Some("EndTransactionBlock"),
            "es ist keine Transaktion aktiv",
            true,
        ),
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
                && routine.is_some()
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
