//! What is recorded, and the rows of it. In every 20 operations of a path are 14 reads, and 4 writes with an identity.

use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use recording::vocabulary::{OperationType, Outcome, Path};
use recording::{
    Completion, Handle, Manifest, Operation, RecordingWriter, State, Target, Timestamp, Weights,
    WriterOptions, identity_prefix,
};

const RUN: &str = "20261122T204300Z-7f3a";
const START_US: i64 = 1_795_380_180_000_000;
/// Operations of a pattern, and how many of them carry an identity.
const PATTERN: u64 = 20;
const KEYED: u64 = 4;
/// Of so many operations the first, an order, is lost.
const LOST_EVERY: u64 = 20_000;

/// How much there is on each of the two paths.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    operations: u64,
}

impl Shape {
    /// With so many writes that carry an identity, on both paths together.
    pub(crate) fn of(writes: u64) -> Self {
        let patterns = writes.div_ceil(2 * KEYED);
        Self {
            operations: patterns * PATTERN,
        }
    }

    pub(crate) fn operations(self) -> u64 {
        2 * self.operations
    }

    pub(crate) fn writes(self) -> u64 {
        self.operations() / PATTERN * KEYED
    }

    pub(crate) fn lost(self) -> u64 {
        2 * (self.operations / LOST_EVERY)
    }

    /// What makes the rows, and the statistics and hint bits that a table has some time after.
    pub(crate) fn statements(self) -> Vec<String> {
        let mut statements = Vec::new();
        for path in Path::ALL {
            let prefix = identity_prefix(RUN, *path);
            let last = self.operations;
            let rows = |kinds: &str| {
                format!(
                    "from generate_series(1, {last}) n where n % {PATTERN} in ({kinds}) and n % {LOST_EVERY} <> 0"
                )
            };
            statements.push(format!(
                "insert into business_orders (user_id, order_number, amount) select 1, '{prefix}' || n, 1 {}",
                rows("0, 4, 5")
            ));
            statements.push(format!(
                "insert into business_logs (user_id, action, details) select 1, 'purchase', '{prefix}' || n {}",
                rows("1, 4, 5")
            ));
        }
        statements.push("vacuum analyze".to_owned());
        statements.push("checkpoint".to_owned());
        statements
    }
}

/// Name and type of an operation by its number.
fn kind(id: u64) -> (&'static str, OperationType) {
    match id % PATTERN {
        0 => ("create_order", OperationType::Write),
        1 => ("insert_log", OperationType::Write),
        2 => ("update_login", OperationType::Write),
        3 => ("update_stock", OperationType::Write),
        4 | 5 => ("place_order", OperationType::Transaction),
        _ => ("user_list", OperationType::Read),
    }
}

/// Records it into `folder`.
pub(crate) fn record(folder: &FilePath, shape: Shape) -> Result<PathBuf> {
    let mut manifest = Manifest {
        start_time: Timestamp(START_US),
        weights: Weights {
            read: 70.0,
            write: 20.0,
            transaction: 10.0,
        },
        ..Manifest::new(RUN, "bench")
    };
    manifest.clock.anchor_time = manifest.start_time;
    let writer = RecordingWriter::create(folder, manifest, WriterOptions::default())?;
    let handle = writer.handle();
    for id in 1..=shape.operations {
        for path in Path::ALL {
            hand_over(&handle, &operation(*path, id));
        }
    }
    let summary = writer.finish(Completion {
        state: State::Complete,
        duration_us: i64::try_from(shape.operations)? * 100,
        drift_us: 0,
    })?;
    let rows = summary.rows.get(&recording::Table::Operations).copied();
    ensure!(rows == Some(shape.operations()), "recorded: {summary:?}");
    Ok(folder.to_path_buf())
}

/// A row that finds the queue full is handed over again.
fn hand_over(handle: &Handle, row: &Operation) {
    loop {
        let dropped = handle.dropped_rows();
        handle.operation(row.clone());
        if handle.dropped_rows() == dropped {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn operation(path: Path, number: u64) -> Operation {
    let (operation_name, operation_type) = kind(number);
    // Far below 2^63.
    let id = number.cast_signed();
    let time = START_US + id * 100;
    let is_read = operation_type == OperationType::Read;
    Operation {
        path,
        worker: Some(0),
        operation_id: id,
        operation_type,
        operation_name,
        scheduled_time: time,
        start_time: Some(time),
        end_time: Some(time + 900),
        checkout_us: Some(3),
        execute_us: Some(897),
        outcome: Outcome::Ok,
        affected_rows: Some(1),
        target: match is_read {
            true => Target::default(),
            false => Target {
                user_id: Some(1),
                product_id: Some(1),
                quantity: Some(2),
            },
        },
        connection_id: Some(1),
        failure: None,
    }
}
