//! The disk fills, goes away, or does not answer: the workload goes on, and no row is lost without a word.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::common::mounts::Mount;
use crate::common::{
    Running, TestLab, assert_success, identity, number, only_recording, rows, wait_for_recording,
    wait_until,
};
use recording::{Manifest, Recording, State, Table};

/// Some hundred operations a second, until it is told to end.
const BUSY: [&str; 14] = [
    "--duration",
    "120",
    "--min-operation-interval",
    "10ms",
    "--max-operation-interval",
    "30ms",
    "--concurrent-workers",
    "6",
    "--pool-size",
    "6",
    "--read-weight",
    "40",
    "--write-weight",
    "40",
];

/// A recorder into a folder, whose stderr can be read while it runs.
struct Recorder {
    running: Running,
    out: PathBuf,
    said: PathBuf,
}

impl Recorder {
    fn start(test: &TestLab, out: &Path) -> Self {
        Self::start_with(test, out, &[])
    }

    fn start_with(test: &TestLab, out: &Path, more: &[&str]) -> Self {
        let arguments = test.run_arguments(&[&BUSY[..], more].concat(), out.to_str().unwrap());
        Self::spawn(test, out, test.command(&arguments))
    }

    fn spawn(test: &TestLab, out: &Path, mut command: Command) -> Self {
        let said = test.folder.path().join("stderr");
        command.stderr(File::create(&said).unwrap());
        let running = Running::spawn(&mut command);
        wait_for_recording(out);
        Self {
            running,
            out: out.to_path_buf(),
            said,
        }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.said).unwrap()
    }

    fn wait_for(&self, text: &str) {
        wait_until(text, || self.said().contains(text));
    }

    fn manifest(&self) -> Manifest {
        only_recording(&self.out).manifest().clone()
    }

    /// Ends it and returns its exit code and what it said.
    fn end(self) -> (Option<i32>, String) {
        self.running.signal("INT");
        let output = self.running.output();
        let said = std::fs::read_to_string(&self.said).unwrap();
        (output.status.code(), said)
    }
}

fn orders(test: &TestLab) -> Vec<String> {
    test.texts("select order_number from business_orders where order_number not like 'seed%'")
}

/// The database sees the workload go on.
fn wait_for_orders(test: &TestLab) {
    wait_for_more_orders(test, 100);
}

fn wait_for_more_orders(test: &TestLab, more: usize) {
    let before = orders(test).len();
    wait_until("orders", || orders(test).len() > before + more);
}

/// The operations of both paths, as the recorder said at its end.
fn operations_said(said: &str) -> u64 {
    let of_path = |path: &str| {
        let is_total = |line: &&str| line.starts_with(path) && line.contains(" operations, ");
        let line = said.lines().find(is_total).unwrap();
        let count = line.split(' ').nth(1).unwrap().replace(',', "");
        count.parse::<u64>().unwrap()
    };
    of_path("direct: ") + of_path("proxy: ")
}

/// The one line that begins so.
fn only_line<'a>(said: &'a str, start: &str) -> &'a str {
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with(start))
        .collect();
    assert_eq!(lines.len(), 1, "{start}: {said}");
    lines[0]
}

/// Every operation once, and every order of the database among them.
fn assert_whole(test: &TestLab, recording: &Recording, said: &str) {
    let operations = rows(recording, Table::Operations);
    assert_eq!(operations.len() as u64, operations_said(said), "{said}");
    let identities: BTreeSet<String> = operations
        .iter()
        .map(|row| identity(recording, row))
        .collect();
    assert_eq!(identities.len(), operations.len(), "no row twice");
    let without: Vec<String> = orders(test)
        .into_iter()
        .filter(|order| !identities.contains(order))
        .collect();
    assert!(without.is_empty(), "{without:?}");
    assert!(recording.manifest().dropped_rows.is_empty());
    assert!(!recording.folder().join("journal").exists());
}

#[test]
fn a_disk_that_was_full_for_a_while_costs_no_row() {
    let Some(disk) = Mount::in_memory() else {
        return;
    };
    let test = TestLab::start_set_up();
    let recorder = Recorder::start(&test, &disk.path().join("runs"));
    wait_for_orders(&test);
    // The workload takes the rest.
    let filler = disk.fill(64 << 10);
    recorder.wait_for("cannot write to the recording: ");
    let said = recorder.said();
    let trouble = only_line(&said, "cannot write to the recording: ");
    assert!(trouble.contains("No space left on device"), "{trouble}");
    // With the note, or with the next line of the view: the first that is refused need not be a row.
    recorder.wait_for(" rows in memory");
    wait_until("the manifest", || {
        !recorder.manifest().write_failures.is_empty()
    });
    assert_eq!(recorder.manifest().write_failures[0].until, None);
    wait_for_orders(&test);

    std::fs::remove_file(filler).unwrap();
    recorder.wait_for("writes to the recording work again: no rows lost");
    wait_for_orders(&test);
    let out = recorder.out.clone();
    let (code, said) = recorder.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("writes failed from "), "{said}");
    assert!(said.contains("; rows lost: 0"), "{said}");
    let recording = only_recording(&out);
    assert_whole(&test, &recording, &said);
    let manifest = recording.manifest();
    assert_eq!(manifest.state, State::Interrupted);
    let failures = &manifest.write_failures;
    assert!(
        failures
            .iter()
            .all(|failure| failure.until > Some(failure.from)),
        "{failures:?}"
    );
}

#[test]
fn a_disk_that_stays_full_costs_rows_that_are_counted() {
    let Some(disk) = Mount::in_memory() else {
        return;
    };
    let test = TestLab::start_set_up();
    // The rows that are lost are to be those of the operations.
    let alone = ["--availability-interval", "0"];
    let recorder = Recorder::start_with(&test, &disk.path().join("runs"), &alone);
    wait_for_orders(&test);
    let filler = disk.fill(64 << 10);
    recorder.wait_for("cannot write to the recording: ");
    // The first file that could not be written need not be the operations': what it gave back holds more of them.
    // An order comes with several operations, and 64 KiB hold about 1,000.
    wait_for_more_orders(&test, 500);
    let out = recorder.out.clone();
    let (code, said) = recorder.end();
    assert_eq!(code, Some(1), "{said}");
    let error = only_line(&said, "recorder: ");
    assert!(error.contains("rows lost"), "{error}");
    assert!(error.contains("No space left on device"), "{error}");
    assert_eq!(said.lines().last(), Some(error));

    // What is readable now, and what was dropped, is all that there was.
    let recording = only_recording(&out);
    let dropped_rows = &recording.manifest().dropped_rows;
    let dropped = *dropped_rows
        .get("operations")
        .unwrap_or_else(|| panic!("{dropped_rows:?}: {said}"));
    assert!(dropped > 0, "{dropped_rows:?}: {said}");
    assert_eq!(recording.manifest().state, State::Interrupted);
    let unsealed = recording.unsealed(Table::Operations).unwrap();
    let in_journals: u64 = unsealed.iter().map(|journal| journal.rows).sum();
    let in_parts = rows(&recording, Table::Operations).len() as u64;
    assert_eq!(
        in_parts + in_journals + dropped,
        operations_said(&said),
        "{said}"
    );
    assert_eq!(
        recording.manifest().write_failures.last().unwrap().until,
        None
    );

    std::fs::remove_file(filler).unwrap();
    let recovered = test.recorder(&["recover", recording.folder().to_str().unwrap()]);
    assert_success(&recovered);
    let sealed = rows(&only_recording(&out), Table::Operations);
    assert_eq!(sealed.len() as u64, in_parts + in_journals);
    let identities: BTreeSet<String> = sealed.iter().map(|row| identity(&recording, row)).collect();
    assert_eq!(identities.len(), sealed.len(), "no row twice");
}

/// A file may not grow beyond 32 KiB: SIGXFSZ would end a process that does not mind it.
#[test]
fn a_limit_on_the_size_of_files_ends_nothing() {
    let test = TestLab::start_set_up();
    let out = test.folder.path().join("runs");
    let arguments = test.run_arguments(&BUSY, out.to_str().unwrap());
    let recorder = test.command(&arguments);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -f 64; exec \"$@\"", "sh"])
        .arg(recorder.get_program())
        .args(recorder.get_args());
    for (name, value) in recorder.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdout(Stdio::piped());
    let recorder = Recorder::spawn(&test, &out, shell);
    recorder.wait_for("cannot write to the recording: ");
    assert!(
        recorder.said().contains("File too large"),
        "{}",
        recorder.said()
    );
    wait_for_orders(&test);
    let (code, said) = recorder.end();
    assert_eq!(code, Some(0), "{said}");
    let recording = only_recording(&out);
    assert_whole(&test, &recording, &said);
    assert!(
        recording.manifest().parts.len() > 2,
        "each part's journal was full"
    );
}

#[test]
fn a_removed_folder_ends_no_workload() {
    let test = TestLab::start_set_up();
    let recorder = Recorder::start(&test, &test.runs());
    wait_for_orders(&test);
    std::fs::remove_dir_all(test.runs()).unwrap();
    recorder.wait_for("cannot write to the recording: ");
    wait_for_orders(&test);
    let (code, said) = recorder.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(operations_said(&said) > 200, "{said}");
    let error = only_line(&said, "recorder: ");
    assert!(error.contains("the folder is no longer there"), "{error}");
    assert!(
        !test.runs().exists(),
        "nothing is made again behind anybody's back"
    );
}

/// As after an error of the device.
#[test]
fn a_read_only_file_system_ends_no_workload() {
    let Some(disk) = Mount::in_file() else { return };
    let test = TestLab::start_set_up();
    let recorder = Recorder::start(&test, &disk.path().join("runs"));
    wait_for_orders(&test);
    disk.make_read_only();
    recorder.wait_for("cannot write to the recording: ");
    wait_for_orders(&test);
    let out = recorder.out.clone();
    let (code, said) = recorder.end();
    assert_eq!(code, Some(1), "{said}");
    let error = only_line(&said, "recorder: ");
    assert!(
        error.contains("os error 30") || error.contains("os error 5"),
        "{error}"
    );
    // What was written before can be read.
    let recording = only_recording(&out);
    assert_eq!(recording.manifest().state, State::Recording);
    let unsealed = recording.unsealed(Table::Operations).unwrap();
    assert!(unsealed.iter().map(|journal| journal.rows).sum::<u64>() > 0);
}

fn now_us() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_micros()).unwrap()
}

#[test]
fn a_disk_that_does_not_answer_slows_nothing_down() {
    let Some(disk) = Mount::in_file() else { return };
    let test = TestLab::start_set_up();
    // Due while the disk is frozen: neither it nor the workload waits for a place for its output.
    let triggered = test.folder.path().join("triggered");
    let command = format!("touch {}", triggered.display());
    let trigger = ["--failover-after", "5s", "--failover-command", &command];
    let recorder = Recorder::start_with(&test, &disk.path().join("runs"), &trigger);
    wait_for_orders(&test);
    assert!(!triggered.exists());
    let begun = Instant::now();
    let frozen_us = now_us();
    disk.freeze();
    recorder
        .wait_for("cannot write to the recording: stalled writes: no answer from the disk for ");
    wait_until("the failover command", || triggered.exists());
    std::thread::sleep(Duration::from_secs(6).saturating_sub(begun.elapsed()));
    let thawed_us = now_us();
    assert!(disk.thaw());
    recorder.wait_for("writes to the recording work again: no rows lost");
    let out = recorder.out.clone();
    let (code, said) = recorder.end();
    assert_eq!(code, Some(0), "{said}");
    let recording = only_recording(&out);
    assert_whole(&test, &recording, &said);

    let operations = rows(&recording, Table::Operations);
    for path in ["direct", "proxy"] {
        let ends: Vec<i64> = operations
            .iter()
            .filter(|row| row["path"] == path)
            .filter_map(|row| number(row, "end_time"))
            .collect();
        for from in (frozen_us..thawed_us - 500_000).step_by(500_000) {
            let served = ends
                .iter()
                .filter(|end| (from..from + 500_000).contains(*end));
            assert!(
                served.count() > 0,
                "{path}: nothing {} us into the freeze",
                from - frozen_us
            );
        }
    }
    // The log's thread waited for the disk, and nothing waited for it.
    let log = std::fs::read_to_string(recording.folder().join("logs/recorder.log")).unwrap();
    assert!(
        log.contains("stalled writes: no answer from the disk for "),
        "{log}"
    );
}
