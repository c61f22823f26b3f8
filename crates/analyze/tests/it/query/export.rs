//! `analyze export`.

use std::collections::BTreeSet;
use std::fs;

use recording::vocabulary::ErrorClass::Refused;
use recording::vocabulary::EventKind;
use recording::{Completion, Event, State};

use super::*;
use crate::support::{Made, START_US, reads_with_a_gap, us};

const TABLES: [&str; 9] = [
    "availability",
    "connections",
    "episodes",
    "events",
    "load",
    "operations",
    "outages",
    "probes",
    "seconds",
];

/// With a mark that a spreadsheet would take for a formula.
fn made() -> Made {
    let made = reads_with_a_gap()
        .failed("user_list", 10.2, 10.25, Refused)
        .failed("user_list", 14.7, 14.75, Refused);
    let (made, writer) = made.begin();
    for detail in [
        "=HYPERLINK(\"http://x\";\"y\")",
        "-1+2",
        "@x",
        "+1",
        "a, \"b\"\nc",
        "\u{5207}\u{6362}",
    ] {
        writer.handle().event(Event {
            time: START_US + us(12.0),
            path: None,
            kind: EventKind::Mark,
            duration_us: None,
            status: None,
            detail: detail.to_owned(),
        });
    }
    let completion = Completion {
        state: State::Complete,
        duration_us: us(30.0),
        drift_us: 0,
    };
    assert!(writer.finish(completion).unwrap().is_complete());
    made
}

fn export(made: &Made, to: &FilePath, more: &[&str]) -> Output {
    let mut arguments = vec!["--out", to.to_str().unwrap()];
    arguments.extend(more);
    run("export", &[&made.folder], &arguments)
}

fn names(folder: &FilePath) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn one_file_for_each_table() {
    let made = made();
    let root = tempfile::tempdir().unwrap();
    let to = root.path().join("a/tables");
    let output = export(&made, &to, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        names(&to),
        TABLES.map(|table| format!("{table}.csv")).into()
    );
    assert!(text(&output.stdout).contains("tables/operations.csv  252 rows\n"));
    for table in TABLES {
        let bytes = fs::read(to.join(format!("{table}.csv"))).unwrap();
        let rest = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap();
        let mut reader = csv::Reader::from_reader(rest);
        let heading = reader.headers().unwrap().clone();
        assert_eq!((&heading[0], &heading[1]), ("run_id", "host"), "{table}");
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let counted = rows(&made.folder, &format!("SELECT count(*) AS n FROM {table}"));
        assert_eq!(counted[0]["n"], records.len(), "{table}");
        // Each line, the last one included, ends with CR LF.
        assert!(rest.ends_with(b"\r\n"), "{table}");
    }
    let operations = fs::read_to_string(to.join("operations.csv")).unwrap();
    assert!(
        operations.contains(",2026-11-22T20:43:00.100000Z,"),
        "{operations}"
    );
}

#[test]
fn no_text_is_a_formula() {
    let made = made();
    let folder = tempfile::tempdir().unwrap();
    export(&made, folder.path(), &["--table", "events"]);
    let bytes = fs::read(folder.path().join("events.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(&bytes[3..]);
    let details: Vec<String> = reader
        .records()
        .map(|record| record.unwrap().iter().next_back().unwrap().to_owned())
        .collect();
    assert_eq!(
        details,
        [
            "'=HYPERLINK(\"http://x\";\"y\")",
            "'-1+2",
            "'@x",
            "'+1",
            "a, \"b\"\nc",
            "\u{5207}\u{6362}"
        ]
    );
    // For programs the text is as it is.
    let raw = answer(
        &made.folder,
        &[
            "--format",
            "csv",
            "SELECT detail FROM events WHERE detail LIKE '-%'",
        ],
    );
    assert_eq!(raw, "detail\n-1+2\n");
    // A number is one, whatever its sign.
    let negative = answer(&made.folder, &["--format", "csv", "SELECT -1 AS n"]);
    assert_eq!(negative, "n\n-1\n");
}

#[test]
fn files_that_are_there_stay() {
    let made = made();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("load.csv"), "mine").unwrap();
    let output = export(&made, folder.path(), &[]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("load.csv; --force replaces them"), "{said}");
    assert_eq!(names(folder.path()).len(), 1);
    assert_eq!(
        fs::read_to_string(folder.path().join("load.csv")).unwrap(),
        "mine"
    );
    assert_eq!(
        export(&made, folder.path(), &["--table", "events"])
            .status
            .code(),
        Some(0)
    );
    assert_eq!(
        export(&made, folder.path(), &["--force"]).status.code(),
        Some(0)
    );
    assert!(
        fs::read_to_string(folder.path().join("load.csv"))
            .unwrap()
            .contains("run_id")
    );
    let wrong = export(&made, folder.path(), &["--table", "outage"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(
        text(&wrong.stderr),
        "analyze: no table outage; did you mean outages?\n"
    );
}

#[test]
fn parquet() {
    let made = made();
    let folder = tempfile::tempdir().unwrap();
    let output = export(&made, folder.path(), &["--format", "parquet"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for table in TABLES {
        let file = folder.path().join(format!("{table}.parquet"));
        let of_file = |sql: &str| {
            rows(
                &made.folder,
                &sql.replace("TABLE", &format!("read_parquet('{}')", file.display())),
            )
        };
        let of_table = |sql: &str| rows(&made.folder, &sql.replace("TABLE", table));
        let sql = "SELECT * FROM TABLE ORDER BY ALL";
        assert_eq!(of_file(sql), of_table(sql), "{table}");
    }
}

/// A limit on the size of files stands in for a disk that is full.
#[test]
fn a_disk_that_takes_no_more() {
    let made = made();
    let folder = tempfile::tempdir().unwrap();
    for format in ["csv", "parquet"] {
        let script = "trap '' XFSZ; ulimit -f 1; exec \"$@\"";
        let output = Command::new("sh")
            .args(["-c", script, "sh", env!("CARGO_BIN_EXE_analyze"), "export"])
            .arg(&made.folder)
            .args(["--table", "operations", "--format", format, "--out"])
            .arg(folder.path())
            .output()
            .unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            said.contains(&format!("operations.{format}: File too large")),
            "{said}"
        );
        assert!(
            names(folder.path()).is_empty(),
            "{:?}",
            names(folder.path())
        );
    }
}
