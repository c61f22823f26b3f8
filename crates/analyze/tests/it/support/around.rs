//! What a hand-made recording holds around its operations: attempts to connect, events, settings.

use recording::vocabulary::{ConnectPhase, ErrorClass, EventKind, ProbeKind};
use recording::{ConnectFailure, Connection, Event, Manifest, Probe, Server, Timestamp};

use super::{HandMade, START_US, us};

/// Who answers an attempt to connect: last byte of its address, started so many seconds after the recording, reader or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer(pub u8, pub i64, pub bool);

/// The writer before any failover.
pub(crate) const OLD_WRITER: Answer = Answer(2, -3_600, false);
/// The writer after the first.
pub(crate) const NEW_WRITER: Answer = Answer(3, -3_500, false);
/// What the old writer comes back as.
pub(crate) const OLD_AS_READER: Answer = Answer(2, 11, true);

impl HandMade {
    /// A setting of the manifest.
    pub(crate) fn set(mut self, set: fn(&mut Manifest)) -> Self {
        self.settings.push(set);
        self
    }

    /// An event of the current path.
    pub(crate) fn told(self, at: f64, kind: EventKind, detail: &str) -> Self {
        let path = Some(self.path);
        self.event(at, path, kind, None, detail)
    }

    /// An event of the whole recording.
    pub(crate) fn told_of_all(self, at: f64, kind: EventKind, detail: &str) -> Self {
        self.event(at, None, kind, None, detail)
    }

    pub(crate) fn event(
        mut self,
        at: f64,
        path: Option<recording::vocabulary::Path>,
        kind: EventKind,
        status: Option<i32>,
        detail: &str,
    ) -> Self {
        self.events.push(Event {
            time: START_US + us(at),
            path,
            kind,
            duration_us: None,
            status,
            detail: detail.to_owned(),
        });
        self
    }

    /// An attempt to connect to `writer.test` that began 10 ms before `end`, its name looked up in 1 ms: the last byte of the
    /// address that it led to, and who answered; `None` where it was refused.
    pub(crate) fn connect(self, end: f64, led_to: u8, answer: Option<Answer>) -> Self {
        self.connect_to("writer.test", end, led_to, answer)
    }

    pub(crate) fn connect_to(
        mut self,
        host: &str,
        end: f64,
        led_to: u8,
        answer: Option<Answer>,
    ) -> Self {
        let end_time = START_US + us(end);
        let server = |Answer(byte, started, in_recovery): Answer| Server {
            path: self.path,
            address: Some(format!("10.0.0.{byte}")),
            port: Some(5432),
            version: Some("17.2".to_owned()),
            in_recovery: Some(in_recovery),
            postmaster_start_time: Some(Timestamp(START_US + started * 1_000_000)),
            timeline: None,
            aurora_instance_identifier: None,
        };
        let failure = ConnectFailure {
            phase: ConnectPhase::Tcp,
            class: Some(ErrorClass::Refused),
            sqlstate: None,
            message: "made by hand: refused".to_owned(),
        };
        self.connections.push(Connection {
            path: self.path,
            connection_id: self.connections.len() as i64 + 1,
            start_time: end_time - 10_000,
            end_time,
            host: host.to_owned(),
            address: Some(format!("10.0.0.{led_to}")),
            port: 5432,
            reader: host == "reader.test",
            dns_us: Some(1_000),
            tcp_us: Some(1_000),
            tls_us: None,
            tls_error: None,
            startup_us: answer.map(|_| 1_000),
            server: answer.map(server),
            failure: answer.is_none().then_some(failure),
        });
        self
    }
}

impl HandMade {
    /// What the probes of the current path's writer heard, one answer every half second from `from` on.
    pub(crate) fn answers(mut self, from: f64, answers: &[Answer]) -> Self {
        for (index, Answer(byte, started, in_recovery)) in answers.iter().enumerate() {
            self.probes.push(Probe {
                path: self.path,
                time: START_US + us(from + 0.5 * index as f64) - 1_000,
                kind: ProbeKind::Server,
                target: "writer.test".to_owned(),
                reader: false,
                duration_us: 1_000,
                server: Some(Server {
                    path: self.path,
                    address: Some(format!("10.0.0.{byte}")),
                    port: Some(5432),
                    version: None,
                    in_recovery: Some(*in_recovery),
                    postmaster_start_time: Some(Timestamp(START_US + started * 1_000_000)),
                    timeline: None,
                    aurora_instance_identifier: None,
                }),
                replication_lag_us: None,
                dns: None,
                failure: None,
            });
        }
        self
    }

    /// The attempt before this was made for the endpoint of the path's reads.
    pub(crate) fn for_reads(mut self) -> Self {
        self.connections.last_mut().unwrap().reader = true;
        self
    }
}
