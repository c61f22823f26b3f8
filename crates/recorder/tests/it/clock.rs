//! The wall clock of the host that records: wrong by 37 s, and stepped twice while it records.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::common::{
    BUSY, Row, TestLab, assert_success, number, only_recording, rows, stderr, wait_until,
};
use clap::Parser;
use recorder::cli::{Cli, Command};
use recorder::config::RunConfig;
use recording::vocabulary::Path;
use recording::{Clock, Recording, State, Table};
use tokio::runtime::Runtime;

const HOUR_US: i64 = 3_600_000_000;
const AHEAD_US: i64 = 37_000_000;

static STEP_US: AtomicI64 = AtomicI64::new(0);

/// The system's clock, 37 s ahead, and its steps.
fn wall_us() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_micros()).unwrap() + AHEAD_US + STEP_US.load(Ordering::Relaxed)
}

fn config(test: &TestLab, out: &str) -> RunConfig {
    let (direct, proxy) = (test.lab.direct_url(), test.lab.proxy_url());
    let dns = test.lab.dns_server().to_string();
    let mut arguments = vec!["recorder", "--direct-url", &direct, "--proxy-url", &proxy];
    arguments.extend(["--dns-server", &dns, "run", "--out", out, "--duration", "6"]);
    arguments.extend(["--read-weight", "40", "--write-weight", "50"]);
    arguments.extend(BUSY);
    let cli = Cli::try_parse_from(arguments).unwrap();
    let Command::Run(args) = cli.command else {
        panic!("another command");
    };
    RunConfig::new(&cli.endpoints, *args).unwrap()
}

/// Waits until the recording in progress has written some more.
fn wait_for_more_orders(test: &TestLab) {
    let orders = || -> i64 {
        let count = test.texts("select count(*)::text from business_orders");
        count[0].parse().unwrap()
    };
    let before = orders();
    wait_until("more orders", || orders() >= before + 5);
}

#[test]
fn a_wall_clock_that_is_stepped_twice_changes_no_row() {
    let test = TestLab::start_set_up();
    let runs = test.runs();
    let config = config(&test, runs.to_str().unwrap());
    let begun = Instant::now();
    let clock = Clock::with_wall(wall_us);
    let run = std::thread::spawn(move || {
        let runtime = Runtime::new().unwrap();
        runtime.block_on(recorder::record(config, clock))
    });
    test.wait_for_recording();
    for step_us in [HOUR_US, -2 * HOUR_US] {
        wait_for_more_orders(&test);
        STEP_US.fetch_add(step_us, Ordering::Relaxed);
    }
    wait_for_more_orders(&test);
    assert_eq!(test.recording().manifest().duration_us, None, "it is over");
    run.join().unwrap().unwrap();
    let longest_us = i64::try_from(begun.elapsed().as_micros()).unwrap();

    let recording = test.recording();
    let manifest = recording.manifest();
    assert_eq!(manifest.state, State::Complete);
    let duration_us = manifest.duration_us.unwrap();
    assert!((6_000_000..longest_us).contains(&duration_us));
    let drift_us = manifest.clock.drift_us.unwrap();
    assert!((drift_us + HOUR_US).abs() < 1_000_000, "{drift_us}");

    let anchor_us = manifest.clock.anchor_time.micros();
    assert!(manifest.start_time.micros() >= anchor_us);
    let in_time = |time: i64| (anchor_us..=anchor_us + longest_us).contains(&time);
    for row in rows(&recording, Table::Connections) {
        let (start, end) = (time(&row, "start_time"), time(&row, "end_time"));
        assert!(in_time(start) && start <= end && in_time(end), "{row:?}");
    }
    let mut last_end: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut operations = rows(&recording, Table::Operations);
    operations.sort_by_key(|row| number(row, "operation_id"));
    assert!(operations.len() > 100);
    for row in operations.iter().filter(|row| row.contains_key("end_time")) {
        let (scheduled, start) = (time(row, "scheduled_time"), time(row, "start_time"));
        let end = time(row, "end_time");
        let response_us = number(row, "response_time_us").unwrap();
        assert!(in_time(scheduled) && in_time(end), "{row:?}");
        assert!(scheduled <= start && start <= end, "{row:?}");
        assert_eq!(response_us, end - scheduled, "{row:?}");
        assert!(response_us <= duration_us, "{row:?}");
        let worker = (row["path"].clone(), row["worker"].clone());
        let previous = last_end.insert(worker, end);
        assert!(previous.is_none_or(|previous| previous <= scheduled));
    }
    assert_eq!(last_end.len(), 6, "workers of both paths");

    check_offsets(&recording);
}

/// Before the start and at the end, after the steps, on both paths.
fn check_offsets(recording: &Recording) {
    let manifest = recording.manifest();
    let offsets = &manifest.clock.offsets;
    let paths: Vec<Path> = offsets.iter().map(|offset| offset.path).collect();
    assert_eq!(paths, [Path::ALL, Path::ALL].concat());
    for (index, offset) in offsets.iter().enumerate() {
        let wrong_us = (offset.offset_us + AHEAD_US).abs();
        // Both clocks are read in whole microseconds.
        assert!(wrong_us <= offset.uncertainty_us + 2, "{offset:?}");
        assert_eq!(offset.time <= manifest.start_time, index < 2);
        assert!((1..=8).contains(&offset.round_trips));
    }
    let log = std::fs::read_to_string(recording.folder().join("logs/recorder.log")).unwrap();
    for text in ["before the start", "at the end"] {
        for path in Path::ALL {
            let line =
                format!("{path}, {text}: this host's clock is 37.0 s ahead of the clock of 127.");
            assert!(log.contains(&line), "{line} in {log}");
        }
    }
}

fn time(row: &Row, column: &str) -> i64 {
    number(row, column).unwrap()
}

#[test]
fn a_clock_that_is_right_is_not_worth_a_line() {
    let test = TestLab::start_set_up();
    let runs = test.runs();
    let short = ["--mode", "proxy", "--duration", "1"];
    let output = test.recorder(&test.run_arguments(&short, runs.to_str().unwrap()));
    assert_success(&output);
    assert!(!stderr(&output).contains("clock"), "{}", stderr(&output));
    let recording = only_recording(&runs);
    let offsets = &recording.manifest().clock.offsets;
    assert_eq!(offsets.len(), 2);
    assert!(offsets.iter().all(|offset| offset.path == Path::Proxy));
    let log = std::fs::read_to_string(recording.folder().join("logs/recorder.log")).unwrap();
    assert_eq!(log.matches("this host's clock is").count(), 2, "{log}");
}
