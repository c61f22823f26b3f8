//! The availability probes through faults that the test injects and times.

use std::time::Duration;

use lab::FailoverOptions;
use recording::{Recording, Table};

use super::{KINDS, changes, now_us, probes, since, wait_for_standby, with};
use crate::common::{BUSY, TestLab, assert_success, number, rows, wait_until};
use crate::probes::Frozen;

#[test]
fn a_crash_failover_as_a_client_that_connects_anew_meets_it() {
    let mut test = TestLab::start_set_up();
    let running = test.spawn_run(&[&BUSY[..], &["--duration", "120"]].concat());
    test.wait_for_operation();
    std::thread::sleep(Duration::from_secs(1));
    let crash_us = now_us();
    let options = FailoverOptions {
        promote_after: Duration::from_millis(800),
        return_after: Duration::from_secs(1),
        dns_after: Duration::from_millis(4_500),
        ..FailoverOptions::default()
    };
    test.runtime
        .block_on(test.lab.failover(&options, |_| ()))
        .unwrap();
    let path = test.recording().folder().join("logs/recorder.log");
    wait_until("the new writer on both paths", || {
        let log = std::fs::read_to_string(&path).unwrap();
        ["direct", "proxy"].iter().all(|path| {
            let line = format!("{path}: role_changed: ");
            let mut lines = log.lines().filter(|of| of.contains(&line));
            lines.any(|of| of.contains("-> 127.0.0.3") && of.ends_with("(writer)"))
        })
    });
    // The name is looked up once a second: until then the reads go on to the old writer.
    std::thread::sleep(Duration::from_secs(3));
    running.signal("TERM");
    assert_success(&running.output());

    let recording = test.recording();
    for kind in KINDS {
        let probes = since(&probes(&recording, kind), crash_us);
        let failed = probes
            .iter()
            .position(|row| row["outcome"] != "ok")
            .unwrap();
        let answered = with(&probes, "server_address", "127.0.0.3");
        assert_eq!(answered.last().unwrap()["fresh"], "false", "{kind:?}");
        // The first one was asked on a connection of its own, later ones on the one that is kept. A proxy may hold a statement back and pass it on.
        if kind.0 == "direct" {
            assert_eq!(answered[0]["fresh"], "true", "{:?}", answered[0]);
            assert!(number(answered[0], "time") > number(&probes[failed], "time"));
        }
    }
    check_stale_name(&recording, crash_us);
}

/// On the direct path the name leads to the old writer for some seconds.
fn check_stale_name(recording: &Recording, crash_us: i64) {
    let writes = since(&probes(recording, ("direct", "write")), crash_us);
    let refused = writes.iter().find(|row| row["outcome"] != "ok").unwrap();
    let classes = ["refused", "connection_lost", "starting_or_stopping"];
    assert!(
        classes.contains(&refused["error_class"].as_str()),
        "{refused:?}"
    );
    // The name is stale: the old writer is back as a reader, and each write meets it on a connection made anew.
    let stale = with(&writes, "error_class", "read_only");
    assert!(stale.len() >= 5, "{}", stale.len());
    for row in stale {
        assert_eq!(row["sqlstate"], "25006");
        assert_eq!(
            (row["fresh"].as_str(), row["outcome"].as_str()),
            ("true", "failed")
        );
        assert_eq!(row["endpoint_address"], "127.0.0.2");
    }
    let answered = with(&writes, "server_address", "127.0.0.3");
    assert_eq!(answered[0]["endpoint_address"], "127.0.0.3");
    // Meanwhile its reads were answered, by the old writer in its new role.
    let reads = since(&probes(recording, ("direct", "read")), crash_us);
    assert!(with(&reads, "server_in_recovery", "true").len() >= 5);
    let roles = changes(recording, "role_changed", "direct");
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    assert_eq!(roles.len(), 2, "{roles:?}");
    assert!(roles[0].starts_with("127.0.0.2:") && roles[0].ends_with("(reader)"));
    assert!(roles[1].contains("(reader) -> 127.0.0.3:") && roles[1].ends_with("(writer)"));
    assert_eq!(changes(recording, "address_changed", "direct").len(), 1);
    assert_eq!(changes(recording, "server_restarted", "direct").len(), 1);
}

#[test]
fn a_frozen_writer_is_asked_anew_and_the_first_answer_ends_the_rest() {
    let test = TestLab::start_set_up();
    let flags = ["--duration", "60", "--mode", "direct"];
    let running = test.spawn_run(&[&BUSY[..], &flags].concat());
    test.wait_for_operation();
    std::thread::sleep(Duration::from_secs(1));
    let frozen = Frozen::freeze(&test.lab.dir().join("a"));
    let begun_us = now_us();
    std::thread::sleep(Duration::from_secs(3));
    drop(frozen);
    let ended_us = now_us();
    std::thread::sleep(Duration::from_secs(2));
    running.signal("TERM");
    assert_success(&running.output());

    let recording = test.recording();
    let mut given_up = 0;
    for kind in [("direct", "read"), ("direct", "write")] {
        let probes = probes(&recording, kind);
        let late = with(&probes, "error_class", "operation_timeout");
        let first = late.first().unwrap();
        assert_eq!(first["fresh"], "false", "{first:?}");
        let outcome = if kind.1 == "write" {
            "unknown"
        } else {
            "failed"
        };
        assert_eq!(first["outcome"], outcome, "{first:?}");
        // Those that were to connect hung before they could ask.
        let hung = with(&probes, "error_class", "connect_timeout");
        assert!(hung.len() >= 3, "{kind:?}: {hung:?}");
        for row in hung {
            assert_eq!(
                (row["fresh"].as_str(), row["outcome"].as_str()),
                ("true", "failed")
            );
            assert_eq!(row["endpoint_address"], "127.0.0.2");
        }
        // As fine as it is meant to be, while nothing answered: every 100 ms, and a busy machine's delays.
        let asked = since(&probes, begun_us);
        let during = asked
            .iter()
            .filter(|row| number(row, "time").unwrap() < ended_us);
        assert!((12..=33).contains(&during.count()));
        given_up += with(&probes, "outcome", "unfinished").len();
        let after = since(&probes, ended_us + 500_000);
        assert!(!with(&after, "outcome", "ok").is_empty(), "{kind:?}");
    }
    // What was in flight when the first one was answered; of one kind, all may be answered in the same moment.
    assert!(given_up > 0);
    assert_eq!(
        changes(&recording, "role_changed", "direct"),
        Vec::<String>::new()
    );
}

/// A lock that writes wait for, and reads do not; then one that both wait for.
#[test]
fn a_locked_table_fails_writes_while_reads_go_on() {
    let test = TestLab::start_set_up();
    let running = test.spawn_run(&[&BUSY[..], &["--duration", "60"]].concat());
    test.wait_for_operation();
    let holder = test.admin();
    let lock = |statement: &str| {
        let done = test.runtime.block_on(holder.batch_execute(statement));
        done.unwrap();
        now_us()
    };
    let waiting =
        "select pid::text from pg_stat_activity where usename = 'app' and wait_event_type = 'Lock'";
    let share_us = lock("begin; lock business_availability in share mode");
    std::thread::sleep(Duration::from_millis(2_500));
    let switched_us = now_us();
    let whole_us = lock("rollback; begin; lock business_availability in access exclusive mode");
    std::thread::sleep(Duration::from_millis(2_500));
    let released_us = lock("rollback");
    wait_until("the server to be free", || test.texts(waiting).is_empty());
    std::thread::sleep(Duration::from_secs(1));
    running.signal("INT");
    assert_success(&running.output());
    check_locked(
        &test.recording(),
        share_us,
        switched_us,
        whole_us,
        released_us,
    );
}

/// Between the first lock and the switch writes wait, until the release reads too.
fn check_locked(
    recording: &Recording,
    share_us: i64,
    switched_us: i64,
    whole_us: i64,
    released_us: i64,
) {
    for path in ["direct", "proxy"] {
        let of = |kind, from_us, to_us: i64| {
            let mut rows = since(&probes(recording, (path, kind)), from_us);
            rows.retain(|row| number(row, "time").unwrap() < to_us);
            rows
        };
        let writes = of("write", share_us + 100_000, switched_us - 1_100_000);
        assert!(!writes.is_empty());
        for row in &writes {
            assert_eq!(row["outcome"], "unknown", "{row:?}");
            assert_eq!(row["error_class"], "operation_timeout", "{row:?}");
        }
        let reads = of("read", share_us + 100_000, switched_us - 100_000);
        assert!(
            with(&reads, "outcome", "ok").len() * 10 > reads.len() * 8,
            "{path}"
        );
        let reads = of("read", whole_us + 100_000, released_us - 1_100_000);
        assert!(!reads.is_empty());
        assert_eq!(with(&reads, "outcome", "ok").len(), 0, "{reads:?}");
        for kind in ["read", "write"] {
            let after = of(kind, released_us + 300_000, i64::MAX);
            assert!(!with(&after, "outcome", "ok").is_empty(), "{path} {kind}");
        }
    }
    // The workload uses other tables, and another pool.
    assert!(
        rows(recording, Table::Operations)
            .iter()
            .filter(|row| row["success"] == "false")
            .all(|row| row["outcome"] == "unfinished")
    );
}

#[test]
fn a_commit_that_no_standby_confirmed_is_no_success() {
    let test = TestLab::start_set_up();
    let flags = ["--duration", "60", "--mode", "direct"];
    let running = test.spawn_run(&[&BUSY[..], &flags].concat());
    test.wait_for_operation();
    wait_for_standby(&test, "absent");
    let cancel = "select pg_cancel_backend(pid)::text from pg_stat_activity \
                  where usename = 'app' and wait_event = 'SyncRep' and query like '%business_availability%'";
    let mut cancelled = 0;
    wait_until("some cancelled waits", || {
        cancelled += test.texts(cancel).len();
        cancelled >= 5
    });
    std::thread::sleep(Duration::from_secs(3));
    let waiting = "select pid::text from pg_stat_activity where usename = 'app' and state = 'active' \
                   and query like 'UPDATE business_availability%'";
    // Commits that were given up wait at the server, one for each row, and none behind them.
    assert!(
        (5..=21).contains(&test.texts(waiting).len()),
        "{:?}",
        test.texts(waiting)
    );
    wait_for_standby(&test, "");
    std::thread::sleep(Duration::from_millis(500));
    running.signal("INT");
    assert_success(&running.output());
    let writes = probes(&test.recording(), ("direct", "write"));
    let late = with(&writes, "error_class", "operation_timeout");
    assert!(late.len() >= 5 && late.iter().all(|row| row["outcome"] == "unknown"));
    let behind = with(&writes, "error_class", "conflict");
    assert!(
        behind.len() >= 5
            && behind
                .iter()
                .all(|row| row["error_message"].contains("held by a write"))
    );
    assert!(behind.iter().all(|row| row["outcome"] == "failed"));
    // One may be on its way as the recording ends.
    let last = writes.iter().rfind(|row| row["outcome"] != "unfinished");
    assert_eq!(last.unwrap()["outcome"], "ok");
    let local = with(&writes, "error_class", "unreplicated");
    assert!(!local.is_empty());
    for row in local {
        assert_eq!(
            (row["outcome"].as_str(), row["sqlstate"].as_str()),
            ("unknown", "01000")
        );
        assert_eq!(row["server_address"], "127.0.0.2");
    }
}
