//! What the flags of the pool do: minimum idle, maximum lifetime, validation on checkout, back-off.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use crate::common::{Row, TestLab, assert_one_line, assert_success, number, rows, wait_until};
use recording::{ConnectionSettings, Manifest, Table};

/// Until it is told to end. Without probes: their connections are none of the pool's.
const DIRECT: [&str; 8] = [
    "--mode",
    "direct",
    "--duration",
    "120",
    "--probe-interval",
    "0",
    "--availability-interval",
    "0",
];

/// The processes that serve the recorder.
fn backends(test: &TestLab) -> Vec<String> {
    test.texts(
        "select pid::text from pg_stat_activity where usename = 'app' and backend_type = 'client backend'",
    )
}

fn terminate(test: &TestLab) {
    test.texts(
        "select pg_terminate_backend(pid)::text from pg_stat_activity where usename = 'app'",
    );
}

fn with<'a>(rows: &'a [Row], column: &str, word: &str) -> Vec<&'a Row> {
    rows.iter()
        .filter(|row| row.get(column).is_some_and(|found| found == word))
        .collect()
}

fn signal(pid: &str, name: &str) {
    let sent = Command::new("kill").args([name, pid]).status().unwrap();
    assert!(sent.success());
}

/// One worker that thinks for the whole recording: whatever is connected after its operation, is connected in the background.
#[test]
fn connections_are_kept_ready_in_the_background() {
    let mut test = TestLab::start_set_up();
    let flags = [
        &DIRECT[..],
        &["--concurrent-workers", "1", "--pool-min-idle", "3"],
        &[
            "--min-operation-interval",
            "300",
            "--max-operation-interval",
            "300",
        ],
        &[
            "--reconnect-backoff-min",
            "50ms",
            "--reconnect-backoff-max",
            "200ms",
        ],
    ]
    .concat();
    let running = test.spawn_run(&flags);
    // Four, where the first look finds the worker's in use.
    wait_until("three idle connections", || backends(&test).len() >= 3);
    let before: BTreeSet<String> = backends(&test).into_iter().collect();
    terminate(&test);
    wait_until("three others", || {
        let now = backends(&test);
        now.len() == 3 && now.iter().all(|pid| !before.contains(pid))
    });
    // An outage.
    test.runtime.block_on(test.lab.kill_writer()).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    test.runtime.block_on(test.lab.restart_writer()).unwrap();
    wait_until("three of the new server", || backends(&test).len() == 3);
    // Full: it goes no further.
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(backends(&test).len(), 3);
    running.signal("INT");
    assert_success(&running.output());

    let recording = test.recording();
    assert_eq!(rows(&recording, Table::Operations).len(), 1);
    let connections = rows(&recording, Table::Connections);
    let made = with(&connections, "success", "true");
    // Three times three, and the fourth; some may be cut off before they are known to be made.
    assert!((7..=10).contains(&made.len()), "{connections:?}");
    let after: Vec<_> = connections
        .iter()
        .rev()
        .take_while(|row| row["success"] == "true")
        .collect();
    assert_eq!(after.len(), 3, "{connections:?}");
    let ids: BTreeSet<_> = connections
        .iter()
        .map(|row| &row["connection_id"])
        .collect();
    assert_eq!(ids.len(), connections.len());
    assert!(
        !with(&connections, "error_class", "refused").is_empty(),
        "{connections:?}"
    );
    check_settings(recording.manifest());
}

fn check_settings(manifest: &Manifest) {
    let settings = manifest.connection.clone();
    assert_eq!(
        settings,
        Some(ConnectionSettings {
            tcp_keepalive_idle_us: None,
            tcp_keepalive_interval_us: None,
            tcp_keepalive_count: None,
            tcp_user_timeout_us: None,
            pool_min_idle: 3,
            pool_max_lifetime_us: None,
            pool_idle_check_us: None,
            dns_cache_us: None,
            on_read_only: "reconnect".to_owned(),
            reconnect_backoff_min_us: 50_000,
            reconnect_backoff_max_us: 200_000,
        })
    );
}

/// More workers than connections, all of which are to be idle: operations get what is made in the background, and there are never
/// more than the pool may have.
#[test]
fn the_pool_never_has_more_than_its_size() {
    let test = TestLab::start_set_up();
    let flags = [
        &DIRECT[..],
        &[
            "--concurrent-workers",
            "5",
            "--pool-size",
            "3",
            "--pool-min-idle",
            "3",
        ],
        &[
            "--min-operation-interval",
            "0",
            "--max-operation-interval",
            "10ms",
        ],
    ]
    .concat();
    let running = test.spawn_run(&flags);
    test.wait_for_recording();
    for _ in 0..15 {
        terminate(&test);
        for _ in 0..5 {
            assert!(backends(&test).len() <= 3, "{:?}", backends(&test));
        }
    }
    running.signal("INT");
    assert_success(&running.output());
    let recording = test.recording();
    let operations = rows(&recording, Table::Operations);
    assert!(with(&operations, "error_class", "pool_timeout").is_empty());
    assert!(with(&operations, "success", "true").len() > 100);
}

#[test]
fn an_old_connection_is_replaced_between_operations() {
    let test = TestLab::start_set_up();
    let flags = [
        "--mode",
        "direct",
        "--duration",
        "5",
        "--pool-max-lifetime",
        "1s",
        "--min-operation-interval",
        "10ms",
        "--max-operation-interval",
        "50ms",
    ];
    assert_success(&test.spawn_run(&flags).output());
    let recording = test.recording();
    assert_eq!(
        recording
            .manifest()
            .connection
            .as_ref()
            .unwrap()
            .pool_max_lifetime_us,
        Some(1_000_000)
    );
    let operations = rows(&recording, Table::Operations);
    let connections = rows(&recording, Table::Connections);
    let made: BTreeMap<&str, i64> = connections
        .iter()
        .map(|row| {
            (
                row["connection_id"].as_str(),
                number(row, "end_time").unwrap(),
            )
        })
        .collect();
    // Three workers, five seconds.
    assert!(made.len() >= 6, "{connections:?}");
    for row in &operations {
        assert!(
            matches!(row["outcome"].as_str(), "ok" | "rejected" | "unfinished"),
            "{row:?}"
        );
        // No operation got one that was older; what it started with, it ended with.
        if let Some(id) = row.get("connection_id") {
            let age_us = number(row, "start_time").unwrap() - made[id.as_str()];
            assert!(age_us <= 1_500_000, "{row:?}");
        }
    }
}

/// A server process that is there and does not answer: only the idle check finds out before the operation does.
#[test]
fn an_idle_connection_without_a_sign_of_life_is_dropped() {
    let test = TestLab::start_set_up();
    let flags = [
        &DIRECT[..],
        &["--concurrent-workers", "1", "--pool-idle-check", "100ms"],
        &["--connect-timeout", "3s", "--operation-timeout", "60s"],
        &[
            "--min-operation-interval",
            "300ms",
            "--max-operation-interval",
            "300ms",
        ],
    ]
    .concat();
    let running = test.spawn_run(&flags);
    test.wait_for_recording();
    let mut stopped = String::new();
    wait_until("a connection that is idle and stopped", || {
        let Some(pid) = backends(&test).first().cloned() else {
            return false;
        };
        signal(&pid, "-STOP");
        // Behind an operation, so that the next that it is asked is the check.
        let state =
            format!("select concat_ws(': ', state, query) from pg_stat_activity where pid = {pid}");
        let state = test.texts(&state).concat();
        if state.starts_with("idle: ") && (state.contains("business_") || state.contains("COMMIT"))
        {
            stopped = pid;
            return true;
        }
        signal(&pid, "-CONT");
        false
    });
    wait_until("another connection", || {
        backends(&test).iter().any(|pid| *pid != stopped)
    });
    std::thread::sleep(Duration::from_millis(1_000));
    running.signal("INT");
    assert_success(&running.output());
    signal(&stopped, "-CONT");

    let recording = test.recording();
    let operations = rows(&recording, Table::Operations);
    assert!(operations.len() > 2);
    let slow: Vec<_> = operations
        .iter()
        .filter(|row| number(row, "checkout_us") >= Some(3_000_000))
        .collect();
    assert_eq!(slow.len(), 1, "{operations:?}");
    assert_eq!(slow[0]["success"], "true");
    let connections = rows(&recording, Table::Connections);
    assert_eq!(connections.len(), 2, "{connections:?}");
    assert_eq!(slow[0]["connection_id"], connections[1]["connection_id"]);
    for row in &operations {
        assert!(
            matches!(row["outcome"].as_str(), "ok" | "rejected" | "unfinished"),
            "{row:?}"
        );
    }
}

/// Attempts to connect that were made while the port was dead, and the waits before them.
fn attempts_at_a_dead_port(test: &mut TestLab, flags: &[&str]) -> (usize, Vec<i64>) {
    let runs = test.folder.path().join(flags.join(""));
    let out = runs.to_str().unwrap();
    let common = [
        &[
            "run",
            "--out",
            out,
            "--concurrent-workers",
            "2",
            "--operation-timeout",
            "60s",
        ],
        &DIRECT[..],
        &[
            "--min-operation-interval",
            "10ms",
            "--max-operation-interval",
            "20ms",
        ],
        flags,
    ]
    .concat();
    let running = crate::common::Running::spawn(&mut test.command(&common));
    crate::common::wait_for_recording(&runs);
    test.runtime.block_on(test.lab.kill_writer()).unwrap();
    std::thread::sleep(Duration::from_secs(4));
    running.signal("INT");
    assert_success(&running.output());
    test.runtime.block_on(test.lab.restart_writer()).unwrap();

    let recording = crate::common::only_recording(&runs);
    let operations = rows(&recording, Table::Operations);
    let connections = rows(&recording, Table::Connections);
    let refused = with(&connections, "error_class", "refused");
    let waits = refused.iter().filter_map(|attempt| {
        let id = &attempt["connection_id"];
        let asked = with(&operations, "connection_id", id);
        // Those from before the first operation were made for none.
        if asked.is_empty() {
            return None;
        }
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert_eq!(asked[0]["error_phase"], "checkout");
        let wait = number(attempt, "start_time").unwrap() - number(asked[0], "start_time").unwrap();
        // It is time of the checkout.
        assert!(
            number(asked[0], "checkout_us").unwrap() >= wait - 1_000,
            "{asked:?}"
        );
        Some(wait)
    });
    let waits: Vec<_> = waits.collect();
    (waits.len(), waits)
}

#[test]
fn a_back_off_spares_a_dead_port() {
    let mut test = TestLab::start_set_up();
    let (without, _) = attempts_at_a_dead_port(&mut test, &[]);
    let (with, waits) = attempts_at_a_dead_port(
        &mut test,
        &[
            "--reconnect-backoff-min",
            "1s",
            "--reconnect-backoff-max",
            "1s",
        ],
    );
    assert!(
        with > 0 && with * 4 < without,
        "{with} and {without} attempts"
    );
    // Random, and long ones among them.
    assert!(waits.iter().max() > Some(&100_000), "{waits:?}");
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let test = TestLab::start();
    for (flags, texts) in [
        (
            &["--pool-min-idle", "6"][..],
            &["--pool-min-idle 6", "--pool-size 5"][..],
        ),
        (&["--pool-max-lifetime", "0"], &["--pool-max-lifetime 0"]),
        (
            &["--reconnect-backoff-min", "2s"],
            &["--reconnect-backoff-min 2s", "--reconnect-backoff-max 1s"],
        ),
    ] {
        let output = test.recorder(&test.run_arguments(flags, "/nonexistent"));
        assert_one_line(&output, 2, texts);
    }
}
