//! What an attempt over several hosts and addresses came to: one class for all of its failures, and every text.

use std::net::SocketAddr;

use recording::vocabulary::{ConnectPhase, ErrorClass};

use crate::connect::failure::{PhaseError, refusal};
use crate::connect::{ConnectError, ConnectProgress};
use crate::endpoint::Host;

/// The server takes no sessions now: with libpq too the one answer of a server after which the next host is tried.
const CANNOT_CONNECT_NOW: &str = "57P03";

/// What is tried after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The next address of the same host.
    Address,
    /// The next host.
    Host,
    /// Nothing: the attempt is over.
    Nothing,
}

impl Next {
    /// As libpq decides it: once TCP stands, what fails is for good, unless the server says that it takes no sessions now, is not
    /// what is asked for, or does not answer in time.
    fn after(error: &ConnectError) -> Self {
        match error.phase {
            ConnectPhase::Dns => Self::Host,
            ConnectPhase::Tcp => Self::Address,
            _ if error.class == ErrorClass::ConnectTimeout => Self::Address,
            _ if error.sqlstate.as_deref() == Some(CANNOT_CONNECT_NOW) => Self::Host,
            // The question whether its server will do.
            ConnectPhase::Identify => Self::Host,
            ConnectPhase::Tls | ConnectPhase::Startup => Self::Nothing,
        }
    }
}

/// A host or address that was of no use.
struct Failed {
    /// Where its address stands in the order of the resolver.
    at: usize,
    error: ConnectError,
    progress: ConnectProgress,
}

/// Those of one attempt, in the order in which they were asked.
pub(super) struct Failures<'a> {
    hosts: &'a [Host],
    failed: Vec<Failed>,
    /// The last one ended the attempt.
    is_over: bool,
}

impl<'a> Failures<'a> {
    pub(super) const fn new(hosts: &'a [Host]) -> Self {
        Self {
            hosts,
            failed: Vec::new(),
            is_over: false,
        }
    }

    pub(super) fn clear(&mut self) {
        self.failed.clear();
    }

    /// One more, with what is known of it; what is to be tried next.
    pub(super) fn add(&mut self, at: usize, error: PhaseError, progress: &ConnectProgress) -> Next {
        let error = error.after(progress);
        let next = Next::after(&error);
        self.is_over = next == Next::Nothing;
        self.failed.push(Failed {
            at,
            error,
            progress: progress.clone(),
        });
        next
    }

    /// What became of each, in the order of the endpoint.
    pub(super) fn texts(&self) -> Vec<String> {
        let mut failed: Vec<&Failed> = self.failed.iter().collect();
        failed.sort_by_key(|failed| (failed.progress.host, failed.at));
        failed.iter().map(|failed| self.text(failed)).collect()
    }

    fn text(&self, failed: &Failed) -> String {
        let (host, message) = (&self.hosts[failed.progress.host], &failed.error.message);
        let address = failed
            .progress
            .address
            .filter(|_| failed.progress.has_other_addresses);
        match (self.hosts.len() > 1, address) {
            (false, None) => message.clone(),
            (false, Some(address)) => {
                format!("{}: {message}", SocketAddr::new(address, host.port))
            }
            (true, None) => format!("{host}: {message}"),
            (true, Some(address)) => format!("{host} ({address}): {message}"),
        }
    }

    /// The failures as one; `progress` becomes that of the host which gives the class. That is, so that neither the order in which hosts
    /// were asked nor the last of them decides,
    ///
    /// 1. the failure that ended the attempt, where one did: no other host was asked after it;
    /// 2. `client`, where this host had no descriptor or port left for one of them: that one was not asked;
    /// 3. `no_writer`, where servers answered that take no writes, and writes are asked for;
    /// 4. else the first host's in the order of the endpoint, and of its addresses the first's.
    pub(super) fn into_error(mut self, progress: &mut ConnectProgress) -> ConnectError {
        let message = self.texts().join("; ");
        let of_class = |class: ErrorClass| {
            let mut failed = self.failed.iter();
            failed.position(|failed| failed.error.class == class)
        };
        let places = self.failed.iter().enumerate();
        let first = places.min_by_key(|(_, failed)| (failed.progress.host, failed.at));
        let last = self.failed.len().checked_sub(1);
        let chosen = last
            .filter(|_| self.is_over)
            .or_else(|| of_class(ErrorClass::Client))
            .or_else(|| of_class(ErrorClass::NoWriter))
            .or_else(|| first.map(|(at, _)| at));
        match chosen {
            Some(chosen) => {
                let chosen = self.failed.swap_remove(chosen);
                *progress = chosen.progress;
                ConnectError {
                    message,
                    ..chosen.error
                }
            }
            // An endpoint has one host at least, and a host an address or a failure.
            None => refusal(ErrorClass::Other, "no host").after(progress),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::endpoint::Endpoint;
    use crate::endpoint::environment::Environment;

    fn hosts(count: usize) -> Vec<Host> {
        let names: Vec<String> = (1..=count).map(|host| format!("h{host}:1")).collect();
        let url = format!("postgres://u@{}/d", names.join(","));
        Endpoint::parse(&url, &Environment::of(&[])).unwrap().hosts
    }

    /// Host, address, phase, class.
    type Step = (usize, usize, ConnectPhase, ErrorClass);

    fn outcome(count: usize, steps: &[Step]) -> (ConnectError, ConnectProgress) {
        let hosts = hosts(count);
        let mut failures = Failures::new(&hosts);
        let mut progress = ConnectProgress::default();
        for (host, at, phase, class) in steps {
            progress.begin(*host);
            let last = u8::try_from(at + 1).unwrap();
            progress.begin_address(IpAddr::from([127, 0, 0, last]), true);
            progress.phase = Some(*phase);
            failures.add(*at, refusal(*class, class.as_str()), &progress);
        }
        (failures.into_error(&mut progress), progress)
    }

    #[test]
    fn the_class_does_not_depend_on_the_order() {
        use ConnectPhase::{Dns, Identify, Startup, Tcp};
        use ErrorClass::{Auth, Client, ConnectTimeout, NoWriter, Refused, StartingOrStopping};
        let refused = (0, 0, Tcp, Refused);
        let silent = (1, 0, Startup, ConnectTimeout);
        let unknown = (2, 0, Dns, ErrorClass::Dns);
        let reader = (2, 0, Identify, NoWriter);
        for (steps, class, host) in [
            // None answered: the first of the endpoint, in whichever order they were asked.
            (vec![refused, silent, unknown], Refused, 0),
            (vec![silent, unknown, refused], Refused, 0),
            (vec![unknown, silent], ConnectTimeout, 1),
            // One answered, and is none that takes writes.
            (vec![refused, silent, reader], NoWriter, 2),
            (vec![reader, refused, silent], NoWriter, 2),
            (
                vec![(0, 0, Identify, StartingOrStopping), reader],
                NoWriter,
                2,
            ),
            // One could not be asked.
            (vec![reader, (0, 0, Tcp, Client), silent], Client, 0),
            // What ended the attempt.
            (vec![refused, (1, 0, Startup, Auth)], Auth, 1),
            (vec![reader, (1, 0, Startup, Auth)], Auth, 1),
            // Addresses of one host, in the order of the resolver.
            (vec![(0, 1, Tcp, ConnectTimeout), refused], Refused, 0),
        ] {
            let (error, progress) = outcome(3, &steps);
            assert_eq!((error.class, progress.host), (class, host), "{steps:?}");
            for (_, _, _, class) in &steps {
                assert!(error.message.contains(class.as_str()), "{}", error.message);
            }
        }
    }

    #[test]
    fn every_text_is_told_in_the_endpoints_order() {
        let steps: [Step; 3] = [
            (1, 0, ConnectPhase::Tcp, ErrorClass::Refused),
            (0, 1, ConnectPhase::Tcp, ErrorClass::Unreachable),
            (0, 0, ConnectPhase::Tcp, ErrorClass::ConnectTimeout),
        ];
        assert_eq!(
            outcome(2, &steps).0.message,
            "h1:1 (127.0.0.1): connect_timeout; h1:1 (127.0.0.2): unreachable; h2:1 (127.0.0.1): refused"
        );
        assert_eq!(
            outcome(1, &steps[1..]).0.message,
            "127.0.0.1:1: connect_timeout; 127.0.0.2:1: unreachable"
        );
    }

    #[test]
    fn what_is_tried_after_a_failure() {
        let after = |phase, class, sqlstate: Option<&str>| {
            Next::after(&ConnectError {
                phase,
                class,
                sqlstate: sqlstate.map(str::to_owned),
                message: String::new(),
            })
        };
        use ConnectPhase::{Dns, Identify, Startup, Tcp, Tls};
        use ErrorClass::{Auth, ConnectTimeout, ConnectionLost, StartingOrStopping};
        assert_eq!(after(Dns, ErrorClass::Dns, None), Next::Host);
        assert_eq!(after(Tcp, ErrorClass::Refused, None), Next::Address);
        assert_eq!(after(Startup, ConnectTimeout, None), Next::Address);
        assert_eq!(after(Tls, ConnectTimeout, None), Next::Address);
        assert_eq!(after(Identify, ErrorClass::NoWriter, None), Next::Host);
        let stopping = |sqlstate| after(Startup, StartingOrStopping, Some(sqlstate));
        assert_eq!(stopping("57P03"), Next::Host);
        assert_eq!(stopping("57P01"), Next::Nothing);
        assert_eq!(after(Startup, Auth, Some("28P01")), Next::Nothing);
        assert_eq!(after(Startup, ConnectionLost, None), Next::Nothing);
        assert_eq!(after(Tls, ErrorClass::Tls, None), Next::Nothing);
    }
}
