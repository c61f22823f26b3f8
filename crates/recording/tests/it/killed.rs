//! A process that records is killed with SIGKILL at random moments, and so is the one that recovers: every operation that began before
//! the last checkpoint has its row, once. `PGOUTAGE_KILLS` sets how often, 40 times by default.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path as FilePath, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::support::{manifest, operation, read};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use recording::vocabulary::{Outcome, Path};
use recording::{
    Checkpoint, Clock, Operation, Recording, RecordingWriter, Slot, State, Table, Timestamp,
    Unsealed, WriterOptions, recover,
};

/// The folder, for a process of this test.
const FOLDER: &str = "PGOUTAGE_TEST_FOLDER";
/// Path and `operation_id`.
type Key = (String, i64);

fn kills() -> u64 {
    std::env::var("PGOUTAGE_KILLS").map_or(40, |kills| kills.parse().unwrap())
}

/// Splitmix64: the moments of a run are drawn again by the next.
struct Moments(u64);

impl Moments {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// One of the ignored tests below, as a process of its own: one that can be killed. Killed at the end in any case.
struct Process(Child);

impl Process {
    fn start(name: &str, folder: &FilePath) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", name, "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    fn wait_for(&mut self, file: &FilePath) {
        while !file.exists() {
            assert!(self.is_running(), "it ended before {}", file.display());
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// True where it still ran.
    fn kill(mut self) -> bool {
        let ran = self.is_running();
        self.0.kill().unwrap();
        self.0.wait().unwrap();
        ran
    }

    fn succeed(mut self) {
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os(FOLDER).unwrap())
}

/// The file in which the process that records writes what it did.
fn truth_of(folder: &FilePath) -> PathBuf {
    folder.with_extension("truth")
}

/// The file that the process that recovers writes when it begins.
fn beginning_of(folder: &FilePath) -> PathBuf {
    folder.with_extension("begins")
}

/// Parts of a few flushes each, so that sealing is always near.
fn hasty(clock: Clock) -> WriterOptions {
    WriterOptions {
        seal_rows: 400,
        seal_age: Duration::from_millis(80),
        flush_interval: Duration::from_millis(20),
        sync_interval: Duration::from_millis(50),
        clock: Some(clock),
        ..WriterOptions::default()
    }
}

/// Begins and ends operations until it is killed. Each line is written, and cannot be lost, after the step that it names.
fn work(slot: &Slot, path: Path, last: &AtomicI64, clock: Clock, mut truth: &File, seed: u64) {
    let mut moments = Moments(seed);
    loop {
        let operation_id = last.fetch_add(1, Ordering::Relaxed) + 1;
        let mut row = Operation {
            scheduled_time: clock.now_us(),
            start_time: Some(clock.now_us()),
            end_time: None,
            outcome: Outcome::Unfinished,
            ..operation(path, operation_id)
        };
        slot.begin(&row);
        let begun = format!("begun {path} {operation_id} {}\n", clock.now_us());
        truth.write_all(begun.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_micros(moments.below(200)));
        row.end_time = Some(clock.now_us());
        row.outcome = Outcome::Ok;
        slot.end(row);
        let ended = format!("ended {path} {operation_id} {}\n", clock.now_us());
        truth.write_all(ended.as_bytes()).unwrap();
    }
}

#[test]
#[ignore = "a process of the test below"]
fn record_until_killed() {
    let folder = folder();
    let clock = Clock::start();
    let mut manifest = manifest();
    manifest.start_time = Timestamp(clock.now_us());
    let truth = File::create(truth_of(&folder)).unwrap();
    let writer = RecordingWriter::create(&folder, manifest, hasty(clock)).unwrap();
    let last = [AtomicI64::new(0), AtomicI64::new(0)];
    std::thread::scope(|scope| {
        for worker in 0..6 {
            let slot = writer.handle().slot();
            let (path, last) = (Path::ALL[worker % 2], &last[worker % 2]);
            let truth = &truth;
            scope.spawn(move || work(&slot, path, last, clock, truth, worker as u64));
        }
    });
}

#[test]
#[ignore = "a process of the test below"]
fn recover_until_killed() {
    let folder = folder();
    File::create(beginning_of(&folder)).unwrap();
    recover(&folder).unwrap();
}

/// What the process wrote before it was killed; times are those after the begin and after the hand-over.
#[derive(Default)]
struct Truth {
    begun: BTreeMap<Key, i64>,
    ended: BTreeMap<Key, i64>,
}

impl Truth {
    fn read(folder: &FilePath) -> Self {
        let mut truth = Self::default();
        let text = fs::read_to_string(truth_of(folder)).unwrap();
        for line in text.split_inclusive('\n') {
            // The last line may be cut off.
            let Some(line) = line.strip_suffix('\n') else {
                continue;
            };
            let words: Vec<&str> = line.split(' ').collect();
            let key = (words[1].to_owned(), words[2].parse().unwrap());
            let times = match words[0] {
                "begun" => &mut truth.begun,
                _ => &mut truth.ended,
            };
            times.insert(key, words[3].parse().unwrap());
        }
        truth
    }
}

fn add(rows: &mut Vec<(Key, String)>, batch: &RecordBatch) {
    let column = |name| batch.column_by_name(name).unwrap();
    let paths = column("path").as_string::<i32>();
    let ids = column("operation_id").as_primitive::<Int64Type>();
    let outcomes = column("outcome").as_string::<i32>();
    for row in 0..batch.num_rows() {
        let key = (paths.value(row).to_owned(), ids.value(row));
        rows.push((key, outcomes.value(row).to_owned()));
    }
}

/// Every row that a reader finds in the folder, whatever its state.
fn rows(recording: &Recording) -> Vec<(Key, String)> {
    let mut rows = Vec::new();
    for batch in read(recording, Table::Operations) {
        add(&mut rows, &batch);
    }
    let checkpoint = Checkpoint::read(recording).unwrap();
    let parts = recording.parts(Table::Operations).unwrap();
    let unsealed = recording.unsealed(Table::Operations).unwrap();
    let journaled = unsealed.iter().flat_map(Unsealed::batches);
    let unfinished = checkpoint
        .iter()
        .flat_map(|checkpoint| checkpoint.unfinished(&parts, &unsealed));
    journaled
        .chain(unfinished)
        .for_each(|batch| add(&mut rows, &batch));
    rows.sort();
    rows
}

/// What all kills together met.
#[derive(Default, Debug)]
struct Met {
    checkpoints: u64,
    operations: u64,
    unfinished: u64,
    unnamed_parts: u64,
    open_without_rows: u64,
    killed_recoveries: u64,
}

fn check(rows: &[(Key, String)], truth: &Truth, checkpoint_us: Option<i64>, met: &mut Met) {
    let outcomes: BTreeMap<&Key, &str> = rows
        .iter()
        .map(|(key, outcome)| (key, outcome.as_str()))
        .collect();
    assert_eq!(outcomes.len(), rows.len(), "no row twice");
    // Without a checkpoint nothing is promised: the recorder died before its first flush was done.
    let Some(checkpoint_us) = checkpoint_us else {
        return;
    };
    met.checkpoints += 1;
    for (key, begun_us) in &truth.begun {
        let Some(outcome) = outcomes.get(key) else {
            assert!(
                *begun_us >= checkpoint_us,
                "{key:?} began {} us before the last checkpoint and has no row",
                checkpoint_us - begun_us
            );
            continue;
        };
        let ended = truth.ended.get(key);
        if ended.is_some_and(|ended| *ended < checkpoint_us) {
            assert_eq!(*outcome, "ok", "{key:?} had ended");
        }
        met.operations += 1;
        met.unfinished += u64::from(*outcome == "unfinished");
    }
}

#[test]
fn operations_before_the_last_checkpoint_have_their_rows_after_a_kill() {
    let root = tempfile::tempdir().unwrap();
    let mut met = Met::default();
    for kill in 0..kills() {
        let mut moments = Moments(kill);
        let folder = root.path().join(format!("run-{kill}"));
        let mut recorder = Process::start("killed::record_until_killed", &folder);
        recorder.wait_for(&folder.join("manifest.json"));
        std::thread::sleep(Duration::from_micros(moments.below(400_000)));
        assert!(recorder.kill(), "it records until it is killed");

        let truth = Truth::read(&folder);
        let recording = Recording::open(&folder).unwrap();
        assert_eq!(recording.manifest().state, State::Recording);
        assert!(recording.manifest().dropped_rows.is_empty());
        let checkpoint = Checkpoint::read(&recording).unwrap();
        let checkpoint_us = checkpoint.map(|checkpoint| checkpoint.time_us);
        let found = rows(&recording);
        check(&found, &truth, checkpoint_us, &mut met);
        let named = recording.manifest().parts.len();
        let parts = recording.parts(Table::Operations).unwrap().len();
        met.unnamed_parts += u64::from(parts > named);
        let journals = recording.unsealed(Table::Operations).unwrap();
        met.open_without_rows += u64::from(journals.iter().any(|journal| journal.rows == 0));

        // Recoveries that are killed too, and then one that is not.
        for _ in 0..moments.below(3) {
            let begins = beginning_of(&folder);
            let mut recovery = Process::start("killed::recover_until_killed", &folder);
            recovery.wait_for(&begins);
            std::thread::sleep(Duration::from_micros(moments.below(40_000)));
            met.killed_recoveries += u64::from(recovery.kill());
            fs::remove_file(&begins).unwrap();
            assert_eq!(rows(&Recording::open(&folder).unwrap()), found);
        }
        recover(&folder).unwrap();
        let recovered = Recording::open(&folder).unwrap();
        let manifest = recovered.manifest();
        assert_eq!(manifest.state, State::Recovered);
        let reaches = checkpoint_us.map(|time| time - manifest.start_time.micros());
        assert_eq!(manifest.duration_us, reaches);
        // A journal of half a batch stays, for a closer look.
        let left = recovered.unsealed(Table::Operations).unwrap();
        assert!(left.iter().all(|journal| journal.rows == 0), "{left:?}");
        assert_eq!(rows(&recovered), found, "what was readable before, no more");
        let left: BTreeSet<String> = names(&folder)
            .chain(names(&folder.join("operations")))
            .collect();
        assert!(!left.iter().any(|name| name.ends_with(".open")), "{left:?}");
        assert!(recover(&folder).unwrap().healthy);
        assert_eq!(rows(&Recording::open(&folder).unwrap()), found);
        fs::remove_dir_all(&folder).unwrap();
    }
    eprintln!("{} kills: {met:?}", kills());
    assert!(met.operations > 0 && met.unfinished > 0, "{met:?}");
}

fn names(folder: &FilePath) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
}

/// Resident memory of this process, bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kibibytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kibibytes.parse::<u64>().unwrap() << 10
}

#[test]
#[ignore = "a process of the test below"]
fn record_for_long() {
    let folder = folder();
    let clock = Clock::start();
    let options = WriterOptions {
        seal_rows: 50_000,
        flush_interval: Duration::from_millis(20),
        clock: Some(clock),
        ..WriterOptions::default()
    };
    let writer = RecordingWriter::create(&folder, manifest(), options).unwrap();
    let handle = writer.handle();
    let slot = handle.slot();
    let mut handed_over: u64 = 0;
    for rows in [200_000, 2_000_000] {
        while handed_over - handle.dropped_rows() < rows {
            let dropped = handle.dropped_rows();
            for _ in 0..1_000 {
                handed_over += 1;
                let row = operation(Path::Direct, handed_over as i64);
                slot.begin(&row);
                slot.end(row);
            }
            if handle.dropped_rows() > dropped {
                // Faster than the disk: it is given the time.
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let line = format!("{rows} {}\n", resident());
        let mut truth = File::options()
            .create(true)
            .append(true)
            .open(truth_of(&folder))
            .unwrap();
        truth.write_all(line.as_bytes()).unwrap();
    }
}

/// A writer that kept anything of its rows would show it: 1.8 M of them take more than 300 MB in memory.
#[test]
#[cfg(target_os = "linux")]
fn memory_stays_flat_however_long_it_records() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    Process::start("killed::record_for_long", &folder).succeed();
    let text = fs::read_to_string(truth_of(&folder)).unwrap();
    let resident: Vec<u64> = text
        .lines()
        .map(|line| line.split_once(' ').unwrap().1.parse().unwrap())
        .collect();
    let mebibytes = |bytes: u64| bytes >> 20;
    eprintln!(
        "resident: {} MiB after 200,000 rows, {} MiB after 2,000,000",
        mebibytes(resident[0]),
        mebibytes(resident[1])
    );
    assert!(resident[1] < resident[0] + (32 << 20), "{resident:?}");
}
