//! A journal whose part is damaged, or after which a further part was written: every row is read once.

use std::fs;
use std::path::{Path as FilePath, PathBuf};

use crate::support::{copy_of, done, hasty, ids, manifest, operation, read, wait_until};
use recording::vocabulary::Path;
use recording::{Manifest, Recording, RecordingWriter, State, Table, Unsealed, recover};

const PART: &str = "operations/direct-00001.parquet";

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

/// Writes these operations of the direct path, and waits until readers find so many.
fn write(writer: &RecordingWriter, new: std::ops::RangeInclusive<i64>, in_all: usize) {
    new.for_each(|id| writer.handle().operation(operation(Path::Direct, id)));
    wait_until("rows", || found(writer.folder()).len() == in_all);
}

/// A recorder with 60 rows of three batches in its journal, and the folder as it was then.
fn journaled(root: &FilePath) -> (RecordingWriter, PathBuf) {
    let writer = RecordingWriter::create(&root.join("run"), manifest(), hasty()).unwrap();
    for last in [20, 40, 60] {
        write(&writer, last - 19..=last, last as usize);
    }
    let copy = copy_of(&root.join("run"), &root.join("before"));
    (writer, copy)
}

/// Copies the journal of the first part into a recording whose recorder had no time to remove it.
fn put_journal(from: &FilePath, folder: &FilePath) -> PathBuf {
    let _ = fs::create_dir(folder.join("journal"));
    let name = |end: &str| format!("journal/operations.direct-00001.{end}");
    for end in ["arrows", "crc"] {
        fs::copy(from.join(name(end)), folder.join(name(end))).unwrap();
    }
    folder.join(name("arrows"))
}

fn damage(file: &FilePath) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
}

/// A named part is damaged or gone while its journal is there, in every state of a recording.
#[test]
fn a_damaged_part_is_read_from_its_journal() {
    for state in [State::Recording, State::Complete] {
        let root = tempfile::tempdir().unwrap();
        let (writer, before) = journaled(root.path());
        writer.finish(done()).unwrap();
        let folder = root.path().join("run");
        let journal = put_journal(&before, &folder);
        let mut manifest = Manifest::read(&folder).unwrap();
        manifest.state = state;
        manifest.write(&folder).unwrap();
        let all: Vec<i64> = (1..=60).collect();
        assert_eq!(found(&folder), all, "the part counts, not its journal");

        damage(&folder.join(PART));
        assert_eq!(found(&folder), all, "{state:?}");
        let recording = Recording::open(&folder).unwrap();
        let (parts, damaged) = recording.whole_parts(Table::Operations).unwrap();
        assert!(parts.is_empty() && damaged.is_empty(), "{damaged:?}");
        let verified = recording::verify(&folder, &mut |_, _| ()).unwrap();
        assert_eq!(verified.damaged[0].file, PART);
        assert_eq!(verified.journaled_rows(), 60);
        fs::remove_file(folder.join(PART)).unwrap();
        assert_eq!(found(&folder), all, "{state:?}");

        assert_eq!(recover(&folder).unwrap().rows, 60);
        assert_eq!(found(&folder), all);
        assert!(!journal.exists());
        let verified = recording::verify(&folder, &mut |_, _| ()).unwrap();
        assert!(verified.is_whole(), "{verified:?}");
        assert_eq!(Manifest::read(&folder).unwrap().parts.len(), 1);
    }
}

/// A journal that has a part of the rows is no reason to give the rest up, nor to say that nothing is missing.
#[test]
fn a_journal_with_fewer_rows_does_not_replace_its_part() {
    let root = tempfile::tempdir().unwrap();
    let (writer, before) = journaled(root.path());
    write(&writer, 61..=100, 100);
    writer.finish(done()).unwrap();
    let folder = root.path().join("run");
    let journal = put_journal(&before, &folder);
    damage(&folder.join(PART));
    let bytes = fs::read(folder.join(PART)).unwrap();
    let look = || {
        let recording = Recording::open(&folder).unwrap();
        assert!(recording.parts(Table::Operations).unwrap_err().is_damage());
        let (parts, damaged) = recording.whole_parts(Table::Operations).unwrap();
        assert!(parts.is_empty());
        assert_eq!((damaged.len(), damaged[0].rows), (1, Some(40)));
        let journals = recording.unsealed(Table::Operations).unwrap();
        assert_eq!((journals[0].rows, journals[0].has_all()), (60, false));
        let verified = recording::verify(&folder, &mut |_, _| ()).unwrap();
        assert_eq!(verified.journaled_rows(), 0, "`recover` seals none");
        assert_eq!(verified.journals[0].in_place_of, Some(100));
    };
    look();
    assert!(recover(&folder).unwrap().healthy);
    // The same where there is something else to recover.
    let mut manifest = Manifest::read(&folder).unwrap();
    manifest.state = State::Recording;
    manifest.write(&folder).unwrap();
    recover(&folder).unwrap();
    look();
    assert!(journal.exists() && fs::read(folder.join(PART)).unwrap() == bytes);
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
    let writer = RecordingWriter::create(&next, manifest(), hasty()).unwrap();
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
    assert!(!folder.join("journal").exists(), "no batch is left unread");

    // Several batches without a checksum are no refused one: a power cut took the checksums.
    let journal = lost.join("journal/operations.direct-00001.arrows");
    refuse_last_checksum(&journal);
    assert_eq!(found(&lost).len(), 100);
}
