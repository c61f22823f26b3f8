//! How an attempt to connect fails.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::time::Duration;

use recording::ConnectFailure;
use recording::vocabulary::{ConnectPhase, ErrorClass, Path};

use crate::classify::{self, Symptom};
use crate::connect::lookup_error::LookupError;
use crate::connect::order;
use crate::connect::progress::ConnectProgress;
use crate::connect::session;
use crate::connect::shortage;
use crate::connect::stream::FirstByte;
use crate::connect::tls;
use crate::text::error_text;

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

/// A failure inside an attempt; the phase is in [`ConnectProgress`].
pub(super) struct PhaseError {
    pub class: ErrorClass,
    pub sqlstate: Option<String>,
    pub message: String,
    /// No answer came in time.
    pub is_silence: bool,
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
            message: error_text::one_line(&format!(
                "the proxy closed the connection without an answer: it has no server for it, or is shutting down: {}",
                self.message
            )),
            ..self
        }
    }

    /// No answer of the server within the limit.
    pub(super) fn too_late(phase: ConnectPhase, limit: Duration) -> Self {
        Self {
            class: ErrorClass::ConnectTimeout,
            sqlstate: None,
            message: format!("no answer within {limit:?} ({phase})"),
            is_silence: true,
        }
    }

    pub(super) fn after(self, progress: &ConnectProgress) -> ConnectError {
        ConnectError {
            phase: progress.phase.unwrap_or(ConnectPhase::Dns),
            class: self.class,
            sqlstate: self.sqlstate,
            message: self.message,
        }
    }
}

impl From<LookupError> for PhaseError {
    fn from(error: LookupError) -> Self {
        Self {
            class: error.class,
            sqlstate: None,
            message: error_text::one_line(&error.message),
            is_silence: error.is_silence,
        }
    }
}

/// A failure that we found ourselves.
pub(super) fn refusal(class: ErrorClass, message: &str) -> PhaseError {
    PhaseError {
        class,
        sqlstate: None,
        message: error_text::one_line(message),
        is_silence: false,
    }
}

/// Of the TCP handshake with an address.
pub(super) fn from_connect(error: &io::Error, address: IpAddr) -> PhaseError {
    let mut failure = from_io(error);
    // EADDRNOTAVAIL has two meanings: no port is left, or this host has no address of that family at all.
    if error.kind() == ErrorKind::AddrNotAvailable && order::source(address).is_none() {
        failure.class = ErrorClass::Unreachable;
    }
    failure
}

/// A failed handshake, or a server that refuses this user over TLS (28000, `hostnossl` in `pg_hba.conf`).
pub(super) fn is_refusal_of_tls(progress: &ConnectProgress, error: &PhaseError) -> bool {
    match progress.phase {
        Some(ConnectPhase::Tls) => error.class == ErrorClass::Tls,
        Some(ConnectPhase::Startup) => error.sqlstate.as_deref() == Some("28000"),
        _ => false,
    }
}

pub(super) fn from_io(error: &io::Error) -> PhaseError {
    let class = match error.kind() {
        _ if shortage::is_shortage(error) => ErrorClass::Client,
        ErrorKind::ConnectionRefused => ErrorClass::Refused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            ErrorClass::Unreachable
        }
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
        message: error_text::chain(error),
        is_silence: class == ErrorClass::ConnectTimeout,
    }
}

pub(super) fn from_startup(error: &tokio_postgres::Error) -> PhaseError {
    let mut message = error_text::chain(error);
    if let Some(answer) = session::answer_of(error) {
        let class = classify::class_at_startup(Symptom::Answer(answer.answer()));
        return PhaseError {
            class,
            sqlstate: Some(answer.sqlstate),
            message,
            is_silence: false,
        };
    }
    let source = std::error::Error::source(error);
    if let Some(io) = source.and_then(|source| source.downcast_ref::<io::Error>()) {
        // With TLS 1.3 a server that does not like our certificate says so after the handshake.
        if let Some(reason) = tls::explain_later(io) {
            return refusal(ErrorClass::Tls, &reason);
        }
        return PhaseError {
            message,
            ..from_io(io)
        };
    }
    if message.contains(NO_CHANNEL_BINDING) {
        message = "channel_binding=require: the server asked for a password without channel binding. The server needs SCRAM (scram-sha-256) and a certificate signed with RSA or ECDSA"
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
        is_silence: false,
    }
}
