//! How a recording ends: the reader of its output is gone, the terminal is gone, the recorder is killed while it waits for the commands.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use crate::common::{
    Running, TestLab, assert_success, events, only_recording, rows, stderr, stdout,
    wait_for_operation, wait_until,
};
use recording::{State, Table};

const SHORT: [&str; 8] = [
    "--mode",
    "direct",
    "--duration",
    "2",
    "--min-operation-interval",
    "20ms",
    "--max-operation-interval",
    "60ms",
];

#[test]
fn a_closed_pipe_loses_nothing_and_a_full_stdout_is_a_failure() {
    let test = TestLab::start_set_up();
    let mut unheard = test.spawn_run(&SHORT);
    let full = test.folder.path().join("full");
    let output = test
        .command(&test.run_arguments(&SHORT, full.to_str().unwrap()))
        .stdout(File::create("/dev/full").unwrap())
        .spawn()
        .unwrap();
    unheard.close_pipes();
    let output = output.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stderr(&output);
    let last = text.lines().last().unwrap();
    assert!(
        last.starts_with("recorder: cannot write to stdout: "),
        "{last}"
    );

    let unheard = unheard.output();
    assert_eq!(unheard.status.code(), Some(0), "{:?}", unheard.status);
    for recording in [test.recording(), only_recording(&full)] {
        assert_eq!(recording.manifest().state, State::Complete);
        assert!(rows(&recording, Table::Operations).len() > 30);
    }
}

#[test]
fn a_hang_up_ends_the_recording_cleanly_but_not_after_nohup() {
    let test = TestLab::start_set_up();
    let to_end = test.spawn_run(&["--mode", "direct", "--duration", "60"]);
    let nohup_runs = test.folder.path().join("nohup");
    let to_stay = test.command(&test.run_arguments(&SHORT, nohup_runs.to_str().unwrap()));
    let mut nohup = Command::new("nohup");
    nohup.arg(to_stay.get_program()).args(to_stay.get_args());
    for (name, value) in to_stay.get_envs() {
        match value {
            Some(value) => nohup.env(name, value),
            None => nohup.env_remove(name),
        };
    }
    nohup.stdout(Stdio::piped()).stderr(Stdio::piped());
    let to_stay = Running::spawn(&mut nohup);
    test.wait_for_operation();
    wait_for_operation(&nohup_runs);
    for running in [&to_end, &to_stay] {
        running.signal("HUP");
    }
    assert_success(&to_end.output());
    assert_success(&to_stay.output());

    assert_eq!(
        only_recording(&nohup_runs).manifest().state,
        State::Complete
    );
    let recording = test.recording();
    assert_eq!(recording.manifest().state, State::Interrupted);
    let events = events(&recording);
    assert_eq!(
        (events[0]["event"].as_str(), events[0]["detail"].as_str()),
        ("interrupted", "SIGHUP")
    );
    assert!(!rows(&recording, Table::Operations).is_empty());
}

/// The operations are in place before the failover command is waited for.
#[test]
fn a_kill_while_the_failover_command_runs_loses_no_operation() {
    let test = TestLab::start_set_up();
    let trigger = ["--failover-after", "1s", "--failover-command", "sleep 6"];
    let mut running = test.spawn_run(&[&SHORT[..], &trigger].concat());
    test.wait_for_recording();
    let manifest = || test.recording().manifest().clone();
    wait_until("the end of the workload", || {
        let manifest = manifest();
        let has_operations = |part: &recording::PartRecord| part.file.starts_with("operations/");
        manifest.duration_us.is_some() && manifest.parts.iter().any(has_operations)
    });
    assert!(running.is_running());
    assert_eq!(manifest().state, State::Recording);
    running.signal("KILL");
    let output = running.output();
    assert_eq!(output.status.signal(), Some(9));
    assert_eq!(stdout(&output), "");

    let recording = test.recording();
    let operations = rows(&recording, Table::Operations);
    let said: Vec<_> = operations
        .iter()
        .filter(|row| row["outcome"] == "ok")
        .collect();
    assert!(said.len() > 30, "{}", said.len());
    let duration = recording.manifest().duration_us.unwrap();
    assert!((2_000_000..4_000_000).contains(&duration), "{duration}");
    // The last operation was at the end of the duration, not at the last flush.
    let first: i64 = operations[0]["start_time"].parse().unwrap();
    let last = operations
        .iter()
        .map(|row| row["start_time"].parse().unwrap())
        .max()
        .unwrap_or(first);
    assert!(last - first > 1_500_000, "{}", last - first);
}

/// A secret in a label or in the failover command is nowhere in the recording.
#[test]
fn secrets_are_masked() {
    let test = TestLab::start_set_up();
    let command = "true --master-user-password geheim1 API_TOKEN='ge heim2' \\\n --client-secret \\\n geheim3";
    let flags = [
        "--label",
        "case=x --token geheim4",
        "--label",
        "api_key=geheim5",
        "--label",
        "ticket=OPS-1",
        "--failover-after",
        "500ms",
        "--failover-command",
        command,
    ];
    let output = test.spawn_run(&[&SHORT[..], &flags].concat()).output();
    assert_success(&output);
    let recording = test.recording();
    let labels = &recording.manifest().labels;
    assert_eq!(labels["case"], "x --token ***");
    assert_eq!(labels["api_key"], "***");
    assert_eq!(labels["ticket"], "OPS-1");
    assert!(stderr(&output).contains("--label api_key: looks like a secret"));
    let events = events(&recording);
    assert!(
        events
            .iter()
            .any(|row| row["detail"].contains("API_TOKEN=*** ")),
        "{events:?}"
    );
    let mut texts: Vec<(String, Vec<u8>)> = crate::common::files(recording.folder())
        .into_iter()
        .map(|file| (file.display().to_string(), std::fs::read(&file).unwrap()))
        .collect();
    texts.push(("stderr".to_owned(), output.stderr.clone()));
    texts.push(("events".to_owned(), format!("{events:?}").into_bytes()));
    for (name, bytes) in texts {
        let found = bytes.windows(4).any(|window| window == b"heim");
        assert!(!found, "{name}");
    }
}
