//! A recorder that is stopped (Ctrl-Z, SIGSTOP) and goes on.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::common::{
    BUSY, Row, Running, TestLab, assert_success, number, only_recording, rows, stderr, wait_until,
};
use recording::{Recording, State, Table};

/// The system's clock, on which a recording's is anchored.
pub fn now_us() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_micros()).unwrap()
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap()
}

/// Starts a recorder on the direct path and waits until its workload runs.
fn start(test: &TestLab, out: &Path, seconds: &str) -> Running {
    let orders = || -> i64 {
        let count = test.texts("select count(*)::text from business_orders");
        count[0].parse().unwrap()
    };
    let before = orders();
    let flags = [&BUSY[..], &["--mode", "direct", "--duration", seconds]].concat();
    let arguments = test.run_arguments(&flags, out.to_str().unwrap());
    let running = Running::spawn(&mut test.command(&arguments));
    wait_until("orders", || orders() >= before + 3);
    running
}

/// When a recorder was stopped, on the system's clock, and for how long: surely, and at most.
struct Stop {
    from_us: i64,
    to_us: i64,
    surely: Duration,
    at_most: Duration,
}

/// Stops a recorder for so long.
fn stop(running: &Running, out: &Path, length: Duration) -> Stop {
    let stat = format!("/proc/{}/stat", running.id());
    let begun = Instant::now();
    running.signal("STOP");
    // The signal is sent before it has its effect.
    wait_until("the stop", || {
        std::fs::read_to_string(&stat).unwrap().contains(") T ")
    });
    let (stopped, from_us) = (Instant::now(), now_us());
    std::thread::sleep(length);
    let (surely, to_us) = (stopped.elapsed(), now_us());
    running.signal("CONT");
    let recording = only_recording(out);
    let log = recording.folder().join("logs/recorder.log");
    wait_until("the pause in the log", || {
        std::fs::read_to_string(&log)
            .unwrap()
            .contains("client_paused: ")
    });
    let at_most = begun.elapsed();
    Stop {
        from_us,
        to_us,
        surely,
        at_most,
    }
}

/// The pauses, in order, and what holds of all of them, however busy this machine is.
fn pauses(recording: &Recording, stderr: &str) -> Vec<Row> {
    let mut pauses = rows(recording, Table::Events);
    pauses.retain(|row| row["event"] == "client_paused");
    pauses.sort_by_key(|row| number(row, "time"));
    let mut last_us = recording.manifest().start_time.micros();
    for pause in &pauses {
        let (from_us, length_us) = (number(pause, "time").unwrap(), length_us(pause));
        assert!(length_us >= 100_000, "{pause:?}");
        assert!(from_us >= last_us, "{pauses:?}");
        assert_eq!(pause["detail"], format!("{:.3} s", length_us as f64 / 1e6));
        assert!(!pause.contains_key("path") && !pause.contains_key("status"));
        last_us = from_us + length_us;
    }
    let log = std::fs::read_to_string(recording.folder().join("logs/recorder.log")).unwrap();
    for text in [stderr, &log] {
        let warned = text.contains("warning: the recorder was paused ");
        assert_eq!(warned, !pauses.is_empty(), "{text}");
    }
    pauses
}

fn length_us(pause: &Row) -> i64 {
    number(pause, "duration_us").unwrap()
}

/// The recorder's own length of a stop is the test's.
fn check(pauses: &[Row], stop: &Stop) {
    let pause = pauses.iter().max_by_key(|pause| length_us(pause)).unwrap();
    let length_us = length_us(pause);
    // A machine that is busy may have held the recorder up before the stop too.
    let longest_us = micros(stop.at_most) + 1_000_000;
    assert!(
        (micros(stop.surely)..=longest_us).contains(&length_us),
        "{length_us}"
    );
    // The two clocks go apart by less in this time.
    let apart_us = 20_000;
    let from_us = number(pause, "time").unwrap();
    assert!(from_us <= stop.from_us + apart_us, "{pause:?}");
    assert!(from_us + length_us >= stop.to_us - apart_us, "{pause:?}");
}

#[test]
fn a_stop_is_an_event_with_its_length() {
    let test = TestLab::start_set_up();
    let runs = test.runs();
    let running = start(&test, &runs, "5");
    let stop = stop(&running, &runs, Duration::from_millis(1_500));
    let output = running.output();
    assert_success(&output);
    let (recording, stderr) = (test.recording(), stderr(&output));
    assert_eq!(recording.manifest().state, State::Complete);
    check(&pauses(&recording, &stderr), &stop);
    assert!(
        stderr.contains("the recorder was paused for 1."),
        "{stderr}"
    );
}

/// The recorder wakes when its duration is over: that pause is not forgotten, and a run that nothing stops has none that is short.
#[test]
fn a_stop_across_the_end_is_an_event_too() {
    let test = TestLab::start_set_up();
    let runs = test.runs();
    let running = start(&test, &runs, "3");
    let stop = stop(&running, &runs, Duration::from_millis(3_100));
    let output = running.output();
    assert_success(&output);
    let recording = test.recording();
    assert!(recording.manifest().duration_us.unwrap() >= micros(stop.surely));
    check(&pauses(&recording, &stderr(&output)), &stop);

    let undisturbed = test.folder.path().join("undisturbed");
    let output = start(&test, &undisturbed, "2").output();
    assert_success(&output);
    pauses(&only_recording(&undisturbed), &stderr(&output));
}
