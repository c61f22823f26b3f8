//! How an attempt to connect fails.

use std::io::{self, ErrorKind};

use recording::ConnectFailure;
use recording::vocabulary::{ConnectPhase, ErrorClass, Path};

use super::Progress;
use super::session;
use super::stream::FirstByte;
use crate::classify::{self, Symptom};
use crate::message;

/// The driver's words where it must not log in without channel binding. It has no other sign for it; they are its own and English.
const NO_CHANNEL_BINDING: &str = "server did not use channel binding";
/// Its words, whole, where no password was given, and where the two sides could not agree on a log-in.
const NO_LOGIN: [&str; 2] = ["invalid configuration", "authentication error"];

/// Why an attempt to connect failed.
#[derive(Debug, Clone)]
pub struct ConnectError {
    /// Where in the attempt.
    pub phase: ConnectPhase,
    /// What kind.
    pub class: ErrorClass,
    /// The server's code, where one came.
    pub sqlstate: Option<String>,
    /// The whole chain of causes, without secrets.
    pub message: String,
}

impl From<ConnectError> for ConnectFailure {
    fn from(error: ConnectError) -> Self {
        Self {
            phase: error.phase,
            class: Some(error.class),
            sqlstate: error.sqlstate,
            message: error.message,
        }
    }
}

/// A failure inside an attempt; the phase is in [`Progress`].
pub(super) struct PhaseError {
    pub class: ErrorClass,
    pub sqlstate: Option<String>,
    pub message: String,
}

impl PhaseError {
    /// A proxy accepts a connection before it knows of a server to pass it on to, and closes it where there is none: before a byte of
    /// an answer. A server that does so on the direct path is going down.
    pub(super) fn of_silent_proxy(self, path: Path, first_byte: &FirstByte) -> Self {
        if path != Path::Proxy || self.class != ErrorClass::ConnectionLost || first_byte.came() {
            return self;
        }
        Self {
            class: ErrorClass::Proxy,
            message: message::one_line(&format!(
                "the proxy closed the connection before a byte of an answer: it has no server to pass it on to, or is going down: {}",
                self.message
            )),
            ..self
        }
    }

    pub(super) fn after(self, progress: &Progress) -> ConnectError {
        ConnectError {
            phase: progress.phase.unwrap_or(ConnectPhase::Dns),
            class: self.class,
            sqlstate: self.sqlstate,
            message: self.message,
        }
    }
}

/// A failure that we found ourselves.
pub(super) fn refusal(class: ErrorClass, message: &str) -> PhaseError {
    PhaseError {
        class,
        sqlstate: None,
        message: message::one_line(message),
    }
}

/// A failed handshake, or a server that refuses this user over TLS (28000, `hostnossl` in `pg_hba.conf`).
pub(super) fn is_refusal_of_tls(progress: &Progress, error: &PhaseError) -> bool {
    match progress.phase {
        Some(ConnectPhase::Tls) => error.class == ErrorClass::Tls,
        Some(ConnectPhase::Startup) => error.sqlstate.as_deref() == Some("28000"),
        _ => false,
    }
}

pub(super) fn from_io(error: &io::Error) -> PhaseError {
    let class = match error.kind() {
        ErrorKind::ConnectionRefused => ErrorClass::Refused,
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable => ErrorClass::Unreachable,
        ErrorKind::TimedOut => ErrorClass::ConnectTimeout,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => ErrorClass::ConnectionLost,
        _ => ErrorClass::Other,
    };
    PhaseError {
        class,
        sqlstate: None,
        message: message::chain(error),
    }
}

pub(super) fn from_startup(error: &tokio_postgres::Error) -> PhaseError {
    let mut message = message::chain(error);
    if let Some(answer) = session::answer_of(error) {
        let class = classify::class_at_startup(Symptom::Answer(answer.answer()));
        return PhaseError {
            class,
            sqlstate: Some(answer.sqlstate),
            message,
        };
    }
    let source = std::error::Error::source(error);
    if let Some(io) = source.and_then(|source| source.downcast_ref::<io::Error>()) {
        return PhaseError {
            class: from_io(io).class,
            sqlstate: None,
            message,
        };
    }
    if message.contains(NO_CHANNEL_BINDING) {
        message = "channel_binding=require: the server asked for a password without channel binding; it needs \
                   SCRAM (scram-sha-256), and a certificate signed with RSA or ECDSA"
            .to_owned();
        return refusal(ErrorClass::Auth, &message);
    }
    // The driver tells the rest apart only by its text.
    let is_login = NO_LOGIN.contains(&error.to_string().as_str());
    let class = match (error.is_closed(), is_login) {
        (true, _) => ErrorClass::ConnectionLost,
        (false, true) => ErrorClass::Auth,
        (false, false) => ErrorClass::Other,
    };
    PhaseError {
        class,
        sqlstate: None,
        message,
    }
}
