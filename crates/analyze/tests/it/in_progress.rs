//! A recording in progress is analyzed as it is, and not touched.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::{START_US, outages, reads_with_a_gap, us};
use analyze::summary::{Group, Summary};
use recording::vocabulary::ErrorClass::Refused;
use recording::vocabulary::{OperationType, Outcome, Path as Way};
use recording::{Checkpoint, Clock, Completion, Operation, Recording, State};

/// Every file below a folder.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                BTreeSet::from([path])
            }
        })
        .collect()
}

/// Copies a folder while its recorder writes: a file that is renamed meanwhile has the copy begun once more.
fn copy_while_written(from: &Path, to: &Path) {
    let copy = || {
        let mut command = std::process::Command::new("cp");
        command.arg("-r").arg(from).arg(to);
        command.status().unwrap().success()
    };
    assert!((0..20).any(|_| copy()));
}

#[test]
fn rows_of_the_journal_count_before_they_are_sealed() {
    let (made, writer) = reads_with_a_gap()
        .failed("user_list", 10.2, 10.25, Refused)
        .failed("user_list", 14.7, 14.75, Refused)
        .begin();
    let analyzed = || -> Option<Summary> {
        let loaded = analyze::load::Loaded::open(&made.folder).unwrap();
        let analysis = analyze::analyze(&loaded, analyze::summary::Thresholds::default());
        analysis.ok().map(|analysis| analysis.summary)
    };
    let mut summary = analyzed();
    for _ in 0..500 {
        if summary
            .as_ref()
            .is_some_and(|summary| summary.recording.journal_rows == 252)
        {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
        summary = analyzed();
    }
    let summary = summary.unwrap();
    assert_eq!(summary.recording.state, State::Recording);
    assert_eq!(
        (
            summary.recording.journal_rows,
            summary.recording.unread_bytes
        ),
        (252, 0)
    );
    assert_eq!(summary.paths[0].overall.total, 252);
    assert_eq!(
        outages(&summary.paths[0], Group::Read),
        [(10.0, 15.0, 0.45)]
    );
    // What was in flight has no row: the downtime is a lower bound.
    assert!(summary.paths[0].headline.as_ref().unwrap().at_least);
    // It reaches as far as its last row.
    let last = summary.recording.start_time.micros() + summary.recording.duration_us;
    assert_eq!(last, START_US + us(29.9));

    let before = files(&made.folder);
    analyzed();
    assert_eq!(files(&made.folder), before, "evidence is never touched");

    let journal = ["arrows", "crc"].map(|end| {
        let name = format!("journal/operations.direct-00001.{end}");
        let path = made.folder.join(name);
        (std::fs::read(&path).unwrap(), path)
    });
    let completion = Completion {
        state: State::Complete,
        duration_us: us(30.0),
        drift_us: 0,
    };
    assert!(writer.finish(completion).unwrap().is_complete());
    let complete = analyzed().unwrap();
    assert_eq!(complete.recording.journal_rows, 0);
    assert_eq!(complete.paths[0].overall.total, 252);
    assert_eq!(
        outages(&complete.paths[0], Group::Read),
        [(10.0, 15.0, 0.45)]
    );

    // Its part is damaged, and the recorder had no time to remove the journal.
    std::fs::create_dir(made.folder.join("journal")).unwrap();
    for (bytes, path) in &journal {
        std::fs::write(path, bytes).unwrap();
    }
    assert_eq!(analyzed().unwrap().recording.journal_rows, 0);
    let part = made.folder.join("operations/direct-00001.parquet");
    std::fs::write(part, b"PAR1PAR1").unwrap();
    let damaged = analyzed().unwrap();
    assert_eq!(damaged.recording.journal_rows, 252);
    assert!(damaged.recording.damaged_parts.is_empty());
    assert_eq!(
        outages(&damaged.paths[0], Group::Read),
        [(10.0, 15.0, 0.45)]
    );
}

/// Three reads that begin 10.1, 10.2 and 10.3 s after the start.
fn hanging(worker: i32) -> Operation {
    let scheduled_time = START_US + us(10.1 + f64::from(worker) * 0.1);
    Operation {
        path: Way::Direct,
        worker: Some(worker),
        operation_id: 101 + i64::from(worker),
        operation_type: OperationType::Read,
        operation_name: "user_list",
        scheduled_time,
        start_time: Some(scheduled_time),
        end_time: None,
        checkout_us: Some(0),
        execute_us: None,
        outcome: Outcome::Unfinished,
        affected_rows: None,
        target: recording::Target::default(),
        connection_id: None,
        failure: None,
    }
}

/// Reads succeed for 10 s; then three workers hang in theirs, and the recorder is killed 20 s after the start. The recording ends there,
/// not with its last row, and the three are what is known of the outage.
#[test]
fn operations_in_flight_at_a_kill_are_unfinished_and_the_recording_ends_there() {
    let clock = Clock::with_wall(|| START_US + us(20.0));
    let (made, writer) = crate::support::HandMade::new(60.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .begin_at(Some(clock));
    let slots: Vec<_> = (0..3).map(|_| writer.handle().slot()).collect();
    for (worker, slot) in (0..).zip(&slots) {
        slot.begin(&hanging(worker));
    }
    let checkpoint = |folder: &Path| Checkpoint::read(&Recording::open(folder).unwrap()).unwrap();
    let begun_us = clock.now_us();
    for _ in 0..1_000 {
        if checkpoint(&made.folder).is_some_and(|last| last.time_us > begun_us) {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    // The folder as it is this moment, which is what a SIGKILL leaves.
    let killed = tempfile::tempdir().unwrap();
    copy_while_written(&made.folder, killed.path());
    let folder = killed.path().join(made.folder.file_name().unwrap());
    let completion = Completion {
        state: State::Complete,
        duration_us: us(60.0),
        drift_us: 0,
    };
    assert!(writer.finish(completion).unwrap().is_complete());

    let end_us = checkpoint(&folder).unwrap().time_us;
    let figures = || {
        let loaded = analyze::load::Loaded::open(&folder).unwrap();
        let thresholds = analyze::summary::Thresholds::default();
        analyze::analyze(&loaded, thresholds).unwrap().summary
    };
    let summary = figures();
    assert_eq!(summary.recording.duration_us, end_us - START_US);
    let direct = &summary.paths[0];
    assert_eq!((direct.overall.total, direct.overall.unfinished), (103, 3));
    let outage = &crate::support::group(direct, Group::Read).outages[0];
    assert_eq!(outage.downtime_us, end_us - START_US - us(10.0));
    // They had their connections, and waited for their answers until the kill.
    assert_eq!(outage.resolution_us, us(0.1));
    assert!(outage.open_at_end);
    assert!(!summary.recording.is_partial, "nothing is missing");

    // And sealed, it says the same.
    recording::recover(&folder).unwrap();
    let recovered = figures();
    assert_eq!(
        recovered.recording.duration_us,
        summary.recording.duration_us
    );
    let [before, after] = [&summary, &recovered].map(|of| serde_json::to_value(&of.paths).unwrap());
    assert_eq!(before, after);
}

#[test]
fn a_recording_that_lost_rows_gives_lower_bounds() {
    let made = reads_with_a_gap().write();
    let headline =
        |made: &crate::support::Made| made.analyze().summary.paths.remove(0).headline.unwrap();
    assert!(!headline(&made).at_least);
    let mut manifest = recording::Manifest::read(&made.folder).unwrap();
    manifest.dropped_rows.insert("operations".to_owned(), 7);
    manifest.write(&made.folder).unwrap();
    assert!(headline(&made).at_least);
}

/// A bit of a journal flips: that is damage of its own path and of no other.
#[test]
fn a_damaged_journal_is_a_warning_and_hurts_its_own_path_only() {
    let clock = Clock::with_wall(|| START_US + us(30.0));
    let total = 250 + 299;
    let (made, writer) = reads_with_a_gap()
        .on(Way::Proxy)
        .steady("user_list", 0.1, 0.1, 299, 0.005)
        .begin_at(Some(clock));
    let rows = |folder: &Path| -> u64 {
        let recording = Recording::open(folder).unwrap();
        let unsealed = recording.unsealed(recording::Table::Operations).unwrap();
        unsealed.iter().map(|unsealed| unsealed.rows).sum()
    };
    let is_told = || {
        let recording = Recording::open(&made.folder).unwrap();
        Checkpoint::read(&recording).unwrap().is_some()
    };
    let journal = Path::new("journal/operations.direct-00001.arrows");
    let is_summed_up = || {
        let length = std::fs::metadata(made.folder.join(journal)).unwrap().len();
        let sums = std::fs::read(made.folder.join(journal).with_extension("crc")).unwrap();
        let last = sums.chunks_exact(16).last();
        last.is_some_and(|last| last[..8] == length.to_le_bytes())
    };
    for _ in 0..1_000 {
        if rows(&made.folder) == total && is_told() && is_summed_up() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let killed = tempfile::tempdir().unwrap();
    copy_while_written(&made.folder, killed.path());
    let folder = killed.path().join(made.folder.file_name().unwrap());
    let completion = Completion {
        state: State::Complete,
        duration_us: us(30.0),
        drift_us: 0,
    };
    assert!(writer.finish(completion).unwrap().is_complete());

    let figures = || {
        let loaded = analyze::load::Loaded::open(&folder).unwrap();
        let thresholds = analyze::summary::Thresholds::default();
        analyze::analyze(&loaded, thresholds).unwrap().summary
    };
    let whole = figures();
    assert_eq!(whole.recording.damaged_bytes, 0);
    assert!(!whole.recording.is_partial);
    let journal = folder.join(journal);
    let mut bytes = std::fs::read(&journal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&journal, bytes).unwrap();
    let summary = figures();
    assert!(summary.recording.damaged_bytes > 0);
    assert!(summary.recording.is_partial);
    for (path, is_partial) in summary.paths.iter().zip([true, false]) {
        assert_eq!(path.is_partial, is_partial, "{}", path.path);
    }
    assert!(!summary.paths[1].headline.as_ref().unwrap().at_least);
}
