//! Probes: which server answers on each path, and the changes that they see, against a real pair of servers.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::{
    BUSY, Row, Running, TestLab, assert_one_line, assert_success, number, only_recording, rows,
    stderr, wait_until,
};
use lab::{FailoverOptions, StepKind};
use recording::{Recording, Table};

/// Where availability probes ask a server, no probe of `probes` does.
const ALONE: [&str; 2] = ["--availability-interval", "0"];
const CHANGES: [&str; 3] = ["role_changed", "address_changed", "server_restarted"];

/// The probes of one path and kind, in the order in which they were asked.
fn probes(recording: &Recording, path: &str, kind: &str) -> Vec<Row> {
    let mut probes = rows(recording, Table::Probes);
    probes.retain(|row| row["path"] == path && row["probe"] == kind);
    probes.sort_by_key(|row| number(row, "time"));
    probes
}

fn answered(recording: &Recording, path: &str, kind: &str) -> Vec<Row> {
    let mut probes = probes(recording, path, kind);
    probes.retain(|row| row["success"] == "true");
    probes
}

/// The changes of one path, each with its detail, in the order of their times.
fn changes(recording: &Recording, path: &str) -> Vec<Row> {
    let mut events = rows(recording, Table::Events);
    events.retain(|row| {
        CHANGES.contains(&row["event"].as_str()) && row.get("path").is_some_and(|of| of == path)
    });
    events.sort_by_key(|row| number(row, "time"));
    events
}

fn count(events: &[Row], event: &str) -> usize {
    events.iter().filter(|row| row["event"] == event).count()
}

/// What holds of every probe, whatever it met.
fn check_invariants(row: &Row) {
    let has = |column: &str| row.contains_key(column);
    let is_success = row["success"] == "true";
    let is_server = row["probe"] == "server";
    assert_eq!(has("error_class"), !is_success, "{row:?}");
    assert_eq!(has("error_message"), !is_success, "{row:?}");
    assert_eq!(has("server_address"), is_success && is_server, "{row:?}");
    assert_eq!(
        has("server_in_recovery"),
        is_success && is_server,
        "{row:?}"
    );
    assert_eq!(has("dns_addresses"), is_success && !is_server, "{row:?}");
    assert_eq!(has("dns_ttl_s"), is_success && !is_server, "{row:?}");
    let is_reader = row.get("server_in_recovery").is_some_and(|is| is == "true");
    assert!(is_reader || !has("replication_lag_us"), "{row:?}");
    assert!(number(row, "duration_us").unwrap() >= 0, "{row:?}");
    assert_eq!(row["reader"], "false");
}

/// The probes that were answered; where nothing is wrong, a busy machine may be late with one, and more than one is not.
fn only_late(mut probes: Vec<Row>) -> Vec<Row> {
    let all = probes.len();
    probes.retain(|row| {
        let is_late = row
            .get("error_message")
            .is_some_and(|text| text.contains("answer within"));
        assert!(row["success"] == "true" || is_late, "{row:?}");
        row["success"] == "true"
    });
    assert!(probes.len() + 1 >= all && probes.len() >= 2, "{probes:?}");
    probes
}

fn check_every_probe(recording: &Recording) {
    rows(recording, Table::Probes)
        .iter()
        .for_each(check_invariants);
}

#[test]
fn a_steady_run_is_probed_and_changes_nothing() {
    let test = TestLab::start_set_up();
    let flags = ["--duration", "4", "--probe-interval", "250ms"];
    assert_success(
        &test
            .spawn_run(&[&BUSY[..], &ALONE, &flags].concat())
            .output(),
    );
    let recording = test.recording();
    assert_eq!(recording.manifest().probe_interval_us, Some(250_000));
    check_every_probe(&recording);
    let port = test.lab.direct_url();
    let port = port
        .rsplit_once(':')
        .and_then(|(_, rest)| rest.split('/').next());
    for path in ["direct", "proxy"] {
        let servers = probes(&recording, path, "server");
        // One at a time, and not more often than asked for; a busy machine asks less often.
        assert!((3..=17).contains(&servers.len()), "{}", servers.len());
        for row in only_late(servers) {
            assert_eq!(row["server_address"], "127.0.0.2");
            assert_eq!(Some(row["server_port"].as_str()), port);
            assert_eq!(row["server_in_recovery"], "false");
        }
        assert_eq!(changes(&recording, path), Vec::<Row>::new());
    }
    let names = probes(&recording, "direct", "dns");
    assert!((2..=5).contains(&names.len()), "{}", names.len());
    for row in only_late(names) {
        assert_eq!(row["target"], "writer.lab.test");
        assert_eq!(row["dns_addresses"], "127.0.0.2");
        assert_eq!(row["dns_ttl_s"], "1");
    }
    // The proxy's endpoint is an address: there is no name to ask for.
    assert!(probes(&recording, "proxy", "dns").is_empty());
    // The probe's connection is the workload's neighbour, not one of it.
    let pooled = rows(&recording, Table::Connections).len();
    assert!(pooled <= 10, "{pooled}");

    let off = test.folder.path().join("off");
    let flags = [
        "--duration",
        "2",
        "--probe-interval",
        "0",
        "--mode",
        "direct",
    ];
    let flags = [&BUSY[..], &ALONE, &flags].concat();
    let output = test.recorder(&test.run_arguments(&flags, off.to_str().unwrap()));
    assert_success(&output);
    let recording = only_recording(&off);
    assert_eq!(recording.manifest().probe_interval_us, None);
    assert!(rows(&recording, Table::Probes).is_empty());
    assert!(!recording.folder().join("probes").exists());

    let flags = ["--duration", "2", "--probe-interval", "5ms"];
    let output = test.recorder(&test.run_arguments(&flags, off.to_str().unwrap()));
    assert_one_line(&output, 2, &["--probe-interval 5ms", "at least 50ms"]);
}

/// The changes that the rows of a path show, counted from the rows alone.
fn changes_in_rows(recording: &Recording, path: &str) -> BTreeMap<&'static str, usize> {
    let mut seen = BTreeMap::from(CHANGES.map(|change| (change, 0)));
    let mut last: Option<(String, String)> = None;
    let mut started: BTreeMap<String, String> = BTreeMap::new();
    for row in answered(recording, path, "server") {
        let address = row["server_address"].clone();
        let now = (row["server_in_recovery"].clone(), address.clone());
        if let Some(before) = last.replace(now.clone()) {
            let is_other_writer = now.0 == "false" && before.1 != now.1;
            *seen.get_mut("role_changed").unwrap() +=
                usize::from(before.0 != now.0 || is_other_writer);
        }
        let since = row["server_start_time"].clone();
        let before = started.insert(address, since.clone());
        *seen.get_mut("server_restarted").unwrap() +=
            usize::from(before.is_some_and(|before| before != since));
    }
    let names = answered(recording, path, "dns");
    let pairs = names.windows(2);
    let changed = pairs.filter(|pair| pair[0]["dns_addresses"] != pair[1]["dns_addresses"]);
    *seen.get_mut("address_changed").unwrap() += changed.count();
    seen
}

#[test]
fn a_crash_failover_is_seen_on_both_paths() {
    let mut test = TestLab::start_set_up();
    let flags = ["--duration", "120", "--connect-timeout", "1s"];
    let running = test.spawn_run(&[&BUSY[..], &ALONE, &flags].concat());
    test.wait_for_recording();
    std::thread::sleep(Duration::from_secs(2));
    let options = FailoverOptions {
        promote_after: Duration::from_millis(800),
        return_after: Duration::from_secs(1),
        dns_after: Duration::from_millis(4_500),
        ..FailoverOptions::default()
    };
    let mut steps = BTreeMap::new();
    test.runtime
        .block_on(test.lab.failover(&options, |step| {
            let _ = steps.insert(step.step.as_str(), step.time_us);
        }))
        .unwrap();
    let log = test.recording().folder().join("logs/recorder.log");
    let is_seen = |path: &str| {
        let line = format!("{path}: role_changed: ");
        let log = std::fs::read_to_string(&log).unwrap();
        log.lines()
            .any(|of| of.contains(&line) && of.contains("-> 127.0.0.3") && of.ends_with("(writer)"))
    };
    wait_until("the new writer on both paths", || {
        is_seen("direct") && is_seen("proxy")
    });
    // Some more answers that change nothing.
    std::thread::sleep(Duration::from_secs(2));
    running.signal("TERM");
    assert_success(&running.output());

    let recording = test.recording();
    check_every_probe(&recording);
    let crash_us = steps[StepKind::Crash.as_str()];
    for path in ["direct", "proxy"] {
        let servers = answered(&recording, path, "server");
        let who = |row: &Row| {
            (
                row["server_address"].clone(),
                row["server_in_recovery"].clone(),
            )
        };
        let (first, last) = (servers.first().unwrap(), servers.last().unwrap());
        assert_eq!(who(first), ("127.0.0.2".into(), "false".into()), "{path}");
        assert_eq!(who(last), ("127.0.0.3".into(), "false".into()), "{path}");
        // Exactly what the rows show.
        let events = changes(&recording, path);
        for (change, expected) in changes_in_rows(&recording, path) {
            assert_eq!(count(&events, change), expected, "{path}: {events:?}");
        }
        assert!(count(&events, "role_changed") >= 1, "{path}: {events:?}");
        for event in &events {
            // After it happened and before the end: the lab stamps its steps by the same wall clock.
            assert!(number(event, "time").unwrap() >= crash_us, "{event:?}");
        }
    }
    check_address(&recording, steps[StepKind::DnsChanged.as_str()]);
    check_failed(&recording, crash_us);
}

/// While the writer was dead, the direct path's probes say so.
fn check_failed(recording: &Recording, crash_us: i64) {
    let direct = probes(recording, "direct", "server");
    let failed = direct.iter().find(|row| row["success"] == "false").unwrap();
    assert!(number(failed, "time").unwrap() >= crash_us - 2_000_000);
    assert!(
        ["refused", "connection_lost", "starting_or_stopping"]
            .contains(&failed["error_class"].as_str()),
        "{failed:?}"
    );
}

/// The name changed once, and no cache hid it: seen before the resolver's TTL and some more looks are over.
fn check_address(recording: &Recording, changed_us: i64) {
    let events = changes(recording, "direct");
    let changed: Vec<&Row> = events
        .iter()
        .filter(|row| row["event"] == "address_changed")
        .collect();
    assert_eq!(changed.len(), 1, "{events:?}");
    assert_eq!(
        changed[0]["detail"],
        "writer.lab.test: 127.0.0.2 -> 127.0.0.3"
    );
    let after_us = number(changed[0], "time").unwrap() - changed_us;
    assert!((-50_000..10_000_000).contains(&after_us), "{after_us}");
    assert_eq!(count(&changes(recording, "proxy"), "address_changed"), 0);
}

#[test]
fn a_restart_in_place_is_no_change_of_role_or_address() {
    let mut test = TestLab::start_set_up();
    let flags = ["--duration", "120", "--connect-timeout", "1s"];
    let running = test.spawn_run(&[&BUSY[..], &ALONE, &flags].concat());
    test.wait_for_recording();
    let log = test.recording().folder().join("logs/recorder.log");
    std::thread::sleep(Duration::from_secs(2));
    test.runtime.block_on(test.lab.kill_writer()).unwrap();
    test.runtime.block_on(test.lab.restart_writer()).unwrap();
    wait_until("the restart on both paths", || {
        let log = std::fs::read_to_string(&log).unwrap();
        ["direct", "proxy"].iter().all(|path| {
            let line = format!("{path}: server_restarted: 127.0.0.2:");
            log.contains(&line)
        })
    });
    std::thread::sleep(Duration::from_secs(1));
    running.signal("TERM");
    assert_success(&running.output());
    let recording = test.recording();
    for path in ["direct", "proxy"] {
        let events = changes(&recording, path);
        assert_eq!(events.len(), 1, "{path}: {events:?}");
        assert_eq!(events[0]["event"], "server_restarted");
    }
}

/// Stopped processes, which go on where this is dropped.
pub struct Frozen(Vec<String>);

impl Frozen {
    /// Stops a server, and then its children: it can make no new ones.
    pub fn freeze(data: &Path) -> Self {
        let pids = std::fs::read_to_string(data.join("postmaster.pid")).unwrap();
        let postmaster = pids.lines().next().unwrap().to_owned();
        let mut frozen = Self(Vec::new());
        frozen.stop(postmaster.clone());
        let children = format!("/proc/{postmaster}/task/{postmaster}/children");
        let children = std::fs::read_to_string(children).unwrap();
        for child in children.split_whitespace() {
            frozen.stop(child.to_owned());
        }
        frozen
    }

    fn stop(&mut self, pid: String) {
        let _ = Command::new("kill").args(["-STOP", &pid]).status();
        self.0.push(pid);
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for pid in self.0.iter().rev() {
            let _ = Command::new("kill").args(["-CONT", pid]).status();
        }
    }
}

#[test]
fn a_frozen_server_fails_probes_and_delays_no_end() {
    let test = TestLab::start_set_up();
    let flags = ["--duration", "6", "--mode", "direct"];
    let running = test.spawn_run(&[&BUSY[..], &ALONE, &flags].concat());
    test.wait_for_recording();
    std::thread::sleep(Duration::from_millis(1_500));
    let frozen = Frozen::freeze(&test.lab.dir().join("a"));
    let begun = Instant::now();
    let output = running.output();
    drop(frozen);
    assert_success(&output);
    // Four seconds of the run, two of asking for the server's clock, and much room.
    assert!(begun.elapsed() < Duration::from_secs(20));
    let recording = test.recording();
    let duration = recording.manifest().duration_us.unwrap();
    assert!((6_000_000..8_000_000).contains(&duration), "{duration}");
    check_every_probe(&recording);
    let servers = probes(&recording, "direct", "server");
    let failed: Vec<&Row> = servers
        .iter()
        .filter(|row| row["success"] == "false")
        .collect();
    assert!(failed.len() >= 2, "{}", stderr(&output));
    // The connection that was open hangs in its question, later ones in their start-up.
    for class in ["operation_timeout", "connect_timeout"] {
        assert!(
            failed.iter().any(|row| row["error_class"] == class),
            "{failed:?}"
        );
    }
    for row in failed {
        let duration_us = number(row, "duration_us").unwrap();
        assert!((1_000_000..10_000_000).contains(&duration_us), "{row:?}");
    }
    assert_eq!(changes(&recording, "direct"), Vec::<Row>::new());
    // The name server is not the server.
    assert!(answered(&recording, "direct", "dns").len() >= 2);
}

/// A commit waits for the reader to have it, not to show it.
fn wait_for_the_reader(test: &TestLab) {
    let written = test.texts("select pg_current_wal_lsn()::text").concat();
    let replayed = test.admin_of(test.lab.writer().other());
    let has_all = format!("select pg_last_wal_replay_lsn() >= '{written}'");
    wait_until("the tables at the reader", || {
        let row = test.runtime.block_on(replayed.query_one(&has_all, &[]));
        row.unwrap().get(0)
    });
}

/// A reader tells how far behind it is; and as Aurora does, by functions of Aurora's names.
#[test]
fn the_lag_of_a_reader_and_what_aurora_says() {
    let test = TestLab::start_set_up();
    let direct = test.lab.direct_url();
    let reader = direct.replace("writer.lab.test", "127.0.0.3");
    assert_ne!(direct, reader);
    wait_for_the_reader(&test);
    let record = |name: &str| {
        let runs = test.folder.path().join(name);
        // The check would refuse a reader.
        let flags = ["--mode", "direct", "--duration", "2", "--skip-check"];
        let flags = [&BUSY[..], &ALONE, &flags].concat();
        let mut command = test.command(&test.run_arguments(&flags, runs.to_str().unwrap()));
        command.env("PGOUTAGE_DIRECT_URL", &reader);
        assert_success(&Running::spawn(&mut command).output());
        let recording = only_recording(&runs);
        check_every_probe(&recording);
        let servers = probes(&recording, "direct", "server");
        assert!(servers.len() >= 2);
        let servers = only_late(servers);
        for row in &servers {
            assert_eq!(row["server_in_recovery"], "true");
        }
        servers
    };
    let run_sql = |statements: &str| {
        let admin = test.admin();
        test.runtime
            .block_on(admin.batch_execute(statements))
            .unwrap();
    };
    for row in record("postgresql") {
        let lag = number(&row, "replication_lag_us").unwrap();
        // Without writes it has replayed all.
        assert!((0..60_000_000).contains(&lag), "{lag}");
        assert!(!row.contains_key("aurora_instance_identifier"));
    }

    run_sql(
        "create function aurora_db_instance_identifier() returns text language sql as $$ select 'shop-2' $$;
         create function aurora_replica_status() returns table (server_id text, replica_lag_in_msec real) language sql as
         $$ values ('shop-1', null), ('shop-2', 12.5), ('shop-3', 99) $$",
    );
    for row in record("aurora") {
        assert_eq!(row["aurora_instance_identifier"], "shop-2");
        assert_eq!(number(&row, "replication_lag_us"), Some(12_500));
    }

    // One that refuses is asked once per connection, and all else is known.
    run_sql(
        "create or replace function aurora_replica_status() returns table (server_id text, replica_lag_in_msec real)
         language plpgsql as $$ begin raise exception 'not for you'; end $$",
    );
    let servers = record("refused");
    for row in &servers {
        assert_eq!(row["aurora_instance_identifier"], "shop-2");
        assert!(!row.contains_key("replication_lag_us"), "{row:?}");
    }
    let refusals: usize = crate::common::files(test.lab.dir())
        .into_iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .map(|text| text.matches("ERROR:  not for you").count())
        .sum();
    assert!(
        (1..servers.len()).contains(&refusals),
        "{refusals} in the servers' logs"
    );
}
