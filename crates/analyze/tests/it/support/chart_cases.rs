//! Recordings that charts are drawn from: an ordinary failover, and everything unlike it.

use std::collections::BTreeMap;

use analyze::summary::series::{
    Drawn, FailurePoint, PathSeries, Point, SecondCounts, Series, Strip,
};
use analyze::summary::{
    ConnectionSummary, Group, GroupSummary, Headline, PathSummary, Rates, RecordingSummary,
    ResponseTimes, Span, Summary, Thresholds,
};
use recording::vocabulary::Outcome;
use recording::{Mode, Pool, Schedule, State, Timeouts, Timestamp, Weights};

/// 2026-11-22 20:43:00 UTC.
pub(crate) const START_US: i64 = 1_795_380_180_000_000;

/// A recording to be made.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) duration_us: i64,
    /// Operations per path.
    pub(crate) operations: usize,
    /// Per path: its name, and when its writer was down, in seconds since the start.
    pub(crate) paths: Vec<(&'static str, Vec<(f64, f64)>)>,
    /// In seconds since the start.
    pub(crate) triggers: Vec<f64>,
    /// Every response time the same.
    pub(crate) constant: bool,
}

/// The cases, each with what is special about it.
pub(crate) fn all() -> Vec<Case> {
    let seconds = |seconds: f64| (seconds * 1e6) as i64;
    let ordinary = Case {
        name: "failover",
        duration_us: seconds(60.0),
        operations: 1_200,
        paths: vec![
            ("direct", vec![(20.4, 32.71)]),
            ("proxy", vec![(20.35, 23.45)]),
        ],
        triggers: vec![20.0],
        constant: false,
    };
    let both = |outages: Vec<(f64, f64)>| vec![("direct", outages.clone()), ("proxy", outages)];
    let ten: Vec<(f64, f64)> = (0..10)
        .map(|n| (25.0 + 58.0 * f64::from(n), 30.0 + 58.7 * f64::from(n)))
        .collect();
    let special = |name, change: &dyn Fn(&mut Case)| {
        let mut case = Case {
            name,
            ..ordinary.clone()
        };
        change(&mut case);
        case
    };
    vec![
        ordinary.clone(),
        special("no-outage", &|case| {
            (case.paths, case.triggers) = (both(vec![]), vec![]);
        }),
        special("one-path", &|case| case.paths.truncate(1)),
        special("twenty-operations", &|case| case.operations = 20),
        special("a-million", &|case| {
            (case.operations, case.duration_us) = (1_000_000, 1_000_000_000);
            case.paths = vec![
                ("direct", vec![(400.0, 412.3)]),
                ("proxy", vec![(400.0, 400.4)]),
            ];
            case.triggers = vec![399.6];
        }),
        special("open-at-the-end", &|case| {
            case.paths[0].1 = vec![(48.0, 60.0)];
        }),
        special("all-failed", &|case| case.paths = both(vec![(0.0, 60.0)])),
        special("ten-episodes", &|case| {
            (case.duration_us, case.operations) = (seconds(600.0), 12_000);
            case.triggers = ten.iter().map(|(from, _)| from - 0.5).collect();
            case.paths = vec![
                ("direct", ten.clone()),
                (
                    "proxy",
                    ten.iter().map(|(from, _)| (*from, from + 1.2)).collect(),
                ),
            ];
        }),
        special("twenty-outages", &|case| {
            (case.duration_us, case.operations) = (seconds(300.0), 6_000);
            let twenty = (0..20).map(|n| 5.0 + 14.0 * f64::from(n));
            let twenty: Vec<(f64, f64)> = twenty.map(|from| (from, from + 6.3)).collect();
            case.triggers = twenty.iter().map(|(from, _)| from - 0.5).collect();
            case.paths = vec![
                ("direct", twenty.clone()),
                (
                    "proxy",
                    twenty.iter().map(|(from, _)| (*from, from + 0.9)).collect(),
                ),
            ];
        }),
        special("two-seconds", &|case| {
            (case.duration_us, case.operations) = (seconds(2.0), 40);
            (case.paths, case.triggers) = (both(vec![(1.0, 1.4)]), vec![0.9]);
        }),
        special("no-paths", &|case| case.paths.clear()),
        special("empty-paths", &|case| {
            (case.operations, case.paths) = (0, both(vec![]));
        }),
        special("no-duration", &|case| {
            (case.duration_us, case.operations) = (0, 1);
        }),
        special("equal-values", &|case| case.constant = true),
        special("days", &|case| case.duration_us = seconds(3.0 * 86_400.0)),
    ]
}

/// Numbers from 0 to 1 that are the same on every run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Makes the recording of a case.
pub(crate) fn make(case: &Case) -> (Summary, Series) {
    let end_us = START_US + case.duration_us;
    let at = |seconds: f64| START_US + (seconds * 1e6) as i64;
    let mut series = Series {
        origin_us: START_US,
        start_us: START_US,
        end_us,
        triggers_us: case.triggers.iter().map(|seconds| at(*seconds)).collect(),
        pauses: Vec::new(),
        marks: Vec::new(),
        paths: Vec::new(),
    };
    let mut paths = Vec::new();
    for (seed, (path, outages)) in case.paths.iter().enumerate() {
        let down: Vec<Span> = outages
            .iter()
            .map(|(from, to)| Span::new(at(*from), at(*to)))
            .collect();
        let path = path_series(case, path, down, seed as u64);
        paths.push(path_summary(&path, case.duration_us));
        series.paths.push(path);
    }
    let mode = match series.paths.len() {
        1 => Mode::Direct,
        _ => Mode::Both,
    };
    let summary = Summary {
        definitions: analyze::summary::DEFINITIONS,
        recording: recording_summary(case, mode),
        thresholds: Thresholds::default(),
        events: vec![],
        pauses: series.pauses.clone(),
        audit: analyze::summary::AuditSummary::NotAudited,
        paths,
        failovers: analyze::summary::Failovers::default(),
        comparison: None,
    };
    (summary, series)
}

fn path_series(case: &Case, path: &str, down: Vec<Span>, seed: u64) -> PathSeries {
    let mut noise = Noise(seed + 1);
    let seconds = (case.duration_us as usize).div_ceil(1_000_000);
    let mut successes = Vec::new();
    let mut series = PathSeries {
        path: path.to_owned(),
        successes: Drawn::Points(vec![]),
        failures: vec![],
        lost: vec![],
        error_bucket_us: 1_000_000,
        errors_over_time: vec![],
        seconds: vec![SecondCounts::default(); seconds],
        percentiles: vec![],
        // In the middle of each outage.
        new_writers_us: down
            .iter()
            .map(|span| span.start.micros().midpoint(span.end.micros()))
            .collect(),
        endpoints: vec![],
        strips: strips(case, path, &down),
    };
    for index in 0..case.operations {
        let share = (index as f64 + noise.next()) / case.operations as f64;
        let end_us = START_US + (share * case.duration_us as f64) as i64;
        let second = ((end_us - START_US) / 1_000_000) as usize;
        let is_read = noise.next() < 0.7;
        let hit = down
            .iter()
            .find(|span| span.start.micros() <= end_us && end_us <= span.end.micros());
        let quiet = hit.is_none_or(|span| {
            is_read
                && span.start.micros() + span.length_us() / 2 < end_us
                && span.length_us() < case.duration_us
        });
        if quiet {
            let response_us = if case.constant {
                3_000
            } else {
                response_us(&mut noise)
            };
            successes.push(Point {
                end_us,
                response_us,
            });
            if let Some(counts) = series.seconds.get_mut(second) {
                counts.succeeded += 1;
            }
        } else if noise.next() < 0.4 {
            let kind = noise.next();
            let outcome = if kind < 0.85 {
                Outcome::Failed
            } else {
                Outcome::Unknown
            };
            let response_us = if case.constant {
                3_000
            } else {
                response_us(&mut noise) * if kind < 0.1 { 700 } else { 1 }
            };
            series.failures.push(FailurePoint {
                end_us,
                response_us,
                outcome,
            });
            if let Some(counts) = series.seconds.get_mut(second) {
                counts.failed += 1;
            }
        }
    }
    let end_us = START_US + case.duration_us;
    if down.iter().any(|span| span.end.micros() == end_us) {
        let hung = FailurePoint {
            end_us,
            response_us: 8_200_000,
            outcome: Outcome::Unfinished,
        };
        series.failures.extend([hung; 3]);
    }
    series.percentiles = percentiles(&successes);
    series.successes = Drawn::new(successes, (START_US, end_us));
    series
}

/// Some milliseconds, now and then far more.
fn response_us(noise: &mut Noise) -> i64 {
    let ordinary = 1_500.0 * (noise.next() + noise.next() + noise.next()).exp();
    let slow = if noise.next() < 0.02 {
        1.0 + 20.0 * noise.next()
    } else {
        1.0
    };
    (ordinary * slow) as i64
}

fn percentiles(successes: &[Point]) -> Vec<(f64, i64)> {
    let mut sorted: Vec<i64> = successes.iter().map(|point| point.response_us).collect();
    sorted.sort_unstable();
    let mut steps: Vec<(f64, i64)> = Vec::new();
    for (index, us) in sorted.iter().enumerate() {
        let fraction = (index + 1) as f64 / sorted.len() as f64;
        match steps.last_mut() {
            Some(last) if last.1 == *us => last.0 = fraction,
            _ => steps.push((fraction, *us)),
        }
    }
    steps
}

fn strips(case: &Case, path: &str, down: &[Span]) -> Vec<Strip> {
    if case.operations == 0 {
        return vec![];
    }
    let whole = |span: &Span| span.length_us() >= case.duration_us;
    let half = |span: &Span| {
        if whole(span) {
            *span
        } else {
            Span::new(
                span.start.micros(),
                span.start.micros() + span.length_us() / 2,
            )
        }
    };
    let reads: Vec<Span> = down.iter().map(half).collect();
    let few = case.operations < 100;
    Group::ALL
        .into_iter()
        .map(|group| Strip {
            group,
            down: match group {
                Group::Read | Group::All => reads.clone(),
                Group::Transaction if few => vec![],
                _ => down.to_vec(),
            },
            brownouts: match group {
                Group::Write | Group::Writer if path == "proxy" => down
                    .iter()
                    .take(1)
                    .map(|span| {
                        Span::new(span.end.micros() + 1_500_000, span.end.micros() + 1_900_000)
                    })
                    .filter(|span| span.end.micros() < START_US + case.duration_us)
                    .collect(),
                _ => vec![],
            },
            unobserved: if group == Group::Transaction && few {
                reads.clone()
            } else {
                vec![]
            },
            service: None,
        })
        .collect()
}

fn path_summary(path: &PathSeries, duration_us: i64) -> PathSummary {
    let end_us = START_US + duration_us;
    let groups: Vec<GroupSummary> = path
        .strips
        .iter()
        .map(|strip| {
            let downtime_us: i64 = strip.down.iter().map(Span::length_us).sum();
            let unobserved = !strip.unobserved.is_empty();
            GroupSummary {
                group: strip.group,
                downtime_us: (!unobserved).then_some(downtime_us),
                resolution_us: 120_000 * strip.down.len() as i64,
                paused_us: 0,
                at_least: strip
                    .down
                    .iter()
                    .any(|span| span.end.micros() >= end_us || span.start.micros() <= START_US),
                unobserved,
                unobserved_spans: vec![],
                availability: (duration_us > 0)
                    .then(|| 1.0 - downtime_us as f64 / duration_us as f64),
                outages: vec![],
                episodes: vec![],
                blips: vec![],
                brownouts: strip.brownouts.clone(),
                brownout_us: strip.brownouts.iter().map(Span::length_us).sum(),
                service: None,
            }
        })
        .collect();
    let writer = groups.iter().find(|group| group.group == Group::Writer);
    let headline = writer.map(|group| Headline {
        group: Group::Writer,
        downtime_us: group.downtime_us,
        resolution_us: group.resolution_us,
        paused_us: group.paused_us,
        at_least: group.is_bound(),
        other_open: false,
        other_unobserved: None,
        episodes: path
            .strips
            .iter()
            .find(|strip| strip.group == Group::Writer)
            .map_or(0, |strip| strip.down.len()),
    });
    PathSummary {
        path: path.path.clone(),
        is_partial: false,
        is_left_out: false,
        overall: rates(path, duration_us),
        types: vec![],
        operations: vec![],
        groups,
        headline,
        failovers: vec![],
        impacts: vec![],
        errors: vec![],
        connections: ConnectionSummary::default(),
        effects: analyze::summary::Effects::default(),
        load: None,
        durability: None,
        durable: None,
    }
}

fn rates(path: &PathSeries, duration_us: i64) -> Rates {
    let (ok, bad) = (path.successes.len(), path.failures.len() as u64);
    let rank = |fraction: f64| {
        let enough = ok as f64 >= 1.0 / (1.0 - fraction) - 1e-9;
        let mut reached = path.percentiles.iter();
        let reached = reached.find(|(of, _)| *of >= fraction - 1e-12);
        enough.then(|| reached.unwrap().1)
    };
    let range_us = path.successes.range_us();
    Rates {
        total: ok + bad,
        finished: ok + bad,
        successes: ok,
        rejected: 0,
        failed: bad,
        unknown: 0,
        unfinished: 0,
        success_rate: (ok + bad > 0).then(|| ok as f64 / (ok + bad) as f64),
        tps: (duration_us > 0).then(|| ok as f64 / (duration_us as f64 / 1e6)),
        steady_tps: None,
        response: ResponseTimes {
            samples: ok,
            mean_us: None,
            min_us: range_us.map(|range| range.0),
            max_us: range_us.map(|range| range.1),
            p50_us: rank(0.5),
            p90_us: rank(0.9),
            p95_us: rank(0.95),
            p99_us: rank(0.99),
            p99_9_us: rank(0.999),
        },
        response_steady: ResponseTimes::default(),
        response_finished: ResponseTimes::default(),
    }
}

fn recording_summary(case: &Case, mode: Mode) -> RecordingSummary {
    RecordingSummary {
        run_id: "20261122T204300Z-7f3a".to_owned(),
        host: "app-server-1".to_owned(),
        tool_version: "0.1.0".to_owned(),
        state: State::Complete,
        progress: analyze::summary::RecordingProgress::Complete,
        start_time: Timestamp(START_US),
        part: None,
        duration_us: case.duration_us,
        requested_duration_us: Some(case.duration_us),
        mode,
        workers: 3,
        weights: Weights {
            read: 70.0,
            write: 20.0,
            transaction: 10.0,
        },
        workload: None,
        schedule: Schedule::ClosedLoop {
            min_operation_interval_us: 100_000,
            max_operation_interval_us: 500_000,
        },
        warm_up_us: None,
        schedule_lag: Vec::new(),
        not_begun: Vec::new(),
        seed: 7,
        protocol: "extended".to_owned(),
        pool: Pool { size: 5 },
        timeouts: Timeouts {
            connect_us: 5_000_000,
            pool_us: 5_000_000,
            operation_us: 10_000_000,
        },
        connection: None,
        probe_interval_us: None,
        availability: None,
        max_tps_per_1000: None,
        endpoints: vec![],
        servers: vec![],
        labels: BTreeMap::new(),
        failover: None,
        load: None,
        dropped_rows: BTreeMap::new(),
        write_failures: Vec::new(),
        journal_rows: 0,
        unread_bytes: 0,
        damaged_bytes: 0,
        damaged_parts: Vec::new(),
        left_out: Vec::new(),
        is_partial: false,
        clock_drift_us: None,
        clock_offsets: Vec::new(),
    }
}
