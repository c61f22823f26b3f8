//! Availability probes as a recorder sends them, a read and a write of a client of their own, and what becomes of them in troubles.

use recording::vocabulary::{ErrorClass, OperationType, Outcome, Path};
use recording::{AvailabilityProbe, ProbeFailure, Server, Timestamp};

use super::Draws;

/// On a probe, microseconds.
pub(super) const LIMIT_US: i64 = 1_000_000;
const MOST_IN_FLIGHT: usize = 10;

/// What befalls probes that are sent in a window.
#[derive(Clone, Copy)]
enum Trouble {
    Refused,
    /// Writes are refused as by a reader.
    ReadOnly,
    /// Answers come when it is over, if their probes wait so long.
    Queued,
    /// None is answered.
    Hangs,
    Slow,
    /// What becomes of a write is not known.
    Unknown,
    /// Nothing leaves this host.
    Exhausted,
    /// One fails, and the next is sent when it is over.
    Silence,
}

const TROUBLES: [Trouble; 8] = [
    Trouble::Refused,
    Trouble::ReadOnly,
    Trouble::Queued,
    Trouble::Hangs,
    Trouble::Slow,
    Trouble::Unknown,
    Trouble::Exhausted,
    Trouble::Silence,
];

struct Window {
    from: i64,
    to: i64,
    trouble: Trouble,
}

/// Where and when probes are sent; UTC microseconds.
pub(super) struct Sent<'s> {
    pub(super) path: Path,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) interval_us: i64,
    /// When the recorder was stopped.
    pub(super) pauses: &'s [(i64, i64)],
}

impl Sent<'_> {
    /// The rows of both kinds. Some troubles are at the times of `troubled`, as those of the application.
    pub(super) fn rows(
        &self,
        draws: &mut Draws,
        troubled: &[(i64, i64)],
    ) -> Vec<AvailabilityProbe> {
        let mut windows = Vec::new();
        for (from, to) in troubled {
            if draws.permille(600) {
                windows.push(Window {
                    from: *from,
                    to: *to,
                    trouble: draws.one_of(&TROUBLES),
                });
            }
        }
        for _ in 0..draws.between(0, 4) {
            let from = draws.between(self.start - 500_000, self.end);
            let length = draws.one_of(&[150_000, 400_000, 1_200_000, 3_000_000]);
            windows.push(Window {
                from,
                to: from + draws.between(length / 2, length),
                trouble: draws.one_of(&TROUBLES),
            });
        }
        let mut rows = Vec::new();
        for kind in [OperationType::Read, OperationType::Write] {
            // Some recordings have no probes of a kind.
            if !draws.permille(50) {
                rows.extend(self.of_kind(draws, kind, &windows));
            }
        }
        rows
    }

    /// The first moment at or after this one at which the recorder runs.
    fn awake(&self, at: i64) -> i64 {
        let pause = self.pauses.iter().find(|(from, to)| *from < at && at < *to);
        pause.map_or(at, |(_, to)| to + at % 3_000)
    }

    fn of_kind(
        &self,
        draws: &mut Draws,
        kind: OperationType,
        windows: &[Window],
    ) -> Vec<AvailabilityProbe> {
        let mut line = Line::default();
        let mut tick = self.awake(self.start + draws.between(0, 30_000));
        while tick < self.end {
            line.settle(tick);
            let is_due = line.in_flight.is_empty() || line.has_skipped;
            line.has_skipped = !is_due;
            let mut next = tick + self.interval_us;
            if is_due && line.in_flight.len() < MOST_IN_FLIGHT {
                let mut windows = windows.iter();
                let window = windows.find(|window| window.from <= tick && tick < window.to);
                let is_fresh = !line.is_kept || !line.in_flight.is_empty();
                let row = self.row(draws, kind, tick, is_fresh, window);
                line.in_flight.push(row);
                if let Some(Window {
                    to,
                    trouble: Trouble::Silence,
                    ..
                }) = window
                {
                    next = next.max(*to);
                }
            }
            tick = self.awake(next + draws.between(0, 400));
        }
        // Its outcome may still come while the recorder ends.
        line.settle(self.end + 5_000);
        for mut row in std::mem::take(&mut line.in_flight) {
            row.outcome = Outcome::Unfinished;
            row.failure = None;
            row.duration_us = self.end - row.time;
            line.rows.push(row);
        }
        line.rows
    }

    fn row(
        &self,
        draws: &mut Draws,
        kind: OperationType,
        time: i64,
        fresh: bool,
        window: Option<&Window>,
    ) -> AvailabilityProbe {
        let connect_us = if fresh { draws.between(900, 9_000) } else { 0 };
        let usual_us = connect_us + draws.between(300, 3_000);
        let (took_us, failure) = match window {
            Some(window) => troubled(draws, window, kind, time, usual_us),
            None => untroubled(draws, usual_us),
        };
        let (took_us, failure) = match took_us > LIMIT_US {
            true => (LIMIT_US, Some((ErrorClass::OperationTimeout, None))),
            false => (took_us, failure),
        };
        let duration_us = self.awake(time + took_us) - time;
        let outcome = match failure {
            None => Outcome::Ok,
            Some((ErrorClass::Unreplicated, _)) => Outcome::Unknown,
            Some(_) => Outcome::Failed,
        };
        AvailabilityProbe {
            path: self.path,
            time,
            operation_type: kind,
            reader: false,
            fresh,
            duration_us,
            connect_us: (fresh && failure.is_none()).then_some(connect_us),
            outcome,
            address: Some("127.0.0.2".to_owned()),
            server: failure.is_none().then(|| Server {
                path: self.path,
                address: Some("127.0.0.2".to_owned()),
                port: Some(5432),
                version: None,
                in_recovery: Some(false),
                postmaster_start_time: Some(Timestamp(self.start - 1_000_000)),
                timeline: None,
                aurora_instance_identifier: None,
            }),
            replication_lag_us: None,
            sync_rep_waits: None,
            failure: failure.map(|(class, sqlstate)| ProbeFailure {
                class,
                sqlstate: sqlstate.map(str::to_owned),
                message: "made up".to_owned(),
            }),
        }
    }
}

type Failed = Option<(ErrorClass, Option<&'static str>)>;

fn untroubled(draws: &mut Draws, usual_us: i64) -> (i64, Failed) {
    if draws.permille(10) {
        return (usual_us + draws.between(60_000, 1_100_000), None);
    }
    if draws.permille(6) {
        let failure = draws.one_of(&[
            (ErrorClass::Conflict, Some("40001")),
            (ErrorClass::StatementTimeout, Some("57014")),
            (ErrorClass::ConnectionLost, None),
            (ErrorClass::Client, None),
            (ErrorClass::Unreplicated, Some("01000")),
        ]);
        return (usual_us, Some(failure));
    }
    (usual_us, None)
}

fn troubled(
    draws: &mut Draws,
    window: &Window,
    kind: OperationType,
    time: i64,
    usual_us: i64,
) -> (i64, Failed) {
    let left_us = window.to - time;
    match window.trouble {
        Trouble::Refused => (usual_us, Some((ErrorClass::Refused, None))),
        Trouble::ReadOnly if kind == OperationType::Write => {
            (usual_us, Some((ErrorClass::ReadOnly, Some("25006"))))
        }
        Trouble::ReadOnly => (usual_us, None),
        Trouble::Queued => (left_us + usual_us, None),
        Trouble::Hangs => (
            LIMIT_US,
            Some((
                draws.one_of(&[ErrorClass::ConnectTimeout, ErrorClass::OperationTimeout]),
                None,
            )),
        ),
        Trouble::Slow => (draws.between(40_000, 350_000), None),
        Trouble::Unknown => (usual_us, Some((ErrorClass::Unreplicated, Some("01000")))),
        Trouble::Exhausted => (
            draws.between(100, 300_000),
            Some((ErrorClass::Client, None)),
        ),
        Trouble::Silence => (usual_us, Some((ErrorClass::ConnectionLost, None))),
    }
}

/// The probes of a kind.
#[derive(Default)]
struct Line {
    rows: Vec<AvailabilityProbe>,
    in_flight: Vec<AvailabilityProbe>,
    /// The last one was answered, on a connection that is there.
    is_kept: bool,
    has_skipped: bool,
}

impl Line {
    /// What has ended by now, in that order; an answer ends those that were sent before.
    fn settle(&mut self, now: i64) {
        let end = |row: &AvailabilityProbe| row.time + row.duration_us;
        loop {
            let ended = (0..self.in_flight.len()).filter(|at| end(&self.in_flight[*at]) <= now);
            let Some(first) = ended.min_by_key(|at| end(&self.in_flight[*at])) else {
                return;
            };
            let row = self.in_flight.remove(first);
            self.is_kept = row.outcome.is_success();
            if self.is_kept {
                let is_older = |other: &AvailabilityProbe| other.time < row.time;
                let given_up: Vec<_> = self
                    .in_flight
                    .extract_if(.., |other| is_older(other))
                    .collect();
                for mut other in given_up {
                    other.outcome = Outcome::Unfinished;
                    (other.failure, other.server, other.connect_us) = (None, None, None);
                    other.duration_us = end(&row) + 20 - other.time;
                    self.rows.push(other);
                }
            }
            self.rows.push(row);
        }
    }
}
