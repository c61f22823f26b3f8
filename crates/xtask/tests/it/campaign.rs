//! Real failovers, one after the other, in one recording that ends by itself: `PGOUTAGE_FAILOVERS` of them, three by default.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::served::Served;
use crate::support::{figures, folder_of, group, path, program, succeed, whole_machine};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The recording has each step of the lab as a mark with the step's own time: the truth next to what was measured.
fn assert_steps_are_marks(lab: &Path, report: &serde_json::Value) {
    let steps = std::fs::read_to_string(lab.join("steps.jsonl")).unwrap();
    let mut expected: Vec<(i64, String)> = steps
        .lines()
        .map(|line| {
            let step: serde_json::Value = serde_json::from_str(line).unwrap();
            let (kind, detail) = (step["step"].as_str().unwrap(), &step["detail"]);
            let detail = detail.as_str().unwrap();
            let time_us = step["time_us"].as_i64().unwrap();
            (time_us, format!("lab {kind}: {detail}"))
        })
        .collect();
    let mut marks: Vec<(i64, String)> = report["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["event"] == "mark")
        .map(|event| {
            let text = |field: &str| event[field].as_str().unwrap();
            let time: recording::Timestamp = text("time").parse().unwrap();
            (time.micros(), text("detail").to_owned())
        })
        .collect();
    expected.sort();
    marks.sort();
    assert!(expected.len() >= 8, "{steps}");
    assert_eq!(marks.len(), expected.len(), "{marks:#?}");
    for ((marked_us, mark), (step_us, step)) in marks.iter().zip(&expected) {
        assert_eq!(mark, step);
        // From one clock to the other and back; a thread may lose the processor between its looks at the two.
        assert!(
            (marked_us - step_us).abs() <= 1_000,
            "{mark}: {marked_us}, {step_us}"
        );
    }
}

#[test]
fn every_failover_is_an_episode_of_each_path() {
    let _machine = whole_machine();
    let failovers = std::env::var("PGOUTAGE_FAILOVERS").unwrap_or_else(|_| "3".to_owned());
    let root = tempfile::tempdir().unwrap();
    let lab = Served::start(&["--ttl", "1s"]);
    let recorder = |arguments: &[&str]| {
        let mut command = Command::new(program("recorder"));
        command.args(arguments).envs(lab.variables.clone());
        command.stdin(Stdio::null()).output().unwrap()
    };
    succeed(&recorder(&["setup", "--orders", "1000", "--logs", "1000"]));

    let (program, dir) = (program("lab"), lab.dir.clone());
    let (program, dir) = (text(&program), text(&dir));
    let failover = format!("'{program}' failover --dir '{dir}'");
    let heal = format!("'{program}' status --wait 60s --dir '{dir}'");
    let arguments = [
        &["run", "--concurrent-workers", "10", "--pool-size", "10"][..],
        &[
            "--failover-after",
            "6s",
            "--failover-count",
            &failovers,
            "--settle",
            "5s",
        ],
        &["--failover-command", &failover, "--heal-command", &heal],
        &["--out", text(root.path())],
    ];
    let (stdout, stderr) = succeed(&recorder(&arguments.concat()));
    assert!(
        stderr.contains(&format!("all {failovers} failovers have healed")),
        "{stderr}"
    );
    let report = figures(&folder_of(&stdout));
    assert_steps_are_marks(&lab.dir, &report);
    assert_eq!(
        report["failovers"]["failovers"]
            .as_array()
            .unwrap()
            .len()
            .to_string(),
        failovers
    );
    for (path, of) in [
        ("direct", "read"),
        ("direct", "writer"),
        ("proxy", "writer"),
    ] {
        let numbers = episodes_of_failovers(&report, path, of);
        assert_eq!(numbers.len().to_string(), failovers, "{path} {of}");
        let episodes = group(&report, path, of)["episodes"].as_array().unwrap();
        for numbers in &numbers {
            assert!(!numbers.is_empty(), "{path} {of}: {episodes:#?}");
        }
        assert_eq!(numbers.concat().len(), episodes.len(), "{path} {of}");
        episodes.iter().for_each(assert_decomposed);
    }
}

/// The numbers of a group's episodes in each failover of a path.
fn episodes_of_failovers(report: &serde_json::Value, on: &str, of: &str) -> Vec<Vec<u64>> {
    let failovers = path(report, on)["failovers"].as_array().unwrap();
    let episodes = failovers.iter().map(|failover| {
        let groups = failover["groups"].as_array().unwrap();
        let found = groups.iter().find(|found| found["group"] == of).unwrap();
        let numbers = found["episodes"].as_array().unwrap().iter();
        numbers.map(|number| number.as_u64().unwrap()).collect()
    });
    episodes.collect()
}

/// The parts of an episode's downtime are all of it.
fn assert_decomposed(episode: &serde_json::Value) {
    let downtime_us = episode["downtime_us"].as_i64().unwrap();
    assert!(downtime_us > 0, "{episode:#?}");
    let decomposition = &episode["decomposition"];
    assert!(!decomposition["trigger"].is_null(), "{episode:#?}");
    let parts = decomposition["parts"].as_object().unwrap();
    let sum_us: i64 = parts.values().filter_map(serde_json::Value::as_i64).sum();
    assert_eq!(sum_us, downtime_us, "{episode:#?}");
}
