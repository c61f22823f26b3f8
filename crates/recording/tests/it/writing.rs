//! What is written is what is read, whatever happens to the folder.

use std::fs;
use std::path::Path as FilePath;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::support::{START_US, done, ids, manifest, operation, read, rows, wait_until};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use recording::vocabulary::{ErrorClass, ErrorPhase, EventKind, Outcome, Path};
use recording::{
    Event, Failure, Handle, Operation, Recording, RecordingWriter, State, Table, WriteError,
    WriterOptions,
};

/// A success, one without a value where it may be null, and a failure on the direct path; a success on the other.
fn write_one_of_each(handle: &Handle) {
    handle.operation(operation(Path::Direct, 1));
    handle.operation(Operation {
        worker: None,
        start_time: None,
        end_time: None,
        checkout_us: None,
        execute_us: None,
        outcome: Outcome::Unfinished,
        affected_rows: None,
        target: recording::Target::default(),
        connection_id: None,
        ..operation(Path::Direct, 2)
    });
    handle.operation(Operation {
        outcome: Outcome::Unknown,
        failure: Some(Box::new(Failure {
            phase: ErrorPhase::Commit,
            class: ErrorClass::ConnectionLost,
            sqlstate: Some("08006".to_owned()),
            message: "connection reset".to_owned(),
        })),
        ..operation(Path::Direct, 3)
    });
    handle.operation(operation(Path::Proxy, 1));
    handle.event(Event {
        time: START_US + 5,
        path: None,
        kind: EventKind::FailoverTriggered,
        duration_us: None,
        status: None,
        detail: "sh -c true".to_owned(),
    });
}

#[test]
fn the_manifest_and_every_row_come_back() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let writer = RecordingWriter::create(&folder, manifest(), WriterOptions::default()).unwrap();
    write_one_of_each(&writer.handle());
    writer.change_manifest(|manifest| manifest.host = "other".to_owned());
    let summary = writer.finish(done()).unwrap();
    assert!(summary.is_complete());
    assert_eq!(summary.rows[&Table::Operations], 4);
    assert_eq!(summary.rows[&Table::Events], 1);

    let recording = Recording::open(&folder).unwrap();
    let mut expected = manifest();
    expected.host = "other".to_owned();
    expected.state = State::Complete;
    expected.duration_us = Some(60_000_000);
    expected.clock.drift_us = Some(-17);
    expected.parts.clone_from(&recording.manifest().parts);
    assert_eq!(*recording.manifest(), expected);
    assert_eq!(recording.manifest().parts.len(), 3);
    assert_eq!(rows(&read(&recording, Table::Events)), 1);
    assert_eq!(rows(&read(&recording, Table::Load)), 0);
}

#[test]
fn every_column_comes_back() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let writer = RecordingWriter::create(&folder, manifest(), WriterOptions::default()).unwrap();
    write_one_of_each(&writer.handle());
    assert!(writer.finish(done()).unwrap().is_complete());
    let batches = read(&Recording::open(&folder).unwrap(), Table::Operations);
    let direct = &batches[0];
    let text = |name: &str, row: usize| {
        let column = direct.column_by_name(name).unwrap().as_string::<i32>();
        column.is_valid(row).then(|| column.value(row).to_owned())
    };
    assert_eq!(direct.num_rows(), 3);
    assert_eq!(
        direct.schema().fields().len(),
        recording::operations().fields().len()
    );
    assert_eq!(text("path", 0).as_deref(), Some("direct"));
    assert_eq!(text("run_id", 2).as_deref(), Some("20261122T204300Z-7f3a"));
    assert_eq!(text("outcome", 1).as_deref(), Some("unfinished"));
    assert_eq!(text("error_class", 0), None);
    assert_eq!(text("error_phase", 2).as_deref(), Some("commit"));
    assert_eq!(text("sqlstate", 2).as_deref(), Some("08006"));
    let ends = direct
        .column_by_name("end_time")
        .unwrap()
        .as_primitive::<TimestampMicrosecondType>();
    assert_eq!(ends.value(0), START_US + 1_700);
    assert_eq!(ends.timezone(), Some("UTC"));
    assert!(ends.is_null(1));
    let responses = direct
        .column_by_name("response_time_us")
        .unwrap()
        .as_primitive::<Int64Type>();
    assert_eq!(responses.value(0), 700);
    let success = direct.column_by_name("success").unwrap().as_boolean();
    assert_eq!(
        (success.value(0), success.value(1), success.value(2)),
        (true, false, false)
    );
}

#[test]
fn parts_are_sealed_by_rows_and_named_in_the_manifest() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let options = WriterOptions {
        seal_rows: 8_192,
        queue_rows: 100_000,
        ..WriterOptions::default()
    };
    let writer = RecordingWriter::create(&folder, manifest(), options).unwrap();
    let handle = writer.handle();
    (1..=20_000).for_each(|id| handle.operation(operation(Path::Proxy, id)));
    let summary = writer.finish(done()).unwrap();
    assert!(summary.is_complete());
    let recording = Recording::open(&folder).unwrap();
    let files: Vec<_> = recording
        .manifest()
        .parts
        .iter()
        .map(|part| part.file.as_str())
        .collect();
    assert_eq!(
        files,
        [
            "operations/proxy-00001.parquet",
            "operations/proxy-00002.parquet",
            "operations/proxy-00003.parquet"
        ]
    );
    let batches = read(&recording, Table::Operations);
    assert_eq!(rows(&batches), 20_000);
    let ids = batches.iter().flat_map(ids);
    assert!(ids.eq(1..=20_000), "every row once, in order");
    assert_eq!(leftovers(&folder), Vec::<String>::new());
    let part = &recording.manifest().parts[0];
    let sum = std::process::Command::new("sha256sum")
        .arg(folder.join(&part.file))
        .output()
        .unwrap();
    assert!(
        String::from_utf8(sum.stdout)
            .unwrap()
            .starts_with(&part.sha256)
    );
}

/// Files that are neither sealed parts nor the manifest.
fn leftovers(folder: &FilePath) -> Vec<String> {
    let names = fs::read_dir(folder.join("operations")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.ends_with(".parquet")).collect()
}

#[test]
fn quiet_tables_are_sealed_by_age() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let options = WriterOptions {
        seal_age: Duration::from_millis(50),
        flush_interval: Duration::from_millis(10),
        ..WriterOptions::default()
    };
    let writer = RecordingWriter::create(&folder, manifest(), options).unwrap();
    writer.handle().operation(operation(Path::Direct, 1));
    let part = folder.join("operations/direct-00001.parquet");
    wait_until("a sealed part", || {
        let named = |recording: Recording| !recording.manifest().parts.is_empty();
        part.exists() && named(Recording::open(&folder).unwrap())
    });
    let recording = Recording::open(&folder).unwrap();
    assert_eq!(
        recording.manifest().state,
        State::Recording,
        "it is still in progress"
    );
    assert_eq!(
        rows(&read(&recording, Table::Operations)),
        1,
        "and can be read all the same"
    );
    assert!(writer.finish(done()).unwrap().is_complete());
}

#[test]
fn what_is_sealed_early_is_followed_by_further_parts() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let writer = RecordingWriter::create(&folder, manifest(), WriterOptions::default()).unwrap();
    let handle = writer.handle();
    handle.operation(operation(Path::Direct, 1));
    writer.seal();
    handle.operation(operation(Path::Direct, 2));
    let summary = writer.finish(done()).unwrap();
    assert_eq!(summary.rows[&Table::Operations], 2);
    let recording = Recording::open(&folder).unwrap();
    assert_eq!(recording.parts(Table::Operations).unwrap().len(), 2);
    assert_eq!(rows(&read(&recording, Table::Operations)), 2);
}

#[test]
fn a_recording_is_never_overwritten() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let writer = RecordingWriter::create(&folder, manifest(), WriterOptions::default()).unwrap();
    let again = RecordingWriter::create(&folder, manifest(), WriterOptions::default());
    assert!(matches!(again, Err(WriteError::Exists(path)) if path == folder));
    writer.finish(done()).unwrap();
}

/// Who waits for it loses no row, however many there are.
#[test]
fn what_was_handed_over_is_taken_in_order() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let options = WriterOptions {
        queue_rows: 65,
        ..WriterOptions::default()
    };
    let writer = RecordingWriter::create(&folder, manifest(), options).unwrap();
    let handle = writer.handle();
    for number in 0..1_280 {
        handle.operation(operation(Path::Direct, number + 1));
        if number % 64 == 63 {
            let is_taken = handle.taken();
            while !is_taken.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
    let summary = writer.finish(done()).unwrap();
    assert!(summary.is_complete(), "{summary:?}");
    assert_eq!(summary.rows[&Table::Operations], 1_280);
}

#[test]
fn rows_beyond_the_queue_are_counted_not_waited_for() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let options = WriterOptions {
        queue_rows: 0,
        ..WriterOptions::default()
    };
    let writer = RecordingWriter::create(&folder, manifest(), options).unwrap();
    let handle = writer.handle();
    (1..=1_000).for_each(|id| handle.operation(operation(Path::Direct, id)));
    let dropped = handle.dropped_rows();
    assert!(
        dropped > 0,
        "a queue without room takes a row only while the writer waits for one"
    );
    let summary = writer.finish(done()).unwrap();
    assert!(!summary.is_complete());
    assert_eq!(summary.dropped[&Table::Operations], dropped);
    let written = summary.rows.get(&Table::Operations).copied().unwrap_or(0);
    assert_eq!(written + dropped, 1_000);
    let manifest = Recording::open(&folder).unwrap().manifest().clone();
    assert_eq!(manifest.dropped_rows["operations"], dropped);
}

#[test]
fn a_removed_folder_is_reported_and_its_rows_are_counted() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let writer = RecordingWriter::create(&folder, manifest(), WriterOptions::default()).unwrap();
    let handle = writer.handle();
    fs::remove_dir_all(&folder).unwrap();
    (1..=10).for_each(|id| handle.operation(operation(Path::Direct, id)));
    let summary = writer.finish(done()).unwrap();
    assert!(!summary.is_complete());
    assert_eq!(summary.dropped[&Table::Operations], 10);
    assert!(
        summary
            .error
            .unwrap()
            .contains("run: the folder is no longer there"),
        "the error names the folder"
    );
    assert!(!folder.exists(), "it is not made again");
}
