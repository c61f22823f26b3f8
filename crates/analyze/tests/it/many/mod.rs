//! Several recordings: campaigns, comparisons, lists. Cites `docs/definitions.md`, Several recordings.

mod campaign;
mod compare;
mod list;

use std::fs;
use std::path::Path as FilePath;
use std::process::{Command, Output};

use crate::support::{HandMade, us};
use recording::vocabulary::ErrorClass::Refused;
use recording::vocabulary::Path::{self, Direct, Proxy};

/// Writes every 100 ms up to 90 s, but for a gap from 30 s on with a failure every 0.5 s; nothing is missing of a length of 0.
fn writes(made: HandMade, path: Path, gap: f64) -> HandMade {
    let made = made.on(path);
    if gap == 0.0 {
        return made.steady("update_login", 0.1, 0.1, 900, 0.005);
    }
    let count = ((60.0 - gap) * 10.0).round() as usize;
    let mut made = made.steady("update_login", 0.1, 0.1, 300, 0.005).failed(
        "update_login",
        30.05,
        30.1,
        Refused,
    );
    for tried in 1..((gap - 0.3) * 2.0).ceil() as u32 {
        let at = 30.0 + f64::from(tried) / 2.0;
        made = made.failed("update_login", at, at + 0.05, Refused);
    }
    made.failed("update_login", 30.0 + gap - 0.3, 30.0 + gap - 0.2, Refused)
        .steady("update_login", 30.0 + gap, 0.1, count, 0.005)
}

/// Reads every 200 ms that never fail.
fn reads(made: HandMade, path: Path) -> HandMade {
    made.on(path).steady("user_list", 0.05, 0.2, 449, 0.004)
}

/// A run of one failover, triggered after 29.95 s: writes were down for so many seconds on the direct path, and through the proxy. Runs of
/// different numbers are ten minutes apart.
fn run(number: usize, direct: f64, proxy: f64) -> HandMade {
    let run_id: &'static str = format!("20261122T204300Z-{number:04}").leak();
    let made = HandMade::new(90.0).trigger(29.95);
    let made = writes(reads(made, Direct), Direct, direct);
    let made = writes(reads(made, Proxy), Proxy, proxy);
    made.on_host("bastion-1", run_id, us(600.0) * number as i64)
}

/// Writes each run into a folder of its own below `root`, named by its number.
fn write_all(root: &FilePath, runs: impl IntoIterator<Item = HandMade>) {
    fs::create_dir_all(root).unwrap();
    for (number, made) in runs.into_iter().enumerate() {
        let made = made.write();
        fs::rename(&made.folder, root.join(format!("run-{number}"))).unwrap();
    }
}

fn analyze(arguments: &[&str], folder: &FilePath) -> Output {
    Command::new(env!("CARGO_BIN_EXE_analyze"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// What a command prints that has to succeed.
fn printed(arguments: &[&str], folder: &FilePath) -> String {
    let output = analyze(arguments, folder);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said, "");
    String::from_utf8(output.stdout).unwrap()
}
