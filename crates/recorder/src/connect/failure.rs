//! How an attempt to connect fails.

use std::io::{self, ErrorKind};

use recording::ConnectFailure;
use recording::vocabulary::{ConnectPhase, ErrorClass};

use super::Progress;
use super::session::{self, Notice};
use super::tls;
use crate::classify::{self, Symptom};
use crate::message;

/// The driver's words where it must not log in without channel binding.
const NO_CHANNEL_BINDING: &str = "server did not use channel binding";

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
    if let Some(Notice {
        sqlstate,
        message: text,
        ..
    }) = session::answer_of(error)
    {
        let class = classify::class_at_startup(Symptom::Answer {
            sqlstate: &sqlstate,
            message: &text,
        });
        return PhaseError {
            class,
            sqlstate: Some(sqlstate),
            message,
        };
    }
    let source = std::error::Error::source(error);
    if let Some(io) = source.and_then(|source| source.downcast_ref::<io::Error>()) {
        // With TLS 1.3 a server that does not like our certificate says so after the handshake.
        if let Some(reason) = tls::explain_later(io) {
            return refusal(ErrorClass::Tls, &reason);
        }
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
    // The driver tells the rest apart only by its text: no password given, SCRAM refused.
    let is_login =
        message.starts_with("invalid configuration") || message.starts_with("authentication error");
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
