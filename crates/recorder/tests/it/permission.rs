//! A folder that the user may not write to, from the beginning or later. Root ignores permissions, so it records as the user `nobody` here.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::common::user::{Ordinary, set_mode};
use crate::common::{
    BUSY, Running, TestLab, assert_one_line, assert_success, identity, only_recording, rows,
    wait_for_recording, wait_until,
};
use recording::{State, Table};

/// Every folder in which a recorder makes files while it records.
const FOLDERS: [&str; 3] = ["", "operations", "journal"];

fn orders(test: &TestLab) -> BTreeSet<String> {
    let statement = "select order_number from business_orders where order_number not like 'seed%'";
    test.texts(statement).into_iter().collect()
}

fn wait_for_orders(test: &TestLab) {
    let before = orders(test).len();
    wait_until("orders", || orders(test).len() > before + 20);
}

#[test]
fn a_folder_that_is_not_ours_is_one_line() {
    let test = TestLab::start_set_up();
    let user = Ordinary::new();
    let folder = user.own("runs");
    set_mode(&folder, 0o555);
    for out in [folder.clone(), folder.join("below")] {
        let out = out.to_str().unwrap();
        let arguments = test.run_arguments(&["--duration", "1"], out);
        let output = user.command(&test.command(&arguments)).output().unwrap();
        let start = format!("--out {out}: ");
        assert_one_line(&output, 2, &[&start, "ermission denied", "choose another"]);
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    assert!(orders(&test).is_empty(), "no workload was begun");
    set_mode(&folder, 0o755);
    let arguments = test.run_arguments(&["--duration", "1"], folder.to_str().unwrap());
    let output = user.command(&test.command(&arguments)).output().unwrap();
    assert_success(&output);
}

/// A recorder that runs as the user, and what it says.
struct Recorder {
    running: Running,
    said: PathBuf,
    run: PathBuf,
}

impl Recorder {
    fn start(test: &TestLab, user: &Ordinary, out: &Path) -> Self {
        let flags = [&BUSY[..], &["--duration", "300"]].concat();
        let arguments = test.run_arguments(&flags, out.to_str().unwrap());
        let said = test.folder.path().join("stderr");
        let mut command = user.command(&test.command(&arguments));
        command.stderr(File::create(&said).unwrap());
        let running = Running::spawn(&mut command);
        wait_for_recording(out);
        let run = only_recording(out).folder().to_path_buf();
        let recorder = Self { running, said, run };
        wait_for_orders(test);
        recorder
    }

    fn set_modes(&self, mode: u32) {
        FOLDERS
            .iter()
            .for_each(|folder| set_mode(&self.run.join(folder), mode));
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.said).unwrap()
    }

    fn wait_for(&self, text: &str) {
        wait_until(text, || self.said().contains(text));
    }

    /// Ends it; its exit code and its last line.
    fn end(self) -> (Option<i32>, String) {
        self.running.signal("INT");
        let code = self.running.output().status.code();
        let said = std::fs::read_to_string(&self.said).unwrap();
        (code, said.lines().last().unwrap_or_default().to_owned())
    }
}

#[test]
fn a_permission_that_was_away_for_a_while_costs_no_row() {
    let test = TestLab::start_set_up();
    let user = Ordinary::new();
    let recorder = Recorder::start(&test, &user, &user.own("runs"));
    recorder.set_modes(0o555);
    recorder.wait_for("cannot write to the recording: ");
    assert!(recorder.said().contains("Permission denied"));
    wait_for_orders(&test);
    recorder.set_modes(0o755);
    recorder.wait_for("writes to the recording work again: no rows lost");
    let runs = recorder.run.parent().unwrap().to_path_buf();
    let (code, last) = recorder.end();
    assert_eq!(code, Some(0), "{last}");
    let recording = only_recording(&runs);
    assert_eq!(recording.manifest().state, State::Interrupted);
    assert!(
        recording.manifest().write_failures[0]
            .error
            .contains("Permission denied")
    );
    let operations = rows(&recording, Table::Operations);
    let found: BTreeSet<String> = operations
        .iter()
        .map(|row| identity(&recording, row))
        .collect();
    assert_eq!(found.len(), operations.len(), "no row twice");
    assert!(found.is_superset(&orders(&test)));
}

#[test]
fn a_permission_that_stays_away_is_said_at_the_end() {
    let test = TestLab::start_set_up();
    let user = Ordinary::new();
    let recorder = Recorder::start(&test, &user, &user.own("runs"));
    recorder.set_modes(0o555);
    recorder.wait_for("cannot write to the recording: ");
    wait_for_orders(&test);
    let run = recorder.run.clone();
    let (code, last) = recorder.end();
    assert_eq!(code, Some(1), "{last}");
    assert!(
        last.starts_with("recorder: ") && last.contains("Permission denied"),
        "{last}"
    );
    // The journals were open: what they have is recovered once the folder is ours again.
    FOLDERS
        .iter()
        .for_each(|folder| set_mode(&run.join(folder), 0o755));
    let recover = test.command(&["recover", run.to_str().unwrap()]);
    assert_success(&user.command(&recover).output().unwrap());
    let recording = only_recording(run.parent().unwrap());
    let operations = rows(&recording, Table::Operations);
    let found: BTreeSet<String> = operations
        .iter()
        .map(|row| identity(&recording, row))
        .collect();
    assert_eq!(found.len(), operations.len(), "no row twice");
    assert!(found.is_superset(&orders(&test)));
}
