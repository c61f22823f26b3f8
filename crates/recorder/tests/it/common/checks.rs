//! The rows of `recorder check --json`.

use std::process::{Command, Output};

use serde_json::Value;

use super::{BUSY, TestLab};

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}

/// The rows of a check on a path, each with result, found, what to do. A path that is empty stands for this host.
pub fn check_rows(output: &Output, path: &str, check: &str) -> Vec<(String, String, String)> {
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = document["checks"].as_array().unwrap();
    let of_check = rows
        .iter()
        .filter(|row| text(row, "path") == path && row["check"] == check);
    let rows: Vec<_> = of_check
        .map(|row| (text(row, "result"), text(row, "found"), text(row, "remedy")))
        .collect();
    assert!(!rows.is_empty(), "{path} {check} in {document:#}");
    rows
}

/// The first of them.
pub fn check_row(output: &Output, path: &str, check: &str) -> (String, String, String) {
    check_rows(output, path, check).remove(0)
}

/// The first of them has this result, and the text in what was found or in what to do.
pub fn assert_row(output: &Output, path: &str, check: &str, result: &str, text: &str) {
    let (is, found, remedy) = check_row(output, path, check);
    assert_eq!(is, result, "{path} {check}: {found}; {remedy}");
    assert!(
        found.contains(text) || remedy.contains(text),
        "{path} {check}: {text:?} in {found:?}, {remedy:?}"
    );
}

/// `recorder check`.
pub fn check(test: &TestLab, flags: &[&str]) -> Output {
    test.recorder(&[&["check", "--json"][..], flags].concat())
}

/// A run of two seconds.
pub fn run(test: &TestLab, flags: &[&str]) -> Output {
    let runs = test.runs();
    let base = [&["--duration", "2"][..], &BUSY].concat();
    let flags = [&base[..], flags].concat();
    test.recorder(&test.run_arguments(&flags, runs.to_str().unwrap()))
}

/// Hands on a command: program, arguments and environment.
pub fn with_settings_of(to: &mut Command, command: &Command) {
    to.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => to.env(name, value),
            None => to.env_remove(name),
        };
    }
}
