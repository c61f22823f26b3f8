//! `--from`, `--to`, `--path`, `--type`: the figures of a part are those of a recording that has nothing else.

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
        seed in any::<u64>(), from in 0_i64..25_000, length in 2_000_i64..15_000, kinds in 1_u8..8, path in 0_u8..3,
    ) {
        let (from, to) = (from * 1_000, (from + length) * 1_000);
        let asked = |kind: &OperationType| kinds & (1 << (*kind as u8)) != 0;
        let path = [None, Some(Path::Direct), Some(Path::Proxy)][path as usize];
        let range = Range {
            from: Some(Moment::Offset(from)),
            to: Some(Moment::Offset(to)),
            path,
            kinds: OperationType::ALL.iter().copied().filter(asked).collect(),
        };
        let part = figures(random(seed, 40.0), &range);
        let alone = random(seed, 40.0).keeping(|row| {
            asked(&row.operation_type)
                && path.is_none_or(|path| path == row.path)
                && as_recorded(row, START_US + from, START_US + to)
        });
        let alone = figures(alone.lasting(length as f64 / 1e3), &Range::default());
        // Only a whole recording warms up.
        prop_assume!(!alone.to_string().contains("warm_up"));
        prop_assert_eq!(part, alone);
    }
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
        "20:43:05.000 to 20:43:12.000, 7.00 s of 30.00 s, only operations of type read"
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
