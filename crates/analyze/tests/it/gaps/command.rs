//! `analyze gaps`: its tables, its JSON, what it finds and what it refuses.

use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::process::{Command, Output};

use super::*;

/// A folder of two recordings.
fn both(extra: impl FnOnce(HandMade) -> HandMade) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, made) in [
        ("one", extra(ahead_measured()).write()),
        ("two", behind_measured().write()),
    ] {
        fs::rename(&made.folder, root.path().join(name)).unwrap();
    }
    root
}

fn run(arguments: &[&str], folders: &[&FilePath]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_analyze"))
        .arg("gaps")
        .args(folders)
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn assert_success(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
}

#[test]
fn the_tables() {
    // The first host writes too, and is down for longer; a third has no offset; a fourth begins when all is over.
    let root = both(|made| {
        made.steady("create_order", 0.2, 0.2, 49, 0.01)
            .failed("create_order", 12.0, 12.1, ReadOnly)
            .failed("create_order", 17.5, 17.6, ReadOnly)
            .steady("create_order", 18.0, 0.2, 60, 0.01)
    });
    let third = outage()
        .on(Proxy)
        .steady("user_list", 0.1, 0.1, 299, 0.005)
        .on_host("bastion-3", "20261122T204300Z-0003", 20_000);
    let fourth = HandMade::new(10.0)
        .steady("user_list", 0.1, 0.1, 99, 0.005)
        .on_host("bastion-4", "20261122T204330Z-0004", 30_500_000)
        .measured(Direct, -1.0, 7, 80);
    for (name, made) in [("three", third.write()), ("four", fourth.write())] {
        fs::rename(&made.folder, root.path().join(name)).unwrap();
    }
    let output = run(&[], &[root.path()]);
    assert_success(&output);
    insta::assert_snapshot!(stdout(&output), @r"
    Outages on the database server's clock
    ======================================

    Recordings
      host       run                    from                         until         on the clock of   offset  uncertainty  change by the end
      bastion-1  20261122T204337Z-0001  2026-11-22 20:43:00.000 UTC  20:43:30.000  10.0.0.2:5432      -37 s      ± 60 us             +12 us
      bastion-2  20261122T204258Z-0002  2026-11-22 20:43:00.000 UTC  20:43:30.000  10.0.0.2:5432    +1.25 s     ± 1.5 ms                  -
      bastion-3  20261122T204300Z-0003  2026-11-22 20:43:00.020 UTC  20:43:30.020  host clock             -            -                  -
      bastion-4  20261122T204330Z-0004  2026-11-22 20:43:30.500 UTC  20:43:40.500  10.0.0.2:5432      +7 us      ± 80 us                  -

    Outages
      host       run                    path    group   from (UTC)    until                 downtime        axis  evidence
      bastion-1  20261122T204337Z-0001  direct  writer  20:43:09.800  20:43:18.000  8.20 s (-8.20 s)     ± 60 us         2
      bastion-1  20261122T204337Z-0001  direct  read    20:43:10.000  20:43:15.000  5.00 s (-0.45 s)     ± 60 us         2
      bastion-2  20261122T204258Z-0002  direct  read    20:43:10.000  20:43:15.000  5.00 s (-0.45 s)    ± 1.5 ms         2
      bastion-3  20261122T204300Z-0003  direct  read    20:43:10.020  20:43:15.020  5.00 s (-0.45 s)  host clock         2

    Outages seen together
      from (UTC)    until         length  hosts   outages  longest downtime  seen by
      20:43:09.800  20:43:18.000  8.20 s  3 of 3        4  8.20 s (-8.20 s)  bastion-1 direct, bastion-2 direct, bastion-3 direct (host clock)

    How to read this
      Groups: read, writer. Times are UTC; offset: what was added to the recording's own times. axis: how
        far a time may be off on the server's clock.
      Definitions: version 2, see docs/definitions.md.
      hosts: those that saw an outage, of those that were recording at that time.
      host clock: no offset to the server's clock was measured, so these times are the host's own; what
        overlaps them may not have been at the same time.
    ");
}

#[test]
fn the_json() {
    let root = both(|made| made);
    let output = run(&["--json"], &[root.path()]);
    assert_success(&output);
    insta::assert_snapshot!(stdout(&output), @r#"
    {
      "definitions": 2,
      "thresholds": {
        "min_outage_us": 100000,
        "min_stall_us": 500000,
        "merge_within_us": 1000000
      },
      "groups": [
        "read",
        "writer"
      ],
      "recordings": [
        {
          "host": "bastion-1",
          "run_id": "20261122T204337Z-0001",
          "is_partial": false,
          "start": "2026-11-22T20:43:00.000000Z",
          "end": "2026-11-22T20:43:30.000000Z",
          "axis": "server",
          "offset": {
            "time": "2026-11-22T20:43:36.000000Z",
            "path": "direct",
            "server_address": "10.0.0.2",
            "server_port": 5432,
            "round_trips": 8,
            "offset_us": -37000000,
            "uncertainty_us": 60
          },
          "offset_change_us": 12
        },
        {
          "host": "bastion-2",
          "run_id": "20261122T204258Z-0002",
          "is_partial": false,
          "start": "2026-11-22T20:43:00.000000Z",
          "end": "2026-11-22T20:43:30.000000Z",
          "axis": "server",
          "offset": {
            "time": "2026-11-22T20:42:57.750000Z",
            "path": "direct",
            "server_address": "10.0.0.2",
            "server_port": 5432,
            "round_trips": 8,
            "offset_us": 1250000,
            "uncertainty_us": 1500
          },
          "offset_change_us": null
        }
      ],
      "outages": [
        {
          "host": "bastion-1",
          "run_id": "20261122T204337Z-0001",
          "path": "direct",
          "group": "read",
          "start": "2026-11-22T20:43:10.000000Z",
          "end": "2026-11-22T20:43:15.000000Z",
          "downtime_us": 5000000,
          "resolution_us": 450000,
          "paused_us": 0,
          "at_least": false,
          "evidence": 2,
          "axis": "server",
          "uncertainty_us": 60
        },
        {
          "host": "bastion-2",
          "run_id": "20261122T204258Z-0002",
          "path": "direct",
          "group": "read",
          "start": "2026-11-22T20:43:10.000000Z",
          "end": "2026-11-22T20:43:15.000000Z",
          "downtime_us": 5000000,
          "resolution_us": 450000,
          "paused_us": 0,
          "at_least": false,
          "evidence": 2,
          "axis": "server",
          "uncertainty_us": 1500
        }
      ],
      "together": [
        {
          "start": "2026-11-22T20:43:10.000000Z",
          "end": "2026-11-22T20:43:15.000000Z",
          "axis": "server",
          "outages": 2,
          "hosts": 2,
          "hosts_recording": 2,
          "seen_by": [
            {
              "host": "bastion-1",
              "path": "direct",
              "axis": "server"
            },
            {
              "host": "bastion-2",
              "path": "direct",
              "axis": "server"
            }
          ],
          "longest_downtime_us": 5000000,
          "longest_resolution_us": 450000,
          "longest_paused_us": 0,
          "at_least": false
        }
      ]
    }
    "#);
}

#[test]
fn a_recording_named_twice_is_there_once() {
    let root = both(|made| made);
    let one = root.path().join("one");
    let output = run(&["--json"], &[&one, root.path(), &one]);
    assert_success(&output);
    assert_eq!(
        stdout(&output).matches("\"host\": \"bastion-1\"").count(),
        3
    );
    let output = run(&["--json"], &[&one]);
    assert_eq!(
        stdout(&output).matches("\"host\": \"bastion-1\"").count(),
        3
    );
}

/// Copies a folder with all that is in it.
fn copy(from: &FilePath, to: &FilePath) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

#[test]
fn a_copy_elsewhere_is_the_same_recording() {
    let root = both(|made| made);
    copy(&root.path().join("one"), &root.path().join("one-copied"));
    let output = run(&["--json"], &[root.path()]);
    assert_success(&output);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["recordings"].as_array().unwrap().len(), 2);
    assert_eq!(json["together"][0]["outages"], 2);
    let said = stderr(&output);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("one-copied: run 20261122T204337Z-0001 of bastion-1"));
    assert!(said.contains("it counts once"), "{said}");
}

#[test]
fn a_fleet_is_found_below_its_hosts() {
    let root = both(|made| made);
    let fleet = tempfile::tempdir().unwrap();
    for (name, to) in [("one", "bastion-1/run-1"), ("two", "bastion-2/run-2")] {
        copy(&root.path().join(name), &fleet.path().join(to));
    }
    let output = run(&["--json"], &[fleet.path()]);
    assert_success(&output);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["recordings"].as_array().unwrap().len(), 2);
    assert_eq!(stderr(&output), "");
}

#[test]
fn a_copy_without_a_manifest_is_not_passed_over_in_silence() {
    let root = both(|made| made);
    let below = root.path().join("bastion-3/run-3");
    copy(&root.path().join("one"), &below);
    fs::remove_file(below.join("manifest.json")).unwrap();
    let journal_only = root.path().join("run-4");
    fs::create_dir_all(journal_only.join("journal")).unwrap();
    let output = run(&[], &[root.path()]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    for (line, folder) in lines.iter().zip(["bastion-3/run-3", "run-4"]) {
        assert!(
            line.contains(&format!("{folder}: it holds rows but no manifest.json")),
            "{line}"
        );
    }
    assert!(stdout(&output).contains("bastion-1") && stdout(&output).contains("bastion-2"));
}

#[test]
fn groups_are_chosen() {
    let root = both(|made| made);
    let groups = |arguments: &[&str]| {
        let output = run(&[arguments, &["--json"]].concat(), &[root.path()]);
        assert_success(&output);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let count = json["outages"].as_array().unwrap().len();
        (json["groups"].to_string(), count)
    };
    assert_eq!(groups(&[]), (r#"["read","writer"]"#.to_owned(), 2));
    assert_eq!(
        groups(&["--group", "writer"]),
        (r#"["writer"]"#.to_owned(), 0)
    );
    let (named, count) = groups(&["--group", "all,read", "--group", "read"]);
    assert_eq!((named.as_str(), count), (r#"["read","all"]"#, 4));
    let (named, count) = groups(&["--all-groups"]);
    let every: Vec<&str> = Group::ALL.iter().map(|group| group.as_str()).collect();
    assert_eq!(named, serde_json::to_string(&every).unwrap());
    assert_eq!(count, 4);
    // A threshold that no outage reaches.
    assert_eq!(groups(&["--min-outage", "6s"]).1, 0);
}

#[test]
fn nothing_down_is_said_plainly() {
    let made = HandMade::new(10.0)
        .steady("user_list", 0.1, 0.1, 99, 0.005)
        .write();
    let output = run(&[], &[&made.folder]);
    assert_success(&output);
    let text = stdout(&output);
    assert!(text.contains("No outage found."), "{text}");
    assert!(
        !text.contains("Outages\n") && !text.contains("seen together"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_shown() {
    let root = both(|made| made);
    let part = root.path().join("one/operations/direct-00001.parquet");
    fs::write(&part, "garbage").unwrap();
    let missing = root.path().join("missing");
    let output = run(&[], &[&missing, root.path()]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].starts_with("analyze: ") && lines[0].contains("missing: no such folder"));
    assert!(lines[1].contains("one/operations/direct-00001.parquet: damaged part"));
    assert!(stdout(&output).contains("bastion-2"));
    assert!(!stdout(&output).contains("bastion-1"));
}

#[test]
fn mistakes_of_the_user() {
    let root = tempfile::tempdir().unwrap();
    let empty: PathBuf = root.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for (folder, words) in [
        (root.path().join("missing"), "no such folder"),
        (empty.clone(), "the folder is empty"),
        (root.path().to_path_buf(), "no manifest.json"),
    ] {
        let output = run(&[], &[&folder]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
    for (arguments, words) in [
        (
            &["--min-outage", "1ms"][..],
            "--min-outage is at least 100ms",
        ),
        (&["--group", "read", "--all-groups"], "cannot be used with"),
        (
            &["--group", "reads"],
            "possible values: read, write, transaction, writer, all",
        ),
    ] {
        let output = run(arguments, &[&empty]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
    assert_eq!(run(&[], &[]).status.code(), Some(2));
}

#[test]
fn the_help_says_what_it_does_and_has_examples() {
    let output = run(&["--help"], &[]);
    assert_success(&output);
    let help = stdout(&output);
    for text in [
        "on one time axis",
        "Examples:",
        "analyze gaps data/runs",
        "--all-groups",
        "--json",
    ] {
        assert!(help.contains(text), "{text} in {help}");
    }
}
