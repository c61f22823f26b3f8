//! Availability probes against a real pair of servers.

mod faults;
mod sync_rep;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::common::checks::assert_row;
use crate::common::{
    BUSY, Row, Running, TestLab, assert_one_line, assert_success, number, only_recording, rows,
    stderr, stdout,
};
use recording::{AvailabilitySettings, Recording, Table};

/// Each path with each kind.
const KINDS: [(&str, &str); 4] = [
    ("direct", "read"),
    ("direct", "write"),
    ("proxy", "read"),
    ("proxy", "write"),
];

/// The probes of one path and kind, in the order in which they were asked; what holds of all of them is checked.
fn probes(recording: &Recording, (path, kind): (&str, &str)) -> Vec<Row> {
    let mut probes = rows(recording, Table::Availability);
    probes.retain(|row| row["path"] == path && row["operation_type"] == kind);
    probes.sort_by_key(|row| number(row, "time"));
    probes.iter().for_each(check_invariants);
    let spans: Vec<(i64, i64)> = probes
        .iter()
        .map(|row| {
            let time = number(row, "time").unwrap();
            (time, time + number(row, "duration_us").unwrap())
        })
        .collect();
    for (at, (asked, _)) in spans.iter().enumerate() {
        let open = spans[..at].iter().filter(|(_, end)| end > asked).count();
        assert!(open < 10, "{open} in flight at {asked}");
    }
    probes
}

fn check_invariants(row: &Row) {
    let has = |column: &str| row.contains_key(column);
    let (outcome, fresh) = (row["outcome"].as_str(), row["fresh"] == "true");
    assert_eq!(row["success"] == "true", outcome == "ok", "{row:?}");
    let is_failure = ["failed", "unknown"].contains(&outcome);
    assert_eq!(has("error_class"), is_failure, "{row:?}");
    assert_eq!(has("error_message"), is_failure, "{row:?}");
    assert!(fresh || !has("connect_us"), "{row:?}");
    if outcome == "ok" {
        assert_eq!(has("connect_us"), fresh, "{row:?}");
        assert!(
            has("server_in_recovery") && has("server_start_time"),
            "{row:?}"
        );
    }
    if row["operation_type"] == "read" {
        assert_ne!(outcome, "unknown", "{row:?}");
    } else {
        assert!(!has("replication_lag_us"), "{row:?}");
    }
    // A second, and what a busy machine adds.
    let duration_us = number(row, "duration_us").unwrap();
    assert!((0..5_000_000).contains(&duration_us), "{row:?}");
}

fn with<'a>(probes: &'a [Row], column: &str, word: &str) -> Vec<&'a Row> {
    let is = |row: &&Row| row.get(column).is_some_and(|text| text == word);
    probes.iter().filter(is).collect()
}

fn changes(recording: &Recording, event: &str, path: &str) -> Vec<String> {
    let mut events = rows(recording, Table::Events);
    events.retain(|row| row["event"] == event && row.get("path").is_some_and(|of| of == path));
    events.sort_by_key(|row| number(row, "time"));
    events
        .into_iter()
        .map(|row| row["detail"].clone())
        .collect()
}

/// Who answered `probes` of `recorder run`.
fn server_probes(recording: &Recording) -> Vec<Row> {
    let mut probes = rows(recording, Table::Probes);
    probes.retain(|row| row["probe"] == "server");
    probes
}

fn log(recording: &Recording) -> String {
    std::fs::read_to_string(recording.folder().join("logs/recorder.log")).unwrap()
}

fn now_us() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_micros()).unwrap()
}

fn since(probes: &[Row], time_us: i64) -> Vec<Row> {
    let is_since = |row: &&Row| number(row, "time").unwrap() >= time_us;
    probes.iter().filter(is_since).cloned().collect()
}

fn run_in(test: &TestLab, folder: &str, flags: &[&str]) -> (std::process::Output, Recording) {
    let runs = test.folder.path().join(folder);
    let flags = [&BUSY[..], &["--duration", "2"], flags].concat();
    let output = test.recorder(&test.run_arguments(&flags, runs.to_str().unwrap()));
    assert_success(&output);
    (output, only_recording(&runs))
}

fn sql(test: &TestLab, statements: &str) {
    let admin = test.admin();
    let done = test.runtime.block_on(admin.batch_execute(statements));
    done.unwrap();
}

/// Commits wait for the standby of that name; for none where it is empty.
fn wait_for_standby(test: &TestLab, name: &str) {
    // Each a statement of its own: `ALTER SYSTEM` takes no transaction.
    sql(
        test,
        &format!("alter system set synchronous_standby_names = '{name}'"),
    );
    sql(test, "select pg_reload_conf()");
}

#[test]
fn a_quiet_run_is_asked_at_each_tick_on_both_paths() {
    let test = TestLab::start_set_up();
    let flags = ["--duration", "4"];
    let output = test.spawn_run(&[&BUSY[..], &flags].concat()).output();
    assert_success(&output);
    let recording = test.recording();
    let expected = AvailabilitySettings {
        interval_us: 50_000,
        limit_us: 1_000_000,
        writes: true,
    };
    assert_eq!(recording.manifest().availability, Some(expected));
    for kind in KINDS {
        let probes = probes(&recording, kind);
        // A tick that comes late on a busy machine is passed over.
        assert!(
            (40..=82).contains(&probes.len()),
            "{kind:?}: {}",
            probes.len()
        );
        assert_eq!(probes[0]["fresh"], "true");
        let kept = with(&probes, "fresh", "false").len();
        assert!(
            kept * 2 > probes.len(),
            "{kind:?}: {kept} of {}",
            probes.len()
        );
        for row in with(&probes, "outcome", "ok") {
            assert_eq!(row["server_address"], "127.0.0.2");
            assert_eq!(row["server_in_recovery"], "false");
            let endpoint = if kind.0 == "direct" {
                "127.0.0.2"
            } else {
                "127.0.0.1"
            };
            assert_eq!(row["endpoint_address"], endpoint);
            assert_eq!(row["reader"], "false");
        }
        assert!(with(&probes, "outcome", "ok").len() * 10 > probes.len() * 9);
        assert_eq!(
            changes(&recording, "role_changed", kind.0),
            Vec::<String>::new()
        );
    }
    // They replace the probes of the servers, not those of the names.
    assert_eq!(server_probes(&recording), Vec::<Row>::new());
    assert!(!rows(&recording, Table::Probes).is_empty());
    // None of their connections is one of a pool.
    assert!(rows(&recording, Table::Connections).len() <= 10);
    assert!(
        stderr(&output).contains(" availability,"),
        "{}",
        stderr(&output)
    );
    let written = "select count(*)::text from business_availability where written_at > now() - interval '1 minute'";
    // Mostly the same one of each path.
    assert!(test.texts(written)[0].parse::<u32>().unwrap() >= 2);
}

#[test]
fn where_the_table_is_missing_the_run_goes_on_and_says_so() {
    let test = TestLab::start_set_up();
    sql(&test, "drop table business_availability");
    let line = "recording without availability probes on any path: direct path: no table business_availability; create it with: recorder setup";
    for (folder, more) in [("checked", &[][..]), ("skipped", &["--skip-check"])] {
        let (output, recording) = run_in(&test, folder, more);
        assert_eq!(
            stderr(&output).matches("availability probes").count(),
            1,
            "{}",
            stderr(&output)
        );
        assert!(stderr(&output).contains(line), "{}", stderr(&output));
        assert!(log(&recording).contains(line));
        assert_eq!(recording.manifest().availability, None);
        assert!(rows(&recording, Table::Availability).is_empty());
        assert!(!server_probes(&recording).is_empty());
    }
    let checked = test.recorder(&["check", "--json"]);
    assert_success(&checked);
    for text in ["no table business_availability", "recorder setup"] {
        assert_row(&checked, "direct", "availability", "warn", text);
    }

    // Tables of an older version get what they lack.
    let made = test.recorder(&["setup", "--users", "100", "--products", "100"]);
    assert_success(&made);
    assert!(
        stdout(&made).contains("tables: 1 created, 4 exist already"),
        "{}",
        stdout(&made)
    );
    sql(
        &test,
        "delete from business_availability where path = 'proxy'",
    );
    let (output, _) = run_in(&test, "no row", &[]);
    let text = "proxy path: business_availability lacks rows of this path";
    assert!(stderr(&output).contains(text), "{}", stderr(&output));
    assert_success(&test.recorder(&["setup", "--users", "100", "--products", "100"]));
    assert_eq!(
        test.texts("select distinct path from business_availability order by path"),
        ["direct", "proxy"]
    );
    let checked = test.recorder(&["check", "--json"]);
    assert_row(
        &checked,
        "proxy",
        "availability",
        "ok",
        "40 statements per second",
    );
}

/// Without the right to write, reads alone.
#[test]
fn without_privileges_the_probes_do_what_they_may() {
    let test = TestLab::start_set_up();
    sql(&test, "revoke update on business_availability from app");
    let (output, recording) = run_in(&test, "no update", &[]);
    let text = "availability probes write nothing on any path: direct path: ERROR: permission denied for table business_availability; GRANT UPDATE";
    assert!(stderr(&output).contains(text), "{}", stderr(&output));
    assert!(!recording.manifest().availability.unwrap().writes);
    assert!(!probes(&recording, ("direct", "read")).is_empty());
    assert!(probes(&recording, ("direct", "write")).is_empty());
    sql(&test, "revoke all on business_availability from app");
    let (output, recording) = run_in(&test, "no select", &[]);
    assert!(
        stderr(&output).contains("GRANT SELECT on business_availability"),
        "{}",
        stderr(&output)
    );
    assert_eq!(recording.manifest().availability, None);
}

#[test]
fn reads_alone_none_at_all_and_another_interval() {
    let test = TestLab::start_set_up();
    let (_, recording) = run_in(
        &test,
        "reads",
        &[
            "--availability",
            "reads",
            "--availability-interval",
            "100ms",
        ],
    );
    let settings = recording.manifest().availability.unwrap();
    assert_eq!((settings.writes, settings.interval_us), (false, 100_000));
    for kind in KINDS {
        let probes = probes(&recording, kind);
        match kind.1 {
            "read" => assert!((8..=21).contains(&probes.len()), "{}", probes.len()),
            _ => assert!(probes.is_empty()),
        }
    }
    assert_eq!(
        test.texts("select path from business_availability where written_at is not null"),
        Vec::<String>::new()
    );
    // A workload that writes nothing has probes that write nothing.
    let weights = [
        "--write-weight",
        "0",
        "--transaction-weight",
        "0",
        "--mode",
        "direct",
    ];
    let (_, recording) = run_in(&test, "read only", &weights);
    assert!(!recording.manifest().availability.unwrap().writes);

    let (output, recording) = run_in(&test, "off", &["--availability-interval", "0"]);
    assert_eq!(recording.manifest().availability, None);
    assert!(rows(&recording, Table::Availability).is_empty());
    assert!(!recording.folder().join("availability").exists());
    assert!(server_probes(&recording).len() >= 2);
    assert!(
        !stderr(&output).contains("availability probes"),
        "{}",
        stderr(&output)
    );

    // Without probes of names the probes still know where the name leads; nothing of it is a row.
    let (_, recording) = run_in(&test, "no names", &["--probe-interval", "0"]);
    assert!(rows(&recording, Table::Probes).is_empty());
    assert!(!probes(&recording, ("direct", "read")).is_empty());

    let out = test.runs();
    let flags = ["--duration", "1", "--availability-interval", "9ms"];
    let output = test.recorder(&test.run_arguments(&flags, out.to_str().unwrap()));
    assert_one_line(
        &output,
        2,
        &["--availability-interval 9ms", "at least 10ms", "0 for no"],
    );
    assert!(!out.exists());
}

#[test]
fn reads_are_asked_at_the_endpoint_for_reads() {
    let test = TestLab::start_set_up();
    let url = test.lab.reader_url();
    let run = |folder: &str, flags: &[&str]| {
        let runs = test.folder.path().join(folder);
        let flags = [&BUSY[..], &["--duration", "2", "--mode", "direct"], flags].concat();
        let mut command = test.command(&test.run_arguments(&flags, runs.to_str().unwrap()));
        command.env("PGOUTAGE_DIRECT_READER_URL", &url);
        assert_success(&Running::spawn(&mut command).output());
        only_recording(&runs)
    };
    let recording = run("both", &[]);
    for row in with(&probes(&recording, ("direct", "read")), "outcome", "ok") {
        assert_eq!(
            (row["reader"].as_str(), row["server_address"].as_str()),
            ("true", "127.0.0.3")
        );
        assert_eq!(row["server_in_recovery"], "true");
        assert!(number(row, "replication_lag_us").unwrap() >= 0);
        // No commit waits at a reader.
        assert!(row.get("sync_rep_waits").is_none_or(|waits| waits == "0"));
    }
    let reads = probes(&recording, ("direct", "read"));
    assert!(!with(&reads, "sync_rep_waits", "0").is_empty());
    let writes = probes(&recording, ("direct", "write"));
    assert!(!with(&writes, "outcome", "ok").is_empty());
    for row in with(&writes, "outcome", "ok") {
        assert_eq!(
            (row["reader"].as_str(), row["server_address"].as_str()),
            ("false", "127.0.0.2")
        );
    }
    assert_eq!(server_probes(&recording), Vec::<Row>::new());
    assert_eq!(
        changes(&recording, "role_changed", "direct"),
        Vec::<String>::new()
    );

    // The writer's endpoint is asked nothing: its server has its probe.
    let recording = run("reads", &["--availability", "reads"]);
    let servers = server_probes(&recording);
    assert!(!servers.is_empty());
    assert!(servers.iter().all(|row| row["reader"] == "false"));
    assert!(probes(&recording, ("direct", "write")).is_empty());
}

#[test]
fn what_aurora_says_and_what_a_server_refuses() {
    let test = TestLab::start_set_up();
    sql(
        &test,
        "create function aurora_db_instance_identifier() returns text language sql as $$ select 'shop-1' $$;
         create function aurora_replica_status() returns table (server_id text, replica_lag_in_msec real) language sql as
         $$ values ('shop-1', 12.5::real) $$",
    );
    let (_, recording) = run_in(&test, "aurora", &["--mode", "direct"]);
    for kind in ["read", "write"] {
        let probes = probes(&recording, ("direct", kind));
        let answered = with(&probes, "outcome", "ok");
        assert!(answered.len() >= 10);
        let states_waits = |row: &&Row| row.contains_key("sync_rep_waits");
        // By the first answer alone it is not known to be Aurora.
        assert_eq!(answered[1..].iter().any(states_waits), kind == "read");
        for row in answered {
            assert_eq!(row["aurora_instance_identifier"], "shop-1", "{row:?}");
            assert!(!row.contains_key("replication_lag_us"));
        }
    }
    assert_eq!(
        changes(&recording, "role_changed", "direct"),
        Vec::<String>::new()
    );

    sql(
        &test,
        "revoke execute on function aurora_db_instance_identifier() from public;
         revoke execute on function inet_server_addr() from public;
         revoke execute on function pg_stat_get_activity(integer) from public",
    );
    let (_, recording) = run_in(&test, "refused", &["--mode", "direct"]);
    let rows = rows(&recording, Table::Availability);
    let answered = with(&rows, "outcome", "ok");
    assert!(answered.len() >= 20, "{}", answered.len());
    for row in &answered {
        assert!(!row.contains_key("server_address"), "{row:?}");
        assert!(!row.contains_key("aurora_instance_identifier"), "{row:?}");
        assert!(!row.contains_key("sync_rep_waits"), "{row:?}");
        let is_read = row["operation_type"] == "read";
        assert_eq!(row.contains_key("server_in_recovery"), is_read, "{row:?}");
    }
    // Asked for once, not with every probe.
    let refusals: usize = crate::common::files(test.lab.dir())
        .into_iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .map(|text| text.matches("permission denied for function").count())
        .sum();
    assert!(
        (1..answered.len()).contains(&refusals),
        "{refusals} in the servers' logs"
    );
}

#[test]
fn a_killed_recorder_leaves_the_rows_of_before_the_last_second() {
    let test = TestLab::start_set_up();
    let running = test.spawn_run(&[&BUSY[..], &["--duration", "60"]].concat());
    test.wait_for_operation();
    std::thread::sleep(Duration::from_secs(4));
    let killed_us = now_us();
    running.signal("KILL");
    drop(running);
    let folder = test.recording().folder().to_owned();
    assert_success(&test.recorder(&["recover", folder.to_str().unwrap()]));
    let recording = test.recording();
    for kind in KINDS {
        let probes = probes(&recording, kind);
        assert!(probes.len() >= 20, "{kind:?}: {}", probes.len());
        let last = number(probes.last().unwrap(), "time").unwrap();
        // A second, and what a busy machine adds.
        assert!(
            last > killed_us - 3_000_000,
            "{kind:?}: {}",
            killed_us - last
        );
    }
}
