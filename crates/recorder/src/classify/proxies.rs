//! What proxies say for themselves: the only texts that are matched, all in this place.
//!
//! That it was a proxy is told by the protocol: PostgreSQL names the routine that raised an error (field R), and none of pgbouncer
//! (1.18 and 1.25), Odyssey (1.3 to 1.5), pgcat (1.2), pgpool-II (4.3 to 4.6) does for its own words. A text is needed only for what no
//! field says: that the statement was passed on to no server, that there were too many clients, that the log-in was refused.
//! Of RDS Proxy, which was never met in a test, the texts are those of its documentation.

use crate::classify::answer::Answer;

/// What a text says beyond that it is a proxy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProxyVerdict {
    /// The statement waited for a server, and there was none: no server has it.
    PassedNothingOn,
    /// There are too many clients; the proxy passed nothing on.
    TooManyConnections,
    /// The proxy, or its server, refused the log-in; it passed nothing on.
    LoginRefused,
    /// A server's word about its own state, under a code of the proxy's.
    ServerStartsOrStops,
}

/// Text (in lower case, anywhere in the message), meaning. The first that fits counts.
const TEXTS: &[(&str, ProxyVerdict)] = &[
    // pgbouncer 1.18 and 1.25: 08P01. The words of a server that it could not log in to stand under the same code.
    (
        "no more connections allowed",
        ProxyVerdict::TooManyConnections,
    ),
    ("too many clients already", ProxyVerdict::TooManyConnections),
    // ", try again later" in 1.18, ", cached error: ..." since 1.21: that error may quote any of those below.
    (
        "server login has been failing",
        ProxyVerdict::PassedNothingOn,
    ),
    ("query_wait_timeout", ProxyVerdict::PassedNothingOn),
    ("client_login_timeout", ProxyVerdict::PassedNothingOn),
    (
        "pgbouncer cannot connect to server",
        ProxyVerdict::PassedNothingOn,
    ),
    ("\" is disabled", ProxyVerdict::PassedNothingOn),
    ("no such database", ProxyVerdict::LoginRefused),
    ("no such user", ProxyVerdict::LoginRefused),
    ("sasl authentication failed", ProxyVerdict::LoginRefused),
    ("password authentication failed", ProxyVerdict::LoginRefused),
    ("login rejected", ProxyVerdict::LoginRefused),
    // pgcat 1.2: 58000. " - AllServersDown" and other reasons follow.
    (
        "could not get connection from the pool",
        ProxyVerdict::PassedNothingOn,
    ),
    ("allserversdown", ProxyVerdict::PassedNothingOn),
    // Odyssey 1.3 to 1.5: 08006; 53300 where its own pool is full.
    (
        "failed to get remote server connection",
        ProxyVerdict::PassedNothingOn,
    ),
    (
        "failed to connect to remote server",
        ProxyVerdict::PassedNothingOn,
    ),
    ("can't find suitable host", ProxyVerdict::PassedNothingOn),
    (
        "too many active clients for user",
        ProxyVerdict::PassedNothingOn,
    ),
    // RDS Proxy, after its documentation; the code is not documented.
    (
        "timed-out waiting to acquire database connection",
        ProxyVerdict::PassedNothingOn,
    ),
    (
        "timed out waiting to acquire database connection",
        ProxyVerdict::PassedNothingOn,
    ),
    // PostgreSQL's English words for 57P03, which pgbouncer hands on as 08P01. In another language they are just a proxy's.
    ("the database system is ", ProxyVerdict::ServerStartsOrStops),
];

/// PostgreSQL's English words for a wait for a standby that was ended, where a proxy left off the name of the routine.
const WAIT_FOR_STANDBY: [&str; 2] = [
    "canceling wait for synchronous replication",
    "canceling the wait for synchronous replication",
];

/// Codes that proxies use for nearly everything: a violation of the protocol or a lost connection (pgbouncer, Odyssey), a failure
/// of the system (pgcat), an internal error (pgpool-II).
const CODES: [&str; 3] = ["08", "58", "XX"];

/// True where a proxy said it, and the code does not say what it is.
pub(super) fn is_by_proxy(answer: Answer<'_>) -> bool {
    answer.routine.is_none() && CODES.iter().any(|code| answer.sqlstate.starts_with(code))
}

/// What the text of a proxy says.
pub(super) fn says(answer: Answer<'_>) -> Option<ProxyVerdict> {
    let message = answer.message.to_ascii_lowercase();
    let known = TEXTS.iter().find(|(text, _)| message.contains(text));
    known.map(|(_, says)| *says)
}

/// True where a proxy's text proves that no server has the statement.
pub(super) fn passed_nothing_on(answer: Answer<'_>) -> bool {
    // Odyssey says with 53300 that its pool is full.
    let is_by_proxy =
        is_by_proxy(answer) || answer.routine.is_none() && answer.sqlstate.starts_with("53");
    is_by_proxy
        && matches!(
            says(answer),
            Some(
                ProxyVerdict::PassedNothingOn
                    | ProxyVerdict::TooManyConnections
                    | ProxyVerdict::LoginRefused
            )
        )
}

/// True for a warning's text about the wait for a standby.
pub(super) fn quotes_wait_for_standby(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    WAIT_FOR_STANDBY.iter().any(|text| message.contains(text))
}
