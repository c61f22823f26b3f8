//! The audit at the end of a run changes neither its exit code nor its last line.

use crate::common::{
    BUSY, Running, TestLab, assert_success, stderr, stdout, wait_for_operation, wait_until,
};
use recording::{Audit, State};

fn spawn(test: &TestLab, more: &[&str]) -> Running {
    let runs = test.runs();
    let start = ["run", "--out", runs.to_str().unwrap()];
    let running = Running::spawn(&mut test.command(&[&start[..], &BUSY, more].concat()));
    wait_for_operation(&runs);
    running
}

#[test]
fn an_interrupted_run_is_audited_and_a_second_signal_skips_it() {
    let test = TestLab::start_set_up();
    let running = spawn(&test, &["--duration", "60"]);
    running.signal("INT");
    let output = running.output();
    assert_success(&output);
    let recording = test.recording();
    assert_eq!(recording.manifest().state, State::Interrupted);
    assert!(Audit::read(recording.folder()).unwrap().is_some());
    assert_eq!(
        stdout(&output).trim_end(),
        recording.folder().to_str().unwrap()
    );
    std::fs::remove_dir_all(test.runs()).unwrap();

    // No writer: the audit waits for one until the second signal.
    let mut test = test;
    let running = spawn(
        &test,
        &[
            "--duration",
            "60",
            "--audit-wait",
            "10m",
            "--pool-timeout",
            "1s",
        ],
    );
    test.runtime.block_on(test.lab.kill_writer()).unwrap();
    running.signal("INT");
    wait_until("the end of the recording", || {
        test.recording().manifest().state == State::Interrupted
    });
    let folder = test.recording().folder().to_path_buf();
    wait_until("what the audit waits for, in the run's log", || {
        let log = std::fs::read_to_string(folder.join("logs/recorder.log"));
        log.is_ok_and(|log| log.contains("audit: waiting for a writer, up to "))
    });
    running.signal("INT");
    let output = running.output();
    assert_success(&output);
    let said = stderr(&output);
    assert!(
        said.contains("not audited: SIGINT; to audit: recorder audit "),
        "{said}"
    );
    assert_eq!(Audit::read(&folder).unwrap(), None);
}

#[test]
fn an_audit_that_fails_is_a_line() {
    let mut test = TestLab::start_set_up();
    let running = spawn(&test, &["--duration", "3", "--audit-wait", "1s"]);
    test.runtime.block_on(test.lab.kill_writer()).unwrap();
    let output = running.output();
    assert_success(&output);
    let said = stderr(&output);
    assert!(
        said.contains("not audited: ") && said.contains("refused"),
        "{said}"
    );
    let folder = test.recording().folder().to_path_buf();
    assert_eq!(stdout(&output).trim_end(), folder.to_str().unwrap());
    assert!(!folder.join("audit.json").exists());
}
