//! Recordings made up from a seed: every kind of failure, wait and hang that outage detection tells apart, at moments that no
//! lab would hit.

pub(crate) mod audited;
pub(crate) mod rules;
mod service;

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use recording::vocabulary::{
    ConnectPhase, ErrorClass, ErrorPhase, EventKind, OperationType, Outcome, Path, ProbeKind,
};
use recording::{
    Completion, ConnectFailure, Connection, DnsAnswer, Event, Failure, Load, Manifest, Mode,
    Operation, Pool, Probe, ProbeFailure, RecordingWriter, RunId, Schedule, Server, State,
    Timeouts, Timestamp, Weights, WriterOptions,
};

const START_US: i64 = 1_795_380_180_000_000;

/// A sequence of draws (SplitMix64): the same seed makes the same recording.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `from` to `to`, the latter left out.
    fn between(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.next() % (to - from).unsigned_abs()).unwrap()
    }

    /// True in so many of 1,000 cases.
    fn permille(&mut self, of_1000: i64) -> bool {
        self.between(0, 1_000) < of_1000
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.between(0, of.len() as i64)).unwrap()]
    }
}

/// What befalls operations that begin in a window.
#[derive(Clone, Copy)]
enum Trouble {
    /// Everything is refused at once.
    Refused,
    /// Writes are refused as by a reader.
    ReadOnly,
    /// Everything waits until the window is over, and then succeeds.
    Queued,
    /// Everything runs into the client's own limit.
    Hangs,
    /// Everything waits until the server cancels it.
    Cancelled,
    /// Nothing leaves this host.
    Exhausted,
    /// One operation fails, and the next one begins when the window is over.
    Silence,
}

struct Window {
    from: i64,
    to: i64,
    trouble: Trouble,
}

/// pgbench's progress of a second; the first has no latency.
fn load(path: Path, start: i64, second: i32) -> Load {
    Load {
        path,
        time: start + i64::from(second) * 1_000_000,
        start_number: 1,
        tps: 812.5,
        latency_us: Some(1_200).filter(|_| second > 1),
        latency_stddev_us: Some(300),
        failed: None,
    }
}

/// Makes a recording below `root` and returns its folder. `host` is its label.
pub(crate) fn recording(root: &FilePath, host: &str, seed: u64) -> PathBuf {
    with_operations(root, host, seed).0
}

/// The same with the operations that are in it.
fn with_operations(root: &FilePath, host: &str, seed: u64) -> (PathBuf, Vec<Operation>) {
    let mut draws = Draws(seed);
    // Some are so short that one gap is all of them.
    let shortest = draws.one_of(&[300_000, 8_000_000, 8_000_000, 8_000_000]);
    let duration_us = draws.between(shortest, 3 * shortest);
    let start = START_US + seed as i64 * 3_600_000_000;
    let run_id = RunId::new(start, seed as u16);
    let folder = root.join(run_id.as_str());
    let mode = draws.one_of(&[Mode::Both, Mode::Both, Mode::Both, Mode::Proxy]);
    let writer = RecordingWriter::create(
        &folder,
        manifest(run_id.as_str(), host, start, mode),
        WriterOptions::default(),
    )
    .unwrap();
    let handle = writer.handle();
    let mut rows = Vec::new();
    for path in mode.paths() {
        rows.extend(operations(&mut draws, *path, start, duration_us));
    }
    rows.iter().for_each(|row| handle.operation(row.clone()));
    if draws.permille(700) {
        handle.event(Event {
            time: start + duration_us / 4,
            path: None,
            kind: EventKind::FailoverTriggered,
            duration_us: None,
            status: None,
            detail: "made up".to_owned(),
        });
    }
    for (second, path) in (1_i32..).zip(mode.paths()) {
        handle.load(load(*path, start, second));
    }
    for path in mode.paths() {
        connections(*path, start)
            .into_iter()
            .for_each(|row| handle.connection(row));
        probes(*path, start)
            .into_iter()
            .for_each(|row| handle.probe(row));
    }
    let completion = Completion {
        state: State::Complete,
        duration_us,
        drift_us: 0,
    };
    assert!(writer.finish(completion).unwrap().is_complete());

    // Some lost rows, and some were killed: how they ended is unknown.
    let mut manifest = Manifest::read(&folder).unwrap();
    if draws.permille(200) {
        manifest.dropped_rows = BTreeMap::from([("operations".to_owned(), 7)]);
    }
    if draws.permille(200) {
        manifest.state = State::Recovered;
        manifest.duration_us = None;
    }
    manifest.write(&folder).unwrap();
    (folder, rows)
}

/// Operations that the first part of [`in_progress`] has.
pub(crate) const SEALED: u64 = 100;

/// A recording in progress below `root`: a sealed part of operations, and one that is being written. It goes on for as long as the writer
/// is kept.
pub(crate) fn in_progress(root: &FilePath) -> (RecordingWriter, PathBuf) {
    let folder = root.join("in-progress");
    let manifest = manifest("in-progress", "host", START_US, Mode::Direct);
    let writer = RecordingWriter::create(&folder, manifest, WriterOptions::default()).unwrap();
    let handle = writer.handle();
    let mut draws = Draws(1);
    let mut write = |ids: std::ops::RangeInclusive<i64>| {
        for id in ids {
            let row = operation(&mut draws, Path::Direct, START_US + id * 1_000, None);
            handle.operation(Operation {
                operation_id: id,
                ..row
            });
        }
    };
    let wait_for = |file: &str| {
        for _ in 0..2_000 {
            if folder.join(file).exists() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("waited in vain for {file}");
    };
    write(1..=SEALED as i64);
    writer.seal();
    wait_for("operations/direct-00001.parquet");
    write(SEALED as i64 + 1..=2 * SEALED as i64);
    wait_for("_operations.direct-00002.open");
    (writer, folder)
}

/// An attempt that fell back from TLS, and one for reads that failed.
fn connections(path: Path, start: i64) -> [Connection; 2] {
    let answered = Connection {
        path,
        connection_id: 1,
        start_time: start,
        end_time: start + 3_000,
        host: "writer.lab.test".to_owned(),
        address: Some("127.0.0.2".to_owned()),
        port: 5432,
        reader: false,
        dns_us: Some(400),
        tcp_us: Some(90),
        tls_us: Some(700),
        tls_error: Some("the server has no TLS".to_owned()),
        startup_us: Some(1_200),
        server: None,
        failure: None,
    };
    let refused = Connection {
        connection_id: 2,
        reader: true,
        tls_us: None,
        tls_error: None,
        startup_us: None,
        failure: Some(ConnectFailure {
            phase: ConnectPhase::Tcp,
            class: Some(ErrorClass::Refused),
            sqlstate: None,
            message: "made up".to_owned(),
        }),
        ..answered.clone()
    };
    [answered, refused]
}

/// An answer of a server, one of the name server, and none.
fn probes(path: Path, start: i64) -> [Probe; 3] {
    let probe = |after_us: i64, kind: ProbeKind| Probe {
        path,
        time: start + after_us,
        kind,
        target: "writer.lab.test".to_owned(),
        reader: kind == ProbeKind::Dns,
        duration_us: 900 + after_us,
        server: None,
        replication_lag_us: None,
        dns: None,
        failure: None,
    };
    let answered = Probe {
        server: Some(Server {
            path,
            address: Some("127.0.0.3".to_owned()),
            port: Some(5432),
            version: None,
            in_recovery: Some(true),
            postmaster_start_time: Some(Timestamp(start - 1_000_000)),
            timeline: Some(1),
            aurora_instance_identifier: Some("shop-1".to_owned()),
        }),
        replication_lag_us: Some(12_345),
        ..probe(0, ProbeKind::Server)
    };
    let resolved = Probe {
        dns: Some(DnsAnswer {
            addresses: "127.0.0.2,127.0.0.3".to_owned(),
            ttl_s: Some(5),
        }),
        ..probe(100, ProbeKind::Dns)
    };
    let failed = Probe {
        failure: Some(ProbeFailure {
            class: ErrorClass::StartingOrStopping,
            sqlstate: Some("57P03".to_owned()),
            message: "the database system is starting up".to_owned(),
        }),
        ..probe(500_000, ProbeKind::Server)
    };
    [answered, resolved, failed]
}

fn operations(draws: &mut Draws, path: Path, start: i64, duration_us: i64) -> Vec<Operation> {
    let end = start + duration_us;
    let windows = windows(draws, start, duration_us);
    // From a busy path to one that is asked less than once a second: the ten-median rule and idleness.
    let longest_think = draws.one_of(&[60_000, 300_000, 300_000, 2_500_000]);
    let workers = draws.between(1, 6);
    let mut rows = Vec::new();
    for worker in 0..workers {
        let mut now = start + draws.between(0, 20_000);
        while now < end {
            let window = windows
                .iter()
                .find(|window| window.from <= now && now < window.to);
            let mut row = operation(draws, path, now, window);
            row.worker = i32::try_from(worker).ok();
            row.operation_id = rows.len() as i64 + 1;
            now = row.end_time.unwrap_or(end) + draws.between(10_000, longest_think);
            if let Some(Window {
                to,
                trouble: Trouble::Silence,
                ..
            }) = window
            {
                now = now.max(*to);
            }
            // Past the recording's end: it was cut off, or its outcome still came while the recorder ended.
            if row.end_time.is_some_and(|at| at > end + 20_000) {
                (row.end_time, row.outcome, row.failure) = (None, Outcome::Unfinished, None);
            }
            rows.push(row);
        }
    }
    rows
}

fn windows(draws: &mut Draws, start: i64, duration_us: i64) -> Vec<Window> {
    let count = draws.between(0, 5);
    let window = |draws: &mut Draws| {
        let from = draws.between(-duration_us / 10, duration_us);
        let length = draws.one_of(&[150_000, 400_000, 1_200_000, 4_000_000]);
        let troubles = [
            Trouble::Refused,
            Trouble::ReadOnly,
            Trouble::Queued,
            Trouble::Hangs,
            Trouble::Cancelled,
            Trouble::Exhausted,
            Trouble::Silence,
        ];
        Window {
            from: start + from,
            to: start + from + draws.between(length / 2, length),
            trouble: draws.one_of(&troubles),
        }
    };
    (0..count).map(|_| window(draws)).collect()
}

/// An outcome, and the class and SQLSTATE of a failure.
type Drawn = (Outcome, Option<(ErrorClass, Option<&'static str>)>);

/// Outside of every window.
fn usual(draws: &mut Draws) -> Drawn {
    let outcome = draws.one_of(&[Outcome::Ok, Outcome::Ok, Outcome::Ok, Outcome::Rejected]);
    if !draws.permille(12) {
        return (outcome, None);
    }
    let (outcome, class, sqlstate) = draws.one_of(&[
        (Outcome::Failed, ErrorClass::Conflict, Some("40001")),
        (Outcome::Failed, ErrorClass::Constraint, Some("23505")),
        (Outcome::Failed, ErrorClass::Other, Some("42P01")),
        (Outcome::Failed, ErrorClass::Other, Some("XX000")),
        (Outcome::Failed, ErrorClass::Other, None),
        (Outcome::Failed, ErrorClass::Client, None),
        (Outcome::Failed, ErrorClass::NoWriter, None),
        (Outcome::Failed, ErrorClass::StatementTimeout, Some("57014")),
        (Outcome::Unknown, ErrorClass::Unreplicated, Some("01000")),
        (Outcome::Unknown, ErrorClass::ConnectionLost, None),
    ]);
    (outcome, Some((class, sqlstate)))
}

/// What a window changes: the time that the operation takes, and its outcome where it fails.
fn in_window(
    draws: &mut Draws,
    window: &Window,
    kind: OperationType,
    begin: i64,
    took: &mut i64,
) -> Option<Drawn> {
    let failed = |class, sqlstate| Some((Outcome::Failed, Some((class, sqlstate))));
    match window.trouble {
        Trouble::Refused => failed(ErrorClass::Refused, None),
        Trouble::ReadOnly if kind != OperationType::Read => {
            failed(ErrorClass::ReadOnly, Some("25006"))
        }
        Trouble::ReadOnly => None,
        Trouble::Queued => {
            *took += window.to - begin;
            None
        }
        Trouble::Hangs => {
            *took = draws.one_of(&[300_000, 2_000_000]);
            let limit = draws.one_of(&[ErrorClass::OperationTimeout, ErrorClass::PoolTimeout]);
            failed(limit, None)
        }
        Trouble::Cancelled => {
            *took = draws.one_of(&[300_000, 2_000_000]);
            failed(ErrorClass::StatementTimeout, Some("57014"))
        }
        Trouble::Exhausted => {
            *took = draws.one_of(&[500, 300_000, 2_000_000]);
            failed(ErrorClass::Client, None)
        }
        Trouble::Silence => failed(ErrorClass::ConnectionLost, None),
    }
}

/// Some pieces for a change of stock.
fn target(name: &str, begin: i64) -> recording::Target {
    let pieces = i32::try_from(1 + begin.rem_euclid(15)).unwrap();
    recording::Target {
        quantity: (name == "update_stock").then_some(pieces),
        ..recording::Target::default()
    }
}

fn operation(draws: &mut Draws, path: Path, begin: i64, window: Option<&Window>) -> Operation {
    let (kind, name) = draws.one_of(&[
        (OperationType::Read, "user_list"),
        (OperationType::Read, "user_list"),
        (OperationType::Read, "product_search"),
        (OperationType::Read, "order_statistics"),
        (OperationType::Write, "update_stock"),
        (OperationType::Write, "insert_log"),
        (OperationType::Transaction, "place_order"),
    ]);
    let mut took = match name {
        // So slow by itself that three medians are more than the floor of a stall.
        "order_statistics" => draws.between(250_000, 450_000),
        "place_order" => draws.between(400, 90_000),
        _ => draws.between(400, 6_000),
    };
    if draws.permille(15) {
        took += draws.between(80_000, 1_200_000);
    }
    let usual = usual(draws);
    let changed = window.and_then(|window| in_window(draws, window, kind, begin, &mut took));
    let (outcome, failure) = changed.unwrap_or(usual);
    let scheduled_time = begin - draws.one_of(&[0, 0, 0, 2_000]);
    Operation {
        path,
        worker: None,
        operation_id: 0,
        operation_type: kind,
        operation_name: name,
        scheduled_time,
        start_time: Some(begin),
        end_time: Some(begin + took),
        checkout_us: Some(100),
        execute_us: Some(took - 100),
        outcome,
        affected_rows: outcome.is_success().then_some(1),
        target: target(name, begin),
        connection_id: Some(1),
        failure: failure.map(|(class, sqlstate)| {
            Box::new(Failure {
                phase: ErrorPhase::Statement,
                class,
                sqlstate: sqlstate.map(str::to_owned),
                message: "made up".to_owned(),
            })
        }),
    }
}

fn manifest(run_id: &str, host: &str, start: i64, mode: Mode) -> Manifest {
    let mut manifest = Manifest {
        start_time: Timestamp(start),
        mode,
        weights: Weights {
            read: 50.0,
            write: 33.0,
            transaction: 17.0,
        },
        workers: 5,
        schedule: Schedule::ClosedLoop {
            min_operation_interval_us: 10_000,
            max_operation_interval_us: 2_500_000,
        },
        seed: 1,
        pool: Pool { size: 5 },
        timeouts: Timeouts {
            connect_us: 5_000_000,
            pool_us: 2_000_000,
            operation_us: 2_000_000,
        },
        ..Manifest::new(run_id, host)
    };
    manifest.clock.anchor_time = manifest.start_time;
    manifest
}
