//! Small recordings, written for tests and for the benchmark.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use recording::vocabulary::{OperationType, Outcome, Path};
use recording::{
    Completion, Manifest, Operation, Pool, Recording, RecordingWriter, Schedule, State, Table,
    Target, Timeouts, Timestamp, Unsealed, Weights, WriterOptions,
};

pub const START_US: i64 = 1_795_380_180_000_000;

pub fn manifest() -> Manifest {
    let mut manifest = Manifest {
        start_time: Timestamp(START_US),
        requested_duration_us: Some(60_000_000),
        weights: Weights {
            read: 70.0,
            write: 20.0,
            transaction: 10.0,
        },
        workers: 3,
        schedule: Schedule::ClosedLoop {
            min_operation_interval_us: 1,
            max_operation_interval_us: 2,
        },
        seed: u64::MAX,
        pool: Pool { size: 5 },
        timeouts: Timeouts {
            connect_us: 1,
            pool_us: 2,
            operation_us: 3,
        },
        labels: BTreeMap::from([("game-day".to_owned(), "七号".to_owned())]),
        ..Manifest::new("20261122T204300Z-7f3a", "laptop")
    };
    manifest.clock.anchor_time = manifest.start_time;
    manifest
}

/// Flushes 200 times a second, so that a test need not wait for it.
pub fn hasty() -> WriterOptions {
    WriterOptions {
        flush_interval: Duration::from_millis(5),
        ..WriterOptions::default()
    }
}

pub fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("waited in vain: {what}");
}

pub fn operation(path: Path, operation_id: i64) -> Operation {
    let scheduled_time = START_US + operation_id * 1_000;
    Operation {
        path,
        worker: Some(2),
        operation_id,
        operation_type: OperationType::Read,
        operation_name: "user_list",
        scheduled_time,
        start_time: Some(scheduled_time),
        end_time: Some(scheduled_time + 700),
        checkout_us: Some(100),
        execute_us: Some(600),
        outcome: Outcome::Ok,
        affected_rows: Some(20),
        target: Target {
            user_id: Some(7),
            product_id: Some(8),
            quantity: Some(2),
        },
        connection_id: Some(4),
        failure: None,
    }
}

pub fn done() -> Completion {
    Completion {
        state: State::Complete,
        duration_us: 60_000_000,
        drift_us: -17,
    }
}

pub fn read(recording: &Recording, table: Table) -> Vec<RecordBatch> {
    let parts = recording.parts(table).unwrap();
    let open =
        |part| ParquetRecordBatchReaderBuilder::try_new(fs::File::open(part).unwrap()).unwrap();
    parts
        .iter()
        .flat_map(|part| open(part).build().unwrap())
        .map(Result::unwrap)
        .collect()
}

/// Every `operation_id` of a batch.
pub fn ids(batch: &RecordBatch) -> Vec<i64> {
    let ids = batch.column_by_name("operation_id").unwrap();
    ids.as_primitive::<Int64Type>().values().to_vec()
}

/// The journals of operations.
pub fn journals(folder: &FilePath) -> Vec<Unsealed> {
    let recording = Recording::open(folder).unwrap();
    recording.unsealed(Table::Operations).unwrap()
}

/// Rows of operations in journals.
pub fn journaled(folder: &FilePath) -> u64 {
    journals(folder).iter().map(|journal| journal.rows).sum()
}

pub fn rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

/// A recording of 100 operations on the direct path.
pub fn written() -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let writer = RecordingWriter::create(&folder, manifest(), WriterOptions::default()).unwrap();
    let handle = writer.handle();
    (1..=100).for_each(|id| handle.operation(operation(Path::Direct, id)));
    writer.finish(done()).unwrap();
    (root, folder)
}

/// The folder as it is this moment, which is what a SIGKILL leaves.
pub fn copy_of(folder: &FilePath, copy: &FilePath) -> PathBuf {
    fs::create_dir(copy).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let to = copy.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_of(&entry.path(), &to);
        } else if fs::copy(entry.path(), &to).is_err() {
            // Replaced or removed while it was copied: a moment later it is not there either.
            let _ = fs::remove_file(&to);
        }
    }
    copy.to_path_buf()
}
