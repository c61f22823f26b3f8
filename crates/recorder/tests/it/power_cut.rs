//! A power cut costs what came after the last sync of the journals: `--sync-interval`.
//!
//! The recording lies on an ext4 in a file. What the loop device has written to that file is what a power cut leaves: pages that are
//! only in memory are not in it. ext4 is mounted so that it commits nothing by itself, and the kernel writes pages back after 30 s: what
//! is in the file before that, the recorder has synced.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::common::mounts::Mount;
use crate::common::{
    BUSY, Running, TestLab, assert_success, identity, only_recording, rows, stderr,
    wait_for_recording, wait_until,
};
use recording::{Manifest, State, Table};

/// No commit but by a sync: every 300 s instead of every 5 s.
const MOUNT: &str = "loop,commit=300";
/// The sync itself takes its time, and on a busy machine its thread comes late: an order may take so much longer than the interval
/// until it is durable. It is far from the 30 s after which the kernel would have written it by itself.
const MARGIN: Duration = Duration::from_secs(12);
/// Power cuts of one recording at most that are looked at.
const CUTS: usize = 3;

/// A recorder on a disk of its own.
struct Recorder<'t> {
    test: &'t TestLab,
    disk: Mount,
    running: Running,
}

impl<'t> Recorder<'t> {
    /// `None` where mounts are not allowed.
    fn start(test: &'t TestLab, sync_interval: &str) -> Option<Self> {
        let disk = Mount::in_file_with(MOUNT)?;
        let out = disk.path().join("runs");
        let flags = [
            "--duration",
            "300",
            "--sync-interval",
            sync_interval,
            "--read-weight",
            "20",
            "--write-weight",
            "60",
        ];
        let flags = [&BUSY[..], &flags].concat();
        let arguments = test.run_arguments(&flags, out.to_str().unwrap());
        let running = Running::spawn(&mut test.command(&arguments));
        wait_for_recording(&out);
        let recorder = Self {
            test,
            disk,
            running,
        };
        recorder.wait_for_orders();
        Some(recorder)
    }

    /// Every order that is committed now.
    fn orders(&self) -> BTreeSet<String> {
        let run_id = only_recording(&self.disk.path().join("runs"))
            .manifest()
            .run_id
            .clone();
        let statement = format!(
            "select order_number from business_orders where order_number like '{run_id}-%'"
        );
        self.test.texts(&statement).into_iter().collect()
    }

    fn wait_for_orders(&self) {
        let before = self.orders().len();
        wait_until("orders", || self.orders().len() >= before + 20);
    }

    /// The orders that have no row after a power cut now, of these ones.
    fn lost(&self, orders: &BTreeSet<String>) -> BTreeSet<String> {
        self.running.signal("STOP");
        wait_until("every thread to stand still", || {
            is_stopped(self.running.id())
        });
        let cut = self.disk.after_a_power_cut();
        self.running.signal("CONT");
        let found = recovered(self.test, &cut.path().join("runs"));
        orders.difference(&found).cloned().collect()
    }

    fn end(self) {
        let all = self.orders();
        self.running.signal("INT");
        let output = self.running.output();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let recording = only_recording(&self.disk.path().join("runs"));
        let operations = rows(&recording, Table::Operations);
        let found: BTreeSet<String> = operations
            .iter()
            .map(|row| identity(&recording, row))
            .collect();
        assert!(found.is_superset(&all), "it was only held up");
    }
}

/// True where no thread of the process runs, or waits for a disk.
fn is_stopped(process: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    threads.flatten().all(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // The name, in brackets, may hold anything.
        let state = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.chars().next());
        state == Some('T')
    })
}

/// Recovers what a power cut left; the identities that have a row.
fn recovered(test: &TestLab, runs: &Path) -> BTreeSet<String> {
    let folder = only_recording(runs).folder().to_path_buf();
    let output = test.recorder(&["recover", folder.to_str().unwrap()]);
    assert_success(&output);
    let recording = only_recording(runs);
    let manifest = recording.manifest();
    assert_eq!(manifest.state, State::Recovered);
    assert_missing_is_said(manifest, &stderr(&output));
    let operations = rows(&recording, Table::Operations);
    let found: BTreeSet<String> = operations
        .iter()
        .map(|row| identity(&recording, row))
        .collect();
    assert_eq!(found.len(), operations.len(), "no row twice");
    let verified = recording::verify(&folder, &mut |_, _| ()).unwrap();
    assert!(verified.is_whole(), "{verified:?}");
    found
}

/// Where the last checkpoint vouches for rows that the cut took, they are counted, and the recording is not said to reach so far.
fn assert_missing_is_said(manifest: &Manifest, said: &str) {
    let is_missing = manifest
        .dropped_rows
        .get("operations")
        .is_some_and(|rows| *rows > 0);
    assert_eq!(is_missing, said.contains("no longer there"), "{said}");
    assert!(!(is_missing && manifest.duration_us.is_some()), "{said}");
}

#[test]
fn a_power_cut_costs_what_came_after_the_last_sync() {
    let test = TestLab::start_set_up();
    let Some(recorder) = Recorder::start(&test, "1s") else {
        return;
    };
    let interval = Duration::from_secs(1);
    for cut in 0..CUTS {
        let orders = recorder.orders();
        let begun = Instant::now();
        // Each is older than the interval at every cut that is looked at.
        loop {
            std::thread::sleep(interval);
            let age = begun.elapsed();
            let lost = recorder.lost(&orders);
            if lost.is_empty() {
                eprintln!("cut {cut}: {} orders are there after {age:?}", orders.len());
                break;
            }
            assert!(
                age < interval + MARGIN,
                "{age:?} old at the cut, without a row: {lost:?}"
            );
        }
    }
    recorder.end();
}

/// That it is the sync which saves them: without one they are gone, however long ago they ended.
#[test]
fn without_a_sync_a_power_cut_costs_all() {
    let test = TestLab::start_set_up();
    let mut losses = Vec::new();
    // Somebody else's `sync`, or a kernel short of memory, may write everything: not each time.
    for _ in 0..CUTS {
        let Some(recorder) = Recorder::start(&test, "1h") else {
            return;
        };
        let orders = recorder.orders();
        std::thread::sleep(Duration::from_secs(5));
        let lost = recorder.lost(&orders);
        losses.push((lost.len(), orders.len()));
        recorder.end();
        if lost == orders {
            eprintln!("{} orders of 5 s before are gone", lost.len());
            return;
        }
    }
    panic!("lost, of how many: {losses:?}");
}
