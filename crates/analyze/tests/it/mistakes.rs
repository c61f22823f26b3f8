//! What is no recording, or a damaged one: one clear line, the right exit code, nothing changed.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{HandMade, START_US, reads_with_a_gap};
use recording::vocabulary::ErrorClass::Refused;
use recording::{Manifest, Timestamp};

fn analyze(subcommand: &str, folder: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_analyze"))
        .arg(subcommand)
        .arg(folder)
        .args(more)
        .output()
        .unwrap()
}

/// Both commands end with `code`, print nothing, and say one line with `words` in it.
fn assert_refused(folder: &Path, code: i32, words: &str) {
    for subcommand in ["report", "charts"] {
        let output = analyze(subcommand, folder, &[]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(output.stdout.is_empty());
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            said.starts_with("analyze: ") && said.contains(words),
            "{said}"
        );
    }
}

#[test]
fn what_is_no_recording() {
    let root = tempfile::tempdir().unwrap();
    assert_refused(&root.path().join("missing"), 2, "no such folder");
    assert_refused(root.path(), 2, "the folder is empty");
    fs::write(root.path().join("holiday.jpg"), [0xff; 64]).unwrap();
    assert_refused(root.path(), 2, "no manifest.json");
    fs::write(root.path().join("manifest.json"), "{}").unwrap();
    assert_refused(root.path(), 1, "can't be read");
    fs::write(root.path().join("manifest.json"), "{\"format_version\": 7}").unwrap();
    assert_refused(root.path(), 2, "format version 7");
}

#[test]
fn a_truncated_part_is_named_and_left_alone() {
    let made = reads_with_a_gap()
        .failed("user_list", 12.0, 12.1, Refused)
        .write();
    let part = made.folder.join("operations/direct-00001.parquet");
    let whole = fs::read(&part).unwrap();
    for length in [0, 3, whole.len() / 2, whole.len() - 1] {
        fs::write(&part, &whole[..length]).unwrap();
        assert_refused(
            &made.folder,
            1,
            "operations/direct-00001.parquet: damaged part",
        );
        assert_eq!(
            fs::read(&part).unwrap(),
            whole[..length],
            "evidence is never touched"
        );
    }
    fs::write(&part, [0x2a].repeat(whole.len())).unwrap();
    assert_refused(&made.folder, 1, "SHA-256");
    fs::remove_file(&part).unwrap();
    assert_refused(&made.folder, 1, "it is missing");
}

#[test]
fn a_recording_without_any_operation() {
    // Its recorder died at once, and nothing says when.
    let (made, writer) = HandMade::new(10.0).begin();
    assert_refused(&made.folder, 1, "no operation was recorded");
    drop(writer);
}

/// At a rate of one operation in ten seconds a short recording may have none: a report says so.
#[test]
fn a_recording_in_which_nothing_arrived_is_reported() {
    let made = HandMade::new(3.0).write();
    for (arguments, told) in [
        (&[][..], "no operations recorded: nothing to judge"),
        (&["--format", "markdown"], "no operations recorded"),
        (&["--format", "html"], "no operations recorded"),
        (&["--json"], "\"total\": 0"),
    ] {
        let output = analyze("report", &made.folder, arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        let report = String::from_utf8(output.stdout).unwrap();
        assert!(report.contains(told), "{arguments:?}: {report}");
        assert!(!report.contains("NaN"), "{arguments:?}: {report}");
    }
    let list = analyze("list", &made.folder, &[]);
    let said = String::from_utf8(list.stdout).unwrap();
    assert_eq!(list.status.code(), Some(0), "{said}");
    assert!(said.contains("20261122T204300Z-7f3a"), "{said}");
    assert!(!said.contains("no operation"), "{said}");
}

#[test]
fn thresholds_that_make_no_sense() {
    let made = reads_with_a_gap().write();
    let output = analyze("report", &made.folder, &["--min-outage", "99ms"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--min-outage is at least 100ms"), "{said}");
    let output = analyze("report", &made.folder, &["--min-outage", "soon"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn charts_into_a_folder_that_cannot_be_made() {
    let made = reads_with_a_gap().write();
    let output = analyze("charts", &made.folder, &["--out", "/proc/charts"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("/proc/charts")
    );
}

/// Wherever it fails, the one line says which option helps.
#[test]
fn charts_that_cannot_be_written_name_the_option() {
    let made = reads_with_a_gap().write();
    let said = |arguments: &[&str]| {
        let output = analyze("charts", &made.folder, arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.stdout.is_empty());
        assert_eq!(said.lines().count(), 1, "{said}");
        (output.status.code(), said)
    };
    let (code, text) = said(&["--out", "/proc/charts"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("name another folder with --out"), "{text}");
    // The folder is there, and takes no file.
    let (code, text) = said(&["--out", "/proc"]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("/proc/response-time.png: ") && text.contains("--out"),
        "{text}"
    );
    assert!(!text.contains("Error"), "{text}");
    // A file stands where the default folder should be made.
    fs::write(made.folder.join("analysis"), "").unwrap();
    let (code, text) = said(&[]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("/analysis") && text.contains("--out"),
        "{text}"
    );
    let output = analyze("charts", &made.folder, &["--out", ""]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains("value is required for '--out"), "{text}");
}

/// Rows of another time would all be moved to the recording's edge, and nothing would be found.
#[test]
fn a_manifest_of_another_time_than_the_rows() {
    let made = reads_with_a_gap()
        .failed("user_list", 10.2, 10.25, Refused)
        .failed("user_list", 14.7, 14.75, Refused)
        .write();
    let moved = |by_us: i64| {
        let mut manifest = Manifest::read(&made.folder).unwrap();
        manifest.start_time = Timestamp(START_US + by_us);
        manifest.write(&made.folder).unwrap();
    };
    for by_us in [3_600_000_000, -3_600_000_000] {
        moved(by_us);
        assert_refused(
            &made.folder,
            1,
            "no operation of path direct is from the time",
        );
        let output = analyze("gaps", &made.folder, &[]);
        assert_eq!(output.status.code(), Some(1));
    }
    // By half of it only: what lies in it is there.
    moved(10_000_000);
    let output = analyze("report", &made.folder, &[]);
    assert_eq!(output.status.code(), Some(0));
}

/// Where the rows of journals can't be put.
#[test]
fn a_folder_for_temporary_files_that_is_not_there() {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    let killed = Path::new(&root).join("../../data/golden/v1-lab-killed");
    let output = Command::new(env!("CARGO_BIN_EXE_analyze"))
        .arg("report")
        .arg(killed)
        .env("TMPDIR", "/no/such/folder")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("analyze: TMPDIR /no/such/folder: ") && said.contains("are copied there"),
        "{said}"
    );
}
