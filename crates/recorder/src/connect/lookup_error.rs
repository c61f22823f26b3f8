//! Why a name has no address.

use std::io;
use std::time::Duration;

use hickory_resolver::net::{DnsError, NetError};
use recording::vocabulary::ErrorClass;

use crate::connect::shortage;

/// Why a look-up failed, in one line that names the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupError {
    /// `dns`, or `client` where this host could not even ask.
    pub class: ErrorClass,
    /// What is wrong with which name.
    pub message: String,
    /// No answer came.
    pub is_silence: bool,
}

/// What went wrong. Of several, the last in this order is told: where one question got no answer, another's "no such name" does not prove that there is no
/// name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// There is no such name.
    NoName,
    /// The name has none.
    NoAddress,
    /// The name server said something else.
    Other(String),
    /// It said nothing.
    Silent,
    /// It was not asked: this host has no descriptor, port or memory left.
    Shortage(String),
}

impl Trouble {
    pub(super) fn from_io(error: &io::Error) -> Self {
        match shortage::is_shortage(error) {
            true => Self::Shortage(error.to_string()),
            false => Self::Other(format!("the name does not resolve: {error}")),
        }
    }

    /// In words. `missing`: why the name server on this host was asked.
    pub(super) fn of(self, host: &str, limit: Duration, missing: Option<&str>) -> LookupError {
        let is_silence = self == Self::Silent;
        let class = match self {
            Self::Shortage(_) => ErrorClass::Client,
            _ => ErrorClass::Dns,
        };
        let text = match self {
            Self::NoName => "no such name".to_owned(),
            Self::NoAddress => "no address".to_owned(),
            Self::Silent => format!("the name server did not answer within {limit:?}"),
            Self::Other(text) | Self::Shortage(text) => text,
        };
        let message = match missing {
            Some(reason) => format!(
                "{host}: {text}; 127.0.0.1 was asked, because the system has no name server configured ({reason}): give --dns-server"
            ),
            None => format!("{host}: {text}"),
        };
        LookupError {
            class,
            message,
            is_silence,
        }
    }
}

impl From<NetError> for Trouble {
    /// The resolver's own texts show its data structures, and speak of the question (A, AAAA), not of the name.
    fn from(error: NetError) -> Self {
        match &error {
            error if error.is_nx_domain() => Self::NoName,
            error if error.is_no_records_found() => Self::NoAddress,
            NetError::Timeout => Self::Silent,
            // hickory's own state, not an answer: seen where sockets fail for want of descriptors.
            NetError::Busy | NetError::NoConnections => {
                Self::Shortage("the name server could not be asked".to_owned())
            }
            NetError::Dns(DnsError::ResponseCode(code)) => {
                Self::Other(format!("the name server answered: {code}"))
            }
            NetError::Io(error) => Self::from_io(error),
            other => Self::Other(format!("the name does not resolve: {other}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hickory_resolver::net::NoRecords;
    use hickory_resolver::proto::op::{Query, ResponseCode};
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn the_reason_in_words() {
        let none =
            |code| NetError::from(DnsError::NoRecordsFound(NoRecords::new(Query::new(), code)));
        let system = |errno: Errno| {
            NetError::Io(Arc::new(io::Error::from_raw_os_error(errno.raw_os_error())))
        };
        let limit = Duration::from_secs(5);
        let no_descriptor = "Too many open files (os error 24)";
        for (error, class, expected) in [
            (
                none(ResponseCode::NXDomain),
                ErrorClass::Dns,
                "no such name",
            ),
            (none(ResponseCode::NoError), ErrorClass::Dns, "no address"),
            (
                NetError::Timeout,
                ErrorClass::Dns,
                "the name server did not answer within 5s",
            ),
            (
                DnsError::ResponseCode(ResponseCode::ServFail).into(),
                ErrorClass::Dns,
                "the name server answered: Server Failure",
            ),
            (
                NetError::NoConnections,
                ErrorClass::Client,
                "the name server could not be asked",
            ),
            (
                system(Errno::NETUNREACH),
                ErrorClass::Dns,
                "the name does not resolve: Network is unreachable (os error 101)",
            ),
            (system(Errno::MFILE), ErrorClass::Client, no_descriptor),
        ] {
            let told = Trouble::from(error).of("db.test", limit, None);
            assert_eq!(told.message, format!("db.test: {expected}"));
            assert_eq!(told.class, class);
        }
        let told = Trouble::Silent.of("db.test", limit, Some("no such file"));
        assert!(told.is_silence);
        assert_eq!(
            told.message,
            "db.test: the name server did not answer within 5s; 127.0.0.1 was asked, because the system has no \
             name server configured (no such file): give --dns-server"
        );
    }

    #[test]
    fn who_did_not_answer_may_know_the_name() {
        assert!(Trouble::NoName < Trouble::NoAddress);
        assert!(Trouble::NoAddress < Trouble::Silent);
        assert!(Trouble::Silent < Trouble::Shortage(String::new()));
    }
}
