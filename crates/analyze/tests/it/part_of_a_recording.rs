//! `--from`, `--to`, `--path`: the figures of a part are those of a recording that has nothing else. `--type`: those of the whole recording.

use std::process::Command;

use analyze::load::{Loaded, Moment, Range};
use analyze::summarize;
use analyze::summary::{Group, Thresholds};
use proptest::prelude::*;
use recording::vocabulary::{ErrorClass, OperationType, Outcome, Path};
use recording::{Operation, Timestamp};
use serde_json::Value;

use crate::support::{HandMade, START_US, group, outages, reads_with_a_gap, us};

/// Every time in it as microseconds after `start`.
fn after(start: i64, value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Ok(time) = text.parse::<Timestamp>() {
                *value = (time.micros() - start).into();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| after(start, value)),
        Value::Object(map) => map.values_mut().for_each(|value| after(start, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The figures of a part, with times after its start.
fn figures(made: HandMade, range: &Range) -> Value {
    let made = made.write();
    let loaded = Loaded::open(&made.folder).unwrap().within(range).unwrap();
    let summary = summarize(&loaded, Thresholds::default()).unwrap();
    let mut figures = serde_json::to_value(&summary.paths).unwrap();
    after(summary.recording.start_time.micros(), &mut figures);
    figures
}

/// The first place in which two values differ, with both.
fn difference(place: &str, one: &Value, other: &Value) -> Option<String> {
    let within = |key: &str, one: Option<&Value>, other: Option<&Value>| {
        let nothing = Value::Null;
        let (one, other) = (one.unwrap_or(&nothing), other.unwrap_or(&nothing));
        difference(&format!("{place}/{key}"), one, other)
    };
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => a
            .keys()
            .chain(b.keys())
            .find_map(|key| within(key, a.get(key), b.get(key))),
        (Value::Array(a), Value::Array(b)) => (0..a.len().max(b.len()))
            .find_map(|index| within(&index.to_string(), a.get(index), b.get(index))),
        _ => (one != other).then(|| format!("{place}: {one} != {other}")),
    }
}

/// Ten operations a second on both paths, with an outage and what hangs, fails and never ends.
fn random(seed: u64, seconds: f64) -> HandMade {
    let mut state = seed | 1;
    let mut below = move |limit: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % limit
    };
    let mut made = HandMade::new(seconds);
    for path in [Path::Direct, Path::Proxy] {
        made = made.on(path);
        let down = below(seconds as u64 * 10);
        for index in 0..seconds as u64 * 10 {
            let at = index as f64 / 10.0 + below(100) as f64 / 1e3;
            let name = ["user_list", "create_order", "place_order"][below(3) as usize];
            let took = [0.004, 0.02, 0.3, 2.0][below(4).min(below(4)) as usize];
            let end = (at + took).min(seconds);
            made = match below(60) {
                _ if (down..down + 40).contains(&index) => {
                    made.failed(name, at, end, ErrorClass::ConnectionLost)
                }
                0 => made.unfinished(name, at),
                1 => made.unknown(name, at, end, ErrorClass::ConnectionLost),
                _ => made.ok(name, at, end),
            }
            // A connection that was used before the part is still one that was used.
            .but(|row| row.connection_id = None);
        }
    }
    made
}

/// What a recording of the part alone would have of an operation: times in microseconds.
fn as_recorded(row: &mut Operation, from: i64, to: i64) -> bool {
    if row.scheduled_time >= to || row.end_time.is_some_and(|end| end <= from) {
        return false;
    }
    if row.end_time.is_some_and(|end| end > to) {
        row.end_time = None;
        row.outcome = Outcome::Unfinished;
        row.execute_us = None;
        row.failure = None;
        row.affected_rows = None;
    }
    let shift = from - START_US;
    row.scheduled_time -= shift;
    row.start_time = row.start_time.map(|time| time - shift);
    row.end_time = row.end_time.map(|time| time - shift);
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_part_has_the_figures_of_a_recording_of_it_alone(
        seed in any::<u64>(), from in 0_i64..25_000, length in 2_000_i64..15_000, path in 0_u8..3,
    ) {
        let (from, to) = (from * 1_000, (from + length) * 1_000);
        let path = [None, Some(Path::Direct), Some(Path::Proxy)][path as usize];
        let range = Range {
            from: Some(Moment::Offset(from)),
            to: Some(Moment::Offset(to)),
            path,
            kinds: Vec::new(),
        };
        let part = figures(random(seed, 40.0), &range);
        let alone = random(seed, 40.0).keeping(|row| {
            path.is_none_or(|path| path == row.path)
                && as_recorded(row, START_US + from, START_US + to)
        });
        let alone = figures(alone.lasting(length as f64 / 1e3), &Range::default());
        // Only a whole recording warms up: what ended in its first second.
        prop_assume!(!alone.to_string().contains("warm_up"));
        let groups = list(&alone).iter().flat_map(|path| list(&path["groups"]));
        let mut unobserved = groups.flat_map(|group| list(&group["unobserved_spans"]));
        prop_assume!(!unobserved.any(|span| span["end"].as_i64().unwrap() <= 1_000_000));
        prop_assert_eq!(difference("", &part, &alone), None);
    }

    #[test]
    fn the_figures_of_some_types_are_the_whole_recordings(seed in any::<u64>(), kinds in 1_u8..7) {
        let asked = |kind: &OperationType| kinds & (1 << (*kind as u8)) != 0;
        let asked_for: Vec<OperationType> = OperationType::ALL.iter().copied().filter(asked).collect();
        let range = Range { kinds: asked_for.clone(), ..Range::default() };
        let (part, whole) = (figures(random(seed, 40.0), &range), figures(random(seed, 40.0), &Range::default()));
        // What is counted over all types is that of a recording of these alone.
        let alone = figures(random(seed, 40.0).keeping(|row| asked(&row.operation_type)), &Range::default());
        let is_of = |value: &Value, key: &str, words: &[&str]| words.iter().any(|word| value[key] == *word);
        let types: Vec<&str> = asked_for.iter().map(|kind| kind.as_str()).collect();
        let mut groups = types.clone();
        groups.extend(types.iter().any(|kind| *kind != "read").then_some("writer"));
        for ((part, whole), alone) in list(&part).iter().zip(list(&whole)).zip(list(&alone)) {
            let only = |key: &str, name: &str, words: &[&str]| -> Vec<Value> {
                list(&whole[key]).iter().filter(|value| is_of(value, name, words)).cloned().collect()
            };
            prop_assert_eq!(list(&part["groups"]), &only("groups", "group", &groups));
            prop_assert_eq!(list(&part["types"]), &only("types", "name", &types));
            prop_assert_eq!(&part["errors"], &alone["errors"]);
            for figure in ["total", "successes", "failed", "unknown", "unfinished", "success_rate", "response"] {
                prop_assert_eq!(&part["overall"][figure], &alone["overall"][figure], "{}", figure);
            }
            prop_assert_eq!(&part["connections"]["first_attempt"], &whole["connections"]["first_attempt"]);
        }
    }
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

/// The writes alone are too few to show it: an outage of 0 s would be made up.
#[test]
fn what_the_other_types_show_stays_unknown() {
    let refused =
        |made: HandMade, at: f64| made.failed("user_list", at, at + 0.001, ErrorClass::Refused);
    let made = [10.5, 11.5, 12.5, 13.5, 14.5]
        .into_iter()
        .fold(reads_with_a_gap(), refused)
        .ok("create_order", 1.0, 1.01)
        .ok("create_order", 29.0, 29.01)
        .write();
    let figures = |kinds: &[OperationType]| {
        let range = Range {
            kinds: kinds.to_vec(),
            ..Range::default()
        };
        let loaded = Loaded::open(&made.folder).unwrap().within(&range).unwrap();
        let summary = summarize(&loaded, Thresholds::default()).unwrap();
        summary.paths.into_iter().next().unwrap()
    };
    let (whole, writes) = (figures(&[]), figures(&[OperationType::Write]));
    assert_eq!(outages(&whole, Group::Read).len(), 1);
    assert_eq!(group(&whole, Group::Write).downtime_us, None);
    assert_eq!(group(&writes, Group::Write), group(&whole, Group::Write));
    let groups: Vec<Group> = writes.groups.iter().map(|of| of.group).collect();
    assert_eq!(groups, [Group::Write, Group::Writer]);
}

#[test]
fn an_outage_that_the_part_cuts_is_a_bound() {
    let range = |from: f64, to: f64| Range {
        from: Some(Moment::Offset(us(from))),
        to: Some(Moment::Offset(us(to))),
        ..Range::default()
    };
    let made = reads_with_a_gap()
        .failed("user_list", 12.0, 12.001, ErrorClass::Refused)
        .failed("user_list", 13.0, 13.001, ErrorClass::Refused)
        .failed("user_list", 14.0, 14.001, ErrorClass::Refused)
        .failed("user_list", 14.5, 14.501, ErrorClass::Refused)
        .failed("user_list", 14.7, 14.701, ErrorClass::Refused)
        .write();
    let figures = |from, to| {
        let loaded = Loaded::open(&made.folder).unwrap();
        let loaded = loaded.within(&range(from, to)).unwrap();
        let mut summary = summarize(&loaded, Thresholds::default()).unwrap();
        summary.paths.remove(0)
    };
    let whole = figures(0.0, 30.0);
    assert_eq!(outages(&whole, Group::Read), [(10.0, 15.0, 2.299)]);
    let begun = figures(11.0, 30.0);
    assert_eq!(outages(&begun, Group::Read), [(11.0, 15.0, 1.299)]);
    assert!(group(&begun, Group::Read).at_least);
    // Close to its end too: a part does not warm up.
    let end = figures(14.2, 30.0);
    assert_eq!(outages(&end, Group::Read), [(14.2, 15.0, 0.599)]);
    assert!(group(&end, Group::Read).at_least);
    assert_eq!(group(&end, Group::Read).downtime_us, Some(us(0.8)));
    let open = figures(5.0, 13.5);
    assert_eq!(outages(&open, Group::Read), [(10.0, 13.5, 2.499)]);
    assert!(group(&open, Group::Read).at_least);
    let healthy = figures(16.0, 29.0);
    assert_eq!(group(&healthy, Group::Read).downtime_us, Some(0));
}

fn run(made: &std::path::Path, arguments: &[&str]) -> (String, String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_analyze"))
        .arg("report")
        .arg(made)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code(),
    )
}

#[test]
fn the_report_says_what_part_it_is_of() {
    let made = reads_with_a_gap().write();
    let (report, _, code) = run(
        &made.folder,
        &["--from", "5s", "--to", "20:43:12", "--type", "read"],
    );
    assert_eq!(code, Some(0));
    let line = report.lines().find(|line| line.contains("Part")).unwrap();
    let said = line.split_once("Part").unwrap().1.trim();
    assert_eq!(
        said,
        "20:43:05.000 to 20:43:12.000, 7.00 s of 30.00 s, only figures of type read"
    );
}

#[test]
fn a_part_that_is_not_there_is_a_users_mistake() {
    let made = reads_with_a_gap().write();
    for (arguments, said) in [
        (
            vec!["--from", "31s"],
            "it has nothing from 2026-11-22T20:43:31",
        ),
        (vec!["--path", "proxy"], "it has no path proxy"),
        (
            vec!["--type", "write"],
            "no operation of it is in the part that was asked for",
        ),
        (
            vec!["--from", "11s", "--to", "14s"],
            "no operation of it is in the part",
        ),
        (vec!["--from", "20s", "--to", "10s"], "is not after --from"),
        (vec!["--from", "soon"], "\"soon\" is not a time"),
    ] {
        let (_, error, code) = run(&made.folder, &arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
}

/// What was recorded in the warm-up is in no figure, unless the user says from when they are.
#[test]
fn a_warm_up_is_left_out() {
    let made = reads_with_a_gap()
        .failed("user_list", 1.0, 1.001, ErrorClass::Refused)
        .set(|manifest| {
            manifest.warm_up_us = Some(us(4.0));
            manifest.schedule = recording::Schedule::OpenLoop {
                rate_per_1000_s: 12_500,
                arrival: recording::Arrival::Poisson,
                ramp_us: us(2.0),
            };
            manifest.schedule_lag = vec![recording::ScheduleLag {
                path: Path::Direct,
                operations: 250,
                median_us: 80,
                p99_us: Some(12_300),
                max_us: 40_000,
            }];
        })
        .write();
    let failed = |arguments: &[&str]| {
        let arguments = [arguments, &["--json"]].concat();
        let (report, error, code) = run(&made.folder, &arguments);
        assert_eq!(code, Some(0), "{error}");
        let report: Value = serde_json::from_str(&report).unwrap();
        report["paths"][0]["overall"]["failed"].as_u64().unwrap()
    };
    assert_eq!((failed(&[]), failed(&["--from", "0"])), (0, 1));
    let (report, ..) = run(&made.folder, &[]);
    let item = |label: &str| {
        let mut lines = report.lines();
        let line = lines.find(|line| line.trim().starts_with(label)).unwrap();
        line.split_once("  ").unwrap().1.trim().to_owned()
    };
    let said = |label: &str| item(label).trim_start_matches(label).trim().to_owned();
    assert_eq!(
        said("Schedule  "),
        "open loop, 12.5 arrivals/s per path, poisson, ramp 2 s, at most 3 at once"
    );
    assert_eq!(said("Warm-up"), "4 s, left out of the figures");
    assert_eq!(
        said("Schedule lag"),
        "direct: median 80 us, p99 12.30 ms, longest 40.00 ms"
    );
    assert!(report.contains("the recorder's machine did not keep the rate"));
    let (report, ..) = run(&made.folder, &["--from", "0"]);
    assert!(report.contains("4 s, in the figures"), "{report}");
    assert!(!report.contains("  Part "), "{report}");
    let (_, error, code) = run(&made.folder, &["--to", "3s"]);
    assert_eq!(code, Some(2));
    assert!(
        error.contains("its warm-up lasts until 2026-11-22T20:43:04.000000Z, and all of it is before; --from 0 shows it"),
        "{error}"
    );
}

/// A path that has hung since before the part, and asked nothing in it, was down all through it.
#[test]
fn a_path_that_hangs_since_before_the_part_is_down() {
    let made = HandMade::new(30.0)
        .ok("user_list", 1.0, 1.002)
        .unfinished("user_list", 2.0)
        .unfinished("user_list", 2.5)
        .set(|manifest| manifest.warm_up_us = Some(us(4.0)))
        .write();
    let loaded = Loaded::open(&made.folder).unwrap();
    let loaded = loaded.within(&Range::default()).unwrap();
    let summary = summarize(&loaded, Thresholds::default()).unwrap();
    let path = &summary.paths[0];
    assert_eq!((path.overall.total, path.overall.unfinished), (2, 2));
    assert_eq!(outages(path, Group::Read), [(4.0, 30.0, 26.0)]);
}

/// Where the part ends with the recording, what ended later is as it was recorded.
#[test]
fn a_part_without_an_end_of_its_own_ends_as_the_recording_does() {
    let made = reads_with_a_gap()
        .ok("user_list", 29.9, 30.2)
        .failed("user_list", 29.8, 30.1, ErrorClass::Refused)
        .write();
    let overall = |range: &Range| {
        let loaded = Loaded::open(&made.folder).unwrap().within(range).unwrap();
        let summary = summarize(&loaded, Thresholds::default()).unwrap();
        let rates = &summary.paths[0].overall;
        (rates.total, rates.failed, rates.unfinished)
    };
    let whole = overall(&Range::default());
    for moment in [0, us(0.001)] {
        let from = Range {
            from: Some(Moment::Offset(moment)),
            ..Range::default()
        };
        assert_eq!(overall(&from), whole);
    }
}

/// All types together are no part, and a recording whose writes are not shown has some.
#[test]
fn every_type_is_the_whole_and_one_type_denies_no_other() {
    let crate_folder = std::path::PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let golden = crate_folder.join("../../data/golden");
    let folder = golden.join("v1-lab-two-downtimes");
    let (whole, ..) = run(&folder, &[]);
    let (all, ..) = run(&folder, &["--type", "read,write,transaction"]);
    assert_eq!(all, whole);
    let (writes, ..) = run(&folder, &["--type", "write"]);
    assert!(writes.contains("None of the 515 acknowledged"), "{writes}");
    let (reads, ..) = run(&golden.join("v1-lab-interrupted"), &["--type", "read"]);
    assert!(!reads.contains("no write was recorded"), "{reads}");
}

/// The failover is triggered at 12.0 s; the name leads to a reader from 14.2 s on, and to the new writer from 16.1 s on.
#[test]
fn a_failover_that_the_part_cuts_is_one_where_a_change_of_the_writer_is_in_it() {
    let crate_folder = std::path::PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let folder = crate_folder.join("../../data/golden/v1-lab-two-downtimes");
    let note = "The part begins in an outage.";
    for (from, failovers, is_said) in [(13.0, 1, false), (14.5, 1, false), (16.2, 0, true)] {
        let range = Range {
            from: Some(Moment::Offset(us(from))),
            ..Range::default()
        };
        let loaded = Loaded::open(&folder).unwrap().within(&range).unwrap();
        let summary = summarize(&loaded, Thresholds::default()).unwrap();
        let direct = &summary.paths[0];
        assert_eq!(direct.failovers.len(), failovers, "{from}");
        assert!(direct.failovers.iter().all(|found| found.trigger.is_none()));
        let (report, _, _) = run(&folder, &["--from", &format!("{from}s")]);
        assert_eq!(report.contains(note), is_said, "{from}\n{report}");
    }
}
