//! Marks of the user in a recording in progress: `recorder mark` and SIGUSR1.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::common::{
    BUSY, Row, Running, TestLab, assert_one_line, assert_success, files, number, rows, stderr,
    stdout, wait_until,
};
use recording::{Recording, Table};

/// The wall clock, UTC microseconds.
fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

/// A recording that goes on until it is told to end.
fn start(test: &TestLab) -> (Running, PathBuf) {
    let flags = ["--mode", "direct", "--duration", "300"];
    let running = test.spawn_run(&[&BUSY[..], &flags].concat());
    test.wait_for_recording();
    let folder = test.recording().folder().to_path_buf();
    // Its first line comes with the log, behind the look for marks.
    wait_until("the log", || {
        fs::read_to_string(folder.join("logs/recorder.log")).is_ok_and(|log| !log.is_empty())
    });
    (running, folder)
}

fn mark(folder: &Path, text: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_recorder"))
        .args([Path::new("mark"), folder, Path::new(text)])
        .output()
        .unwrap()
}

fn marks(recording: &Recording) -> Vec<Row> {
    let mut events = rows(recording, Table::Events);
    events.retain(|row| row["event"] == "mark");
    events.sort_by_key(|row| number(row, "time"));
    events
}

fn has_logged(folder: &Path, text: &str) -> bool {
    let log = fs::read_to_string(folder.join("logs/recorder.log")).unwrap();
    log.contains(text)
}

#[test]
fn marks_land_at_their_times() {
    let test = TestLab::start_set_up();
    let (running, folder) = start(&test);
    // What a mark's time may be off: the clocks' drift against each other, and the two anchors.
    const SLACK_US: i64 = 5_000;
    let mut expected = Vec::new();

    let before = now_us();
    let output = mark(&folder, " traffic moved\nto b ");
    expected.push((before, now_us(), "traffic moved; to b"));
    assert_success(&output);
    let said = stdout(&output);
    assert!(
        said.starts_with("marked at ") && said.ends_with(": traffic moved; to b\n"),
        "{said}"
    );

    let before = now_us();
    running.signal("USR1");
    wait_until("the signal's mark", || has_logged(&folder, "mark: SIGUSR1"));
    expected.push((before, now_us(), "SIGUSR1"));

    // The command was given, and the recorder could not look: its time is that of the command.
    let before = now_us();
    running.signal("STOP");
    let waiting = {
        let folder = folder.clone();
        std::thread::spawn(move || mark(&folder, "while stopped --password geheim1"))
    };
    wait_until("the mark's file", || !given(&folder).is_empty());
    let given_at = now_us();
    std::thread::sleep(Duration::from_secs(1));
    running.signal("CONT");
    assert_success(&waiting.join().unwrap());
    expected.push((before, given_at, "while stopped --password ***"));

    // Several at the same time, none of which is lost.
    let before = now_us();
    let many: Vec<_> = (0..4)
        .map(|number| {
            let folder = folder.clone();
            std::thread::spawn(move || mark(&folder, &format!("many {number}")))
        })
        .collect();
    for one in many {
        assert_success(&one.join().unwrap());
    }
    let after = now_us();

    running.signal("TERM");
    let output = running.output();
    assert_success(&output);
    let recording = test.recording();
    let marks = marks(&recording);
    assert_eq!(marks.len(), expected.len() + 4, "{marks:?}");
    for ((from, to, text), row) in expected.iter().zip(&marks) {
        assert_eq!(row["detail"], *text);
        assert!(!row.contains_key("path") && !row.contains_key("status"));
        let time = number(row, "time").unwrap();
        let window = from - SLACK_US..to + SLACK_US;
        assert!(window.contains(&time), "{text}: {time} in {window:?}");
    }
    let mut many: Vec<&str> = marks[expected.len()..]
        .iter()
        .map(|row| {
            let time = number(row, "time").unwrap();
            assert!((before - SLACK_US..after + SLACK_US).contains(&time));
            row["detail"].as_str()
        })
        .collect();
    many.sort_unstable();
    assert_eq!(many, ["many 0", "many 1", "many 2", "many 3"]);

    // Nothing is left of the way that they took, no secret is anywhere, and all is whole.
    assert!(!folder.join("marks").exists());
    for file in files(&folder) {
        let bytes = fs::read(&file).unwrap();
        let found = bytes.windows(6).any(|window| window == b"geheim");
        assert!(!found, "{}", file.display());
    }
    assert!(!stderr(&output).contains("geheim"));
    assert_success(&test.recorder(&["verify", folder.to_str().unwrap()]));
}

/// The files of marks that nobody has taken.
fn given(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("marks")).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_mark = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "mark");
    paths.filter(is_mark).collect()
}

#[test]
fn a_mark_that_is_not_taken_is_told_and_not_recorded() {
    let test = TestLab::start_set_up();
    let nowhere = test.folder.path().join("nowhere");
    assert_one_line(&mark(&nowhere, "x"), 2, &["no such folder"]);
    let empty = tempfile::tempdir().unwrap();
    assert_one_line(&mark(empty.path(), "x"), 2, &[]);

    let (running, folder) = start(&test);
    assert_one_line(&mark(&folder, " \n"), 2, &["the mark is empty"]);

    // What else may lie in that folder does no harm, and is nobody's mark.
    let marks_folder = folder.join("marks");
    fs::create_dir(&marks_folder).unwrap();
    fs::create_dir(marks_folder.join("1-folder.mark")).unwrap();
    fs::write(marks_folder.join("2-text.mark"), "no time\ntext").unwrap();
    fs::write(marks_folder.join("3-long.mark"), "7\n".repeat(100_000)).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", marks_folder.join("4-link.mark")).unwrap();
    let fifo = marks_folder.join("5-fifo.mark");
    assert!(Command::new("mkfifo").arg(fifo).status().unwrap().success());
    assert_success(&mark(&folder, "beside garbage"));
    // Nor does it that the folder goes, or that a file has its name.
    fs::remove_dir_all(&marks_folder).unwrap();
    assert_success(&mark(&folder, "in a new folder"));
    assert!(!marks_folder.exists());
    fs::write(&marks_folder, "").unwrap();
    assert_one_line(
        &mark(&folder, "no folder"),
        1,
        &["marks: no mark can be put there"],
    );
    fs::remove_file(&marks_folder).unwrap();

    // A recorder that does not look: the mark is taken back.
    running.signal("STOP");
    let output = mark(&folder, "too late");
    running.signal("CONT");
    assert_one_line(
        &output,
        1,
        &["did not take the mark within 5s", "not in the recording"],
    );
    assert!(given(&folder).is_empty());
    assert_success(&mark(&folder, "last"));

    // Killed: nobody records there.
    running.signal("KILL");
    drop(running.output());
    assert_one_line(
        &mark(&folder, "killed"),
        2,
        &["nobody records it", "recording in progress"],
    );
    let recording = folder.to_str().unwrap();
    assert_success(&test.recorder(&["recover", recording]));
    assert_one_line(&mark(&folder, "recovered"), 2, &["the recording has ended"]);
    let details: Vec<String> = marks(&test.recording())
        .iter()
        .map(|row| row["detail"].clone())
        .collect();
    assert_eq!(details[..2], ["beside garbage", "in a new folder"]);
    // The kill may have come before the flush of the last one.
    assert!(details.len() <= 3 && details[2..].iter().all(|text| text == "last"));
}
