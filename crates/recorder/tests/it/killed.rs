//! A recorder that is killed with SIGKILL leaves every row older than a second: the truth comes from the database.
//! `PGOUTAGE_KILLS` says how often it is killed, 8 times if nothing does; `cargo xtask soak` does it 200 times.
//!
//! "Every operation that finished more than a second before the kill has its row" is asserted as the two claims that make it up.
//!
//! 1. The recording's last checkpoint lists the operations in flight. Its time is a bound without tolerance for busy machines: an
//!    order that the server began before the checkpoint belongs to an operation that began before it, and must have its row, at
//!    every kill. An operation that finished before the checkpoint also began before it.
//! 2. The checkpoint is younger than a second at the kill. One flush may come late because the machine is busy with other things. So
//!    a thread of the test does at the same intervals what a flush does, and measures its own delay: at each kill the checkpoint
//!    is younger than a second, twice the worst delay of this thread so far (the recorder waits for many more threads), and half a
//!    second together. The median of all kills is younger than a second without any tolerance.
//!
//! An order without a row that is older than a second is thus one of a late flush, and printed.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::common::{
    BUSY, Row, Running, TestLab, assert_one_line, assert_success, stdout, wait_for_recording,
};
use crate::common::{identity, only_recording, rows};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use recording::{Checkpoint, Recording, State, Table};

/// Recorders that run at the same time.
const AT_ONCE: usize = 4;
/// The recording's clock is anchored to the wall clock once, the server reads it each time: a wall clock that is slewed by the
/// permitted 500 ppm is this far away after 10 s, microseconds.
const SLEW_US: i64 = 5_000;

/// Between two flushes of a recorder.
const FLUSH: Duration = Duration::from_millis(500);
/// What a checkpoint may be older than a second and the machine's delays.
const MARGIN_US: i64 = 500_000;

fn kills() -> usize {
    std::env::var("PGOUTAGE_KILLS").map_or(8, |kills| kills.parse().unwrap())
}

fn wall_us() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_micros()).unwrap()
}

fn recover(test: &TestLab, folder: &Path) -> std::process::Output {
    test.recorder(&["recover", folder.to_str().unwrap()])
}

/// Does what a flush does, as often, and remembers how late it came at worst.
struct Canary {
    worst_us: Arc<AtomicI64>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Canary {
    fn start(folder: &Path) -> Self {
        let (worst_us, is_over) = (
            Arc::new(AtomicI64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let (worst, over) = (Arc::clone(&worst_us), Arc::clone(&is_over));
        let (file, temporary) = (folder.join("canary"), folder.join("canary.tmp"));
        let thread = std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                let due = Instant::now() + FLUSH;
                std::thread::sleep(FLUSH);
                std::fs::write(&temporary, [b'.'; 1 << 14]).unwrap();
                std::fs::rename(&temporary, &file).unwrap();
                let late = i64::try_from(due.elapsed().as_micros()).unwrap();
                worst.fetch_max(late, Ordering::Relaxed);
            }
        });
        Self {
            worst_us,
            is_over,
            thread: Some(thread),
        }
    }

    fn worst_us(&self) -> i64 {
        self.worst_us.load(Ordering::Relaxed)
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What all kills together met.
#[derive(Default)]
struct Met {
    orders: usize,
    unfinished: usize,
    /// Of these, those that had a connection, and so waited for an answer.
    in_execute: usize,
    /// Ages of the last checkpoints at the kill, microseconds.
    checkpoint_ages: Vec<i64>,
    /// Ages of the orders without a row at the kill, microseconds.
    lost_ages: Vec<i64>,
}

impl Met {
    fn report(&mut self) {
        self.checkpoint_ages.sort_unstable();
        self.lost_ages.sort_unstable();
        let milliseconds = |age: Option<&i64>| age.map_or(0, |age| age / 1_000);
        let beyond = self.lost_ages.iter().filter(|age| **age > 1_000_000);
        eprintln!(
            "{} kills, {} orders checked, {} operations unfinished; last checkpoint {} ms before the kill (median, at most {} ms); \
             {} younger orders without a row, the oldest {} ms old, {} of them older than a second",
            self.checkpoint_ages.len(),
            self.orders,
            self.unfinished,
            milliseconds(self.checkpoint_ages.get(self.checkpoint_ages.len() / 2)),
            milliseconds(self.checkpoint_ages.last()),
            self.lost_ages.len(),
            milliseconds(self.lost_ages.last()),
            beyond.count(),
        );
    }
}

/// Order numbers of a recording in the database, and when the server began them, UTC microseconds.
fn orders(test: &TestLab, run_id: &str) -> Vec<(String, i64)> {
    let statement = format!(
        "select order_number || ' ' || (extract(epoch from created_at at time zone current_setting('TimeZone')) * 1000000)::bigint \
         from business_orders where order_number like '{run_id}-%'"
    );
    let lines = test.texts(&statement);
    let order = |line: &String| {
        let (number, time) = line.split_once(' ').unwrap();
        (number.to_owned(), time.parse().unwrap())
    };
    lines.iter().map(order).collect()
}

/// Recovers what a kill left and holds it against the database. The machine had been late by `late_us` at worst.
fn check(test: &TestLab, killed: &Recording, killed_us: i64, late_us: i64, met: &mut Met) {
    assert_eq!(killed.manifest().state, State::Recording);
    assert!(killed.manifest().dropped_rows.is_empty());
    let word = Checkpoint::read(killed).unwrap();
    let word_us = word.map_or(killed.manifest().start_time.micros(), |word| word.time_us);
    let checkpoint_age = killed_us - word_us;
    let allowed = 1_000_000 + 2 * late_us + MARGIN_US;
    assert!(
        checkpoint_age < allowed,
        "the last checkpoint was {checkpoint_age} us old at the kill; this machine was late by {late_us} us"
    );
    met.checkpoint_ages.push(checkpoint_age);
    let recovered = recover(test, killed.folder());
    assert_success(&recovered);

    let recording = Recording::open(killed.folder()).unwrap();
    assert_eq!(recording.manifest().state, State::Recovered);
    let operations = rows(&recording, Table::Operations);
    let is_known = |row: &Row| row.contains_key("path") && row.contains_key("outcome");
    assert!(operations.iter().all(is_known));
    let unfinished = || {
        let operations = operations.iter();
        operations.filter(|row| row["outcome"] == "unfinished")
    };
    met.unfinished += unfinished().count();
    for row in unfinished().filter(|row| row.contains_key("connection_id")) {
        assert!(row.contains_key("checkout_us"), "{row:?}");
        met.in_execute += 1;
    }
    let identities: BTreeSet<String> = operations
        .iter()
        .map(|row| identity(&recording, row))
        .collect();
    assert_eq!(identities.len(), operations.len(), "no row twice");
    for (order, begun_us) in orders(test, &recording.manifest().run_id) {
        met.orders += 1;
        if !identities.contains(&order) {
            let age = killed_us - begun_us;
            assert!(
                begun_us > word_us - SLEW_US,
                "{order} was {age} us old at the kill, the last checkpoint {checkpoint_age} us, and it has no row"
            );
            met.lost_ages.push(age);
        }
    }
    let again = recover(test, recording.folder());
    assert_success(&again);
    assert!(stdout(&again).contains("nothing to recover"));
}

#[test]
fn every_order_older_than_a_second_has_its_row() {
    let test = TestLab::start_set_up();
    let mix = [
        "--duration",
        "60",
        "--read-weight",
        "20",
        "--write-weight",
        "60",
    ];
    let flags = [&BUSY[..], &mix[..]].concat();
    let mut moments = StdRng::seed_from_u64(7);
    let mut met = Met::default();
    let canary = Canary::start(test.folder.path());
    // A kill seldom meets an operation in execute: as many more as it takes.
    for first in (0..10 * kills()).step_by(AT_ONCE) {
        if first >= kills() && met.in_execute > 0 {
            break;
        }
        let folders: Vec<_> = (first..first + AT_ONCE)
            .map(|kill| test.folder.path().join(format!("kill-{kill}")))
            .collect();
        let mut running: Vec<(Running, &Path, Duration)> = Vec::new();
        for folder in &folders {
            let arguments = test.run_arguments(&flags, folder.to_str().unwrap());
            let recorder = Running::spawn(&mut test.command(&arguments));
            let after = Duration::from_millis(moments.random_range(800..4_800));
            running.push((recorder, folder, after));
        }
        // They begin nearly together; each has its own time from when the last has begun.
        folders.iter().for_each(|folder| wait_for_recording(folder));
        if first == 0 {
            let living = only_recording(&folders[0]).folder().to_path_buf();
            assert_one_line(&recover(&test, &living), 1, &["still being recorded"]);
        }
        running.sort_by_key(|(_, _, after)| *after);
        let mut waited = Duration::ZERO;
        let mut killed = Vec::new();
        for (recorder, folder, after) in running {
            std::thread::sleep(after - waited);
            waited = after;
            recorder.signal("KILL");
            recorder.output();
            // Not before it is dead: an age is rather given too high.
            killed.push((folder, wall_us()));
        }
        let late_us = canary.worst_us();
        for (folder, killed_us) in killed {
            let recording = only_recording(folder);
            check(&test, &recording, killed_us, late_us, &mut met);
            std::fs::remove_dir_all(folder).unwrap();
        }
    }
    met.report();
    eprintln!("this machine was late by {} us at worst", canary.worst_us());
    assert!(met.orders > 0 && met.in_execute > 0, "nothing was tested");
    let median = met.checkpoint_ages[met.checkpoint_ages.len() / 2];
    assert!(
        median < 1_000_000,
        "flushes come every {median} us and later"
    );
}
