//! What kind of failure it was, and whether the operation may have committed all the same: pure rules, after `semantics.md`.

use recording::vocabulary::{ErrorClass, Outcome};

/// What the client saw of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symptom<'a> {
    /// An error answer, from the server or from a proxy in its place.
    Answer {
        /// The five characters of its code.
        sqlstate: &'a str,
        /// Its text.
        message: &'a str,
    },
    /// The connection ended without an answer.
    Lost {
        /// The code of a warning that came before, such as 57P01 of an immediate shutdown.
        warning: Option<&'a str>,
    },
    /// The client's own limit passed.
    TimedOut,
    /// The client itself failed, as on an answer that it can't read.
    Client,
}

/// Texts with which a proxy answers for itself, in lower case. They prove that it passed nothing on to a server:
/// the statement waited for a server connection, or there was to be none.
const PROXY_PASSED_NOTHING_ON: [&str; 7] = [
    "server login has been failing",
    "query_wait_timeout",
    "client_login_timeout",
    "is disabled",
    "pgbouncer cannot connect to server",
    "timed-out waiting to acquire database connection",
    "timed out waiting to acquire database connection",
];

/// Texts with which a proxy ends a connection; what it had passed on may have been done.
const PROXY_ENDED_IT: [&str; 4] = [
    "database removed",
    "client_idle_timeout",
    "query_timeout",
    "idle_transaction_timeout",
];

/// Texts for 53300 from those who send another code.
const TOO_MANY: [&str; 3] = [
    "no more connections allowed",
    "too many clients already",
    "max_client_conn",
];

/// Texts with which a pooler refuses a login under the code of a protocol violation.
const LOGIN_REFUSED: [&str; 5] = [
    "no such database",
    "no such user",
    "sasl authentication failed",
    "password authentication failed",
    "login rejected",
];

/// The class of a failure.
#[must_use]
pub fn class(symptom: Symptom<'_>) -> ErrorClass {
    match symptom {
        Symptom::Answer { sqlstate, message } => class_of_answer(sqlstate, message),
        Symptom::Lost {
            warning: Some("57P01" | "57P02" | "57P03"),
        } => ErrorClass::StartingOrStopping,
        Symptom::Lost { .. } => ErrorClass::ConnectionLost,
        Symptom::TimedOut => ErrorClass::OperationTimeout,
        Symptom::Client => ErrorClass::Other,
    }
}

fn class_of_answer(sqlstate: &str, message: &str) -> ErrorClass {
    match sqlstate {
        "57P01" | "57P02" | "57P03" => ErrorClass::StartingOrStopping,
        "25006" => ErrorClass::ReadOnly,
        "53300" => ErrorClass::TooManyConnections,
        "40001" | "40P01" | "55P03" => ErrorClass::Conflict,
        _ if sqlstate.starts_with("23") => ErrorClass::Constraint,
        _ if sqlstate.starts_with("28") => ErrorClass::Auth,
        _ => class_of_text(sqlstate, &message.to_ascii_lowercase()),
    }
}

/// Poolers send 08P01 for nearly everything: their text tells.
fn class_of_text(sqlstate: &str, message: &str) -> ErrorClass {
    let says = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
    if says(&TOO_MANY) {
        ErrorClass::TooManyConnections
    } else if is_from_proxy(sqlstate, message)
        && (says(&PROXY_PASSED_NOTHING_ON) || says(&PROXY_ENDED_IT))
    {
        ErrorClass::Proxy
    } else if message.starts_with("the database system is ") {
        ErrorClass::StartingOrStopping
    } else if sqlstate.starts_with("08") && says(&LOGIN_REFUSED) {
        ErrorClass::Auth
    } else if sqlstate.starts_with("08") {
        ErrorClass::ConnectionLost
    } else {
        ErrorClass::Other
    }
}

/// pgbouncer answers for itself with 08P01 only; of RDS Proxy only the text is known.
fn is_from_proxy(sqlstate: &str, message: &str) -> bool {
    sqlstate.starts_with("08") || message.contains("waiting to acquire database connection")
}

/// The class of an error answer to the start-up message: there, a database that does not exist is a refused login.
#[must_use]
pub fn class_at_startup(symptom: Symptom<'_>) -> ErrorClass {
    match symptom {
        Symptom::Answer {
            sqlstate: "3D000", ..
        } => ErrorClass::Auth,
        _ => class(symptom),
    }
}

/// The outcome of a failed operation. `may_commit`: COMMIT, or an autocommitted write, was handed to the connection.
#[must_use]
pub fn outcome(symptom: Symptom<'_>, may_commit: bool) -> Outcome {
    if !may_commit {
        return Outcome::Failed;
    }
    match symptom {
        // The server's own error says that it did not commit. A proxy's answer in its place says nothing, unless the
        // text proves that the statement was never passed on.
        Symptom::Answer { sqlstate, message } => {
            let message = message.to_ascii_lowercase();
            let passed_nothing_on = PROXY_PASSED_NOTHING_ON
                .iter()
                .chain(&TOO_MANY)
                .chain(&LOGIN_REFUSED)
                .any(|text| message.contains(text));
            if is_from_proxy(sqlstate, &message) && !passed_nothing_on {
                Outcome::Unknown
            } else {
                Outcome::Failed
            }
        }
        Symptom::Lost { .. } | Symptom::TimedOut | Symptom::Client => Outcome::Unknown,
    }
}

/// True where a connection that answered so must not be used again: an application that keeps a live connection to a
/// demoted writer never recovers, and after a limit nobody knows what the connection is doing.
#[must_use]
pub const fn ends_connection(class: ErrorClass) -> bool {
    !matches!(
        class,
        ErrorClass::Conflict | ErrorClass::Constraint | ErrorClass::Other
    )
}

/// True for a warning after which a success is none: the commit is local only, the standby may not have it.
#[must_use]
pub fn is_unreplicated_commit(sqlstate: &str, message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    matches!(sqlstate, "01000" | "57P01")
        && (message.contains("canceling wait for synchronous replication")
            || message.contains("canceling the wait for synchronous replication"))
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
