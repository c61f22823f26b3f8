//! Recordings of real failovers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::common::{
    BUSY, Row, TestLab, assert_success, events, files, identity, number, rows, stderr, stdout,
    wait_until,
};
use lab::FailoverOptions;
use recording::{Manifest, Recording, State, Table};

#[test]
fn a_crash_failover_in_the_middle() {
    let mut test = TestLab::start_set_up();
    let command = "echo said; sleep 0.3; exit 3 # postgres://app:topsecret@db/x";
    let flags = [
        &BUSY[..],
        &[
            "--duration",
            "12",
            "--seed",
            "7",
            "--host",
            "bench-1",
            "--label",
            "case=crash",
            "--connect-timeout",
            "1s",
        ],
        &["--failover-after", "2s", "--failover-command", command],
    ]
    .concat();
    let running = test.spawn_run(&flags);
    test.wait_for_recording();
    std::thread::sleep(Duration::from_secs(2));
    let options = FailoverOptions {
        promote_after: Duration::from_millis(800),
        return_after: Duration::from_secs(1),
        dns_after: Duration::from_millis(3_500),
        ..FailoverOptions::default()
    };
    test.runtime
        .block_on(test.lab.failover(&options, |_| {}))
        .unwrap();
    let output = running.output();
    assert_success(&output);

    let recording = test.recording();
    assert_eq!(
        stdout(&output).trim_end().lines().last(),
        recording.folder().to_str()
    );
    check_manifest(recording.manifest());

    let operations = rows(&recording, Table::Operations);
    // The summary counts what the live view counted: as many as there are rows.
    check_numbers(&operations, &stderr(&output));
    check_outage(&operations);
    check_orders(&test, &recording, &operations);
    check_connections(&recording, &operations);
    check_trigger(&recording);
    check_secrets(&test, &recording);
}

fn check_manifest(manifest: &Manifest) {
    assert_eq!(manifest.state, State::Complete);
    assert_eq!((manifest.seed, manifest.host.as_str()), (7, "bench-1"));
    assert_eq!(manifest.labels["case"], "crash");
    assert!(manifest.dropped_rows.is_empty());
    let duration = manifest.duration_us.unwrap();
    assert!((12_000_000..14_000_000).contains(&duration), "{duration}");
}

/// Every operation has a row and its number; operation n is the same draw on both paths.
fn check_numbers(operations: &[Row], said: &str) {
    for path in ["direct", "proxy"] {
        let count = operations.iter().filter(|row| row["path"] == path).count();
        assert!(count > 200, "{path}: {count}");
        assert!(
            said.contains(&format!("{path}: {count} operations")),
            "{said}"
        );
        let ids: BTreeSet<i64> = operations
            .iter()
            .filter(|row| row["path"] == path)
            .map(|row| number(row, "operation_id").unwrap())
            .collect();
        assert_eq!(
            ids,
            (1..=count as i64).collect(),
            "counted from 1 without a hole"
        );
    }

    let mut drawn: BTreeMap<&str, &str> = BTreeMap::new();
    for row in operations {
        let other = drawn.insert(&row["operation_id"], &row["operation_name"]);
        assert!(
            other.is_none_or(|name| name == row["operation_name"]),
            "{row:?}"
        );
    }
}

fn check_outage(operations: &[Row]) {
    // The direct path loses the writer, then meets it again as a reader.
    let classes: BTreeSet<(&str, &str)> = operations
        .iter()
        .filter_map(|row| Some((row["path"].as_str(), row.get("error_class")?.as_str())))
        .collect();
    for class in ["refused", "read_only"] {
        assert!(
            classes.contains(&("direct", class)),
            "{class} in {classes:?}"
        );
    }
    let refused = operations
        .iter()
        .find(|row| {
            row.get("error_class")
                .is_some_and(|class| class == "read_only")
        })
        .unwrap();
    assert_eq!(refused["sqlstate"], "25006");
    assert_eq!(refused["outcome"], "failed");
    assert!(!classes.contains(&("proxy", "read_only")), "{classes:?}");
    for row in operations {
        check_invariants(row);
    }
    // Both recover.
    for path in ["direct", "proxy"] {
        let last = operations
            .iter()
            .rev()
            .find(|row| {
                row["path"] == path
                    && row["operation_type"] != "read"
                    && row["outcome"] != "unfinished"
            })
            .unwrap();
        assert_eq!(last["success"], "true", "{last:?}");
    }
}

fn check_orders(test: &TestLab, recording: &Recording, operations: &[Row]) {
    // Synchronous replication: what was acknowledged is there, what certainly failed is not.
    let orders: BTreeSet<String> = test
        .texts("select order_number from business_orders")
        .into_iter()
        .collect();
    for row in operations.iter().filter(|row| {
        matches!(
            row["operation_name"].as_str(),
            "create_order" | "place_order"
        )
    }) {
        let there = orders.contains(&identity(recording, row));
        match row["outcome"].as_str() {
            "ok" => assert!(there, "lost: {row:?}"),
            "failed" | "rejected" => assert!(!there, "phantom: {row:?}"),
            _ => {}
        }
    }
}

/// Each attempt to connect, and who answered.
fn check_connections(recording: &Recording, operations: &[Row]) {
    let connections = rows(recording, Table::Connections);
    let reached: BTreeSet<&str> = connections
        .iter()
        .filter(|row| row["path"] == "direct")
        .filter_map(|row| row.get("server_address").map(String::as_str))
        .collect();
    assert_eq!(reached, BTreeSet::from(["127.0.0.2", "127.0.0.3"]));
    let refused = connections
        .iter()
        .find(|row| {
            row.get("error_class")
                .is_some_and(|class| class == "refused")
        })
        .unwrap();
    assert_eq!(
        (
            refused["error_phase"].as_str(),
            refused["endpoint_address"].as_str()
        ),
        ("tcp", "127.0.0.2")
    );
    assert!(refused.contains_key("dns_us") && !refused.contains_key("startup_us"));
    assert!(
        recording
            .manifest()
            .servers
            .iter()
            .any(|server| server.in_recovery == Some(true))
    );
    let used: BTreeSet<_> = connections
        .iter()
        .map(|row| (&row["path"], &row["connection_id"]))
        .collect();
    for row in operations {
        assert!(
            row.get("connection_id")
                .is_none_or(|id| used.contains(&(&row["path"], id))),
            "{row:?}"
        );
    }
}

fn check_trigger(recording: &Recording) {
    let events = events(recording);
    let triggered = events
        .iter()
        .find(|row| row["event"] == "failover_triggered")
        .unwrap();
    let finished = events
        .iter()
        .find(|row| row["event"] == "failover_trigger_finished")
        .unwrap();
    assert_eq!(finished["status"], "3");
    let took = number(finished, "time").unwrap() - number(triggered, "time").unwrap();
    assert!(took >= 300_000, "{took}");
    assert_eq!(
        std::fs::read_to_string(recording.folder().join("logs/failover-command.log")).unwrap(),
        "said\n"
    );
}

fn check_secrets(test: &TestLab, recording: &Recording) {
    let urls = [test.lab.direct_url(), test.lab.proxy_url()];
    let mut secrets: Vec<&str> = urls
        .iter()
        .map(|url| url.split(['@', ':']).nth(2).unwrap())
        .collect();
    secrets.push("topsecret");
    for file in files(recording.folder()) {
        let bytes = std::fs::read(&file).unwrap();
        for secret in &secrets {
            assert!(
                !bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes()),
                "{}",
                file.display()
            );
        }
    }
}

/// What holds of every row.
fn check_invariants(row: &Row) {
    let (outcome, has) = (row["outcome"].as_str(), |column: &str| {
        row.contains_key(column)
    });
    assert_eq!(
        row["success"] == "true",
        matches!(outcome, "ok" | "rejected"),
        "{row:?}"
    );
    assert_eq!(
        has("error_class"),
        matches!(outcome, "failed" | "unknown"),
        "{row:?}"
    );
    assert_eq!(has("end_time"), outcome != "unfinished", "{row:?}");
    assert_eq!(has("affected_rows"), row["success"] == "true", "{row:?}");
    assert_eq!(row["scheduled_time"], row["start_time"], "closed loop");
    if outcome == "unknown" {
        assert_ne!(row["operation_type"], "read", "{row:?}");
        assert!(
            matches!(row["error_phase"].as_str(), "statement" | "commit"),
            "{row:?}"
        );
    }
    if outcome != "unfinished" {
        let response = number(row, "response_time_us").unwrap();
        let parts = number(row, "checkout_us").unwrap() + number(row, "execute_us").unwrap_or(0);
        assert!(parts <= response + 2 && response >= 0, "{row:?}");
    }
}

#[test]
fn sigterm_in_mid_run_keeps_every_finished_operation() {
    let test = TestLab::start_set_up();
    let running = test.spawn_run(
        &[
            &BUSY[..],
            &[
                "--duration",
                "60",
                "--read-weight",
                "10",
                "--write-weight",
                "80",
            ],
        ]
        .concat(),
    );
    wait_until("orders", || {
        test.texts("select order_number from business_orders where order_number not like 'seed%'")
            .len()
            > 60
    });
    running.signal("TERM");
    let output = running.output();
    assert_success(&output);

    let recording = test.recording();
    assert_eq!(recording.manifest().state, State::Interrupted);
    assert!(recording.manifest().duration_us.unwrap() < 60_000_000);
    let events = events(&recording);
    assert_eq!(
        (events[0]["event"].as_str(), events[0]["detail"].as_str()),
        ("interrupted", "SIGTERM")
    );

    let operations = rows(&recording, Table::Operations);
    let named = |names: &[&str], outcomes: &[&str]| -> BTreeSet<String> {
        operations
            .iter()
            .filter(|row| {
                names.contains(&row["operation_name"].as_str())
                    && outcomes.contains(&row["outcome"].as_str())
            })
            .map(|row| identity(&recording, row))
            .collect()
    };
    // Whatever is in the database has its row, and what has a row as done is in the database.
    let (made, begun) = (
        &["create_order", "place_order"][..],
        &["ok", "unfinished"][..],
    );
    let orders: BTreeSet<String> = test
        .texts("select order_number from business_orders where order_number not like 'seed%'")
        .into_iter()
        .collect();
    assert!(orders.len() > 60);
    assert!(named(made, &["ok"]).is_subset(&orders));
    assert!(orders.is_subset(&named(made, begun)));
    let logs: BTreeSet<String> = test
        .texts("select details from business_logs where details not like 'seed%' and action not like 'pgoutage %'")
        .into_iter()
        .collect();
    let logged = &["insert_log", "place_order"][..];
    assert!(named(logged, &["ok"]).is_subset(&logs));
    assert!(logs.is_subset(&named(logged, begun)));
}

/// A frozen proxy: statements hang, new ones wait. The operation's limit ends them, and those at the end are unfinished.
#[test]
fn hanging_operations_time_out_or_stay_unfinished() {
    let test = TestLab::start_set_up();
    let flags = [
        "--mode",
        "proxy",
        "--duration",
        "6",
        "--operation-timeout",
        "1500ms",
        "--pool-size",
        "2",
        "--pool-timeout",
        "700ms",
        "--concurrent-workers",
        "4",
    ];
    let running = test.spawn_run(&[&BUSY[..], &flags].concat());
    test.wait_for_recording();
    std::thread::sleep(Duration::from_secs(1));
    test.runtime.block_on(test.lab.pause_proxy()).unwrap();
    let output = running.output();
    test.runtime.block_on(test.lab.resume_proxy()).unwrap();
    assert_success(&output);

    let operations = rows(&test.recording(), Table::Operations);
    operations.iter().for_each(check_invariants);
    let count = |column: &str, word: &str| {
        operations
            .iter()
            .filter(|row| row.get(column).is_some_and(|found| found == word))
            .count()
    };
    assert!(
        count("error_class", "operation_timeout") >= 2,
        "{}",
        stderr(&output)
    );
    assert!(
        count("error_class", "pool_timeout") >= 2,
        "{}",
        stderr(&output)
    );
    assert!(count("outcome", "unfinished") >= 1, "{}", stderr(&output));
    let timed_out = operations
        .iter()
        .find(|row| {
            row.get("error_class")
                .is_some_and(|class| class == "operation_timeout")
        })
        .unwrap();
    assert!(number(timed_out, "response_time_us").unwrap() >= 1_500_000);
}

/// A part that can't be sealed, because somebody removed its folder: the run goes on to its end, says so, and seals the rows from
/// their journal.
#[test]
fn a_part_that_can_not_be_sealed_is_sealed_from_its_journal() {
    let test = TestLab::start_set_up();
    let running = test.spawn_run(&[&BUSY[..], &["--mode", "direct", "--duration", "4"]].concat());
    test.wait_for_recording();
    std::thread::sleep(Duration::from_secs(2));
    std::fs::remove_dir_all(test.recording().folder().join("operations")).unwrap();
    let output = running.output();
    assert_success(&output);
    assert!(stderr(&output).contains("writes failed from"));
    let recording = test.recording();
    assert_eq!(recording.manifest().write_failures.len(), 1);
    let operations = rows(&recording, Table::Operations);
    let said = stdout(&output) + &stderr(&output);
    let said = said
        .lines()
        .find(|line| line.starts_with("direct: ") && line.contains("operations"));
    assert!(
        operations.len() > 20
            && said
                .unwrap()
                .contains(&format!(" {} operations", operations.len())),
        "{said:?}"
    );
}
