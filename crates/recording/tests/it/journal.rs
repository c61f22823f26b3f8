//! The journals of a killed recorder are read, and sealed, once and whole.

use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use crate::support::{
    START_US, copy_of, done, hasty, ids, journaled, journals, manifest, operation, read, rows,
    wait_until,
};
use recording::vocabulary::Path;
use recording::{
    Manifest, OpenError, Recording, RecordingWriter, RecoverError, State, Table, Unsealed, recover,
};

/// Rows of operations in sealed parts, and in journals.
fn counts(folder: &FilePath) -> (usize, u64) {
    let recording = Recording::open(folder).unwrap();
    let sealed = rows(&read(&recording, Table::Operations));
    (sealed, journaled(folder))
}

/// The journal of the direct path.
fn direct(folder: &FilePath) -> Unsealed {
    let is_direct = |journal: &Unsealed| journal.part.starts_with("direct");
    journals(folder).into_iter().find(is_direct).unwrap()
}

/// A recorder in mid-recording: 100 rows a path, in batches, none of them sealed.
fn in_progress(root: &FilePath) -> (RecordingWriter, PathBuf) {
    let folder = root.join("run");
    let writer = RecordingWriter::create(&folder, manifest(), hasty()).unwrap();
    let handle = writer.handle();
    for id in 1..=100 {
        handle.operation(operation(Path::Direct, id));
        handle.operation(operation(Path::Proxy, id));
        if id % 20 == 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    wait_until("rows", || counts(&folder) == (0, 200));
    (writer, folder)
}

/// The folder as it is this moment, which is what a SIGKILL leaves.
fn killed(folder: &FilePath, root: &FilePath) -> PathBuf {
    copy_of(folder, &root.join("killed"))
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
        let direct = direct(&copy);
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
    // The sealed parts, and the journals as they were: it died before it removed the journals.
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

/// Every bit of a journal that has checksums is accounted for: a row is read as it was written, or not at all.
#[test]
fn a_damaged_batch_is_left_out_and_the_others_are_read() {
    let root = tempfile::tempdir().unwrap();
    let (writer, folder) = in_progress(root.path());
    let copy = killed(&folder, root.path());
    writer.finish(done()).unwrap();
    let journal = copy.join("journal/operations.direct-00001.arrows");
    let whole = fs::read(&journal).unwrap();
    // The schema, without which no batch can be read.
    let checksums = fs::read(copy.join("journal/operations.direct-00001.crc")).unwrap();
    let head = u64::from_le_bytes(*checksums.first_chunk().unwrap());
    let head = usize::try_from(head).unwrap();
    let mut lost = 0;
    for position in (0..whole.len()).step_by(53) {
        let mut bytes = whole.clone();
        bytes[position] ^= 1 << (position % 8);
        fs::write(&journal, &bytes).unwrap();
        let direct = direct(&copy);
        assert!(direct.damaged_bytes > 0, "bit {position}");
        if position >= head {
            assert!(direct.rows < 100 && direct.unread_bytes > 0);
            assert!(direct.rows > 0, "bit {position} took every batch");
        }
        lost += 1;
        let ids: Vec<i64> = direct.batches().flat_map(|batch| ids(&batch)).collect();
        assert!(ids.iter().all(|id| (1..=100).contains(id)));
        assert_eq!(ids.len() as u64, direct.rows);
    }
    assert!(lost > 50 && head < whole.len() / 2, "nothing was tested");
}

#[test]
fn a_journal_without_checksums_is_read() {
    let root = tempfile::tempdir().unwrap();
    let (writer, folder) = in_progress(root.path());
    let copy = killed(&folder, root.path());
    writer.finish(done()).unwrap();
    for path in ["direct", "proxy"] {
        let checksums = copy.join(format!("journal/operations.{path}-00001.crc"));
        fs::remove_file(checksums).unwrap();
    }
    assert_eq!(counts(&copy), (0, 200));
}

/// Another table's journal under this one's name, a folder, a link: none is read as operations.
#[test]
fn what_is_no_journal_of_the_table_is_not_read() {
    let root = tempfile::tempdir().unwrap();
    let (writer, folder) = in_progress(root.path());
    writer.handle().event(recording::Event {
        time: START_US,
        path: None,
        kind: recording::vocabulary::EventKind::Interrupted,
        duration_us: None,
        status: None,
        detail: "x".to_owned(),
    });
    wait_until("the event", || {
        let recording = Recording::open(&folder).unwrap();
        let events = recording.unsealed(Table::Events).unwrap();
        events.iter().any(|journal| journal.rows == 1)
    });
    let copy = killed(&folder, root.path());
    writer.finish(done()).unwrap();
    let name = |end: &str| copy.join(format!("journal/operations.direct-00001.{end}"));
    fs::copy(
        copy.join("journal/events.events-00001.arrows"),
        name("arrows"),
    )
    .unwrap();
    fs::copy(copy.join("journal/events.events-00001.crc"), name("crc")).unwrap();
    assert_eq!(counts(&copy), (0, 100), "only the proxy's rows");
    fs::remove_file(name("arrows")).unwrap();
    fs::create_dir(name("arrows")).unwrap();
    let refused = || {
        let recording = Recording::open(&copy).unwrap();
        recording.unsealed(Table::Operations).unwrap_err()
    };
    assert!(matches!(refused(), OpenError::DamagedPart { .. }));
    fs::remove_dir(name("arrows")).unwrap();
    let elsewhere = copy.join("journal/operations.proxy-00001.arrows");
    std::os::unix::fs::symlink(elsewhere, name("arrows")).unwrap();
    assert!(
        matches!(refused(), OpenError::DamagedPart { .. }),
        "a link may lead anywhere"
    );
}

/// What damage costs is counted, before and after recovery: figures without these rows must not look whole.
#[test]
fn rows_of_damaged_batches_are_counted_as_dropped() {
    let root = tempfile::tempdir().unwrap();
    let (writer, folder) = in_progress(root.path());
    let copy = killed(&folder, root.path());
    writer.finish(done()).unwrap();
    let journal = copy.join("journal/operations.direct-00001.arrows");
    let mut bytes = fs::read(&journal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&journal, &bytes).unwrap();
    let damaged = direct(&copy);
    let (rows, missing) = (damaged.rows, damaged.damaged_rows);
    assert!(missing > 0 && rows + missing == 100);
    let recovered = recover(&copy).unwrap();
    assert_eq!(recovered.missing_rows, missing);
    assert_eq!(
        Manifest::read(&copy).unwrap().dropped_rows["operations"],
        missing
    );

    // Without checksums the count is unknown, and a cut at the end is no damage.
    fs::remove_file(journal.with_extension("crc")).unwrap();
    let read = || {
        let unsealed = Recording::open(&copy).unwrap();
        let (path, part) = (&journal, "direct-00009");
        let copied = copy.join(format!("journal/operations.{part}.arrows"));
        fs::copy(path, &copied).unwrap();
        fs::write(copy.join("manifest.json"), state_recording(&copy)).unwrap();
        let unsealed = Recording::open(unsealed.folder()).unwrap();
        let unsealed = unsealed.unsealed(Table::Operations).unwrap();
        unsealed
            .into_iter()
            .find(|found| found.part.starts_with(part))
            .unwrap()
    };
    assert!(read().damaged_bytes > 0);
    fs::write(&journal, &bytes[..middle / 4]).unwrap();
    let cut = read();
    assert!(cut.unread_bytes > 0 && cut.damaged_bytes == 0, "{cut:?}");
}

/// The manifest as it was while the recorder lived.
fn state_recording(folder: &FilePath) -> String {
    let text = fs::read_to_string(folder.join("manifest.json")).unwrap();
    text.replace("\"recovered\"", "\"recording\"")
}

/// Half a part and its whole journal, as a broken copy leaves them.
#[test]
fn half_a_part_does_not_hide_its_journal() {
    let root = tempfile::tempdir().unwrap();
    let (writer, folder) = in_progress(root.path());
    let copy = killed(&folder, root.path());
    writer.finish(done()).unwrap();
    fs::write(copy.join("operations/direct-00001.parquet"), b"PAR1PAR1").unwrap();
    assert_eq!(counts(&copy), (0, 200));
    assert_eq!(recover(&copy).unwrap().rows, 200);
    assert_eq!(counts(&copy), (200, 0));
}

/// Not the batch but its checksum is damaged: it costs one batch at most, and that of the schema costs none.
#[test]
fn a_damaged_checksum_costs_no_more_than_its_batch() {
    let root = tempfile::tempdir().unwrap();
    let (writer, folder) = in_progress(root.path());
    let copy = killed(&folder, root.path());
    writer.finish(done()).unwrap();
    let checksums = copy.join("journal/operations.direct-00001.crc");
    let whole = fs::read(&checksums).unwrap();
    // The first is that of the schema.
    let batches = whole.len() / 16 - 1;
    assert!(batches > 3, "nothing was tested");
    for position in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[position] ^= 0x40;
        fs::write(&checksums, &bytes).unwrap();
        let found = direct(&copy).batches().count();
        let lost = usize::from(position >= 16);
        assert!(
            found >= batches - lost,
            "byte {position}: {found} of {batches}"
        );
    }
}
