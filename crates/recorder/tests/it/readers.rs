//! Reads that have an endpoint of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::common::{Row, Running, TestLab, assert_one_line, assert_success, number, rows, stderr};
use recording::{Manifest, Recording, Table};

/// The direct endpoint under the reader's name.
fn reader_url(test: &TestLab) -> String {
    let url = test.lab.direct_url();
    assert!(url.contains("@writer.lab.test:"), "{url}");
    url.replace("@writer.lab.test:", "@reader.lab.test:")
}

fn run(test: &TestLab, flags: &[&str], readers: &[(&str, &str)]) -> std::process::Command {
    let runs = test.runs();
    let mut command = test.command(&test.run_arguments(flags, runs.to_str().unwrap()));
    command.envs(readers.iter().copied());
    command
}

#[test]
fn reads_go_on_while_the_writer_is_dead() {
    let mut test = TestLab::start_set_up();
    let url = reader_url(&test);
    let readers = [
        ("PGOUTAGE_DIRECT_READER_URL", url.as_str()),
        ("PGOUTAGE_PROXY_READER_URL", url.as_str()),
    ];
    let flags = [
        &crate::common::BUSY[..],
        &[
            "--duration",
            "60",
            "--read-weight",
            "50",
            "--write-weight",
            "40",
        ],
    ]
    .concat();
    let running = Running::spawn(&mut run(&test, &flags, &readers));
    test.wait_for_recording();
    std::thread::sleep(Duration::from_secs(1));
    test.runtime.block_on(test.lab.kill_writer()).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    running.signal("INT");
    let output = running.output();
    assert_success(&output);
    for text in [
        "direct reads: app@reader.lab.test:",
        "proxy reads: app@reader.lab.test:",
        "(reader, PostgreSQL",
        "direct: reads go to app@reader.lab.test:",
        "reads (reader endpoint) up",
    ] {
        assert!(
            stderr(&output).contains(text),
            "{text:?} in {}",
            stderr(&output)
        );
    }

    let recording = test.recording();
    check_endpoints(recording.manifest());
    check_hosts_and_reads(&recording);
}

fn check_endpoints(manifest: &Manifest) {
    let endpoints: Vec<_> = manifest
        .endpoints
        .iter()
        .map(|endpoint| {
            (
                endpoint.path.as_str(),
                endpoint.host.as_str(),
                endpoint.reader,
            )
        })
        .collect();
    assert_eq!(
        endpoints,
        [
            ("direct", "writer.lab.test", false),
            ("proxy", "127.0.0.1", false),
            ("direct", "reader.lab.test", true),
            ("proxy", "reader.lab.test", true),
        ]
    );
    let in_recovery: BTreeSet<_> = manifest
        .servers
        .iter()
        .map(|server| (server.path.as_str(), server.in_recovery))
        .collect();
    assert_eq!(in_recovery.len(), 4, "{in_recovery:?}");
}

/// Reads reach the reader alone, and go on after the writer died; nothing else reaches it.
fn check_hosts_and_reads(recording: &Recording) {
    let connections = rows(recording, Table::Connections);
    let mut hosts: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for row in &connections {
        let id = (row["path"].as_str(), row["connection_id"].as_str());
        assert_eq!(
            hosts.insert(id, &row["host"]),
            None,
            "unique per path: {row:?}"
        );
    }
    let endpoint_of: BTreeMap<(&str, &str), &Row> = connections
        .iter()
        .map(|row| ((row["path"].as_str(), row["connection_id"].as_str()), row))
        .collect();
    let operations = rows(recording, Table::Operations);
    let is_read = |row: &Row| row["operation_type"] == "read";
    let died = operations
        .iter()
        .filter(|row| !is_read(row) && row["path"] == "direct" && row["outcome"] == "failed")
        .map(|row| number(row, "end_time").unwrap())
        .min()
        .expect("failed writes");
    let mut reads_after = BTreeMap::new();
    for row in &operations {
        if is_read(row) {
            assert!(
                matches!(row["outcome"].as_str(), "ok" | "unfinished"),
                "{row:?}"
            );
            if row["outcome"] == "ok" && number(row, "start_time").unwrap() > died {
                *reads_after.entry(row["path"].as_str()).or_insert(0) += 1;
            }
        }
        let Some(id) = row.get("connection_id") else {
            continue;
        };
        let connection = endpoint_of[&(row["path"].as_str(), id.as_str())];
        let server = connection.get("server_address").map(String::as_str);
        match is_read(row) {
            // Its connection was being made as the recording ended.
            true if row["outcome"] == "unfinished" && server.is_none() => {}
            true => assert_eq!(server, Some("127.0.0.3"), "{row:?} {connection:?}"),
            false => assert_ne!(server, Some("127.0.0.3"), "{row:?} {connection:?}"),
        }
    }
    // The proxy holds writes back, and the workers with them.
    for (path, at_least) in [("direct", 10), ("proxy", 1)] {
        assert!(reads_after.get(path) >= Some(&at_least), "{reads_after:?}");
    }
}

#[test]
fn a_mistake_names_the_flag() {
    let test = TestLab::start_set_up();
    let url = reader_url(&test);
    let (_, password) = url.split_once("app:").unwrap();
    let (password, _) = password.split_once('@').unwrap();
    let wrong = [
        (
            url.replace("reader.lab.test", "nobody.lab.test"),
            "no such name",
        ),
        (url.replace(password, "wrong"), "password"),
        (url.replace("postgres://", "mysql://"), "must begin with"),
    ];
    for (url, text) in &wrong {
        let output = run(&test, &[], &[("PGOUTAGE_DIRECT_READER_URL", url)])
            .output()
            .unwrap();
        assert_one_line(&output, 2, &["--direct-reader-url", text]);
        assert!(!stderr(&output).contains(password));
    }
    // Of a path that is not recorded, or empty, it is none.
    let flags = ["--mode", "proxy", "--duration", "1"];
    let readers = [
        ("PGOUTAGE_DIRECT_READER_URL", wrong[0].0.as_str()),
        ("PGOUTAGE_PROXY_READER_URL", ""),
    ];
    assert_success(&run(&test, &flags, &readers).output().unwrap());
    let manifest = test.recording().manifest().clone();
    assert!(manifest.endpoints.iter().all(|endpoint| !endpoint.reader));
}
