//! What kind of failure it was, and whether the operation may have committed all the same: pure rules, after `docs/definitions.md`.
//!
//! Nothing is decided by a text where a code, the severity or the routine tells: PostgreSQL's texts come in the server's language,
//! and a proxy's text can say anything. The few texts that are needed are those of proxies, in `proxies`.

mod answer;
mod proof;
mod proxies;

use recording::vocabulary::{ErrorClass, Outcome};

pub use answer::{Answer, Symptom};
use proxies::ProxyVerdict;

/// The routine in which PostgreSQL waits for the synchronous standby.
const WAITS_FOR_STANDBY: &str = "SyncRepWaitForLSN";

/// The class of a failure.
#[must_use]
pub fn class(symptom: Symptom<'_>) -> ErrorClass {
    match symptom {
        Symptom::Answer(answer) => class_of_answer(answer),
        Symptom::Lost {
            warning: Some("57P01" | "57P02" | "57P03"),
        } => ErrorClass::StartingOrStopping,
        Symptom::Lost { .. } => ErrorClass::ConnectionLost,
        Symptom::TimedOut => ErrorClass::OperationTimeout,
        Symptom::Client => ErrorClass::Other,
    }
}

fn class_of_answer(answer: Answer<'_>) -> ErrorClass {
    let sqlstate = answer.sqlstate;
    match sqlstate {
        "57P01" | "57P02" | "57P03" => ErrorClass::StartingOrStopping,
        "57014" => ErrorClass::StatementTimeout,
        "25006" => ErrorClass::ReadOnly,
        "53300" => ErrorClass::TooManyConnections,
        "40001" | "40P01" | "55P03" => ErrorClass::Conflict,
        _ if is_unreplicated_commit(answer) => ErrorClass::Unreplicated,
        _ if sqlstate.starts_with("23") => ErrorClass::Constraint,
        _ if sqlstate.starts_with("28") => ErrorClass::Auth,
        _ if proxies::is_by_proxy(answer) => match proxies::says(answer) {
            Some(ProxyVerdict::TooManyConnections) => ErrorClass::TooManyConnections,
            Some(ProxyVerdict::LoginRefused) => ErrorClass::Auth,
            Some(ProxyVerdict::ServerStartsOrStops) => ErrorClass::StartingOrStopping,
            Some(ProxyVerdict::PassedNothingOn) | None => ErrorClass::Proxy,
        },
        _ if sqlstate.starts_with("08") => ErrorClass::ConnectionLost,
        _ => ErrorClass::Other,
    }
}

/// The class of an error answer to the start-up message: there, a database that does not exist is a refused login.
#[must_use]
pub fn class_at_startup(symptom: Symptom<'_>) -> ErrorClass {
    match symptom {
        Symptom::Answer(Answer {
            sqlstate: "3D000", ..
        }) => ErrorClass::Auth,
        _ => class(symptom),
    }
}

/// The outcome of a failed operation.
///
/// | what was sent | what came | outcome |
/// | --- | --- | --- |
/// | no COMMIT and no autocommitted write (`may_commit` false: phases `checkout`, `begin`, statements of a transaction) | anything | `failed`: nothing was asked to last |
/// | COMMIT, or an autocommitted write | an error that had come before it was sent | `failed`: it never left |
/// | | severity ERROR with a code of the table in `proof` | `failed`: the server rolled back |
/// | | a proxy's text that it passed nothing on, of the table in `proxies` | `failed` |
/// | | every other answer: FATAL, PANIC, a proxy's other words, other codes | `unknown` |
/// | | the end of the connection, nothing in time, an answer that can't be read | `unknown` |
#[must_use]
pub fn outcome(symptom: Symptom<'_>, may_commit: bool) -> Outcome {
    let did_not_commit = match symptom {
        _ if !may_commit => true,
        Symptom::Answer(answer) => {
            answer.unasked || proof::rolled_back(answer) || proxies::passed_nothing_on(answer)
        }
        Symptom::Lost { .. } | Symptom::TimedOut | Symptom::Client => false,
    };
    match did_not_commit {
        true => Outcome::Failed,
        false => Outcome::Unknown,
    }
}

/// True where a connection that answered so must not be used again: an application that keeps a live connection to a
/// demoted writer never recovers, and after a limit the state of the connection is unknown.
///
/// After a statement that the server cancelled it is as good as before, and a commit without a standby did it no harm either.
#[must_use]
pub const fn ends_connection(class: ErrorClass) -> bool {
    !matches!(
        class,
        ErrorClass::Conflict
            | ErrorClass::Constraint
            | ErrorClass::StatementTimeout
            | ErrorClass::Unreplicated
            | ErrorClass::Other
    )
}

/// True for a warning after which a success is none: the commit is local only, the standby may not have it (with 57P01 the server
/// ends the connection as well), or COMMIT found no transaction (25P01), as where a pooler led its statements elsewhere.
#[must_use]
pub fn is_unconfirmed_commit(warning: Answer<'_>) -> bool {
    if warning.sqlstate == "25P01" {
        return true;
    }
    matches!(warning.sqlstate, "01000" | "57P01")
        && match warning.routine {
            Some(routine) => routine == WAITS_FOR_STANDBY,
            None => proxies::quotes_wait_for_standby(warning.message),
        }
}

/// The same, from a session that goes on: the wait was cancelled.
fn is_unreplicated_commit(answer: Answer<'_>) -> bool {
    answer.sqlstate == "01000" && is_unconfirmed_commit(answer)
}

#[cfg(test)]
mod tests;
