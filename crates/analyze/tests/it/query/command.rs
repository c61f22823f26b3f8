//! What is printed, in each format, and where it goes.

use std::fs::{self, File};
use std::process::Stdio;

use recording::vocabulary::ErrorClass::Refused;
use recording::vocabulary::Path::Proxy;

use super::*;
use crate::support::{HandMade, Made, reads_with_a_gap};

fn made() -> Made {
    reads_with_a_gap()
        .failed("user_list", 10.2, 10.25, Refused)
        .failed("user_list", 14.7, 14.75, Refused)
        .trigger(9.9)
        .on(Proxy)
        .steady("user_list", 0.1, 0.1, 299, 0.005)
        .write()
}

const PATHS: &str = "SELECT path, count(*) AS n, avg(response_time_us) / 1000 AS mean_ms, \
     max(end_time) AS last, max(sqlstate) AS code FROM operations GROUP BY path ORDER BY path";

#[test]
fn formats() {
    let made = made();
    insta::assert_snapshot!(answer(&made.folder, &[PATHS]), @r"
    path      n   mean_ms  last                         code
    direct  252  5.357143  2026-11-22T20:43:29.900000Z  -
    proxy   299         5  2026-11-22T20:43:29.900000Z  -
    (2 rows)
    ");
    insta::assert_snapshot!(answer(&made.folder, &[PATHS, "--format", "csv"]).trim_end(), @r"
    path,n,mean_ms,last,code
    direct,252,5.357142857142857,2026-11-22T20:43:29.900000Z,
    proxy,299,5.0,2026-11-22T20:43:29.900000Z,
    ");
    insta::assert_snapshot!(answer(&made.folder, &[PATHS, "--format", "json"]), @r#"
    [
    {"path":"direct","n":252,"mean_ms":5.357142857142857,"last":"2026-11-22T20:43:29.900000Z","code":null},
    {"path":"proxy","n":299,"mean_ms":5.0,"last":"2026-11-22T20:43:29.900000Z","code":null}
    ]
    "#);
    let nothing = "SELECT path FROM operations WHERE path = 'none'";
    assert_eq!(answer(&made.folder, &[nothing]), "path\n(0 rows)\n");
    assert_eq!(
        answer(&made.folder, &[nothing, "--format", "csv"]),
        "path\n"
    );
    assert_eq!(answer(&made.folder, &[nothing, "--format", "json"]), "[]\n");
}

#[test]
fn outages_episodes_and_seconds() {
    let made = made();
    let outages = "SELECT path, of, operation_group, number, episode, kind, failover, start_time, end_time, downtime_us, \
         resolution_us, at_least, first_failure_time, evidence FROM outages";
    insta::assert_snapshot!(answer(&made.folder, &[outages]), @r"
    path    of           operation_group  number  episode  kind      failover  start_time                   end_time                     downtime_us  resolution_us  at_least  first_failure_time           evidence
    direct  application  read                  1        1  failover         1  2026-11-22T20:43:10.000000Z  2026-11-22T20:43:15.000000Z      5000000         450000  false     2026-11-22T20:43:10.250000Z         2
    direct  application  all                   1        1  failover         1  2026-11-22T20:43:10.000000Z  2026-11-22T20:43:15.000000Z      5000000         450000  false     2026-11-22T20:43:10.250000Z         2
    (2 rows)
    ");
    let episodes = "SELECT path, operation_group, number, kind, failover, downtime_us, outages, baseline_tps, \
         time_to_full_throughput_us FROM episodes";
    insta::assert_snapshot!(answer(&made.folder, &[episodes]), @r"
    path    operation_group  number  kind      failover  downtime_us  outages  baseline_tps  time_to_full_throughput_us
    direct  read                  1  failover         1      5000000        1            10                     5000000
    direct  all                   1  failover         1      5000000        1            10                     5000000
    (2 rows)
    ");
    let seconds = "SELECT path, second, ended, ok, failed, mean_response_us, max_response_us FROM seconds \
         WHERE path = 'direct' AND second BETWEEN '2026-11-22T20:43:09Z' AND '2026-11-22 20:43:16' ORDER BY second";
    insta::assert_snapshot!(answer(&made.folder, &[seconds]), @r"
    path    second                       ended  ok  failed  mean_response_us  max_response_us
    direct  2026-11-22T20:43:09.000000Z     10  10       0              5000             5000
    direct  2026-11-22T20:43:10.000000Z      2   1       1             27500            50000
    direct  2026-11-22T20:43:14.000000Z      1   0       1             50000            50000
    direct  2026-11-22T20:43:15.000000Z     10  10       0              5000             5000
    direct  2026-11-22T20:43:16.000000Z     10  10       0              5000             5000
    (5 rows)
    ");
}

#[test]
fn a_file() {
    let made = made();
    let folder = tempfile::tempdir().unwrap();
    for format in ["table", "csv", "json"] {
        let file = folder.path().join(format);
        let printed = answer(&made.folder, &[PATHS, "--format", format]);
        let nothing = answer(
            &made.folder,
            &["--out", file.to_str().unwrap(), "--format", format, PATHS],
        );
        assert_eq!(nothing, "");
        assert_eq!(fs::read_to_string(&file).unwrap(), printed);
    }
    let file = folder.path().join("paths.parquet");
    answer(
        &made.folder,
        &[
            "--format",
            "parquet",
            "--out",
            file.to_str().unwrap(),
            PATHS,
        ],
    );
    // The engine reads what it wrote.
    let again = format!(
        "SELECT * FROM read_parquet('{}') ORDER BY path",
        file.display()
    );
    assert_eq!(
        answer(&made.folder, &[&again]),
        answer(&made.folder, &[PATHS])
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        4,
        "a part is left"
    );
    let output = query(&made.folder, &["--format", "parquet", PATHS]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        "analyze: --format parquet needs --out FILE: the standard output is for text\n"
    );
}

#[test]
fn an_output_that_takes_nothing() {
    let made = made();
    for format in ["table", "csv", "json"] {
        let output = Command::new(env!("CARGO_BIN_EXE_analyze"))
            .arg("query")
            .arg(&made.folder)
            .args(["SELECT * FROM operations", "--format", format])
            .stdout(Stdio::from(File::create("/dev/full").unwrap()))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{format}");
        let said = text(&output.stderr);
        assert!(said.contains("No space left on device"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let missing = made.folder.join("missing/file");
    let output = query(
        &made.folder,
        &["SELECT 1", "--out", missing.to_str().unwrap()],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("missing/file: No such file or directory"));
}

#[test]
fn a_file_of_a_recording_is_never_written() {
    let made = made();
    let manifest = made.folder.join("manifest.json");
    let before = std::fs::read(&manifest).unwrap();
    let operations = made.folder.join("operations");
    let commands = [
        vec!["query", "RUN", "SELECT 1", "--out", "MANIFEST"],
        vec!["report", "RUN", "--out", "MANIFEST"],
        vec!["report", "RUN", "--out", "OPERATIONS/report.txt"],
        vec![
            "report",
            "RUN",
            "--format",
            "markdown",
            "--out",
            "OPERATIONS/report.md",
        ],
        vec!["charts", "RUN", "--out", "OPERATIONS"],
        vec!["export", "RUN", "--out", "OPERATIONS", "--force"],
        vec![
            "assert",
            "RUN",
            "--rule",
            "pauses == 0",
            "--junit",
            "MANIFEST",
        ],
    ];
    for command in commands {
        let words = command.iter().map(|word| {
            word.replace("RUN", made.folder.to_str().unwrap())
                .replace("MANIFEST", manifest.to_str().unwrap())
                .replace("OPERATIONS", operations.to_str().unwrap())
        });
        let output = Command::new(env!("CARGO_BIN_EXE_analyze"))
            .args(words)
            .output()
            .unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {said}");
        let why = ": it belongs to a recording, which analyze only reads; choose another place\n";
        assert!(said.ends_with(why), "{command:?}: {said}");
    }
    assert_eq!(std::fs::read(&manifest).unwrap(), before);
    for file in std::fs::read_dir(&operations).unwrap() {
        let name = file.unwrap().file_name();
        assert!(name.to_str().unwrap().ends_with(".parquet"), "{name:?}");
    }
    // Beside them a page has its place.
    let page = made.folder.join("report.html");
    for _ in 0..2 {
        let mut report = Command::new(env!("CARGO_BIN_EXE_analyze"));
        let report = report.arg("report").arg(&made.folder);
        let report = report.args(["--format", "html", "--out"]).arg(&page);
        assert_eq!(report.output().unwrap().status.code(), Some(0));
    }
}

/// As where `head` has read enough.
#[test]
fn a_pipe_that_is_closed_is_no_failure() {
    let made = made();
    for format in ["table", "csv", "json"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_analyze"))
            .arg("query")
            .arg(&made.folder)
            .args(["SELECT * FROM operations", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(text(&output.stderr), "", "{format}");
        assert_eq!(output.status.code(), Some(0), "{format}");
    }
}

#[test]
fn several_recordings_count_once_each() {
    let root = tempfile::tempdir().unwrap();
    for (name, host) in [("one", "bastion-1"), ("two", "bastion-2")] {
        let made = HandMade::new(10.0)
            .steady("user_list", 0.1, 0.1, 99, 0.005)
            .on_host(host, "20261122T204300Z-0001", 0)
            .write();
        fs::rename(&made.folder, root.path().join(name)).unwrap();
    }
    let hosts = "SELECT host, count(*) AS n FROM operations GROUP BY host ORDER BY host";
    let twice = run(
        "query",
        &[root.path(), &root.path().join("one")],
        &[hosts, "--format", "csv"],
    );
    assert_eq!(text(&twice.stdout), "host,n\nbastion-1,99\nbastion-2,99\n");
    assert_eq!(twice.status.code(), Some(0));
    // What can't be read is told, and the rest is asked.
    let partly = run(
        "query",
        &[root.path(), &root.path().join("three")],
        &[hosts, "--format", "csv"],
    );
    assert_eq!(text(&partly.stdout), "host,n\nbastion-1,99\nbastion-2,99\n");
    assert_eq!(partly.status.code(), Some(2));
    assert!(text(&partly.stderr).contains("three: no such folder"));
}

#[test]
fn what_there_is() {
    let listed = text(&run("query", &[], &["--tables"]).stdout);
    for line in [
        "operations: One row per business operation, whatever its outcome.",
        "  response_time_us  int64      end_time - scheduled_time: what a user waited, microseconds; null: unfinished",
        "outages: View: the outages, with the figures of the report.",
        "seconds: View: the operations of each second in which any ended.",
    ] {
        assert!(
            listed.lines().any(|found| found == line),
            "{line}\n{listed}"
        );
    }
    let later = text(&run("query", &[&golden("v1-later-minor")], &["--tables"]).stdout);
    let more: Vec<&str> = later
        .lines()
        .filter(|line| !listed.lines().any(|known| known == *line))
        .collect();
    assert!(
        more.iter()
            .any(|line| line.starts_with("  availability_zone")
                && line.ends_with("that this version does not know")),
        "{more:?}"
    );
}

/// A link leads to the file, and what is no file is written to and stays what it is.
#[test]
#[cfg(unix)]
fn what_is_no_file_is_not_replaced() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let made = made();
    let folder = tempfile::tempdir().unwrap();
    let [link, file, pipe] = ["link", "file", "pipe"].map(|name| folder.path().join(name));
    fs::write(&file, "before").unwrap();
    symlink(&file, &link).unwrap();
    let to = |place: &std::path::Path| {
        let place = place.to_str().unwrap();
        answer(
            &made.folder,
            &["SELECT 1 AS x", "--format", "csv", "--out", place],
        );
    };
    to(&link);
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(&file).unwrap(), "x\n1\n");
    let status = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(status.success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    to(&pipe);
    assert_eq!(reader.join().unwrap(), "x\n1\n");
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
}
