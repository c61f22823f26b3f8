//! A journal beside its damaged part, or beside the part after it: every row is read once.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use recording::vocabulary::Path;
use recording::{Recording, RecordingWriter, Table, Unsealed, WriterOptions, recover};
use support::{copy_of, done, manifest, operation, read};

fn ids(batch: &RecordBatch) -> Vec<i64> {
    let ids = batch.column_by_name("operation_id").unwrap();
    ids.as_primitive::<Int64Type>().values().to_vec()
}

/// Every `operation_id` of the direct path that a reader finds in parts and journals, in order.
fn found(folder: &FilePath) -> Vec<i64> {
    let recording = Recording::open(folder).unwrap();
    let journals = recording.unsealed(Table::Operations).unwrap();
    let journaled = journals.iter().flat_map(Unsealed::batches);
    let sealed = read(&recording, Table::Operations).into_iter();
    let mut found: Vec<i64> = sealed
        .chain(journaled)
        .flat_map(|batch| ids(&batch))
        .collect();
    found.sort_unstable();
    found
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("waited in vain: {what}");
}

fn options() -> WriterOptions {
    WriterOptions {
        flush_interval: Duration::from_millis(5),
        ..WriterOptions::default()
    }
}

/// Writes these operations of the direct path, and waits until readers find so many.
fn write(writer: &RecordingWriter, new: std::ops::RangeInclusive<i64>, in_all: usize) {
    new.for_each(|id| writer.handle().operation(operation(Path::Direct, id)));
    wait_until("rows", || found(writer.folder()).len() == in_all);
}

/// A recorder with 60 rows of three batches in its journal, and the folder as it was then.
fn journaled(root: &FilePath) -> (RecordingWriter, PathBuf) {
    let writer = RecordingWriter::create(&root.join("run"), manifest(), options()).unwrap();
    for last in [20, 40, 60] {
        write(&writer, last - 19..=last, last as usize);
    }
    let copy = copy_of(&root.join("run"), &root.join("before"));
    (writer, copy)
}

/// Cuts the last checksum off: its batch was written, and then the disk refused.
fn refuse_last_checksum(journal: &FilePath) {
    let sums = journal.with_extension("crc");
    let bytes = fs::read(&sums).unwrap();
    fs::write(&sums, &bytes[..bytes.len() - 16]).unwrap();
}

/// A disk that becomes read-only in mid-append keeps a batch that it refused; the recorder writes it again into the next part.
#[test]
fn a_refused_batch_that_is_there_is_not_read_twice() {
    let root = tempfile::tempdir().unwrap();
    let (writer, folder) = journaled(root.path());
    writer.finish(done()).unwrap();
    let journal = folder.join("journal/operations.direct-00001.arrows");
    refuse_last_checksum(&journal);
    let all: Vec<i64> = (1..=60).collect();
    let alone = copy_of(&folder, &root.path().join("alone"));
    assert_eq!(
        found(&alone),
        all,
        "nothing came later: the recorder was killed here"
    );
    recover(&alone).unwrap();
    assert_eq!(found(&alone), all);

    // The next part, which begins with the batch that was refused.
    let next = root.path().join("next");
    let writer = RecordingWriter::create(&next, manifest(), options()).unwrap();
    write(&writer, 41..=60, 20);
    write(&writer, 61..=80, 40);
    let next = copy_of(&next, &root.path().join("next-before"));
    writer.finish(done()).unwrap();
    for end in ["arrows", "crc"] {
        let name = |number| format!("journal/operations.direct-{number}.{end}");
        fs::copy(next.join(name("00001")), folder.join(name("00002"))).unwrap();
    }
    let lost = copy_of(&folder, &root.path().join("lost"));
    let all: Vec<i64> = (1..=80).collect();
    assert_eq!(found(&folder), all, "no row twice");
    recover(&folder).unwrap();
    assert_eq!(found(&folder), all);
    assert!(
        !folder.join("journal").exists(),
        "nothing is left that nobody read"
    );

    // Several batches without a checksum are no refused one: a power cut took the checksums.
    let journal = lost.join("journal/operations.direct-00001.arrows");
    refuse_last_checksum(&journal);
    assert_eq!(found(&lost).len(), 100);
}
