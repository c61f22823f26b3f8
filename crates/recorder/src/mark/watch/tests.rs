use recording::{Clock, Completion, Manifest, RecordingWriter, State, Table, WriterOptions};

use super::*;
use crate::monitor::Monitor;
use crate::output::log::Log;

fn writer(folder: &FilePath, queue_rows: usize) -> (RecordingWriter, EventSink) {
    let options = WriterOptions {
        queue_rows,
        ..WriterOptions::default()
    };
    let writer = RecordingWriter::create(folder, Manifest::new("run", "host"), options);
    let (writer, clock) = (writer.unwrap(), Clock::start());
    let sink = EventSink {
        handle: writer.handle(),
        clock,
        monitor: Monitor::new(&[], clock),
        log: std::sync::Arc::new(Log::create(&folder.join("logs"), clock).unwrap()),
    };
    (writer, sink)
}

fn give(folder: &FilePath, text: &str) {
    let mark = line(&Mark::new(0, text).unwrap()).unwrap();
    let mut file = File::options()
        .append(true)
        .open(folder.join(GIVEN))
        .unwrap();
    file.write_all(mark.as_bytes()).unwrap();
}

/// The last offset that the reader has stated, and whether that is all of the file.
fn confirmed(folder: &FilePath) -> (u64, bool) {
    let text = fs::read_to_string(folder.join(READ)).unwrap();
    let last = text.lines().last().map(serde_json::from_str::<Position>);
    let offset = last.map_or(0, |last| last.unwrap().offset);
    let length = fs::metadata(folder.join(GIVEN)).unwrap().len();
    (offset, offset == length)
}

/// Events in the recording, and rows lost.
fn finish(writer: RecordingWriter) -> (u64, u64) {
    let completion = Completion {
        state: State::Complete,
        duration_us: 0,
        drift_us: 0,
    };
    let summary = writer.finish(completion).unwrap();
    let count = |rows: &std::collections::BTreeMap<Table, u64>| {
        rows.get(&Table::Events).copied().unwrap_or_default()
    };
    (count(&summary.rows), count(&summary.dropped))
}

#[test]
fn a_mark_that_finds_the_queue_full_is_not_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    // A queue without room.
    let (full, of_full) = writer(&folder.path().join("full"), 0);
    let run = folder.path().join("run");
    let (roomy, of_roomy) = writer(&run, 100);
    let mut reader = Reader::create(&run, of_full.clone()).unwrap();
    give(&run, "one");
    give(&run, "two");
    reader.look(false);
    reader.look(false);
    // The newline before it at most.
    assert!(confirmed(&run).0 <= 1);
    // None is counted as lost, and each comes once.
    reader.sink = of_roomy;
    reader.look(false);
    reader.look(false);
    assert!(confirmed(&run).1);
    let taken = confirmed(&run);
    reader.sink = of_full;
    give(&run, "three");
    give(&run, "four");
    reader.look(true);
    assert!(confirmed(&run).0 <= taken.0 + 1);
    assert_eq!(finish(roomy), (2, 0));
    assert_eq!(finish(full), (0, 2));
}

#[test]
fn marks_go_on_after_their_folder_was_removed() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let (writer, sink) = writer(&run, 100);
    let mut reader = Reader::create(&run, sink).unwrap();
    give(&run, "before it was removed");
    fs::remove_dir_all(run.join("journal")).unwrap();
    reader.look(false);
    reader.look(false);
    give(&run, "after");
    reader.look(false);
    assert!(confirmed(&run).1);
    // Made again by another, and empty; with a file that is not the recorder's.
    fs::remove_dir_all(run.join("journal")).unwrap();
    fs::create_dir(run.join("journal")).unwrap();
    fs::write(run.join(GIVEN), "").unwrap();
    reader.look(false);
    give(&run, "later");
    reader.look(false);
    assert!(confirmed(&run).1);

    // Another recording at its path stays as it is.
    fs::rename(&run, folder.path().join("moved")).unwrap();
    fs::create_dir_all(run.join("journal")).unwrap();
    fs::write(run.join(GIVEN), "foreign").unwrap();
    reader.look(false);
    assert_eq!(fs::read(run.join(GIVEN)).unwrap(), b"foreign");
    fs::remove_dir_all(&run).unwrap();
    fs::rename(folder.path().join("moved"), &run).unwrap();
    assert_eq!(finish(writer), (3, 0));
}
