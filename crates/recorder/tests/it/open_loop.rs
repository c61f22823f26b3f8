//! `--rate`: arrivals that do not wait for the database. No coordinated omission, by a freeze that the test makes itself.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::Duration;

use command_line::text::thousands;
use recording::{Recording, Schedule, State, Table};

use crate::common::{
    Row, Running, TestLab, assert_success, number, only_recording, rows, stderr,
    wait_for_operation, words,
};
use crate::pauses::now_us;
use crate::probes::Frozen;

/// Reads only, on the direct path, without probes: nothing but the workload is slow.
const READS: &str = "--mode direct --read-weight 100 --write-weight 0 --transaction-weight 0 --availability-interval 0 --probe-interval 0 --pool-size 20 --pool-timeout 30s --operation-timeout 30s --no-audit";

/// Response times in order, microseconds: what never ended counts as long as the recording lasted.
fn response_times(recording: &Recording) -> Vec<i64> {
    let manifest = recording.manifest();
    let end_us = manifest.start_time.micros() + manifest.duration_us.unwrap();
    let times = rows(recording, Table::Operations);
    let mut times: Vec<i64> = times
        .iter()
        .map(|row| {
            let until_us = number(row, "end_time").unwrap_or(end_us);
            until_us - number(row, "scheduled_time").unwrap()
        })
        .collect();
    times.sort_unstable();
    times
}

/// Nearest-rank, seconds.
fn percentile(sorted_us: &[i64], per_cent: usize) -> f64 {
    let rank = (sorted_us.len() * per_cent).div_ceil(100);
    sorted_us[rank - 1] as f64 / 1e6
}

fn assert_near(per_cent: usize, found: f64, expected: f64) {
    let apart = (found - expected).abs() / expected;
    assert!(
        apart < 0.05,
        "p{per_cent}: {found:.3} s, by arithmetic {expected:.3} s"
    );
}

/// How long the server answered nothing, and then took to answer what had come meanwhile, seconds: by the ends of the operations.
fn silence(recording: &Recording, from_us: i64, until_us: i64) -> [f64; 2] {
    let operations = rows(recording, Table::Operations);
    let times = |row: &Row| Some((number(row, "scheduled_time")?, number(row, "end_time")?));
    let times: Vec<(i64, i64)> = operations.iter().filter_map(times).collect();
    let ends = times.iter().map(|(_, end_us)| *end_us);
    let first_us = ends.filter(|us| *us > until_us).min().unwrap();
    let waited = times
        .iter()
        .filter(|(due_us, _)| (from_us..first_us).contains(due_us));
    let last_us = waited.map(|(_, end_us)| *end_us).max().unwrap();
    [first_us - from_us, last_us - first_us].map(|us| us as f64 / 1e6)
}

/// 100 arrivals a second for 6.5 s, and 5 s of them meet a server that does nothing: of these, the one that arrived t after the freeze began
/// waited for what was left of it, and for those before it.
#[test]
fn a_freeze_is_in_every_percentile_of_an_open_loop() {
    let test = TestLab::start_set_up();
    let closed_out = test.runs().with_file_name("closed");
    let closed_flags = [
        &words(READS)[..],
        &words("--duration 6.5 --concurrent-workers 10 --min-operation-interval 100ms --max-operation-interval 100ms"),
    ]
    .concat();
    let closed_arguments = test.run_arguments(&closed_flags, closed_out.to_str().unwrap());
    let closed = Running::spawn(&mut test.command(&closed_arguments));
    let flags = [
        &words(READS)[..],
        &words("--duration 6.5 --rate 100 --max-in-flight 1000"),
    ]
    .concat();
    let open = test.spawn_run(&flags);
    wait_for_operation(&closed_out);
    test.wait_for_operation();
    let frozen = Frozen::freeze(&test.lab.dir().join("a"));
    let from_us = now_us();
    sleep(Duration::from_secs(5));
    let until_us = now_us();
    drop(frozen);
    assert_success(&open.output());
    assert_success(&closed.output());

    let recording = test.recording();
    let open = response_times(&recording);
    assert!((648..=651).contains(&open.len()), "{}", open.len());
    let [frozen_s, drained_s] = silence(&recording, from_us, until_us);
    // Those that waited longest came first: the k-th waited k hundredths of a second less than the freeze, and for k others.
    let expected = |per_cent: usize| {
        let longer = (open.len() - (open.len() * per_cent).div_ceil(100)) as f64;
        frozen_s - longer / 100.0 + drained_s * longer / (100.0 * frozen_s)
    };
    for per_cent in [100, 99, 50] {
        assert_near(per_cent, percentile(&open, per_cent), expected(per_cent));
    }
    // A closed loop asked ten times in that time, of some 150: most of what users would have met is not there.
    let closed = response_times(&only_recording(&closed_out));
    assert!(closed.len() < 250, "{}", closed.len());
    assert!(percentile(&closed, 50) < 0.5, "{}", percentile(&closed, 50));
}

#[test]
fn both_paths_have_the_same_arrivals_and_a_ramp() {
    let test = TestLab::start_set_up();
    let flags = words(
        "--rate 80 --arrival poisson --ramp 2s --duration 5 --seed 5 --warm-up 1s --no-audit --concurrent-workers 2",
    );
    let output = test.spawn_run(&flags).output();
    assert_success(&output);
    let recording = test.recording();
    let manifest = recording.manifest();
    assert_eq!((manifest.state, manifest.workers), (State::Complete, 20));
    assert_eq!(manifest.warm_up_us, Some(1_000_000));
    assert_eq!(
        manifest.schedule,
        Schedule::OpenLoop {
            rate_per_1000_s: 80_000,
            arrival: recording::Arrival::Poisson,
            ramp_us: 2_000_000,
        }
    );
    let operations = rows(&recording, Table::Operations);
    let of_path = |path: &str| -> BTreeMap<i64, &Row> {
        let of_path = operations.iter().filter(|row| row["path"] == path);
        of_path
            .map(|row| (row["operation_id"].parse().unwrap(), row))
            .collect()
    };
    let (direct, proxy) = (of_path("direct"), of_path("proxy"));
    // 80 in the ramp, then 80 a second for 3 s; five standard deviations.
    assert!((240..=400).contains(&direct.len()), "{}", direct.len());
    assert!(direct.keys().copied().eq(1..=direct.len() as i64));
    for (id, row) in &direct {
        let Some(other) = proxy.get(id) else { continue };
        for column in ["scheduled_time", "operation_name"] {
            assert_eq!(row[column], other[column], "operation {id}");
        }
    }
    assert!(direct.len().abs_diff(proxy.len()) <= 1);
    let start_us = manifest.start_time.micros();
    let before = |us: i64| {
        let early = direct.values();
        early
            .filter(|row| number(row, "scheduled_time").unwrap() < start_us + us)
            .count()
    };
    assert!(
        before(1_000_000) < before(2_000_000) / 2,
        "{} {}",
        before(1_000_000),
        before(2_000_000)
    );
    for lag in &manifest.schedule_lag {
        let begun = of_path(lag.path.as_str());
        let begun = begun
            .values()
            .filter(|row| number(row, "start_time").is_some())
            .count();
        assert_eq!(lag.operations, begun as u64);
        assert!(
            lag.median_us <= lag.p99_us.unwrap() && lag.p99_us.unwrap() <= lag.max_us * 32 / 31 + 1
        );
    }
    assert_eq!(manifest.schedule_lag.len(), 2);
}

/// What arrived and found no worker free is there with its arrival, and is `unfinished`.
#[test]
fn what_waits_at_the_end_has_its_row() {
    let test = TestLab::start_set_up();
    let flags = words(
        "--mode direct --rate 100 --max-in-flight 4 --duration 5 --no-audit --operation-timeout 30s --pool-timeout 30s",
    );
    let running = test.spawn_run(&flags);
    test.wait_for_operation();
    let hold = test.hold_tables();
    let output = running.output();
    drop(hold);
    assert_success(&output);
    let recording = test.recording();
    let operations = rows(&recording, Table::Operations);
    assert!(
        (498..=501).contains(&operations.len()),
        "{}",
        operations.len()
    );
    let (waiting, begun): (Vec<&Row>, Vec<&Row>) = operations
        .iter()
        .partition(|row| number(row, "start_time").is_none());
    assert!(waiting.iter().all(|row| row["outcome"] == "unfinished"));
    // Four are in flight; those before the lock, and some reads, were served.
    let in_flight = begun.iter().filter(|row| row["outcome"] == "unfinished");
    assert_eq!(in_flight.count(), 4);
    assert!(waiting.len() > 200, "{}", waiting.len());
    let said = stderr(&output);
    let unfinished = format!("{} unfinished", waiting.len() + 4);
    assert!(said.contains(&unfinished), "{said}");
    let not_begun = format!(
        "direct: {} of {} operations had not begun when the recording ended: they arrived faster than they were served",
        waiting.len(),
        operations.len()
    );
    assert!(said.contains(&not_begun), "{said}");
}

/// Far more arrives than any server serves. The recorder goes on after the end, as the trigger command does: that is no time without a success.
#[test]
fn too_much_is_said_and_no_time_after_the_end_counts() {
    let test = TestLab::start_set_up();
    let flags = [
        &words(
            "--mode direct --rate 20000 --concurrent-workers 2 --pool-size 2 --duration 2 --no-audit --failover-after 1",
        )[..],
        &["--failover-command", "sleep 6"],
    ]
    .concat();
    let output = test.spawn_run(&flags).output();
    assert_success(&output);
    let said = stderr(&output);
    let recording = test.recording();
    let (mut arrived, mut waiting) = (0_u64, 0_u64);
    let read = recording.each_operation(&mut |row| {
        arrived += 1;
        waiting += u64::from(row.start_time.is_none());
    });
    read.unwrap();
    assert!(waiting > 0 && arrived > 20_000, "{waiting} of {arrived}");
    let not_begun = format!(
        "direct: {} of {} operations had not begun when the recording ended",
        thousands(waiting),
        thousands(arrived)
    );
    assert!(said.contains(&not_begun), "{said}");
    let length_s = recording.manifest().duration_us.unwrap() as f64 / 1e6;
    let longest = said.split("longest time without a success: ").nth(1);
    let longest = longest.unwrap().lines().next().unwrap();
    for group in longest.split(", ") {
        let longest_s: f64 = group.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(longest_s <= length_s + 0.01, "{longest}, of {length_s} s");
    }
}

#[test]
fn what_does_not_go_together() {
    let test = TestLab::start();
    for (flags, said) in [
        ("--rate 0", "at least 0.001"),
        ("--rate 100001", "at most 100000"),
        ("--rate 1e9", "at most 100000"),
        ("--arrival poisson", "--rate"),
        ("--rate 10 --max-tps 5", "--max-tps"),
        (
            "--rate 10 --min-operation-interval 1s",
            "--min-operation-interval",
        ),
        (
            "--duration 10 --warm-up 10",
            "--warm-up 10s is not shorter than --duration 10s",
        ),
        (
            "--duration 30 --warm-up 10 --failover-command true --failover-after 5",
            "--warm-up 10s is not shorter than --failover-after 5s",
        ),
    ] {
        let output = test.spawn_run(&words(flags)).output();
        assert_eq!(output.status.code(), Some(2), "{flags}");
        let error = stderr(&output);
        assert!(error.contains(said), "{flags}: {error}");
    }
    let check = test.recorder(&["check", "--rate", "1e9"]);
    assert_eq!(check.status.code(), Some(2));
    assert!(
        stderr(&check).contains("at most 100000"),
        "{}",
        stderr(&check)
    );
}

/// Of 50 a second the hundredth is due at the very end of 2 s.
#[test]
fn an_arrival_at_the_very_end_is_none_of_the_recording() {
    let test = TestLab::start_set_up();
    let flags = "--mode direct --rate 50 --duration 2 --availability-interval 0 --no-audit";
    let output = test.spawn_run(&words(flags)).output();
    assert_success(&output);
    let arrived = rows(&test.recording(), Table::Operations).len();
    // One less for each that a busy machine lets in too late.
    assert!((90..=99).contains(&arrived), "{arrived}");
    let said = stderr(&output);
    assert!(arrived < 99 || !said.contains("had not begun"), "{said}");
}
