//! Recordings in which every rule of version 2 of the definitions has something to decide: used connections, refusals, pauses of the
//! recorder, one worker, workers that all hang elsewhere, waits in the pool, operations that were late before a gap. And availability probes
//! beside them.

use std::path::{Path as FilePath, PathBuf};

use recording::vocabulary::{
    ErrorClass, ErrorPhase, EventKind, OperationType, Outcome, Path, ProbeKind,
};
use recording::{
    AvailabilityProbe, AvailabilitySettings, Completion, Event, Failure, Manifest, Mode, Operation,
    Pool, Probe, ProbeFailure, RecordingWriter, RunId, State, WriterOptions,
};

use super::service::{self, Sent};
use super::{Draws, START_US, manifest, target};

/// What befalls operations that begin in a window.
#[derive(Clone, Copy, PartialEq)]
enum Trouble {
    Refused,
    Stopping,
    ReadOnly,
    /// Answers come late, by the server or after a wait in the pool.
    Slow,
    /// Connections hang until the client's limit.
    Hangs,
    /// The next to ask waits in vain for the pool, or for a connection.
    NoConnection,
    /// Connections end.
    Cut,
    /// The server answers each statement with a refusal.
    Denied,
    Locked,
    Cancelled,
    /// The data said no.
    Data,
    /// Commits hang until the window is over, and reads wait for a slot.
    Commits,
}

const TROUBLES: [Trouble; 12] = [
    Trouble::Refused,
    Trouble::Stopping,
    Trouble::ReadOnly,
    Trouble::Slow,
    Trouble::Hangs,
    Trouble::NoConnection,
    Trouble::Cut,
    Trouble::Denied,
    Trouble::Locked,
    Trouble::Cancelled,
    Trouble::Data,
    Trouble::Commits,
];

struct Window {
    from: i64,
    to: i64,
    trouble: Trouble,
}

/// An operation as it went: times are lengths in microseconds.
struct Course {
    queue: i64,
    checkout: i64,
    execute: Option<i64>,
    outcome: Outcome,
    failure: Option<(ErrorClass, Option<&'static str>)>,
}

/// Makes a recording below `root` and returns its folder.
pub(crate) fn recording(root: &FilePath, host: &str, seed: u64) -> PathBuf {
    with_operations(root, host, seed).0
}

/// The same with the operations that are in it.
pub(super) fn with_operations(root: &FilePath, host: &str, seed: u64) -> (PathBuf, Vec<Operation>) {
    let mut draws = Draws(seed);
    let start = START_US + seed as i64 * 3_600_000_000;
    let duration_us = draws.between(6_000_000, 25_000_000);
    let run_id = RunId::new(start, seed as u16);
    let folder = root.join(run_id.as_str());
    let workers = draws.one_of(&[1, 2, 3, 4, 6]);
    let pool = draws.between(1, workers + 1);
    // By themselves: what else is made up is the same without them.
    let mut of_probes = Draws(!seed);
    let interval_us = of_probes.one_of(&[50_000, 50_000, 50_000, 400_000]);
    let plain = manifest(run_id.as_str(), host, start, Mode::Both);
    let manifest = with_settings(plain, workers, pool, interval_us);
    let writer = RecordingWriter::create(&folder, manifest, WriterOptions::default()).unwrap();
    let handle = writer.handle();
    let pauses = pauses(&mut draws, start, duration_us);
    for pause in &pauses {
        handle.event(paused(*pause));
    }
    let mut rows = Vec::new();
    for path in [Path::Direct, Path::Proxy] {
        let windows = windows(&mut draws, start, duration_us);
        let made = Made {
            path,
            end: start + duration_us,
            windows: &windows,
            pauses: &pauses,
        };
        rows.extend(made.operations(&mut draws, start, workers));
        let probes = made.probes(&mut draws, start);
        // Without them the availability probes' reads say who answered.
        if of_probes.permille(700) {
            probes.into_iter().for_each(|row| handle.probe(row));
        }
        for row in made.availability(&mut of_probes, start, interval_us) {
            handle.availability(row);
        }
    }
    rows.iter().for_each(|row| handle.operation(row.clone()));
    let completion = Completion {
        state: State::Complete,
        duration_us,
        drift_us: 0,
    };
    assert!(writer.finish(completion).unwrap().is_complete());
    (folder, rows)
}

fn with_settings(plain: Manifest, workers: i64, pool: i64, interval_us: i64) -> Manifest {
    Manifest {
        availability: Some(AvailabilitySettings {
            interval_us,
            limit_us: service::LIMIT_US,
            writes: true,
        }),
        workers: u32::try_from(workers).unwrap(),
        pool: Pool {
            size: usize::try_from(pool).unwrap(),
        },
        ..plain
    }
}

fn paused((from, to): (i64, i64)) -> Event {
    Event {
        time: from,
        path: None,
        kind: EventKind::ClientPaused,
        duration_us: Some(to - from),
        status: None,
        detail: "made up".to_owned(),
    }
}

/// Pauses do not overlap.
fn pauses(draws: &mut Draws, start: i64, duration_us: i64) -> Vec<(i64, i64)> {
    let mut pauses = Vec::new();
    let mut at = start + draws.between(-200_000, duration_us);
    for _ in 0..draws.one_of(&[0, 0, 1, 1, 3]) {
        let length = draws.one_of(&[220_000, 400_000, 1_000_000, 2_500_000]);
        let to = at + draws.between(length / 2, length);
        pauses.push((at, to));
        at = to + draws.between(20_000, duration_us / 2);
    }
    pauses
}

fn windows(draws: &mut Draws, start: i64, duration_us: i64) -> Vec<Window> {
    let count = draws.between(1, 5);
    let window = |draws: &mut Draws| {
        let from = start + draws.between(-duration_us / 10, duration_us);
        let length = draws.one_of(&[300_000, 1_500_000, 3_000_000, 6_000_000]);
        Window {
            from,
            to: from + draws.between(length / 2, length),
            trouble: draws.one_of(&TROUBLES),
        }
    };
    (0..count).map(|_| window(draws)).collect()
}

struct Made<'m> {
    path: Path,
    end: i64,
    windows: &'m [Window],
    pauses: &'m [(i64, i64)],
}

impl Made<'_> {
    /// The first moment at or after this one at which the recorder runs.
    fn awake(&self, at: i64) -> i64 {
        let pause = self.pauses.iter().find(|(from, to)| *from < at && at < *to);
        pause.map_or(at, |(_, to)| to + at % 3_000)
    }

    fn window(&self, at: i64) -> Option<&Window> {
        let mut windows = self.windows.iter();
        windows.find(|window| window.from <= at && at < window.to)
    }

    fn operations(&self, draws: &mut Draws, start: i64, workers: i64) -> Vec<Operation> {
        let longest_think = draws.one_of(&[60_000, 200_000, 600_000]);
        let has_reads = draws.permille(850);
        let mut rows = Vec::new();
        let mut connections = 0;
        for worker in 0..workers {
            let mut now = self.awake(start + draws.between(0, 50_000));
            connections += 1;
            let mut connection = connections;
            while now < self.end {
                let mut row = self.operation(draws, now, has_reads);
                row.worker = i32::try_from(worker).ok();
                row.operation_id = rows.len() as i64 + 1;
                let class = row.failure.as_ref().map(|failure| failure.class);
                let is_lost = class.is_some_and(|class| {
                    use ErrorClass::{ConnectionLost, OperationTimeout, StartingOrStopping};
                    [ConnectionLost, OperationTimeout, StartingOrStopping].contains(&class)
                });
                row.connection_id = row.execute_us.map(|_| connection);
                if is_lost || draws.permille(80) {
                    connections += 1;
                    connection = connections;
                }
                let ended = row.end_time.unwrap_or(self.end);
                now = self.awake(ended + draws.between(5_000, longest_think));
                // Cut off, or its outcome still came while the recorder ended.
                if ended > self.end + 20_000 {
                    (row.end_time, row.outcome, row.failure) = (None, Outcome::Unfinished, None);
                    row.execute_us = None;
                    row.affected_rows = None;
                }
                rows.push(row);
            }
        }
        rows
    }

    fn operation(&self, draws: &mut Draws, begin: i64, has_reads: bool) -> Operation {
        let (operation_type, operation_name) = draws.one_of(&[
            (OperationType::Read, "user_list"),
            (OperationType::Read, "user_list"),
            (OperationType::Read, "order_statistics"),
            (OperationType::Write, "update_stock"),
            (OperationType::Write, "insert_log"),
            (OperationType::Transaction, "place_order"),
        ]);
        let (operation_type, operation_name) = match operation_type {
            OperationType::Read if !has_reads => (OperationType::Write, "insert_log"),
            _ => (operation_type, operation_name),
        };
        let usual = match operation_name {
            "order_statistics" => draws.between(20_000, 300_000),
            _ => draws.between(400, 9_000),
        };
        let course = match self.window(begin) {
            Some(window) => troubled(draws, window, operation_type, begin, usual),
            None => untroubled(draws, usual),
        };
        let started = begin + course.queue;
        let end = self.awake(started + course.checkout + course.execute.unwrap_or(0));
        // A pause in it is a part of the statement, or of the wait for a connection.
        let took = end - started;
        let (checkout, execute) = match course.execute {
            Some(_) => (course.checkout, Some(took - course.checkout)),
            None => (took, None),
        };
        Operation {
            path: self.path,
            worker: None,
            operation_id: 0,
            operation_type,
            operation_name,
            scheduled_time: begin,
            start_time: Some(started),
            end_time: Some(end),
            checkout_us: Some(checkout),
            execute_us: execute,
            outcome: course.outcome,
            affected_rows: course.outcome.is_success().then_some(1),
            target: target(operation_name, begin),
            connection_id: None,
            failure: course.failure.map(|(class, sqlstate)| {
                Box::new(Failure {
                    phase: ErrorPhase::Statement,
                    class,
                    sqlstate: sqlstate.map(str::to_owned),
                    message: "made up".to_owned(),
                })
            }),
        }
    }

    fn availability(
        &self,
        draws: &mut Draws,
        start: i64,
        interval_us: i64,
    ) -> Vec<AvailabilityProbe> {
        let windows = self.windows.iter();
        let troubled: Vec<_> = windows.map(|window| (window.from, window.to)).collect();
        let sent = Sent {
            path: self.path,
            start,
            end: self.end,
            interval_us,
            pauses: self.pauses,
        };
        sent.rows(draws, &troubled)
    }

    /// Answered while operations hang, mostly.
    fn probes(&self, draws: &mut Draws, start: i64) -> Vec<Probe> {
        let mut rows = Vec::new();
        let mut at = self.awake(start + draws.between(0, 200_000));
        while at < self.end {
            let fails = match self.window(at).map(|window| window.trouble) {
                Some(Trouble::Refused | Trouble::NoConnection) => draws.permille(800),
                _ => draws.permille(5),
            };
            rows.push(Probe {
                path: self.path,
                time: at,
                kind: ProbeKind::Server,
                target: "writer.lab.test".to_owned(),
                reader: false,
                duration_us: self.awake(at + draws.between(500, 5_000)) - at,
                server: None,
                replication_lag_us: None,
                dns: None,
                failure: fails.then(|| ProbeFailure {
                    class: ErrorClass::Refused,
                    sqlstate: None,
                    message: "made up".to_owned(),
                }),
            });
            at = self.awake(at + 250_000);
        }
        rows
    }
}

fn ok(checkout: i64, execute: i64) -> Course {
    Course {
        queue: 0,
        checkout,
        execute: Some(execute),
        outcome: Outcome::Ok,
        failure: None,
    }
}

fn fails(execute: i64, class: ErrorClass, sqlstate: Option<&'static str>) -> Course {
    Course {
        outcome: Outcome::Failed,
        failure: Some((class, sqlstate)),
        ..ok(100, execute)
    }
}

/// It got no connection.
fn fails_before(checkout: i64, class: ErrorClass) -> Course {
    Course {
        execute: None,
        ..Course {
            checkout,
            ..fails(0, class, None)
        }
    }
}

fn untroubled(draws: &mut Draws, usual: i64) -> Course {
    // It hangs by itself, while others are served.
    if draws.permille(10) {
        let execute = draws.between(700_000, 4_000_000);
        return match draws.between(0, 3) {
            0 => ok(100, execute),
            1 => fails(execute, ErrorClass::ConnectionLost, None),
            _ => fails(2_000_000, ErrorClass::OperationTimeout, None),
        };
    }
    if draws.permille(12) {
        let (class, sqlstate) = draws.one_of(&[
            (ErrorClass::Conflict, Some("40001")),
            (ErrorClass::Conflict, Some("55P03")),
            (ErrorClass::Constraint, Some("23505")),
            (ErrorClass::Other, Some("42P01")),
            (ErrorClass::Other, Some("XX000")),
            (ErrorClass::StatementTimeout, Some("57014")),
            (ErrorClass::ConnectionLost, None),
        ]);
        return fails(usual, class, sqlstate);
    }
    ok(draws.one_of(&[0, 100, 100, 4_000]), usual)
}

fn troubled(
    draws: &mut Draws,
    window: &Window,
    kind: OperationType,
    begin: i64,
    usual: i64,
) -> Course {
    let left = window.to - begin;
    match window.trouble {
        Trouble::Refused => fails_before(usual, ErrorClass::Refused),
        Trouble::Stopping => fails(usual, ErrorClass::StartingOrStopping, Some("57P01")),
        Trouble::ReadOnly if kind != OperationType::Read => {
            fails(usual, ErrorClass::ReadOnly, Some("25006"))
        }
        Trouble::ReadOnly => ok(100, usual),
        Trouble::Slow => match draws.between(0, 4) {
            0 => ok(100, left + usual),
            1 => ok(left, usual),
            2 => Course {
                queue: left,
                ..ok(100, usual)
            },
            _ => ok(100, left / 3 + usual),
        },
        Trouble::Hangs => fails(2_000_000, ErrorClass::OperationTimeout, None),
        Trouble::NoConnection => match draws.between(0, 3) {
            0 => fails_before(1_000_000, ErrorClass::ConnectTimeout),
            1 => fails_before(usual, ErrorClass::Client),
            _ => fails_before(800_000, ErrorClass::PoolTimeout),
        },
        Trouble::Cut => fails(
            draws.between(500, 900_000),
            ErrorClass::ConnectionLost,
            None,
        ),
        Trouble::Denied => {
            let sqlstate = draws.one_of(&["42501", "0A000", "P0001", "42P01"]);
            fails(usual, ErrorClass::Other, Some(sqlstate))
        }
        Trouble::Locked => fails(200_000, ErrorClass::Conflict, Some("55P03")),
        Trouble::Cancelled => {
            let limit = draws.one_of(&[200_000, 200_000, 1_000_000]);
            fails(limit, ErrorClass::StatementTimeout, Some("57014"))
        }
        Trouble::Data => match draws.between(0, 4) {
            0 => fails(usual, ErrorClass::Constraint, Some("23505")),
            1 => fails(usual, ErrorClass::Conflict, Some("40P01")),
            2 => fails(usual, ErrorClass::Other, Some("22012")),
            _ => fails(usual, ErrorClass::Other, Some("42703")),
        },
        Trouble::Commits if kind == OperationType::Read => ok(left, usual),
        Trouble::Commits => ok(100, left + usual),
    }
}
