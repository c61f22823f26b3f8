//! Recordings of real failovers in the lab, held against the times at which it broke and mended things (`logs/lab-steps.jsonl`).

use std::collections::BTreeMap;
use std::fs;

use analyze::summary::{Group, GroupSummary, PathSummary, RecordingProgress, Summary};
use recording::{Arrival, Schedule, State, Timestamp};
use serde_json::{Value, json};

use super::{golden, summary_of};
use crate::support::group;

/// One ordinary response time with a new connection in it, microseconds: figures hold to within that.
const ORDINARY_US: i64 = 50_000;
/// How long resolvers may overlook that the name has changed, microseconds.
const TTL_US: i64 = 5_000_000;

/// When each step was done, UTC microseconds.
fn steps(name: &str) -> BTreeMap<String, i64> {
    let text = fs::read_to_string(golden().join(name).join("logs/lab-steps.jsonl")).unwrap();
    let step = |line: &str| {
        let step: Value = serde_json::from_str(line).unwrap();
        let word = step["step"].as_str().unwrap().to_owned();
        (word, step["time_us"].as_i64().unwrap())
    };
    text.lines().map(step).collect()
}

fn paths(summary: &Summary) -> (&PathSummary, &PathSummary) {
    match summary.paths.as_slice() {
        [direct, proxy] => (direct, proxy),
        _ => panic!("two paths"),
    }
}

/// The least and the most that a group can have been down, microseconds.
fn bounds(path: &PathSummary, of: Group) -> (i64, i64) {
    let figures = group(path, of);
    let downtime = figures.downtime_us.unwrap();
    (
        downtime - figures.resolution_us - ORDINARY_US,
        downtime + ORDINARY_US,
    )
}

/// Downtime and resolution per group, microseconds, in the order of `Group::ALL`.
fn downtimes(path: &PathSummary) -> Vec<(Group, Option<i64>, i64)> {
    path.groups
        .iter()
        .map(|group| (group.group, group.downtime_us, group.resolution_us))
        .collect()
}

/// Writers were away until the proxy sent statements to the new one; straight, until the name led there.
fn holds_the_truth(name: &str) {
    let (summary, steps) = (summary_of(name), steps(name));
    let since_crash = |step: &str| steps[step] - steps["crash"];
    let (direct, proxy) = paths(&summary);
    let (least, most) = bounds(proxy, Group::Writer);
    let truth = since_crash("proxy_resumed");
    assert!(least <= truth && truth <= most, "{name}: {truth}");
    let (least, most) = bounds(direct, Group::Writer);
    let truth = since_crash("dns_changed");
    assert!(least <= truth + TTL_US && truth <= most, "{name}: {truth}");
}

/// By pgoutage 0.1.0 as it first was: the demo's crash failover.
#[test]
fn version_1_crash_failover_in_the_lab() {
    let summary = summary_of("v1-lab-crash-failover");
    assert_eq!(summary.recording.duration_us, 60_001_031);
    assert_eq!(summary.events.len(), 2);
    let (direct, proxy) = paths(&summary);

    assert_eq!(
        (
            direct.overall.total,
            direct.overall.successes,
            direct.overall.failed
        ),
        (1978, 1873, 105)
    );
    assert_eq!(direct.overall.response.p99_us, Some(6_301));
    assert_eq!(
        downtimes(direct),
        [
            (Group::Read, Some(2_096_844), 71_457),
            (Group::Write, Some(5_643_057), 709_816),
            (Group::Transaction, Some(5_295_939), 1_004_632),
            (Group::Writer, Some(5_295_939), 362_698),
            (Group::All, Some(2_096_844), 71_457),
        ]
    );
    assert_eq!(
        (
            proxy.overall.total,
            proxy.overall.successes,
            proxy.overall.failed
        ),
        (1968, 1950, 18)
    );
    assert_eq!(proxy.overall.response.p99_us, Some(11_072));
    assert_eq!(
        downtimes(proxy),
        [
            (Group::Read, Some(1_112_452), 73_360),
            (Group::Write, Some(1_235_973), 878_879),
            (Group::Transaction, Some(1_568_634), 1_348_265),
            (Group::Writer, Some(1_091_606), 631_745),
            (Group::All, Some(1_087_928), 48_836),
        ]
    );
    holds_the_truth("v1-lab-crash-failover");
}

/// The demo's failover with availability probes: a fresh client was away until the proxy sent statements to the new writer, and on the direct path
/// until the name led there; reads there until the old writer was back. The workload waited for its resolver too.
#[test]
fn version_1_two_downtimes_in_the_lab() {
    let name = "v1-lab-two-downtimes";
    let (summary, steps) = (summary_of(name), steps(name));
    let (direct, proxy) = paths(&summary);
    for (path, of, until) in [
        (direct, Group::Read, "returned_as_reader"),
        (direct, Group::Writer, "dns_changed"),
        (proxy, Group::Read, "proxy_resumed"),
        (proxy, Group::Writer, "proxy_resumed"),
    ] {
        let figures = group(path, of);
        let service = figures.service.as_ref().unwrap();
        let downtime = service.downtime_us.unwrap();
        let truth = steps[until] - steps["crash"];
        let least = downtime - service.resolution_us - ORDINARY_US;
        assert!(
            least <= truth && truth <= downtime + ORDINARY_US,
            "{} {of:?}: {truth}, {downtime} - {}",
            path.path,
            service.resolution_us
        );
        assert!(service.resolution_us <= 300_000 && !service.at_least);
        let own = service.own_share.unwrap();
        assert_eq!(own.us, figures.downtime_us.unwrap() - downtime);
    }
    holds_the_truth(name);
}

/// Arrivals at a rate, which a crash failover does not slow down. The warm-up is the ramp, and is in no figure.
#[test]
fn version_1_open_loop_in_the_lab() {
    let name = "v1-lab-open-loop";
    let summary = summary_of(name);
    let recording = &summary.recording;
    assert_eq!(
        recording.schedule,
        Schedule::OpenLoop {
            rate_per_1000_s: 40_000,
            arrival: Arrival::Poisson,
            ramp_us: 5_000_000
        }
    );
    assert_eq!(recording.warm_up_us, Some(5_000_000));
    let after_us = |time: Timestamp| time.micros() - recording.whole_start().micros();
    assert_eq!(after_us(recording.start_time), 5_000_000);
    // A clean example: operations began when they were due.
    let lags = recording.schedule_lag.iter();
    assert!(lags.clone().count() == 2 && lags.clone().all(|lag| lag.p99_us < Some(2_000)));

    // Half of the rate for 5 s, and then 40/s for 55 s: 2,315 arrivals, on both paths the same. Within five standard deviations.
    let (direct, proxy) = paths(&summary);
    assert!(lags.clone().all(|lag| lag.operations == 2_315));
    for path in [direct, proxy] {
        let total = path.overall.total as i64;
        assert!((total - 40 * 55).abs() < 5 * 47, "{}: {total}", path.path);
    }
    // In flight as the warm-up ended: ended on one path before, on the other after.
    assert!(direct.overall.total.abs_diff(proxy.overall.total) <= 1);
    // Every second of the outage was asked as often as any other: 65 reads in 2 s of 28 reads/s.
    let reads = &group(direct, Group::Read).outages[0];
    let asked = reads.evidence as f64 / (reads.downtime_us as f64 / 1e6);
    assert!((14.0..42.0).contains(&asked), "{asked} per second");
    holds_the_truth(name);
}

/// With asynchronous replication and a reader that was held for 2 s: what the writer acknowledged meanwhile is lost, and nothing else.
#[test]
fn version_1_lost_commits_in_the_lab() {
    let name = "v1-lab-lost-commits";
    let (summary, steps) = (summary_of(name), steps(name));
    let (direct, proxy) = paths(&summary);
    for path in [direct, proxy] {
        let durability = path.durability.as_ref().unwrap();
        assert_eq!(durability.not_durable(), 11);
        let lost = durability.lost_writes.iter();
        let lost: Vec<i64> = lost.map(|write| write.time.micros()).collect();
        let held = steps["held"]..steps["crash"];
        assert!(lost.len() == 11 && lost.iter().all(|at| held.contains(at)));
        let durable = path.durable.as_ref().unwrap();
        assert_eq!(
            path.overall.successes - durable.overall.successes,
            durability.not_durable() + durability.implied.operations
        );
        assert!(durability.implied.operations > 0);
        // Purchases have an identity each: they were down from when the reader was held on.
        let figures = group_of(&durable.groups, Group::Transaction);
        let (downtime, start) = (figures.downtime_us.unwrap(), figures.outages[0].span.start);
        assert!(start.micros() <= steps["held"]);
        let served = match path.path.as_str() {
            "proxy" => steps["proxy_resumed"],
            _ => steps["dns_changed"],
        };
        let truth = served - steps["held"];
        assert!(downtime - figures.resolution_us - ORDINARY_US <= truth + TTL_US);
        assert!(truth <= downtime + ORDINARY_US, "{downtime} {truth}");
        // Of writes as a whole it is a lower bound: an increment before the first lost write may be lost too.
        let figures = group_of(&durable.groups, Group::Writer);
        assert!(figures.at_least);
        let span = steps["held"] - durability.first_lost.unwrap().micros();
        let downtime = figures.downtime_us.unwrap();
        assert!(truth + span <= downtime + ORDINARY_US, "{downtime} {truth}");
    }
    holds_the_truth(name);
}

fn group_of(groups: &[GroupSummary], of: Group) -> &GroupSummary {
    groups.iter().find(|group| group.group == of).unwrap()
}

/// The same failover with pgbench, which gave up at each failure and was started again.
#[test]
fn version_1_with_pgbench() {
    holds_the_truth("v1-lab-pgbench");
    let summary = summary_of("v1-lab-pgbench");
    let (direct, proxy) = paths(&summary);
    for path in [direct, proxy] {
        let log = format!("logs/pgbench-{}.log", path.path);
        let log = fs::read_to_string(golden().join("v1-lab-pgbench").join(log)).unwrap();
        let starts = log
            .lines()
            .filter(|line| line.contains("Z start ") && !line.contains(" is over"));
        let load = path.load.as_ref().unwrap();
        assert_eq!(load.restarts + 1, starts.count() as u64, "{}", path.path);
        // Two clients of pgbench did some 600 transactions per second, and fewer while there was no writer.
        let tps = load.before.tps.unwrap();
        assert!((500.0..700.0).contains(&tps), "{tps}");
        assert!(load.during.as_ref().unwrap().tps.unwrap() < tps);
    }
    // The path that was away for longer lost more of its load.
    let during = |path: &PathSummary| path.load.as_ref().unwrap().during.as_ref().unwrap().span_us;
    assert!(during(direct) > during(proxy));
}

/// Killed with SIGKILL 2.8 s after the writer was, 0.9 s after its recorder's last checkpoint: straight everything was refused, and the
/// proxy let ten operations wait. Their rows, and how long the recording is, are in `journal/in_flight.arrows`.
#[test]
fn version_1_killed_in_an_outage() {
    let summary = summary_of("v1-lab-killed");
    let recording = &summary.recording;
    assert_eq!(recording.progress, RecordingProgress::Killed);
    assert_eq!((recording.journal_rows, recording.unread_bytes), (689, 0));
    // Nothing is missing up to its recorder's last checkpoint.
    assert!(!recording.is_partial && recording.left_out.is_empty());
    let last_checkpoint = recording.start_time.micros() + recording.duration_us;
    let truth = last_checkpoint - steps("v1-lab-killed")["crash"];
    let (direct, proxy) = paths(&summary);
    for path in [direct, proxy] {
        for of in [Group::Read, Group::Writer, Group::All] {
            let (least, most) = bounds(path, of);
            assert!(
                least <= truth && truth <= most,
                "{} {of:?}: {least} {truth} {most}",
                path.path
            );
            let figures = group(path, of);
            assert!(figures.at_least && figures.outages[0].open_at_end);
        }
    }
    assert_eq!((direct.overall.total, direct.overall.unfinished), (323, 0));
    assert_eq!((proxy.overall.total, proxy.overall.unfinished), (283, 10));
    let connections = direct.connections.attempts + proxy.connections.attempts;
    assert_eq!(summary.events.len(), 1);
    // Every row of a journal has a place.
    let operations = direct.overall.total + proxy.overall.total - 10;
    assert_eq!(operations + connections + 1, recording.journal_rows);
}

/// What `recorder recover` made of a copy of it.
#[test]
fn recovered_it_has_the_same_figures() {
    let killed = summary_of("v1-lab-killed");
    let recovered = summary_of("v1-lab-recovered");
    assert_eq!(recovered.recording.progress, RecordingProgress::Recovered);
    assert_eq!(recovered.recording.state, State::Recovered);
    // All but what it says of its state, and of its journals.
    let [killed, recovered] = [killed, recovered].map(|summary| {
        let mut figures = serde_json::to_value(&summary).unwrap();
        for field in ["state", "progress", "journal_rows"] {
            figures["recording"][field] = json!(null);
        }
        figures
    });
    assert!(killed == recovered, "{killed:#}\n{recovered:#}");
}

/// Ended by SIGTERM three seconds after the proxy was told to let everything wait: no operation failed, and none of its ten workers
/// had an answer.
#[test]
fn version_1_interrupted_in_an_outage() {
    let summary = summary_of("v1-lab-interrupted");
    assert_eq!(summary.recording.progress, RecordingProgress::Interrupted);
    assert!(!summary.recording.is_partial);
    let (direct, proxy) = paths(&summary);
    for path in [direct, proxy] {
        assert_eq!((path.overall.failed, path.overall.unknown), (0, 0));
    }
    assert_eq!(
        (direct.overall.unfinished, proxy.overall.unfinished),
        (0, 10)
    );
    for of in [Group::Read, Group::Writer, Group::All] {
        assert_eq!(group(direct, of).downtime_us, Some(0));
        let waiting = group(proxy, of);
        let [outage] = waiting.outages.as_slice() else {
            panic!("one outage")
        };
        assert!(waiting.at_least && outage.open_at_end);
        let (least, most) = bounds(proxy, of);
        assert!(least <= 3_000_000 && 3_000_000 <= most, "{of:?}");
    }
    let [interrupted] = summary.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(interrupted.event, "interrupted");
}
