//! The operations in flight when a recorder died become rows, once.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path as FilePath, PathBuf};

use crate::support::{copy_of, done, hasty, journals, manifest, operation, read, wait_until};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use recording::vocabulary::{Outcome, Path};
use recording::{
    Checkpoint, Clock, Manifest, Operation, Recording, RecordingWriter, State, Table,
    WriterOptions, recover,
};

/// A clock and a manifest that begin now.
fn started(folder: &FilePath) -> (RecordingWriter, Clock) {
    let clock = Clock::start();
    let options = WriterOptions {
        clock: Some(clock),
        ..hasty()
    };
    let mut manifest = manifest();
    manifest.start_time = recording::Timestamp(clock.now_us());
    let writer = RecordingWriter::create(folder, manifest, options).unwrap();
    (writer, clock)
}

fn begun(path: Path, operation_id: i64) -> Operation {
    Operation {
        end_time: None,
        checkout_us: None,
        execute_us: None,
        outcome: Outcome::Unfinished,
        affected_rows: None,
        ..operation(path, operation_id)
    }
}

fn checkpoint(folder: &FilePath) -> Option<Checkpoint> {
    Checkpoint::read(&Recording::open(folder).unwrap()).unwrap()
}

/// Path, `operation_id` and outcome of every operation.
fn rows(folder: &FilePath) -> Vec<(String, i64, String)> {
    let recording = Recording::open(folder).unwrap();
    let batches = read(&recording, Table::Operations);
    let text = |batch: &arrow_array::RecordBatch, name: &str, row: usize| {
        let column = batch.column_by_name(name).unwrap().as_string::<i32>();
        assert!(column.is_valid(row));
        column.value(row).to_owned()
    };
    let mut rows = Vec::new();
    for batch in &batches {
        let ids = batch.column_by_name("operation_id").unwrap();
        let ids = ids.as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let (path, outcome) = (text(batch, "path", row), text(batch, "outcome", row));
            rows.push((path, ids.value(row), outcome));
        }
    }
    rows.sort();
    rows
}

/// A recorder with two workers in mid-operation, as a SIGKILL leaves it; the moment of its last checkpoint.
fn killed(root: &FilePath) -> (PathBuf, i64) {
    let folder = root.join("run");
    let (writer, clock) = started(&folder);
    let slots = [
        writer.handle().slot(),
        writer.handle().slot(),
        writer.handle().slot(),
    ];
    slots[0].begin(&begun(Path::Direct, 1));
    slots[0].end(operation(Path::Direct, 1));
    slots[0].begin(&begun(Path::Direct, 2));
    slots[1].begin(&begun(Path::Proxy, 1));
    let begun_us = clock.now_us();
    wait_until("a checkpoint after the last begin", || {
        checkpoint(&folder).is_some_and(|last| last.time_us > begun_us)
    });
    let copy = copy_of(&folder, &root.join("killed"));
    let time_us = checkpoint(&copy).unwrap().time_us;
    slots[0].end(operation(Path::Direct, 2));
    slots[1].end(operation(Path::Proxy, 1));
    assert!(writer.finish(done()).unwrap().is_complete());
    assert!(!folder.join("journal").exists());
    assert_eq!(rows(&folder).len(), 3, "each operation once");
    (copy, time_us)
}

fn expected() -> Vec<(String, i64, String)> {
    [
        ("direct", 1, "ok"),
        ("direct", 2, "unfinished"),
        ("proxy", 1, "unfinished"),
    ]
    .map(|(path, id, outcome)| (path.to_owned(), id, outcome.to_owned()))
    .to_vec()
}

#[test]
fn a_killed_recording_ends_at_its_last_checkpoint() {
    let root = tempfile::tempdir().unwrap();
    let (folder, time_us) = killed(root.path());
    let recovered = recover(&folder).unwrap();
    assert_eq!((recovered.rows, recovered.unfinished), (1, 2));
    let manifest = Manifest::read(&folder).unwrap();
    assert_eq!(manifest.state, State::Recovered);
    assert_eq!(
        manifest.duration_us,
        Some(time_us - manifest.start_time.micros())
    );
    assert_eq!(rows(&folder), expected());
    assert!(!folder.join("journal").exists(), "nothing stays open");
    assert!(recover(&folder).unwrap().healthy);
    assert_eq!(rows(&folder), expected());
}

/// A recovery that dies anywhere is repeated, and doubles nothing.
#[test]
fn a_recovery_that_was_killed_is_repeated() {
    let root = tempfile::tempdir().unwrap();
    let (folder, _) = killed(root.path());
    let before = copy_of(&folder, &root.path().join("before"));
    recover(&folder).unwrap();
    // All parts are sealed, and the manifest and the journals are as they were.
    fs::copy(before.join("manifest.json"), folder.join("manifest.json")).unwrap();
    fs::create_dir(folder.join("journal")).unwrap();
    for file in fs::read_dir(before.join("journal")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.join("journal").join(file.file_name())).unwrap();
    }
    let again = recover(&folder).unwrap();
    assert_eq!((again.rows, again.unfinished, again.named_parts), (0, 0, 3));
    assert_eq!(rows(&folder), expected());
}

#[test]
fn an_operation_with_a_row_is_not_in_flight() {
    let root = tempfile::tempdir().unwrap();
    let (folder, _) = killed(root.path());
    let last = checkpoint(&folder).unwrap();
    let unsealed = journals(&folder);
    assert_eq!(last.unfinished(&[], &unsealed).len(), 2);
    // The same operations, in the part of a recording that went on.
    let complete = root.path().join("run/operations");
    let parts: Vec<_> = fs::read_dir(&complete)
        .unwrap()
        .map(|part| part.unwrap().path())
        .collect();
    assert!(last.unfinished(&parts, &[]).is_empty());
    assert!(last.unfinished(&parts, &unsealed).is_empty());
}

#[test]
fn a_damaged_checkpoint_is_not_used() {
    let root = tempfile::tempdir().unwrap();
    let (folder, _) = killed(root.path());
    let file = folder.join("journal/in_flight.arrows");
    let whole = fs::read(&file).unwrap();
    let mut damaged = BTreeSet::new();
    for position in (0..whole.len()).step_by(37) {
        let mut bytes = whole.clone();
        bytes[position] ^= 0x10;
        fs::write(&file, &bytes).unwrap();
        damaged.insert(checkpoint(&folder).is_none());
        fs::write(&file, &whole[..position]).unwrap();
        damaged.insert(checkpoint(&folder).is_none());
    }
    assert_eq!(damaged, BTreeSet::from([true]));
    fs::write(&file, &whole).unwrap();
    assert!(checkpoint(&folder).is_some());
}

/// No one else writes the row of a worker whose task is gone.
#[test]
fn an_operation_that_was_not_ended_is_unfinished() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let (writer, _) = started(&folder);
    let slot = writer.handle().slot();
    slot.begin(&begun(Path::Direct, 1));
    drop(slot);
    assert!(writer.finish(done()).unwrap().is_complete());
    assert_eq!(
        rows(&folder),
        [("direct".to_owned(), 1, "unfinished".to_owned())]
    );
}

/// A power cut, or a copy made while the recorder wrote: the checkpoint counts rows that are not there.
#[test]
fn a_checkpoint_ahead_of_its_journals_is_not_believed() {
    let root = tempfile::tempdir().unwrap();
    let (folder, _) = killed(root.path());
    let unsealed = journals(&folder);
    let last = checkpoint(&folder).unwrap();
    assert_eq!(last.missing_rows(&[], &unsealed), 0);
    let journal = folder.join("journal/operations.direct-00001.arrows");
    fs::remove_file(journal.with_extension("crc")).unwrap();
    fs::remove_file(journal).unwrap();
    assert_eq!(last.missing_rows(&[], &journals(&folder)), 1);
    let recovered = recover(&folder).unwrap();
    assert_eq!((recovered.missing_rows, recovered.unfinished), (1, 2));
    let manifest = Manifest::read(&folder).unwrap();
    assert_eq!(manifest.dropped_rows["operations"], 1);
    assert_eq!(
        manifest.duration_us, None,
        "it is unknown how far it reaches"
    );
}

/// Damage to another table neither hides that operations are missing nor takes the recording's end.
#[test]
fn damage_to_another_table_does_not_touch_operations() {
    let root = tempfile::tempdir().unwrap();
    let (folder, time_us) = killed(root.path());
    // Two events that have a checksum, and of which nothing is left.
    let events = folder.join("journal/events.events-00001.arrows");
    fs::write(&events, b"not a stream").unwrap();
    let sum = [12_u64.to_le_bytes(), [2, 0, 0, 0, 0, 0, 0, 0]].concat();
    fs::write(events.with_extension("crc"), sum).unwrap();
    let copy = copy_of(&folder, &root.path().join("copy"));
    let recovered = recover(&folder).unwrap();
    assert_eq!(recovered.missing_rows, 2);
    let manifest = Manifest::read(&folder).unwrap();
    assert_eq!(manifest.dropped_rows.get("events"), Some(&2));
    assert_eq!(manifest.dropped_rows.get("operations"), None);
    let reached_us = time_us - manifest.start_time.micros();
    assert_eq!(manifest.duration_us, Some(reached_us));

    let journal = copy.join("journal/operations.direct-00001.arrows");
    fs::remove_file(journal.with_extension("crc")).unwrap();
    fs::remove_file(journal).unwrap();
    recover(&copy).unwrap();
    let manifest = Manifest::read(&copy).unwrap();
    assert_eq!(manifest.dropped_rows["operations"], 1);
    assert_eq!(manifest.duration_us, None);
}

/// The rows of a damaged journal are gone, and the part of the operations in flight must not take its name: readers would pass over it
/// as one that is sealed.
#[test]
fn a_damaged_journal_keeps_its_name() {
    let root = tempfile::tempdir().unwrap();
    let (folder, _) = killed(root.path());
    let journal = folder.join("journal/operations.direct-00001.arrows");
    let length = fs::metadata(&journal).unwrap().len();
    fs::write(&journal, vec![7; usize::try_from(length).unwrap()]).unwrap();
    let recovered = recover(&folder).unwrap();
    assert_eq!((recovered.missing_rows, recovered.unfinished), (1, 2));
    let manifest = Manifest::read(&folder).unwrap();
    let parts: Vec<&str> = manifest
        .parts
        .iter()
        .map(|part| part.file.as_str())
        .collect();
    assert_eq!(
        parts,
        [
            "operations/direct-00002.parquet",
            "operations/proxy-00001.parquet"
        ]
    );
    assert!(journal.exists(), "kept for a closer look");
}
