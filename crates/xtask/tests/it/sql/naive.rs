//! `naive.sql`: on recordings whose numbers the methods gave when they were a part of `analyze` (`naive.tsv`), and on recordings whose
//! answer is worked out by hand.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use recording::vocabulary::ErrorClass::{Other, ReadOnly, Refused};
use recording::vocabulary::{ErrorClass, ErrorPhase, OperationType, Outcome, Path, ProbeKind};
use recording::{
    AvailabilityProbe, AvailabilitySettings, Completion, Endpoint, Failure, Manifest, Operation,
    Probe, ProbeFailure, RecordingWriter, State, Timestamp, WriterOptions,
};
use serde_json::{Value, json};

use super::{engines, is_same};
use crate::support::{busy, copy_folder, figures, golden, made, python, workspace};

const START_US: i64 = 1_795_380_180_000_000;
const SECONDS: f64 = 60.0;
/// Made-up recordings in `naive.tsv`, besides the golden ones.
const MADE: u64 = 20;

/// The rows of `naive.sql` over the recordings in a folder.
fn rows(engine: &str, root: &FilePath) -> Vec<Value> {
    let queries = workspace().join("sql/analysis");
    let pattern = root.join("*");
    let arguments = [
        engine,
        queries.to_str().unwrap(),
        pattern.to_str().unwrap(),
        "naive",
    ];
    let found = python("sql.py", &arguments);
    found["naive"].as_array().unwrap().clone()
}

fn word(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A line per recording, path and method: what it reports, and how many outages of each group it noticed.
fn lines(rows: &[Value]) -> Vec<String> {
    let mut noticed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        let columns = [
            "run_id",
            "path",
            "method",
            "source",
            "reported_us",
            "reported_outages",
            "reported_at_least",
            "longest_answer_us",
        ];
        let line = columns.map(|column| word(&row[column])).join("\t");
        let of_group = format!("{} {}", word(&row["group_name"]), row["noticed_outages"]);
        noticed.entry(line).or_default().push(of_group);
    }
    let line = |(line, mut groups): (String, Vec<String>)| {
        groups.sort();
        format!("{line}\t{}", groups.join(", "))
    };
    noticed.into_iter().map(line).collect()
}

/// Each row's downtime, outages and share, against the figures of `analyze`.
fn check_downtimes(rows: &[Value], figures: &BTreeMap<String, Value>) {
    for row in rows {
        let paths = figures[row["run_id"].as_str().unwrap()]["paths"].as_array();
        let path = paths
            .unwrap()
            .iter()
            .find(|path| path["path"] == row["path"]);
        let mut groups = path.unwrap()["groups"].as_array().unwrap().iter();
        let group = groups
            .find(|group| group["group"] == row["group_name"])
            .unwrap();
        assert_eq!(row["downtime_us"], group["downtime_us"], "{row}");
        assert_eq!(row["outages"], group["outages"].as_array().unwrap().len());
        let reported = row["reported_us"].as_i64().unwrap();
        let downtime = row["downtime_us"].as_i64();
        let difference = downtime.map(|downtime| reported - downtime);
        assert_eq!(row["difference_us"].as_i64(), difference, "{row}");
        let share = downtime.filter(|downtime| *downtime > 0);
        let share = share.map(|downtime| reported as f64 / downtime as f64);
        assert!(is_same(&row["reported_share"], &json!(share)), "{row}");
    }
}

#[test]
fn naive_methods_report_what_they_did_as_a_part_of_analyze() {
    let _machine = busy();
    let root = tempfile::tempdir().unwrap();
    let mut folders = Vec::new();
    for seed in 1..=MADE {
        folders.push(made::recording(root.path(), "host", seed));
    }
    let expected: Vec<&str> = include_str!("naive.tsv").lines().collect();
    // Later ones were made when the methods were no part of `analyze` any more.
    let is_known = |golden: &PathBuf| {
        let run_id = Manifest::read(golden).unwrap().run_id;
        expected.iter().any(|line| line.starts_with(&run_id))
    };
    for golden in golden().into_iter().filter(is_known) {
        let copy = root.path().join(golden.file_name().unwrap());
        copy_folder(&golden, &copy);
        folders.push(copy);
    }
    let of = |folder: &PathBuf| {
        let figures = figures(folder);
        (word(&figures["recording"]["run_id"]), figures)
    };
    let figures: BTreeMap<String, Value> = folders.iter().map(of).collect();
    for engine in engines() {
        let rows = rows(engine, root.path());
        let found = lines(&rows);
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{engine}");
        }
        assert_eq!(found.len(), expected.len(), "{engine}");
        check_downtimes(&rows, &figures);
    }
}

/// A recording of the direct path under construction. Times are seconds since its start.
pub(super) struct HandMade {
    name: &'static str,
    rows: Vec<Operation>,
    probes: Vec<Probe>,
    availability: Vec<AvailabilityProbe>,
    manifest: Manifest,
}

fn us(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

impl HandMade {
    fn new(name: &'static str) -> Self {
        let like = Manifest::read(&workspace().join("data/golden/v1-made-edges")).unwrap();
        let manifest = Manifest {
            run_id: name.to_owned(),
            state: State::Recording,
            start_time: Timestamp(START_US),
            duration_us: None,
            parts: Vec::new(),
            ..like
        };
        Self {
            name,
            rows: Vec::new(),
            probes: Vec::new(),
            availability: Vec::new(),
            manifest,
        }
    }

    /// From 0.1 s on a read of 5 ms every 100 ms and a write of 10 ms every 200 ms, to 19.9 s and 19.8 s.
    fn healthy(name: &'static str) -> Self {
        let made = Self::new(name).steady(OperationType::Read, 0.1, 19.95);
        made.steady(OperationType::Write, 0.2, 19.95)
    }

    fn operation(
        mut self,
        kind: OperationType,
        (begin, end): (f64, Option<f64>),
        failure: Option<(ErrorClass, Option<&str>)>,
    ) -> Self {
        let (begin, end) = (START_US + us(begin), end.map(|end| START_US + us(end)));
        let outcome = match (end, &failure) {
            (None, _) => Outcome::Unfinished,
            (_, Some(_)) => Outcome::Failed,
            _ => Outcome::Ok,
        };
        self.rows.push(Operation {
            path: Path::Direct,
            worker: Some(0),
            operation_id: self.rows.len() as i64 + 1,
            operation_type: kind,
            operation_name: kind.as_str(),
            scheduled_time: begin,
            start_time: Some(begin),
            end_time: end,
            checkout_us: None,
            execute_us: None,
            outcome,
            affected_rows: None,
            target: recording::Target::default(),
            connection_id: None,
            failure: failure.map(|(class, sqlstate)| {
                Box::new(Failure {
                    phase: ErrorPhase::Statement,
                    class,
                    sqlstate: sqlstate.map(str::to_owned),
                    message: "made by hand".to_owned(),
                })
            }),
        });
        self
    }

    fn read(self, begin: f64, end: f64) -> Self {
        self.operation(OperationType::Read, (begin, Some(end)), None)
    }

    /// A read that fails after 10 ms.
    fn failed_read(self, begin: f64, class: ErrorClass, sqlstate: Option<&str>) -> Self {
        let times = (begin, Some(begin + 0.01));
        self.operation(OperationType::Read, times, Some((class, sqlstate)))
    }

    fn failed_write(self, begin: f64, class: ErrorClass, sqlstate: Option<&str>) -> Self {
        let times = (begin, Some(begin + 0.01));
        self.operation(OperationType::Write, times, Some((class, sqlstate)))
    }

    /// Successes, the first of which ends at `first_end`, until `until`.
    fn steady(self, kind: OperationType, first_end: f64, until: f64) -> Self {
        let (every, took) = match kind {
            OperationType::Read => (0.1, 0.005),
            _ => (0.2, 0.01),
        };
        let ends = (0..).map(|number| first_end + f64::from(number) * every);
        let ends = ends.take_while(|end| *end < until);
        ends.fold(self, |made, end| {
            made.operation(kind, (end - took, Some(end)), None)
        })
    }

    fn reads_from(self, first_end: f64) -> Self {
        self.steady(OperationType::Read, first_end, SECONDS)
    }

    /// Crash at 20 s, the old writer back as a reader at 22 s, the name at the new writer `flip` seconds after the crash. Until then reads
    /// are served, and each write is refused with 25006.
    pub(super) fn stale_name(name: &'static str, flip: f64) -> Self {
        let mut made = Self::healthy(name);
        for quarter in 0..8 {
            let at = 20.0 + f64::from(quarter) * 0.25;
            made = made.failed_read(at, Refused, None);
            if quarter % 2 == 0 {
                made = made.failed_write(at + 0.1, Refused, None);
            }
        }
        let mut at = 22.1;
        while at < 20.0 + flip {
            made = made.failed_write(at, ReadOnly, Some("25006"));
            at += 0.5;
        }
        let made = made.reads_from(22.05);
        made.steady(OperationType::Write, 20.0 + flip + 0.1, SECONDS)
    }

    fn probe(mut self, at: f64, after_us: i64, class: Option<ErrorClass>) -> Self {
        self.probes.push(Probe {
            path: Path::Direct,
            time: START_US + us(at),
            kind: ProbeKind::Server,
            target: "writer.test".to_owned(),
            reader: false,
            duration_us: after_us,
            server: None,
            replication_lag_us: None,
            dns: None,
            failure: class.map(|class| ProbeFailure {
                class,
                sqlstate: None,
                message: "made by hand".to_owned(),
            }),
        });
        self
    }

    /// Probes every 500 ms from 0.2 s on, each answered after 2 ms; refused after 1 ms from 20 to 22 s.
    fn probed(mut self) -> Self {
        self.manifest.probe_interval_us = Some(500_000);
        for number in 0..119 {
            let at = 0.2 + f64::from(number) * 0.5;
            self = match at > 20.0 && at < 22.0 {
                true => self.probe(at, 1_000, Some(Refused)),
                false => self.probe(at, 2_000, None),
            };
        }
        self
    }

    fn asked(mut self, kind: OperationType, at_us: i64, took_us: i64, outcome: Outcome) -> Self {
        self.availability.push(AvailabilityProbe {
            path: Path::Direct,
            time: START_US + at_us,
            operation_type: kind,
            reader: false,
            fresh: false,
            duration_us: took_us,
            connect_us: None,
            outcome,
            address: None,
            server: None,
            replication_lag_us: None,
            sync_rep_waits: None,
            failure: (outcome == Outcome::Failed).then(|| ProbeFailure {
                class: Refused,
                sqlstate: None,
                message: "made by hand".to_owned(),
            }),
        });
        self
    }

    /// Availability probes every 50 ms from 0.025 s on, answered after 2 ms; from 20 s on reads are refused for 2 s and writes for 6 s, after
    /// 1 ms. A read just before second 30's was given up.
    pub(super) fn asked_often(mut self) -> Self {
        self.manifest.availability = Some(AvailabilitySettings {
            interval_us: 50_000,
            limit_us: 1_000_000,
            writes: true,
        });
        for at_us in (0..1_199).map(|number| 25_000 + number * 50_000) {
            let until = [
                (OperationType::Read, 22_000_000),
                (OperationType::Write, 26_000_000),
            ];
            for (kind, until_us) in until {
                self = match (20_000_000..until_us).contains(&at_us) {
                    true => self.asked(kind, at_us, 1_000, Outcome::Failed),
                    false => self.asked(kind, at_us, 2_000, Outcome::Ok),
                };
            }
        }
        self.asked(
            OperationType::Read,
            30_001_000,
            900_000,
            Outcome::Unfinished,
        )
    }

    fn set(mut self, set: fn(&mut Manifest)) -> Self {
        set(&mut self.manifest);
        self
    }

    pub(super) fn write(self, root: &FilePath) {
        let folder = root.join(self.name);
        let (lost, manifest) = (self.manifest.dropped_rows.clone(), self.manifest);
        let writer = RecordingWriter::create(&folder, manifest, WriterOptions::default()).unwrap();
        let handle = writer.handle();
        self.rows.into_iter().for_each(|row| handle.operation(row));
        self.probes.into_iter().for_each(|row| handle.probe(row));
        for row in self.availability {
            handle.availability(row);
        }
        let completion = Completion {
            state: State::Complete,
            duration_us: us(SECONDS),
            drift_us: 0,
        };
        assert!(writer.finish(completion).unwrap().is_complete());
        let mut manifest = Manifest::read(&folder).unwrap();
        manifest.dropped_rows = lost;
        manifest.write(&folder).unwrap();
    }
}

fn early_probes() -> HandMade {
    let mut made = HandMade::stale_name("early probes", 6.0)
        .set(|manifest| manifest.probe_interval_us = Some(1_000_000));
    for number in 0..59 {
        let jitter = if number % 2 == 0 { 0.0 } else { -0.3 };
        let at = 0.5 + f64::from(number) + jitter;
        let refused = (at > 20.0 && at < 22.0).then_some(Refused);
        made = made.probe(at, if refused.is_some() { 1_000 } else { 2_000 }, refused);
    }
    made
}

fn reader_endpoint() -> HandMade {
    HandMade::stale_name("reader endpoint", 6.0).set(|manifest| {
        manifest.endpoints = vec![Endpoint {
            path: Path::Direct,
            host: "reader.test".to_owned(),
            port: 5432,
            database: "shop".to_owned(),
            user: "app".to_owned(),
            sslmode: "disable".to_owned(),
            reader: true,
            more_hosts: Vec::new(),
            target_session_attrs: None,
            tls_error: None,
        }];
    })
}

/// The proxy holds what begins at 20 s, and serves it at 26 s.
fn queue() -> HandMade {
    let made = HandMade::healthy("queue").read(20.0, 26.0);
    made.reads_from(26.1)
}

/// The first read of second 20 is served at 24.5 s; the heartbeat that waits for it sees none of the failures meanwhile.
fn waits() -> HandMade {
    let made = HandMade::healthy("waits").read(20.0, 24.5);
    let made = [21.0, 22.0, 24.3]
        .into_iter()
        .fold(made, |made, at| made.failed_read(at, Refused, None));
    made.reads_from(24.9)
}

/// Two waits one after the other, with failures that neither sees: the second question is sent when the first was answered.
fn waits_twice() -> HandMade {
    let made = HandMade::healthy("waits twice").read(20.0, 23.2);
    let made = made
        .failed_read(21.0, Refused, None)
        .failed_read(22.0, Refused, None)
        .failed_read(23.1, Refused, None)
        .read(24.0, 27.5);
    let made = [25.0, 26.0, 27.1]
        .into_iter()
        .fold(made, |made, at| made.failed_read(at, Refused, None));
    made.reads_from(28.0)
}

/// A server's own errors are answers to a heartbeat; the counter makes no difference.
fn answered_with_errors() -> HandMade {
    let made = HandMade::healthy("answered with errors");
    let made = [20.0, 20.2, 20.4]
        .into_iter()
        .fold(made, |made, at| made.failed_read(at, Other, Some("42P01")));
    made.reads_from(21.05)
}

fn without_sqlstate() -> HandMade {
    let made = HandMade::healthy("without SQLSTATE").failed_read(20.0, Other, None);
    made.reads_from(21.05)
}

fn never_back() -> HandMade {
    let mut made = HandMade::healthy("never back");
    for number in 0..160 {
        made = made.failed_read(20.0 + f64::from(number) * 0.25, Refused, None);
    }
    made.operation(OperationType::Read, (59.9, None), None)
}

/// At the same microsecond a failure comes before a success.
fn same_moment() -> HandMade {
    let made = HandMade::healthy("same moment").read(20.2, 20.21);
    let made = [20.0, 20.1, 20.2, 20.25, 20.3]
        .into_iter()
        .fold(made, |made, at| made.failed_read(at, Refused, None));
    made.reads_from(20.5)
}

/// What each method has to report: recording, source of the heartbeat, microseconds and outages of the heartbeat, its longest answer, and
/// the same of the counter.
#[allow(clippy::too_many_lines, reason = "a list")]
fn cases() -> [(HandMade, &'static str, [i64; 3], [i64; 2]); 16] {
    let lost = |manifest: &mut Manifest| {
        manifest.dropped_rows.insert("probes".to_owned(), 1);
    };
    let slow = |manifest: &mut Manifest| manifest.probe_interval_us = Some(1_000_001);
    let lost_reads = |manifest: &mut Manifest| {
        manifest.dropped_rows.insert("availability".to_owned(), 1);
    };
    let ms = |ms: i64| ms * 1_000;
    let stale = |name, flip| HandMade::stale_name(name, flip);
    [
        // 20.01 to 22.05 s; the third failure ends at 20.26 s.
        (
            stale("stale 6", 6.0),
            "operations",
            [ms(2_040), 1, ms(5)],
            [ms(1_790), 1],
        ),
        (
            stale("stale 20", 20.0),
            "operations",
            [ms(2_040), 1, ms(5)],
            [ms(1_790), 1],
        ),
        // Writes only: refused from 20.10 s, and at 22.10 s a server answers 25006.
        (
            reader_endpoint(),
            "operations",
            [ms(2_000), 1, ms(10)],
            [ms(1_790), 1],
        ),
        // Every second probe: 20.2, 21.2, then 22.2 s.
        (
            stale("probes", 12.0).probed(),
            "probes",
            [ms(2_001), 1, ms(2)],
            [ms(1_790), 1],
        ),
        // 20.5, 21.2, then 22.5 s.
        (
            early_probes(),
            "probes",
            [ms(2_001), 1, ms(2)],
            [ms(1_790), 1],
        ),
        (
            stale("lost probes", 12.0).probed().set(lost),
            "operations",
            [ms(2_040), 1, ms(5)],
            [ms(1_790), 1],
        ),
        (
            stale("slow probes", 12.0).probed().set(slow),
            "operations",
            [ms(2_040), 1, ms(5)],
            [ms(1_790), 1],
        ),
        // The first read of every second: 20.026, then 22.027 s.
        (
            stale("asked", 12.0).asked_often(),
            "probes",
            [ms(2_001), 1, ms(2)],
            [ms(1_790), 1],
        ),
        (
            stale("lost reads", 12.0).asked_often().set(lost_reads),
            "operations",
            [ms(2_040), 1, ms(5)],
            [ms(1_790), 1],
        ),
        (queue(), "operations", [0, 0, ms(6_000)], [0, 0]),
        // The counter: 24.31 to 24.5 s.
        (waits(), "operations", [0, 0, ms(4_500)], [ms(190), 1]),
        // 23.11 to 23.2 s, and 27.11 to 27.5 s.
        (waits_twice(), "operations", [0, 0, ms(3_500)], [ms(480), 2]),
        // The answer that took longest is an error. The counter: 20.41 to 21.05 s.
        (
            answered_with_errors(),
            "operations",
            [0, 0, ms(10)],
            [ms(640), 1],
        ),
        // One failure between two reads that are served, at the wrong moment: an interval. Of second 21 the read that ends at 21.05 s.
        (
            without_sqlstate(),
            "operations",
            [ms(1_040), 1, ms(5)],
            [0, 0],
        ),
        (
            never_back(),
            "operations",
            [ms(39_990), 1, ms(5)],
            [ms(39_490), 1],
        ),
        // 20.01 to 21.1 s. The counter: the third at 20.21 s, ended by the success at that moment; of the two after it no third comes.
        (same_moment(), "operations", [ms(1_090), 1, ms(5)], [0, 1]),
    ]
}

#[test]
fn naive_methods_report_what_is_worked_out_by_hand() {
    let _machine = busy();
    let root = tempfile::tempdir().unwrap();
    let mut expected = BTreeMap::new();
    for (made, source, heartbeat, counter) in cases() {
        let name = made.name;
        let method = |method: &str, source: &str, [us, outages]: [i64; 2], longest| {
            let key = (name.to_owned(), method.to_owned());
            (key, (source.to_owned(), us, outages, longest))
        };
        let [us, outages, longest] = heartbeat;
        expected.extend([
            method("heartbeat", source, [us, outages], Some(longest)),
            method("three_failures", "operations", counter, None),
        ]);
        made.write(root.path());
    }
    for engine in engines() {
        let mut found = BTreeMap::new();
        for row in rows(engine, root.path()) {
            let figure = |name: &str| row[name].as_i64();
            let is_open = row["run_id"] == "never back";
            assert_eq!(row["reported_at_least"], is_open, "{engine}: {row}");
            let key = (word(&row["run_id"]), word(&row["method"]));
            let reported = (
                word(&row["source"]),
                figure("reported_us").unwrap(),
                figure("reported_outages").unwrap(),
                figure("longest_answer_us"),
            );
            found.insert(key, reported);
        }
        for (key, expected) in &expected {
            assert_eq!(found.get(key), Some(expected), "{engine}: {key:?}");
        }
        assert_eq!(found.len(), expected.len(), "{engine}");
    }
}
