//! An open loop that asked for more than was served: what had not begun when the recording ended is told in every form of the report.

use std::path::Path as FilePath;
use std::process::Command;

use recording::{Arrival, Schedule};
use serde_json::{Value, json};

use crate::support::{HandMade, Made};

/// Reads every 100 ms for 10 s; at the end one is in flight, and so many never began.
fn with_waiting(waiting: usize) -> Made {
    let made = HandMade::new(10.0)
        .steady("user_list", 0.1, 0.1, 95, 0.005)
        .unfinished("user_list", 9.7)
        .set(|manifest| {
            manifest.schedule = Schedule::OpenLoop {
                rate_per_1000_s: 200_000,
                arrival: Arrival::Constant,
                ramp_us: 0,
            };
            manifest.workers = 30;
        });
    let made = (0..waiting).fold(made, |made, number| {
        let scheduled = 9.8 + number as f64 / 1e5;
        let waiting = made.unfinished("user_list", scheduled);
        waiting.but(|row| (row.start_time, row.worker) = (None, None))
    });
    made.write()
}

fn report(folder: &FilePath, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_analyze"))
        .arg("report")
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_had_not_begun_is_told_in_every_form() {
    let made = with_waiting(1_200);
    let english = "direct: 1,200 of 1,296 operations had not begun when the recording ended: they arrived faster than they were served";
    let chinese = "Direct: 录制结束时 1,296 个操作中有 1,200 个尚未开始: 到达速度快于处理速度";
    for (arguments, told) in [
        (&[][..], english),
        (&["--format", "markdown"], english),
        (&["--format", "html"], english),
        (&["--lang", "zh"], chinese),
        (&["--lang", "zh", "--format", "html"], chinese),
    ] {
        let report = report(&made.folder, arguments);
        assert!(report.contains(told), "{arguments:?}: {report}");
    }
    let json: Value = serde_json::from_str(&report(&made.folder, &["--json"])).unwrap();
    assert_eq!(
        json["recording"]["not_begun"],
        json!([{"path": "direct", "operations": 1_200, "total": 1_296}])
    );
    // It changes no figure: they count as unfinished, as before.
    let overall = &json["paths"][0]["overall"];
    assert_eq!(overall["unfinished"], 1_201);
    assert_eq!(overall["success_rate"], 1.0);
}

#[test]
fn what_is_in_flight_had_begun() {
    let made = with_waiting(0);
    assert!(!report(&made.folder, &[]).contains("had not begun"));
    let json: Value = serde_json::from_str(&report(&made.folder, &["--json"])).unwrap();
    assert_eq!(json["recording"]["not_begun"], Value::Null);
}

/// The workers of an open loop are as many as operations may run at once: the user gave another number of them.
#[test]
fn the_workers_of_an_open_loop_are_its_bound() {
    let made = with_waiting(0);
    let item = |report: &str, label: &str| {
        let mut lines = report.lines();
        let line = lines.find(|line| line.contains(label)).unwrap();
        line.trim().to_owned()
    };
    let english = item(&report(&made.folder, &[]), "Workers per path");
    assert!(english.ends_with("  at most 30 in flight"), "{english}");
    let chinese = item(&report(&made.folder, &["--lang", "zh"]), "并发线程");
    assert!(chinese.ends_with("最多 30 个同时进行"), "{chinese}");
}
