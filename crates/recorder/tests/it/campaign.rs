//! Several failovers in one recording. What fails over here is only the proxy's patience: a campaign looks at the paths, not at
//! servers. Real failovers: `crates/xtask/tests/campaign.rs`.

use std::time::Duration;

use crate::common::{
    BUSY, Row, TestLab, assert_one_line, assert_success, events, number, rows, stderr, wait_until,
};
use recording::{Manifest, Recording, State, Table};

const CAMPAIGN: [&str; 4] = ["--failover-after", "1s", "--operation-timeout", "1s"];

fn kinds(events: &[Row]) -> Vec<&str> {
    events.iter().map(|row| row["event"].as_str()).collect()
}

/// UTC microseconds.
fn end(manifest: &Manifest) -> i64 {
    manifest.start_time.0 + manifest.duration_us.unwrap()
}

#[test]
fn three_failovers_each_after_the_last_is_healed() {
    let test = TestLab::start_set_up();
    let sign = test.folder.path().join("triggered");
    let trigger = format!("echo x >> {}", sign.display());
    let flags = [
        &["--failover-count", "3", "--settle", "1500ms"][..],
        &["--failover-command", &trigger],
        &["--heal-command", "echo healed # --token geheim"],
    ];
    let running = test.spawn_run(&[&BUSY[..], &CAMPAIGN, &flags.concat()].concat());
    // Right after the first, the proxy keeps its clients waiting for longer than the settle time.
    wait_until("first failover", || sign.exists());
    test.runtime.block_on(test.lab.pause_proxy()).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    test.runtime.block_on(test.lab.resume_proxy()).unwrap();
    let output = running.output();
    assert_success(&output);

    let recording = test.recording();
    check_manifest(recording.manifest());

    let events = events(&recording);
    let one = [
        "failover_triggered",
        "failover_trigger_finished",
        "heal_triggered",
        "heal_trigger_finished",
        "settled",
    ];
    assert_eq!(kinds(&events), one.repeat(3));
    let log = std::fs::read_to_string(recording.folder().join("logs/heal-command.log")).unwrap();
    assert_eq!(log, "healed\n".repeat(3));

    check_quiet_before_each(&recording, &events);

    let said = stderr(&output);
    for text in [
        "load, operations per second: direct up to ",
        "until 3 failovers have healed",
        "failover 3 of 3 settled in ",
        "failovers triggered: 3",
        "all 3 failovers have healed",
        "proxy: longest time without a success: reads ",
        "next: analyze report ",
    ] {
        assert!(said.contains(text), "{text:?} in {said}");
    }
    assert!(!said.contains("geheim"), "{said}");
}

fn check_manifest(manifest: &Manifest) {
    assert_eq!(manifest.state, State::Complete);
    assert_eq!(manifest.requested_duration_us, None);
    let failover = manifest.failover.as_ref().unwrap();
    assert_eq!(
        (failover.every_us, failover.count, failover.settle_us),
        (Some(0), Some(3), Some(1_500_000))
    );
    assert_eq!(
        failover.heal_command.as_deref(),
        Some("echo healed # --token ***")
    );
}

/// Nothing failed, on any path, for the settle time before each next failover.
fn check_quiet_before_each(recording: &Recording, events: &[Row]) {
    let operations = rows(recording, Table::Operations);
    let failures: Vec<i64> = operations
        .iter()
        .filter(|row| matches!(row["outcome"].as_str(), "failed" | "unknown"))
        .map(|row| number(row, "end_time").unwrap())
        .collect();
    assert!(failures.len() > 2, "the proxy kept no client waiting");
    for settled in events.iter().filter(|row| row["event"] == "settled") {
        let settled = number(settled, "time").unwrap();
        let disturbed = failures
            .iter()
            .any(|failed| (settled - 1_500_000..settled).contains(failed));
        assert!(!disturbed, "a failure within the settle time");
    }
    let last = number(events.last().unwrap(), "time").unwrap();
    let first_failure = failures.iter().min().unwrap();
    let next = events
        .iter()
        .filter(|row| row["event"] == "failover_triggered")
        .nth(1);
    assert!(number(next.unwrap(), "time").unwrap() > *first_failure);
    assert!(
        end(recording.manifest()) >= last,
        "the recording ended before it was settled"
    );
}

/// Records a campaign that stops by itself; its events before the last, and the rule that stopped it.
fn run_until_stopped(test: &TestLab, name: &str, flags: &[&str]) -> (Vec<Row>, String) {
    let out = test.folder.path().join(name);
    let flags = [
        &BUSY[..],
        &CAMPAIGN,
        &[
            "--failover-every",
            "100ms",
            "--settle",
            "700ms",
            "--duration",
            "60",
        ],
        flags,
    ]
    .concat();
    let arguments = test.run_arguments(&flags, out.to_str().unwrap());
    let output = test.recorder(&arguments);
    assert_success(&output);
    let recording = crate::common::only_recording(&out);
    assert_eq!(recording.manifest().state, State::Complete);
    assert!(recording.manifest().duration_us.unwrap() < 60_000_000);
    let mut events = events(&recording);
    let stopped = events.pop().unwrap();
    assert_eq!(stopped["event"], "campaign_stopped");
    // One more settle time shows how it goes on.
    let stopped_at = number(&stopped, "time").unwrap();
    assert!(end(recording.manifest()) - stopped_at >= 650_000);
    let said = stderr(&output);
    let text = format!("the campaign was stopped: {}", stopped["detail"]);
    assert!(said.contains(&text), "{text} in {said}");
    (events, stopped["detail"].clone())
}

#[test]
fn a_campaign_stops_where_it_does_not_heal() {
    let test = TestLab::start_set_up();
    let run = |name: &str, flags: &[&str]| run_until_stopped(&test, name, flags);
    let (events, rule) = run(
        "trigger",
        &["--failover-command", "exit 3", "--failover-count", "4"],
    );
    assert_eq!(
        kinds(&events),
        ["failover_triggered", "failover_trigger_finished"]
    );
    assert_eq!(
        rule,
        "the failover command exited with code 3, after failover 1 of 4"
    );

    let (events, rule) = run(
        "heal",
        &["--failover-command", "true", "--heal-command", "exit 4"],
    );
    assert_eq!(kinds(&events).last(), Some(&"heal_trigger_finished"));
    assert_eq!(events.last().unwrap()["status"], "4");
    assert_eq!(
        rule,
        "the heal command exited with code 4, after failover 1"
    );

    let (events, rule) = run(
        "hanging",
        &["--failover-command", "sleep 5", "--heal-timeout", "1s"],
    );
    assert_eq!(kinds(&events), ["failover_triggered"]);
    assert!(
        rule.starts_with("the failover command was still running 1s after the failover's start"),
        "{rule}"
    );

    // A path that does not come back: its writes are the first that are missed.
    let held = test.hold_tables();
    let flags = ["--failover-command", "true", "--heal-timeout", "1500ms"];
    let skip = ["--skip-check", "--mode", "direct"];
    let (_, rule) = run("path", &[&flags[..], &skip].concat());
    drop(held);
    assert!(
        rule.starts_with("writes on the direct path: not healthy within 1.5s"),
        "{rule}"
    );
}

#[test]
fn flags_that_make_no_campaign() {
    let test = TestLab::start();
    let one = ["--failover-command", "true", "--failover-after", "1s"];
    for (flags, texts) in [
        (
            &["--heal-command", "true"][..],
            ["--heal-command", "--failover-count"],
        ),
        (&["--settle", "1s"], ["--settle", "--failover-every"]),
        (
            &["--heal-timeout", "1s"],
            ["--heal-timeout", "--failover-count"],
        ),
        (
            &["--failover-count", "3", "--duration", "60"],
            ["3 failovers take at least 91s", "--duration is 60s"],
        ),
        (
            &["--failover-count", "3", "--heal-command", " "],
            ["--heal-command", "empty"],
        ),
    ] {
        let runs = test.runs();
        let arguments = [&one[..], flags].concat();
        let arguments = test.run_arguments(&arguments, runs.to_str().unwrap());
        assert_one_line(&test.recorder(&arguments), 2, &texts);
        assert!(!runs.exists());
    }
}
