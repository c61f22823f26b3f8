//! `analyze query` and `analyze export`.

mod agreement;
mod columns;
mod command;
mod damage;
mod documented;
mod export;
mod garbage;
mod mistakes;

use std::path::{Path as FilePath, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn golden(name: &str) -> PathBuf {
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    package.join("../../data/golden").join(name)
}

fn run(command: &str, folders: &[&FilePath], more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_analyze"))
        .arg(command)
        .args(folders)
        .args(more)
        .output()
        .unwrap()
}

fn query(folder: &FilePath, more: &[&str]) -> Output {
    run("query", &[folder], more)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a query prints that is answered.
fn answer(folder: &FilePath, more: &[&str]) -> String {
    let output = query(folder, more);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The rows of a query.
fn rows(folder: &FilePath, sql: &str) -> Vec<Value> {
    let printed = answer(folder, &["--format", "json", sql]);
    serde_json::from_str(&printed).unwrap()
}
