//! A recording in progress is analyzed as it is, and not touched.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use analyze::summary::{Group, Summary};
use recording::vocabulary::ErrorClass::Refused;
use recording::{Completion, State};
use support::{START_US, outages, reads_with_a_gap, us};

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
    // What was under way has no row: the downtime is a lower bound.
    assert!(summary.paths[0].headline.as_ref().unwrap().at_least);
    // It reaches as far as its last row.
    let last = summary.recording.start_time.micros() + summary.recording.duration_us;
    assert_eq!(last, START_US + us(29.9));

    let before = files(&made.folder);
    analyzed();
    assert_eq!(files(&made.folder), before, "evidence is never touched");

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
}

#[test]
fn a_recording_that_lost_rows_gives_lower_bounds() {
    let made = reads_with_a_gap().write();
    let headline = |made: &support::Made| made.analyze().summary.paths.remove(0).headline.unwrap();
    assert!(!headline(&made).at_least);
    let mut manifest = recording::Manifest::read(&made.folder).unwrap();
    manifest.dropped_rows.insert("operations".to_owned(), 7);
    manifest.write(&made.folder).unwrap();
    assert!(headline(&made).at_least);
}
