//! Hand-made recordings: real folders with real Parquet, and answers known beforehand.

pub(crate) mod around;
pub(crate) mod asked;
pub(crate) mod audited;
pub(crate) mod chart_cases;
pub(crate) mod fits;
pub(crate) mod refit;
pub(crate) mod summaries;

use std::path::{Path as FilePath, PathBuf};

use analyze::summary::{Group, GroupSummary, PathSummary, Summary, Thresholds};
use analyze::{Analysis, load::Loaded};
use recording::vocabulary::{
    ErrorClass, ErrorPhase, EventKind, OperationType, Outcome, Path, ProbeKind,
};
use recording::{
    AvailabilityProbe, Clock, ClockOffset, Completion, Connection, Event, Failure, Load, Manifest,
    Mode, Operation, Pool, Probe, ProbeFailure, RecordingWriter, Schedule, State, Timeouts,
    Timestamp, Weights, WriterOptions,
};

/// Start of every hand-made recording: 2026-11-22T20:43:00Z.
pub(crate) const START_US: i64 = 1_795_380_180_000_000;

/// Seconds to whole microseconds.
pub(crate) fn us(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

/// A recording under construction. Times are seconds since its start.
pub(crate) struct HandMade {
    duration: f64,
    path: Path,
    rows: Vec<Operation>,
    seals: Vec<usize>,
    events: Vec<Event>,
    load: Vec<Load>,
    connections: Vec<Connection>,
    settings: Vec<fn(&mut Manifest)>,
    probes: Vec<Probe>,
    asked: Vec<AvailabilityProbe>,
    host: Host,
}

/// Who recorded. Its clock is ahead of the true time by that much, and with it every time that it wrote.
struct Host {
    name: &'static str,
    run_id: &'static str,
    ahead_us: i64,
    offsets: Vec<ClockOffset>,
}

const LAPTOP: Host = Host {
    name: "laptop",
    run_id: "20261122T204300Z-7f3a",
    ahead_us: 0,
    offsets: Vec::new(),
};

impl HandMade {
    pub(crate) fn new(duration: f64) -> Self {
        Self {
            duration,
            path: Path::Direct,
            rows: Vec::new(),
            seals: Vec::new(),
            events: Vec::new(),
            load: Vec::new(),
            connections: Vec::new(),
            settings: Vec::new(),
            probes: Vec::new(),
            asked: Vec::new(),
            host: LAPTOP,
        }
    }

    /// Another host recorded it, with a clock that is ahead of the true time by so many microseconds.
    pub(crate) fn on_host(
        mut self,
        name: &'static str,
        run_id: &'static str,
        ahead_us: i64,
    ) -> Self {
        self.host = Host {
            name,
            run_id,
            ahead_us,
            offsets: self.host.offsets,
        };
        self
    }

    /// A measured offset to the server's clock, so many seconds after the start.
    pub(crate) fn measured(
        mut self,
        path: Path,
        at: f64,
        offset_us: i64,
        uncertainty_us: i64,
    ) -> Self {
        self.host.offsets.push(ClockOffset {
            time: Timestamp(START_US + us(at)),
            path,
            server_address: Some("10.0.0.2".to_owned()),
            server_port: Some(5432),
            round_trips: 8,
            offset_us,
            uncertainty_us,
        });
        self
    }

    /// The path of the operations that follow.
    pub(crate) fn on(mut self, path: Path) -> Self {
        self.path = path;
        self
    }

    fn push(
        mut self,
        name: &'static str,
        (scheduled, end): (f64, Option<f64>),
        outcome: Outcome,
        failure: Option<(ErrorClass, Option<&str>)>,
    ) -> Self {
        let scheduled_time = START_US + us(scheduled);
        let end_time = end.map(|end| START_US + us(end));
        let operation_id = 1 + self.rows.iter().filter(|row| row.path == self.path).count() as i64;
        self.rows.push(Operation {
            path: self.path,
            worker: Some(0),
            operation_id,
            operation_type: kind_of(name),
            operation_name: name,
            scheduled_time,
            start_time: Some(scheduled_time),
            end_time,
            checkout_us: end_time.map(|_| 10),
            execute_us: end_time.map(|end| end - scheduled_time - 10),
            outcome,
            affected_rows: outcome.is_success().then_some(1),
            target: recording::Target::default(),
            connection_id: Some(1),
            failure: failure.map(|(class, sqlstate)| {
                Box::new(Failure {
                    phase: ErrorPhase::Statement,
                    class,
                    sqlstate: sqlstate.map(str::to_owned),
                    message: format!("made by hand: {class}"),
                })
            }),
        });
        self
    }

    /// A success from `scheduled` to `end`.
    pub(crate) fn ok(self, name: &'static str, scheduled: f64, end: f64) -> Self {
        self.push(name, (scheduled, Some(end)), Outcome::Ok, None)
    }

    /// A rejected purchase.
    pub(crate) fn rejected(self, scheduled: f64, end: f64) -> Self {
        self.push(
            "place_order",
            (scheduled, Some(end)),
            Outcome::Rejected,
            None,
        )
    }

    /// `count` successes `every` seconds, the first ending at `first_end`, each of the same response time.
    pub(crate) fn steady(
        self,
        name: &'static str,
        first_end: f64,
        every: f64,
        count: usize,
        response: f64,
    ) -> Self {
        (0..count).fold(self, |made, index| {
            let end = first_end + index as f64 * every;
            made.ok(name, end - response, end)
        })
    }

    /// A failure.
    pub(crate) fn failed(
        self,
        name: &'static str,
        scheduled: f64,
        end: f64,
        class: ErrorClass,
    ) -> Self {
        self.push(
            name,
            (scheduled, Some(end)),
            Outcome::Failed,
            Some((class, None)),
        )
    }

    /// A failure with a SQLSTATE.
    pub(crate) fn failed_with(
        self,
        name: &'static str,
        (scheduled, end): (f64, f64),
        class: ErrorClass,
        sqlstate: &str,
    ) -> Self {
        self.push(
            name,
            (scheduled, Some(end)),
            Outcome::Failed,
            Some((class, Some(sqlstate))),
        )
    }

    /// A write of which it is not known whether it was committed.
    pub(crate) fn unknown(
        self,
        name: &'static str,
        scheduled: f64,
        end: f64,
        class: ErrorClass,
    ) -> Self {
        self.push(
            name,
            (scheduled, Some(end)),
            Outcome::Unknown,
            Some((class, None)),
        )
    }

    /// An operation that still ran at the end.
    pub(crate) fn unfinished(self, name: &'static str, scheduled: f64) -> Self {
        self.push(name, (scheduled, None), Outcome::Unfinished, None)
    }

    /// The operation before this, changed.
    pub(crate) fn but(mut self, change: impl FnOnce(&mut Operation)) -> Self {
        self.rows.last_mut().map(change).unwrap();
        self
    }

    /// The operation before this, on a connection that no other used.
    pub(crate) fn anew(self) -> Self {
        self.but(|row| row.connection_id = None)
    }

    /// The unfinished operation before this had sent its first statement at once.
    pub(crate) fn asked(self) -> Self {
        self.but(|row| row.checkout_us = Some(0))
    }

    /// What follows goes into further parts.
    pub(crate) fn sealed(mut self) -> Self {
        self.seals.push(self.rows.len());
        self
    }

    /// The failover's trigger.
    pub(crate) fn trigger(mut self, at: f64) -> Self {
        self.events.push(Event {
            time: START_US + us(at),
            path: None,
            kind: EventKind::FailoverTriggered,
            duration_us: None,
            status: None,
            detail: "lab failover".to_owned(),
        });
        self
    }

    /// A line of pgbench's progress on the current path.
    pub(crate) fn load(mut self, at: f64, tps: f64, latency_us: i64) -> Self {
        self.load.push(Load {
            path: self.path,
            time: START_US + us(at),
            start_number: 1,
            tps,
            latency_us: Some(latency_us),
            latency_stddev_us: None,
            failed: Some(0),
        });
        self
    }

    /// A probe, as it is.
    pub(crate) fn probed(mut self, probe: Probe) -> Self {
        self.probes.push(probe);
        self
    }

    /// A probe of the current path's server that failed.
    pub(crate) fn probe(mut self, at: f64, class: ErrorClass) -> Self {
        self.probes.push(Probe {
            path: self.path,
            time: START_US + us(at),
            kind: ProbeKind::Server,
            target: "writer.lab.test".to_owned(),
            reader: false,
            duration_us: 1_000,
            server: None,
            replication_lag_us: None,
            dns: None,
            failure: Some(ProbeFailure {
                class,
                sqlstate: None,
                message: "made up".to_owned(),
            }),
        });
        self
    }

    /// A probe of the current path's server that was answered within a millisecond.
    pub(crate) fn answered(self, at: f64) -> Self {
        let mut made = self.probe(at, ErrorClass::Refused);
        let probe = made.probes.last_mut().unwrap();
        probe.failure = None;
        probe.server = Some(recording::Server {
            path: probe.path,
            address: Some("192.0.2.10".to_owned()),
            port: Some(5432),
            version: None,
            in_recovery: Some(false),
            postmaster_start_time: None,
            timeline: None,
            aurora_instance_identifier: None,
        });
        made
    }

    /// The recorder was stopped meanwhile.
    pub(crate) fn paused(mut self, from: f64, to: f64) -> Self {
        self.events.push(Event {
            time: START_US + us(from),
            path: None,
            kind: EventKind::ClientPaused,
            duration_us: Some(us(to) - us(from)),
            status: None,
            detail: "the recorder was stopped".to_owned(),
        });
        self
    }

    /// The operations so far.
    pub(crate) fn rows(&self) -> &[Operation] {
        &self.rows
    }

    /// Writes the recording.
    pub(crate) fn write(self) -> Made {
        let duration_us = us(self.duration);
        let (made, writer) = self.begin();
        let completion = Completion {
            state: State::Complete,
            duration_us,
            drift_us: 0,
        };
        assert!(writer.finish(completion).unwrap().is_complete());
        made
    }

    /// Hands every row to a writer that has not finished.
    pub(crate) fn begin(self) -> (Made, RecordingWriter) {
        self.begin_at(None)
    }

    /// The same with the recording's clock, with which the writer writes checkpoints of what is in flight.
    pub(crate) fn begin_at(mut self, clock: Option<Clock>) -> (Made, RecordingWriter) {
        self.tell_by_the_hosts_clock();
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("20261122T204300Z-7f3a");
        let mut manifest = manifest(&self.rows, us(self.duration));
        manifest.host = self.host.name.to_owned();
        manifest.run_id = self.host.run_id.to_owned();
        manifest.start_time = Timestamp(START_US + self.host.ahead_us);
        manifest.clock.anchor_time = manifest.start_time;
        manifest.clock.offsets = self.host.offsets;
        for set in self.settings {
            set(&mut manifest);
        }
        let options = WriterOptions {
            flush_interval: std::time::Duration::from_millis(5),
            clock,
            ..WriterOptions::default()
        };
        let writer = RecordingWriter::create(&folder, manifest, options).unwrap();
        let handle = writer.handle();
        for (number, row) in self.rows.into_iter().enumerate() {
            if self.seals.contains(&number) {
                writer.seal();
            }
            handle.operation(row);
        }
        for row in self.events {
            handle.event(row);
        }
        self.load.into_iter().for_each(|row| handle.load(row));
        let connections = self.connections.into_iter();
        connections.for_each(|row| handle.connection(row));
        self.probes.into_iter().for_each(|row| handle.probe(row));
        let asked = self.asked.into_iter();
        asked.for_each(|row| handle.availability(row));
        let made = Made {
            folder,
            _temporary: temporary,
        };
        (made, writer)
    }

    fn tell_by_the_hosts_clock(&mut self) {
        let ahead = self.host.ahead_us;
        for row in &mut self.rows {
            row.scheduled_time += ahead;
            row.start_time = row.start_time.map(|time| time + ahead);
            row.end_time = row.end_time.map(|time| time + ahead);
        }
        self.events.iter_mut().for_each(|row| row.time += ahead);
        self.load.iter_mut().for_each(|row| row.time += ahead);
        self.probes.iter_mut().for_each(|row| row.time += ahead);
        self.asked.iter_mut().for_each(|row| row.time += ahead);
        for offset in &mut self.host.offsets {
            offset.time.0 += ahead;
        }
    }

    /// The same with another length, seconds.
    pub(crate) fn lasting(self, duration: f64) -> Self {
        Self { duration, ..self }
    }

    /// Its rows changed, or left out.
    pub(crate) fn keeping(mut self, mut is_kept: impl FnMut(&mut Operation) -> bool) -> Self {
        assert!(self.seals.is_empty(), "parts are counted in rows");
        self.rows.retain_mut(|row| is_kept(row));
        self
    }

    /// Writes and analyzes it with the default thresholds.
    pub(crate) fn summary(self) -> Summary {
        self.write().analyze().summary
    }

    /// The figures of the direct path.
    pub(crate) fn direct(self) -> PathSummary {
        self.summary().paths.remove(0)
    }
}

/// A hand-made recording on disk.
pub(crate) struct Made {
    pub(crate) folder: PathBuf,
    _temporary: tempfile::TempDir,
}

impl Made {
    pub(crate) fn analyze(&self) -> Analysis {
        self.analyze_with(Thresholds::default())
    }

    pub(crate) fn analyze_with(&self, thresholds: Thresholds) -> Analysis {
        analyze(&self.folder, thresholds)
    }
}

pub(crate) fn analyze(folder: &FilePath, thresholds: Thresholds) -> Analysis {
    analyze::analyze(&Loaded::open(folder).unwrap(), thresholds).unwrap()
}

/// Reads every 100 ms, each of 5 ms, that end from 0.1 to 10.0 s and from 15.0 s to the end: a gap of 5 s in 30 s.
pub(crate) fn reads_with_a_gap() -> HandMade {
    HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .steady("user_list", 15.0, 0.1, 150, 0.005)
}

/// The figures of one group.
pub(crate) fn group(path: &PathSummary, group: Group) -> &GroupSummary {
    path.groups
        .iter()
        .find(|summary| summary.group == group)
        .unwrap()
}

/// Outages of a group as (start, end, resolution) in seconds since the recording's start.
pub(crate) fn outages(path: &PathSummary, of: Group) -> Vec<(f64, f64, f64)> {
    let seconds = |us: i64| us as f64 / 1e6;
    group(path, of)
        .outages
        .iter()
        .map(|outage| {
            let (start, end) = (outage.span.start.micros(), outage.span.end.micros());
            assert_eq!(outage.downtime_us, end - start);
            (
                seconds(start - START_US),
                seconds(end - START_US),
                seconds(outage.resolution_us),
            )
        })
        .collect()
}

fn kind_of(name: &str) -> OperationType {
    match name {
        "user_list" | "order_statistics" | "product_search" | "user_orders" | "recent_logs" => {
            OperationType::Read
        }
        "place_order" => OperationType::Transaction,
        _ => OperationType::Write,
    }
}

fn manifest(rows: &[Operation], duration_us: i64) -> Manifest {
    let has = |path| rows.iter().any(|row| row.path == path);
    let mode = match (has(Path::Direct), has(Path::Proxy)) {
        (true, true) => Mode::Both,
        (_, false) => Mode::Direct,
        (false, true) => Mode::Proxy,
    };
    let mut manifest = Manifest {
        // Printed in reports that the tests compare.
        tool_version: "0.1.0".to_owned(),
        start_time: Timestamp(START_US),
        requested_duration_us: Some(duration_us),
        mode,
        weights: Weights {
            read: 70.0,
            write: 20.0,
            transaction: 10.0,
        },
        workers: 3,
        schedule: Schedule::ClosedLoop {
            min_operation_interval_us: 100_000,
            max_operation_interval_us: 500_000,
        },
        seed: 1,
        pool: Pool { size: 5 },
        timeouts: Timeouts {
            connect_us: 5_000_000,
            pool_us: 5_000_000,
            operation_us: 10_000_000,
        },
        ..Manifest::new("20261122T204300Z-7f3a", "laptop")
    };
    manifest.clock.anchor_time = manifest.start_time;
    manifest
}
