//! The journal: what a killed recorder leaves is read, and sealed, once and whole.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use recording::vocabulary::Path;
use recording::{
    Manifest, Recording, RecordingWriter, RecoverError, State, Table, WriterOptions, recover,
};
use support::{done, manifest, operation, read, rows};

fn options() -> WriterOptions {
    WriterOptions {
        flush_interval: Duration::from_millis(5),
        ..WriterOptions::default()
    }
}

/// Rows of operations in sealed parts, and in journals.
fn counts(folder: &FilePath) -> (usize, u64) {
    let recording = Recording::open(folder).unwrap();
    let unsealed = recording.unsealed(Table::Operations).unwrap();
    let journaled = unsealed.iter().map(|part| part.rows).sum();
    (rows(&read(&recording, Table::Operations)), journaled)
}

/// A recorder in mid-recording: 100 rows a path, in batches, none of them sealed.
fn in_progress(root: &FilePath) -> (RecordingWriter, PathBuf) {
    let folder = root.join("run");
    let writer = RecordingWriter::create(&folder, manifest(), options()).unwrap();
    let handle = writer.handle();
    for id in 1..=100 {
        handle.operation(operation(Path::Direct, id));
        handle.operation(operation(Path::Proxy, id));
        if id % 20 == 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    for _ in 0..500 {
        if counts(&folder).1 == 200 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(counts(&folder), (0, 200));
    (writer, folder)
}

/// The folder as it is this moment, which is what a SIGKILL leaves.
fn killed(folder: &FilePath, root: &FilePath) -> PathBuf {
    let copy = root.join("killed");
    for entry in ["", "operations", "logs", "journal"] {
        fs::create_dir(copy.join(entry)).unwrap();
        for file in fs::read_dir(folder.join(entry)).unwrap() {
            let file = file.unwrap();
            if file.file_type().unwrap().is_file() {
                fs::copy(file.path(), copy.join(entry).join(file.file_name())).unwrap();
            }
        }
    }
    copy
}

#[test]
fn rows_are_in_the_journal_before_they_are_sealed() {
    let root = tempfile::tempdir().unwrap();
    let (writer, folder) = in_progress(root.path());
    assert!(writer.finish(done()).unwrap().is_complete());
    assert_eq!(counts(&folder), (200, 0));
    assert!(!folder.join("journal").exists(), "gone when all is sealed");
}

#[test]
fn what_a_killed_recorder_left_is_sealed_once() {
    let root = tempfile::tempdir().unwrap();
    let (writer, folder) = in_progress(root.path());
    let copy = killed(&folder, root.path());
    let recovered = recover(&copy).unwrap();
    assert_eq!((recovered.rows, recovered.unread_bytes), (200, 0));
    assert_eq!(counts(&copy), (200, 0));
    let manifest = Manifest::read(&copy).unwrap();
    assert_eq!(manifest.state, State::Recovered);
    assert_eq!(manifest.parts.len(), 2);
    assert!(!copy.join("journal").exists());
    let open = fs::read_dir(copy.join("operations")).unwrap();
    let names: Vec<_> = open.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "no unfinished part stays: {names:?}");

    assert!(
        recover(&copy).unwrap().healthy,
        "a second time there is nothing to do"
    );
    assert_eq!(Manifest::read(&copy).unwrap(), manifest);
    writer.finish(done()).unwrap();
}

#[test]
fn what_is_no_part_is_not_adopted() {
    let root = tempfile::tempdir().unwrap();
    let (writer, folder) = in_progress(root.path());
    let journals = killed(&folder, root.path());
    writer.finish(done()).unwrap();
    let part = folder.join("operations/direct-00001.parquet");
    fs::copy(&part, folder.join("operations/direct-00001 (copy).parquet")).unwrap();
    fs::copy(&part, folder.join("operations/direct-00007.parquet")).unwrap();
    // A part that could not be sealed, in a recording that ended: only its journal has its rows.
    fs::create_dir(folder.join("journal")).unwrap();
    let left = folder.join("journal/operations.direct-00002.arrows");
    fs::copy(
        journals.join("journal/operations.direct-00001.arrows"),
        &left,
    )
    .unwrap();
    assert_eq!(counts(&folder), (200, 100));
    let recovered = recover(&folder).unwrap();
    assert_eq!((recovered.rows, recovered.named_parts), (100, 0));
    assert_eq!(counts(&folder), (300, 0));
    assert_eq!(
        Manifest::read(&folder).unwrap().state,
        State::Complete,
        "it was not killed"
    );
    assert!(!left.exists());
}

#[test]
fn a_recording_in_progress_is_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let (writer, folder) = in_progress(root.path());
    let before = Manifest::read(&folder).unwrap();
    assert!(matches!(recover(&folder), Err(RecoverError::InProgress(path)) if path == folder));
    assert_eq!(Manifest::read(&folder).unwrap(), before);
    assert!(writer.finish(done()).unwrap().is_complete());
    assert!(recover(&folder).unwrap().healthy);
}

#[test]
fn a_journal_that_is_cut_anywhere_gives_its_complete_batches() {
    let root = tempfile::tempdir().unwrap();
    let (writer, folder) = in_progress(root.path());
    let copy = killed(&folder, root.path());
    writer.finish(done()).unwrap();
    let journal = copy.join("journal/operations.direct-00001.arrows");
    let whole = fs::read(&journal).unwrap();
    let rows_at = |length: usize| {
        fs::write(&journal, &whole[..length]).unwrap();
        let unsealed = Recording::open(&copy)
            .unwrap()
            .unsealed(Table::Operations)
            .unwrap();
        let direct = unsealed
            .iter()
            .find(|part| part.part.starts_with("direct"))
            .unwrap();
        assert!(direct.unread_bytes <= length as u64);
        direct.rows
    };
    let mut last = 0;
    for length in (0..whole.len()).step_by(41) {
        let rows = rows_at(length);
        assert!(rows >= last, "more bytes, fewer rows");
        last = rows;
    }
    assert!(last < 100, "the last batch was not complete yet");
    assert_eq!(rows_at(whole.len()), 100);

    // And recovery seals what is complete, and keeps what could not be read.
    rows_at(whole.len() - 1);
    let recovered = recover(&copy).unwrap();
    assert!(recovered.unread_bytes > 0 && recovered.rows >= 100 + last);
    assert!(journal.exists());
    assert!(recover(&copy).unwrap().healthy);
}

#[test]
fn a_death_between_any_two_steps_of_sealing_doubles_nothing() {
    let root = tempfile::tempdir().unwrap();
    let (writer, folder) = in_progress(root.path());
    let before = killed(&folder, root.path());
    let unsealed_manifest = Manifest::read(&before).unwrap();
    writer.finish(done()).unwrap();
    // The journals as they were, beside the sealed parts: died before the journals went.
    fs::create_dir(folder.join("journal")).unwrap();
    for name in [
        "operations.direct-00001.arrows",
        "operations.proxy-00001.arrows",
    ] {
        fs::copy(
            before.join("journal").join(name),
            folder.join("journal").join(name),
        )
        .unwrap();
    }
    assert_eq!(counts(&folder), (200, 0));
    // And before the manifest was replaced.
    unsealed_manifest.write(&folder).unwrap();
    assert_eq!(counts(&folder), (200, 0));
    let recovered = recover(&folder).unwrap();
    assert_eq!((recovered.rows, recovered.named_parts), (0, 2));
    assert_eq!(counts(&folder), (200, 0));
    assert!(!folder.join("journal").exists());
}
