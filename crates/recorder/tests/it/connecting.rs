//! New connections that a proxy holds back, or whose server the server does not identify itself.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::common::{Row, TestLab, assert_success, number, rows, wait_until};
use recording::Table;

const WRITES: [&str; 12] = [
    "--mode",
    "proxy",
    "--duration",
    "60",
    "--read-weight",
    "0",
    "--transaction-weight",
    "0",
    "--min-operation-interval",
    "10ms",
    "--max-operation-interval",
    "30ms",
];

/// Pauses the proxy with every connection of the recorder cut, so that each has to be made anew.
fn pause_and_cut(test: &TestLab, connections: usize) {
    wait_until("orders", || {
        test.texts("select id::text from business_orders where order_number not like 'seed%'")
            .len()
            > 20
    });
    let hanging =
        "select pid::text from pg_stat_activity where usename = 'app' and wait_event_type = 'Lock'";
    let holder = test.hold_tables();
    wait_until("hanging statements", || {
        test.texts(hanging).len() == connections
    });
    let cut = async {
        // The pause waits for the statements in flight, which are ended here.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let cut = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app' and wait_event_type = 'Lock'";
        holder.query(cut, &[]).await.unwrap();
        holder.batch_execute("rollback").await.unwrap();
    };
    let (paused, ()) = test
        .runtime
        .block_on(async { tokio::join!(test.lab.pause_proxy(), cut) });
    paused.unwrap();
}

fn with<'a>(rows: &'a [Row], column: &str, word: &str) -> Vec<&'a Row> {
    rows.iter()
        .filter(|row| row.get(column).is_some_and(|found| found == word))
        .collect()
}

fn length_us(connection: &Row) -> i64 {
    number(connection, "end_time").unwrap() - number(connection, "start_time").unwrap()
}

/// A proxy without a writer lets clients in and holds their first question back: it must not count as a failed connection.
#[test]
fn a_pause_longer_than_the_connect_limit_fails_nothing() {
    let test = TestLab::start_set_up();
    let flags = ["--connect-timeout", "1s", "--concurrent-workers", "4"];
    let running = test.spawn_run(&[&WRITES[..], &flags].concat());
    pause_and_cut(&test, 4);
    std::thread::sleep(Duration::from_secs(3));
    test.runtime.block_on(test.lab.resume_proxy()).unwrap();
    std::thread::sleep(Duration::from_millis(700));
    running.signal("INT");
    assert_success(&running.output());

    let recording = test.recording();
    let connections = rows(&recording, Table::Connections);
    let held_back: Vec<_> = connections
        .iter()
        .filter(|row| length_us(row) > 2_500_000)
        .collect();
    assert_eq!(held_back.len(), 4, "{connections:?}");
    for row in &held_back {
        assert_eq!(row["success"], "true", "{row:?}");
        assert!(row.contains_key("server_address"), "{row:?}");
    }
    assert!(
        with(&connections, "success", "false").is_empty(),
        "{connections:?}"
    );
    let operations = rows(&recording, Table::Operations);
    for row in held_back {
        let id = &row["connection_id"];
        let served = with(&operations, "connection_id", id);
        assert!(served.iter().any(|row| row["success"] == "true"), "{row:?}");
    }
    // Nothing failed but what was cut.
    let failed: Vec<_> = operations
        .iter()
        .filter(|row| matches!(row["outcome"].as_str(), "failed" | "unknown"))
        .collect();
    assert_eq!(failed.len(), 4, "{failed:?}");
    assert!(
        failed.iter().all(|row| row["error_phase"] == "statement"),
        "{failed:?}"
    );
}

/// Two connections for four workers, none of which comes about: some attempts end with their operation's limit, the last with
/// the recording, and none begins after it.
#[test]
fn attempts_cut_off_say_by_what() {
    let test = TestLab::start_set_up();
    let flags = [
        "--operation-timeout",
        "1500ms",
        "--pool-timeout",
        "30s",
        "--pool-size",
        "2",
        "--concurrent-workers",
        "4",
    ];
    let running = test.spawn_run(&[&WRITES[..], &flags].concat());
    pause_and_cut(&test, 2);
    std::thread::sleep(Duration::from_millis(2_500));
    running.signal("INT");
    assert_success(&running.output());

    let recording = test.recording();
    let end = recording.manifest().start_time.micros() + recording.manifest().duration_us.unwrap();
    let connections = rows(&recording, Table::Connections);
    let operations = rows(&recording, Table::Operations);
    let mut asked_by: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in operations
        .iter()
        .filter(|row| row.contains_key("connection_id"))
    {
        asked_by.entry(&row["connection_id"]).or_default().push(row);
    }
    let mut cut_by_end = 0;
    let mut cut_by_limit = 0;
    for row in with(&connections, "success", "false") {
        assert_eq!(row["error_phase"], "identify", "{row:?}");
        assert!(number(row, "start_time").unwrap() <= end, "{row:?}");
        let asked = &asked_by[row["connection_id"].as_str()];
        assert_eq!(asked.len(), 1, "{asked:?}");
        match row.get("error_class").map(String::as_str) {
            None => {
                cut_by_end += 1;
                assert_eq!(row["error_message"], "unfinished: the recording ended");
                assert_eq!(asked[0]["outcome"], "unfinished", "{asked:?}");
            }
            Some(class) => {
                cut_by_limit += 1;
                assert_eq!(class, "operation_timeout", "{row:?}");
                assert_eq!(asked[0]["outcome"], "failed", "{asked:?}");
                assert_eq!(asked[0]["error_class"], "operation_timeout", "{asked:?}");
                assert_eq!(asked[0]["error_phase"], "checkout", "{asked:?}");
            }
        }
    }
    assert_eq!(cut_by_end, 2, "{connections:?}");
    assert!(cut_by_limit >= 2, "{connections:?}");
    // Who waited for a slot at the end did not fail, and made no attempt.
    let unfinished = with(&operations, "outcome", "unfinished");
    assert_eq!(unfinished.len(), 4, "{unfinished:?}");
    let without_attempt = |row: &&&Row| !row.contains_key("connection_id");
    assert_eq!(unfinished.iter().filter(without_attempt).count(), 2);
    assert!(
        unfinished
            .iter()
            .all(|row| !row.contains_key("error_class"))
    );
}

/// Who may not ask for the server's identity can work all the same.
#[test]
fn a_server_that_does_not_say_who_it_is_serves() {
    let test = TestLab::start_set_up();
    let revoke = "revoke execute on function pg_postmaster_start_time(), inet_server_addr(), inet_server_port(), \
                  pg_is_in_recovery() from public";
    test.runtime
        .block_on(test.admin().batch_execute(revoke))
        .unwrap();
    let output = test
        .spawn_run(&["--mode", "direct", "--duration", "2"])
        .output();
    assert_success(&output);
    let recording = test.recording();
    assert!(recording.manifest().servers.is_empty());
    let connections = rows(&recording, Table::Connections);
    assert!(!connections.is_empty());
    for row in &connections {
        assert_eq!(row["success"], "true", "{row:?}");
        assert!(!row.contains_key("server_address"), "{row:?}");
    }
    let operations = rows(&recording, Table::Operations);
    assert!(with(&operations, "outcome", "failed").is_empty());
    assert!(!with(&operations, "success", "true").is_empty());
    let log = std::fs::read_to_string(recording.folder().join("logs/recorder.log")).unwrap();
    assert!(
        log.contains("a server that does not identify itself"),
        "{log}"
    );
}
