//! A disk that refuses writes: the rows wait in memory, up to a bound, and are written once it accepts them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path as FilePath;
use std::time::Duration;

use crate::support::{done, hasty, ids, journaled, manifest, operation, read, rows, wait_until};
use recording::vocabulary::Path;
use recording::{Handle, Recording, RecordingWriter, Table, WriterOptions};

fn write(handle: &Handle, ids: std::ops::RangeInclusive<i64>) {
    ids.for_each(|id| handle.operation(operation(Path::Direct, id)));
}

fn row_count(folder: &FilePath) -> usize {
    rows(&read(&Recording::open(folder).unwrap(), Table::Operations))
}

/// As when a network disk goes and comes back: the folder is away for a while, and is the same afterwards.
#[test]
fn rows_wait_until_the_folder_is_back() {
    let root = tempfile::tempdir().unwrap();
    let (folder, away) = (root.path().join("run"), root.path().join("away"));
    let writer = RecordingWriter::create(&folder, manifest(), hasty()).unwrap();
    let handle = writer.handle();
    write(&handle, 1..=100);
    fs::rename(&folder, &away).unwrap();
    wait_until("trouble", || handle.trouble().is_some());
    write(&handle, 101..=200);
    wait_until("rows in memory", || {
        let trouble = handle.trouble();
        trouble.is_some_and(|text| text.contains("backlog: 100 rows in memory"))
    });
    writer.seal();
    std::thread::sleep(Duration::from_millis(30));
    fs::rename(&away, &folder).unwrap();
    wait_until("health", || handle.trouble().is_none());
    write(&handle, 201..=300);
    let summary = writer.finish(done()).unwrap();
    assert!(summary.is_complete(), "{:?}", summary.error);
    assert_eq!(row_count(&folder), 300);
    let failures = Recording::open(&folder)
        .unwrap()
        .manifest()
        .write_failures
        .clone();
    assert_eq!(failures.len(), 1, "the manifest has it");
    assert_eq!(summary.failures, failures);
    assert!(failures[0].error.contains("no longer there"));
    assert!(
        failures[0]
            .until
            .is_some_and(|until| until > failures[0].from)
    );
    assert!(!folder.join("journal").exists());
}

#[test]
fn beyond_the_bound_the_newest_rows_are_counted() {
    let root = tempfile::tempdir().unwrap();
    let (folder, away) = (root.path().join("run"), root.path().join("away"));
    let options = WriterOptions {
        backlog_bytes: 300_000,
        ..hasty()
    };
    let writer = RecordingWriter::create(&folder, manifest(), options).unwrap();
    let handle = writer.handle();
    fs::rename(&folder, &away).unwrap();
    wait_until("trouble", || handle.trouble().is_some());
    write(&handle, 1..=10);
    wait_until("the first rows in memory", || {
        handle
            .trouble()
            .is_some_and(|text| text.contains("10 rows"))
    });
    let mut next = 11;
    while handle.dropped_rows() == 0 {
        write(&handle, next..=next + 999);
        next += 1_000;
        std::thread::sleep(Duration::from_millis(10));
        assert!(
            next < 1_000_000,
            "300,000 bytes have room for no more than this"
        );
    }
    fs::rename(&away, &folder).unwrap();
    wait_until("health", || handle.trouble().is_none());
    let summary = writer.finish(done()).unwrap();
    let dropped = summary.dropped[&Table::Operations];
    assert!(dropped > 0 && !summary.is_complete());
    assert_eq!(row_count(&folder) as u64 + dropped, next as u64 - 1);
    let recording = Recording::open(&folder).unwrap();
    assert_eq!(recording.manifest().dropped_rows["operations"], dropped);
    // The oldest rows are there: the moment of the failure is what a recording is about.
    let first = read(&recording, Table::Operations).remove(0);
    assert_eq!(ids(&first)[0], 1);
}

#[test]
fn a_removed_journal_folder_costs_no_row() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let writer = RecordingWriter::create(&folder, manifest(), hasty()).unwrap();
    let handle = writer.handle();
    write(&handle, 1..=50);
    let journal = folder.join("journal/operations.direct-00001.arrows");
    wait_until("the journal", || journal.exists());
    fs::remove_dir_all(folder.join("journal")).unwrap();
    wait_until("a sealed part", || {
        folder.join("operations/direct-00001.parquet").exists()
    });
    write(&handle, 51..=100);
    let summary = writer.finish(done()).unwrap();
    assert!(summary.is_complete(), "{:?}", summary.error);
    assert_eq!(row_count(&folder), 100);
}

#[test]
fn a_removed_table_folder_costs_no_row() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let writer = RecordingWriter::create(&folder, manifest(), hasty()).unwrap();
    let handle = writer.handle();
    write(&handle, 1..=50);
    wait_until("the part", || {
        folder.join("_operations.direct-00001.open").exists()
    });
    wait_until("its rows in the journal", || journaled(&folder) == 50);
    fs::remove_dir_all(folder.join("operations")).unwrap();
    write(&handle, 51..=100);
    let summary = writer.finish(done()).unwrap();
    assert!(summary.is_complete(), "{:?}", summary.error);
    assert_eq!(row_count(&folder), 100, "sealed from the journal");
}

#[test]
fn a_removed_part_is_reported_at_the_end() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let writer = RecordingWriter::create(&folder, manifest(), hasty()).unwrap();
    let handle = writer.handle();
    write(&handle, 1..=50);
    writer.seal();
    let part = folder.join("operations/direct-00001.parquet");
    wait_until("the part", || part.exists());
    fs::remove_file(&part).unwrap();
    write(&handle, 51..=100);
    let summary = writer.finish(done()).unwrap();
    let error = summary.error.unwrap();
    assert!(
        error.contains("direct-00001.parquet: this part was sealed"),
        "{error}"
    );
}

/// Rows that wait for the disk take the memory of rows, not of a batch each: hours of a few operations a second fit.
#[test]
fn few_rows_a_flush_wait_together() {
    let root = tempfile::tempdir().unwrap();
    let (folder, away) = (root.path().join("run"), root.path().join("away"));
    let options = WriterOptions {
        backlog_bytes: 50_000,
        ..hasty()
    };
    let writer = RecordingWriter::create(&folder, manifest(), options).unwrap();
    let handle = writer.handle();
    fs::rename(&folder, &away).unwrap();
    wait_until("trouble", || handle.trouble().is_some());
    for id in 1..=200 {
        write(&handle, id..=id);
        std::thread::sleep(Duration::from_millis(6));
    }
    assert_eq!(
        handle.dropped_rows(),
        0,
        "50,000 bytes are some ten batches"
    );
    fs::rename(&away, &folder).unwrap();
    wait_until("health", || handle.trouble().is_none());
    assert!(writer.finish(done()).unwrap().is_complete());
    assert_eq!(row_count(&folder), 200);
}

/// The folder is moved away for good: its rows are there, and do not count as lost.
#[test]
fn rows_of_a_moved_folder_are_not_lost() {
    let root = tempfile::tempdir().unwrap();
    let (folder, away) = (root.path().join("run"), root.path().join("away"));
    let writer = RecordingWriter::create(&folder, manifest(), hasty()).unwrap();
    let handle = writer.handle();
    write(&handle, 1..=100);
    wait_until("rows in the journal", || journaled(&folder) == 100);
    fs::rename(&folder, &away).unwrap();
    // Another folder of its name is not written to.
    fs::create_dir_all(folder.join("operations")).unwrap();
    fs::write(folder.join("_operations.direct-00001.open"), b"").unwrap();
    wait_until("trouble", || handle.trouble().is_some());
    write(&handle, 101..=130);
    let summary = writer.finish(done()).unwrap();
    assert!(!summary.is_complete());
    assert_eq!(
        (summary.dropped[&Table::Operations], summary.journal_rows),
        (30, 100)
    );
    let names = |folder: &FilePath| -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap();
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let names = entries.map(|entry| name(entry).to_string_lossy().into_owned());
        names.collect()
    };
    let there = ["_operations.direct-00001.open", "operations"];
    assert_eq!(names(&folder), there.map(str::to_owned).into());
    assert_eq!(names(&folder.join("operations")), BTreeSet::new());
    assert_eq!(recording::recover(&away).unwrap().rows, 100);
}

/// A user removes the lock: the recorder takes it again, and a recording in progress is not recovered.
#[test]
fn a_removed_lock_is_taken_again() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let writer = RecordingWriter::create(&folder, manifest(), hasty()).unwrap();
    let handle = writer.handle();
    write(&handle, 1..=10);
    let lock = folder.join("journal/lock");
    for _ in 0..3 {
        fs::remove_file(&lock).unwrap();
        wait_until("the lock", || lock.exists());
        wait_until("its holder", || {
            Recording::open(&folder).unwrap().is_being_written()
        });
        assert!(matches!(
            recording::recover(&folder),
            Err(recording::RecoverError::InProgress(_))
        ));
    }
    assert!(writer.finish(done()).unwrap().is_complete());
    assert!(!folder.join("journal").exists());
}
