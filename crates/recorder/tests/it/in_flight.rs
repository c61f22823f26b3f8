//! Statements that are in flight when something happens to the server: the difference between failed and unknown.

use std::time::Duration;

use crate::common::{Row, Running, TestLab, assert_success, number, rows, wait_until};
use recording::Table;

const WRITES: [&str; 8] = [
    "--duration",
    "60",
    "--read-weight",
    "0",
    "--write-weight",
    "50",
    "--transaction-weight",
    "50",
];

fn start(test: &TestLab, mode: &str) -> Running {
    // Of so many rows no two workers take the same one: one would wait for the other's lock, and not where these tests want it.
    assert_success(&test.recorder(&["setup", "--users", "20000", "--products", "20000"]));
    let busy = [
        "--min-operation-interval",
        "10ms",
        "--max-operation-interval",
        "30ms",
        "--concurrent-workers",
        "4",
        // Their writes would wait too.
        "--availability-interval",
        "0",
    ];
    test.spawn_run(&[&WRITES[..], &busy, &["--mode", mode]].concat())
}

/// How many of the recorder's statements wait for something of this kind.
fn waiting(test: &TestLab, kind: &str) -> usize {
    test.texts(&format!(
        "select pid::text from pg_stat_activity where usename = 'app' and wait_event_type = '{kind}' and state <> 'idle'"
    ))
    .len()
}

fn end(running: Running) {
    running.signal("INT");
    assert_success(&running.output());
}

fn with<'a>(operations: &'a [Row], column: &str, word: &str) -> Vec<&'a Row> {
    operations
        .iter()
        .filter(|row| row.get(column).is_some_and(|found| found == word))
        .collect()
}

#[test]
fn a_write_cut_off_is_unknown_and_a_purchase_before_commit_failed() {
    let mut test = TestLab::start_set_up();
    let running = start(&test, "both");
    // A lock on the tables lets every write hang in mid-statement.
    wait_until("orders", || {
        test.texts("select id::text from business_orders where order_number not like 'seed%'")
            .len()
            > 20
    });
    let _holder = test.hold_tables();
    wait_until("eight hanging statements", || waiting(&test, "Lock") == 8);
    test.runtime.block_on(test.lab.kill_writer()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    end(running);

    let operations = rows(&test.recording(), Table::Operations);
    let mut cut = with(&operations, "error_phase", "statement");
    cut.retain(|row| matches!(row["error_class"].as_str(), "connection_lost" | "proxy"));
    assert_eq!(cut.len(), 8, "{cut:?}");
    for row in cut {
        let expected = if row["operation_type"] == "write" {
            "unknown"
        } else {
            "failed"
        };
        assert_eq!(row["outcome"], expected, "{row:?}");
        // pgbouncer says "server conn crashed?", PostgreSQL nothing.
        let (class, sqlstate) = match row["path"].as_str() {
            "proxy" => ("proxy", Some("08P01")),
            _ => ("connection_lost", None),
        };
        assert_eq!(row["error_class"], class, "{row:?}");
        assert_eq!(row.get("sqlstate").map(String::as_str), sqlstate, "{row:?}");
    }
    // No server is there after that.
    assert!(!with(&operations, "error_class", "refused").is_empty());
}

/// Lets commits wait for that standby; an empty name for none.
fn wait_for_standby(test: &TestLab, name: &str) {
    let admin = test.admin();
    let set = format!("alter system set synchronous_standby_names = '{name}'");
    test.runtime.block_on(async {
        admin.batch_execute(&set).await.unwrap();
        admin
            .batch_execute("select pg_reload_conf()")
            .await
            .unwrap();
    });
}

#[test]
fn a_commit_that_no_standby_confirmed_is_unknown_though_the_server_said_yes() {
    let test = TestLab::start_set_up();
    let running = start(&test, "direct");
    wait_until("orders", || {
        test.texts("select id::text from business_orders where order_number not like 'seed%'")
            .len()
            > 20
    });
    wait_for_standby(&test, "nobody");
    wait_until("four waiting commits", || waiting(&test, "IPC") == 4);
    assert_eq!(
        test.texts("select pg_cancel_backend(pid)::text from pg_stat_activity where usename = 'app' and wait_event = 'SyncRep'").len(),
        4
    );
    std::thread::sleep(Duration::from_millis(500));
    wait_for_standby(&test, "");
    std::thread::sleep(Duration::from_millis(500));
    end(running);

    let operations = rows(&test.recording(), Table::Operations);
    let local_only = with(&operations, "sqlstate", "01000");
    assert_eq!(local_only.len(), 4, "{local_only:?}");
    for row in local_only {
        assert_eq!(
            (row["outcome"].as_str(), row["error_class"].as_str()),
            ("unknown", "unreplicated"),
            "{row:?}"
        );
        assert!(
            row["error_message"].contains("synchronous replication"),
            "{row:?}"
        );
        let phase = if row["operation_type"] == "write" {
            "statement"
        } else {
            "commit"
        };
        assert_eq!(row["error_phase"], phase, "{row:?}");
    }
    // A warning does no harm to the connection: it serves on.
    let served = with(&operations, "success", "true");
    for row in with(&operations, "sqlstate", "01000") {
        assert!(
            served
                .iter()
                .any(|later| later["connection_id"] == row["connection_id"]
                    && number(later, "start_time") >= number(row, "end_time")),
            "{row:?}"
        );
    }
}

/// The server is stopped while a commit waits for its standby: one warning says both, and no answer follows.
#[test]
fn a_commit_ended_by_a_shutdown_is_unknown_and_has_the_code_of_the_warning() {
    let test = TestLab::start_set_up();
    let running = start(&test, "direct");
    wait_until("orders", || {
        test.texts("select id::text from business_orders where order_number not like 'seed%'")
            .len()
            > 20
    });
    wait_for_standby(&test, "nobody");
    wait_until("four waiting commits", || waiting(&test, "IPC") == 4);
    assert_eq!(
        test.texts("select pg_terminate_backend(pid)::text from pg_stat_activity where usename = 'app' and wait_event = 'SyncRep'").len(),
        4
    );
    wait_for_standby(&test, "");
    std::thread::sleep(Duration::from_millis(500));
    end(running);

    let operations = rows(&test.recording(), Table::Operations);
    let ended = with(&operations, "sqlstate", "57P01");
    assert_eq!(ended.len(), 4, "{ended:?}");
    for row in ended {
        assert_eq!(
            (row["outcome"].as_str(), row["error_class"].as_str()),
            ("unknown", "starting_or_stopping"),
            "{row:?}"
        );
        assert!(
            row["error_message"].contains("synchronous replication"),
            "{row:?}"
        );
    }
    assert!(with(&operations, "error_class", "connection_lost").is_empty());
}

/// An ERROR of the server's proves the rollback and harms no connection; a FATAL may come between the commit and its answer.
#[test]
fn a_cancelled_write_failed_and_one_whose_session_was_ended_is_unknown() {
    let test = TestLab::start_set_up();
    let running = start(&test, "direct");
    wait_until("orders", || {
        test.texts("select id::text from business_orders where order_number not like 'seed%'")
            .len()
            > 20
    });
    let admin = test.admin();
    let run = |statement: &str| {
        let done = test.runtime.block_on(admin.batch_execute(statement));
        done.unwrap();
    };
    let holder = test.hold_tables();
    wait_until("four hanging statements", || waiting(&test, "Lock") == 4);
    run(
        "select pg_cancel_backend(pid) from pg_stat_activity where usename = 'app' and wait_event_type = 'Lock'",
    );
    std::thread::sleep(Duration::from_millis(300));
    wait_until("four more", || waiting(&test, "Lock") == 4);
    run(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app' and wait_event_type = 'Lock'",
    );
    std::thread::sleep(Duration::from_millis(300));
    let released = test.runtime.block_on(holder.batch_execute("rollback"));
    released.unwrap();
    std::thread::sleep(Duration::from_millis(500));
    end(running);

    let operations = rows(&test.recording(), Table::Operations);
    let cancelled = with(&operations, "sqlstate", "57014");
    assert_eq!(cancelled.len(), 4, "{cancelled:?}");
    for row in cancelled {
        let found = [&row["error_class"], &row["outcome"]];
        assert_eq!(found, ["statement_timeout", "failed"], "{row:?}");
        let id = &row["connection_id"];
        let later = with(&operations, "connection_id", id);
        let goes_on = |other: &&Row| number(other, "start_time") >= number(row, "end_time");
        assert!(later.into_iter().any(|other| goes_on(&other)), "{row:?}");
    }
    let ended = with(&operations, "sqlstate", "57P01");
    assert!(ended.len() >= 4, "{ended:?}");
    for row in ended {
        let outcome = match row["operation_type"].as_str() {
            "write" => "unknown",
            _ => "failed",
        };
        let found = [&row["error_class"], &row["outcome"]];
        assert_eq!(found, ["starting_or_stopping", outcome], "{row:?}");
    }
}
