//! What is no recording, or a damaged one: one clear line, the right exit code, nothing changed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use recording::vocabulary::ErrorClass::Refused;
use support::{HandMade, reads_with_a_gap};

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
    let made = HandMade::new(10.0).write();
    assert_refused(&made.folder, 1, "no operation was recorded");
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
