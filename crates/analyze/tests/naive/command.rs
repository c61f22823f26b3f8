//! `analyze gaps --as`: its tables, its JSON and what it refuses.

use std::path::Path as FilePath;
use std::process::{Command, Output};

use super::*;

fn run(arguments: &[&str], folder: &FilePath) -> Output {
    Command::new(env!("CARGO_BIN_EXE_analyze"))
        .arg("gaps")
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_tables_of_the_heartbeat() {
    let made = stale_dns(20.0)
        .measured(Direct, -1.0, 2_000_000, 60)
        .write();
    let text = stdout(&run(&["--as", "heartbeat"], &made.folder));
    insta::assert_snapshot!(text, @r"
    What a heartbeat every 1 s would have reported
    ==============================================

    Verdict
      laptop  20261122T204300Z-7f3a  direct  heartbeat 2.04 s, writes down 20.30 s (-0.79 s): 10.0 % of it

    Reported, and what the workload lived through
      host    run                    path    seen in     group   reported  outages           downtime  outages  noticed  difference  reported of it  longest answer
      laptop  20261122T204300Z-7f3a  direct  operations  read      2.04 s        1   2.15 s (-0.39 s)        1   1 of 1     -0.11 s          94.9 %         5.00 ms
                                                         writer    2.04 s        1  20.30 s (-0.79 s)        1   1 of 1    -18.26 s          10.0 %         5.00 ms

    Outages that it reports
      host    run                    path    from (UTC)    until         reported     axis
      laptop  20261122T204300Z-7f3a  direct  20:43:22.010  20:43:24.050    2.04 s  ± 60 us

    Recordings
      host    run                    from                         until         on the clock of  offset  uncertainty  change by the end
      laptop  20261122T204300Z-7f3a  2026-11-22 20:43:02.000 UTC  20:44:02.000  10.0.0.2:5432      +2 s      ± 60 us                  -

    How to read this
      reported: from the first question that nobody answered to the next that was answered, each when that
        was known. A server that refuses writes (25006) answers a heartbeat. seen in: what the answers are
        taken from, probes (on a connection of their own) where they were asked as often, else operations.
        longest answer: a heartbeat that waits in a queue reports nothing.
      downtime: what the workload lived through, last success to first success of that group. noticed: in
        how many of its outages the method had the path down for a moment. Sums over the recording, and
        per cent of what it holds.
    ");
}

#[test]
fn the_tables_of_the_counter() {
    let made = stale_dns(20.0).write();
    let text = stdout(&run(
        &["--as", "three-failures", "--group", "writer"],
        &made.folder,
    ));
    insta::assert_snapshot!(text, @r"
    What a count of three failures in a row would have reported
    ===========================================================

    Verdict
      laptop  20261122T204300Z-7f3a  direct  three failures 1.79 s, writes down 20.30 s (-0.79 s): 8.8 % of it

    Reported, and what the workload lived through
      host    run                    path    seen in     group   reported  outages           downtime  outages  noticed  difference  reported of it  longest answer
      laptop  20261122T204300Z-7f3a  direct  operations  writer    1.79 s        1  20.30 s (-0.79 s)        1   1 of 1    -18.51 s           8.8 %               -

    Outages that it reports
      host    run                    path    from (UTC)    until         reported        axis
      laptop  20261122T204300Z-7f3a  direct  20:43:20.260  20:43:22.050    1.79 s  host clock

    Recordings
      host    run                    from                         until         on the clock of  offset  uncertainty  change by the end
      laptop  20261122T204300Z-7f3a  2026-11-22 20:43:00.000 UTC  20:44:00.000  host clock            -            -                  -

    How to read this
      reported: from the third failed operation of the path in a row, of any kind, to the next success, of
        any kind. Reads that the old writer serves reset the count.
      downtime: what the workload lived through, last success to first success of that group. noticed: in
        how many of its outages the method had the path down for a moment. Sums over the recording, and
        per cent of what it holds.
      host clock: no offset to the server's clock was measured, so these times are the host's own; what
        overlaps them may not have been at the same time.
    ");
}

#[test]
fn the_json() {
    let made = probed(stale_dns(6.0), 22.0)
        .measured(Direct, -1.0, 2_000_000, 60)
        .write();
    let arguments = [
        "--as",
        "heartbeat",
        "--heartbeat-interval",
        "2s",
        "--group",
        "writer",
    ];
    let text = stdout(&run(&[&arguments[..], &["--json"]].concat(), &made.folder));
    insta::assert_snapshot!(text, @r#"
    {
      "method": "heartbeat",
      "interval_us": 2000000,
      "thresholds": {
        "min_outage_us": 100000,
        "min_stall_us": 500000,
        "merge_within_us": 1000000
      },
      "groups": [
        "writer"
      ],
      "recordings": [
        {
          "host": "laptop",
          "run_id": "20261122T204300Z-7f3a",
          "is_partial": false,
          "start": "2026-11-22T20:43:02.000000Z",
          "end": "2026-11-22T20:44:02.000000Z",
          "axis": "server",
          "offset": {
            "time": "2026-11-22T20:42:59.000000Z",
            "path": "direct",
            "server_address": "10.0.0.2",
            "server_port": 5432,
            "round_trips": 8,
            "offset_us": 2000000,
            "uncertainty_us": 60
          },
          "offset_change_us": null
        }
      ],
      "beside": [
        {
          "host": "laptop",
          "run_id": "20261122T204300Z-7f3a",
          "path": "direct",
          "source": "probes",
          "group": "writer",
          "is_headline": true,
          "reported_us": 2001000,
          "reported_at_least": false,
          "reported_outages": 1,
          "longest_answer_us": 2000,
          "downtime_us": 6300000,
          "resolution_us": 790000,
          "at_least": false,
          "outages": 1,
          "noticed_outages": 1,
          "difference_us": -4299000,
          "reported_share": 0.31761904761904763
        }
      ],
      "reported_outages": [
        {
          "host": "laptop",
          "run_id": "20261122T204300Z-7f3a",
          "path": "direct",
          "start": "2026-11-22T20:43:22.201000Z",
          "end": "2026-11-22T20:43:24.202000Z",
          "reported_us": 2001000,
          "at_least": false,
          "axis": "server",
          "uncertainty_us": 60
        }
      ]
    }
    "#);
    let text = stdout(&run(&["--as", "three-failures", "--json"], &made.folder));
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["method"], "three_failures");
    assert_eq!(json["interval_us"], serde_json::Value::Null);
}

#[test]
fn the_workload_is_the_default() {
    let made = stale_dns(6.0).write();
    let as_ever = stdout(&run(&[], &made.folder));
    assert!(as_ever.contains("Outages on the database server's clock"));
    assert_eq!(stdout(&run(&["--as", "workload"], &made.folder)), as_ever);
}

#[test]
fn mistakes_of_the_user() {
    let made = stale_dns(6.0).write();
    for (arguments, words) in [
        (
            &["--heartbeat-interval", "1s"][..],
            "--heartbeat-interval needs --as heartbeat",
        ),
        (
            &["--as", "three-failures", "--heartbeat-interval", "1s"],
            "--heartbeat-interval needs --as heartbeat",
        ),
        (
            &["--as", "heartbeat", "--heartbeat-interval", "99ms"],
            "--heartbeat-interval is at least 100ms",
        ),
        (
            &["--as", "pulse"],
            "possible values: workload, heartbeat, three-failures",
        ),
    ] {
        let output = run(arguments, &made.folder);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(words), "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_recording_that_holds_nothing_is_told_as_ever() {
    let made = HandMade::new(10.0).write();
    let output = run(&["--as", "heartbeat"], &made.folder);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no operation was recorded"), "{said}");
    assert!(reported(&Loaded::open(&made.folder).unwrap(), HEARTBEAT).is_err());
}
