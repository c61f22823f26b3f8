//! Marks of the user in a recording in progress: `recorder mark` and SIGUSR1.

use std::fs::{self, File};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::common::{
    BUSY, Row, Running, TestLab, assert_one_line, assert_success, files, number, rows, stderr,
    stdout, wait_until,
};
use recording::{Recording, Table};

/// The file that `recorder mark` appends to.
const GIVEN: &str = "journal/marks.jsonl";

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

/// The text of the file of marks.
fn given(folder: &Path) -> String {
    fs::read_to_string(folder.join(GIVEN)).unwrap_or_default()
}

/// Gives a mark on a thread of its own.
fn mark_meanwhile(folder: &Path, text: impl Into<String>) -> JoinHandle<Output> {
    let (folder, text) = (folder.to_path_buf(), text.into());
    std::thread::spawn(move || mark(&folder, &text))
}

/// A mark's text, and the time between which it was given.
type Expected = (Range<i64>, &'static str);

#[test]
fn marks_land_at_their_times() {
    let test = TestLab::start_set_up();
    let (running, folder) = start(&test);
    let mut expected: Vec<Expected> = Vec::new();

    let before = now_us();
    let output = mark(&folder, " traffic moved\nto b ");
    expected.push((before..now_us(), "traffic moved; to b"));
    assert_success(&output);
    let said = stdout(&output);
    assert!(
        said.starts_with("marked at ") && said.ends_with(": traffic moved; to b\n"),
        "{said}"
    );

    let before = now_us();
    running.signal("USR1");
    wait_until("the signal's mark", || has_logged(&folder, "mark: SIGUSR1"));
    expected.push((before..now_us(), "SIGUSR1"));

    // The command was given, and the recorder could not look: its time is that of the command.
    let before = now_us();
    running.signal("STOP");
    let waiting = mark_meanwhile(&folder, "while stopped --password geheim1");
    wait_until("the mark's line", || given(&folder).contains("while"));
    let given_at = now_us();
    std::thread::sleep(Duration::from_secs(1));
    running.signal("CONT");
    assert_success(&waiting.join().unwrap());
    expected.push((before..given_at, "while stopped --password ***"));

    // Several at the same time, none of which is lost. One is being waited for when the recording ends.
    let before = now_us();
    let many: Vec<_> = (0..4)
        .map(|number| mark_meanwhile(&folder, format!("many {number}")))
        .collect();
    wait_until("the last mark", || {
        given(&folder).matches("many").count() == 4
    });
    running.signal("TERM");
    let output = running.output();
    assert_success(&output);
    for one in many {
        assert_success(&one.join().unwrap());
    }
    let many = ["many 0", "many 1", "many 2", "many 3"];
    expected.extend(many.map(|text| (before..now_us(), text)));
    assert_marks(marks(&test.recording()), &expected);
    assert_nothing_is_left(&folder);
    // As a last look that took too long leaves it.
    fs::create_dir(folder.join("journal")).unwrap();
    fs::write(folder.join(GIVEN), "").unwrap();
    assert_success(&test.recorder(&["recover", folder.to_str().unwrap()]));
    assert_nothing_is_left(&folder);
    assert!(!stderr(&output).contains("geheim"));
    assert_success(&test.recorder(&["verify", folder.to_str().unwrap()]));
}

/// The marks are the expected ones, each with its time.
fn assert_marks(mut marks: Vec<Row>, expected: &[Expected]) {
    // What a mark's time may be off: the clocks' drift against each other, and the two anchors.
    const SLACK_US: i64 = 5_000;
    assert_eq!(marks.len(), expected.len(), "{marks:?}");
    // Of those that came at the same time.
    marks[3..].sort_by_key(|row| row["detail"].clone());
    for ((given, text), row) in expected.iter().zip(&marks) {
        assert_eq!(row["detail"], *text);
        assert!(!row.contains_key("path") && !row.contains_key("status"));
        let time = number(row, "time").unwrap();
        let window = given.start - SLACK_US..given.end + SLACK_US;
        assert!(window.contains(&time), "{text}: {time} in {window:?}");
    }
}

/// No file of marks, and no secret in any file.
fn assert_nothing_is_left(folder: &Path) {
    assert!(!folder.join("journal").exists());
    for file in files(folder) {
        let bytes = fs::read(&file).unwrap();
        let found = bytes.windows(6).any(|window| window == b"geheim");
        assert!(!found, "{}", file.display());
    }
}

#[test]
fn a_mark_without_a_recording_in_progress_is_refused() {
    let test = TestLab::start_set_up();
    let nowhere = test.folder.path().join("nowhere");
    assert_one_line(&mark(&nowhere, "x"), 2, &["no such folder"]);
    let empty = tempfile::tempdir().unwrap();
    assert_one_line(&mark(empty.path(), "x"), 2, &[]);

    let (running, folder) = start(&test);
    assert_one_line(&mark(&folder, " \n"), 2, &["the mark is empty"]);
    assert_success(&mark(&folder, "safe"));
    // Killed before it could take one.
    running.signal("STOP");
    let waiting = mark_meanwhile(&folder, "lost");
    wait_until("the mark's line", || given(&folder).contains("lost"));
    running.signal("KILL");
    drop(running.output());
    let lines = [
        "its recorder was killed",
        "the mark may be missing from the recording",
    ];
    assert_one_line(&waiting.join().unwrap(), 1, &lines);
    let lines = [
        "its recorder was killed",
        "while a recording is in progress",
    ];
    assert_one_line(&mark(&folder, "killed"), 2, &lines);

    // A mark that was said to be taken outlives the kill, and is there once.
    let recording = folder.to_str().unwrap();
    assert_success(&test.recorder(&["recover", recording]));
    assert_nothing_is_left(&folder);
    assert_one_line(&mark(&folder, "recovered"), 2, &["the recording has ended"]);
    let marks = marks(&test.recording());
    assert!(
        marks.len() == 1 && marks[0]["detail"] == "safe",
        "{marks:?}"
    );
}

#[test]
fn what_lies_in_the_file_of_marks_does_no_harm() {
    let test = TestLab::start_set_up();
    let (running, folder) = start(&test);
    let file = folder.join(GIVEN);
    let append = |bytes: &[u8]| {
        let mut file = File::options().append(true).open(&file).unwrap();
        file.write_all(bytes).unwrap();
    };
    append(b"no mark\n{\"time_us\":7}\n\n\n\xff\xfe\n");
    append(&b"x".repeat(3 << 20));
    // As a full disk leaves it.
    append(b"\n{\"time_us\":7,\"text\":\"cut o");
    assert_success(&mark(&folder, "next to garbage"));
    assert_success(&mark(&folder, &"long ".repeat(20_000)));

    // Another thing in its place, while the recorder can't mend it.
    running.signal("STOP");
    let aside = folder.join("journal/aside");
    fs::rename(&file, &aside).unwrap();
    let lines = ["marks.jsonl: the mark could not be written"];
    assert_one_line(&mark(&folder, "no file"), 1, &lines);
    std::os::unix::fs::symlink(&aside, &file).unwrap();
    assert_one_line(&mark(&folder, "link"), 1, &["it is no plain file"]);
    fs::remove_file(&file).unwrap();
    let made = Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(made.success());
    assert_one_line(&mark(&folder, "pipe"), 1, &["it is no plain file"]);
    fs::remove_file(&file).unwrap();
    fs::write(&file, "").unwrap();
    assert_one_line(&mark(&folder, "empty"), 1, &["the file was shortened"]);
    fs::rename(&aside, &file).unwrap();

    // A recorder that does not look.
    let output = mark(&folder, "late");
    running.signal("CONT");
    let lines = ["did not confirm the mark within 5s", "may still come"];
    assert_one_line(&output, 1, &lines);

    // The folder is removed, and the recorder makes it again.
    let journal = folder.join("journal");
    fs::rename(&journal, folder.join("removed")).unwrap();
    wait_until("the new files", || {
        file.exists() && test.recording().is_being_written()
    });
    assert_success(&mark(&folder, "last"));
    running.signal("TERM");
    assert_success(&running.output());
    let details: Vec<String> = marks(&test.recording())
        .iter()
        .map(|row| row["detail"].chars().take(15).collect())
        .collect();
    let expected = ["next to garbage", "long long long ", "late", "last"];
    assert_eq!(details, expected);
}
