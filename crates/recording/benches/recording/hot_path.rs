//! A worker's cost for the row of a success: claim a number, begin the operation, fill the row, hand it over.

use std::hint::black_box;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use recording::vocabulary::{OperationType, Outcome, Path};
use recording::{Clock, Operation, RecordingWriter, Slot, WriterOptions};

use crate::{Result, figure, progress, support};

/// Rows between two readings of the clock, each of which costs as much as a row.
const BATCH: u32 = 50;
const BATCHES: usize = 4_000;

/// A worker of the recorder, as far as its rows go.
struct Worker<'a> {
    slot: &'a Slot,
    clock: &'a Clock,
    last_operation: &'a AtomicI64,
}

impl Worker<'_> {
    fn succeed(&self) {
        let begun = Instant::now();
        let operation_id = self.last_operation.fetch_add(1, Ordering::Relaxed) + 1;
        let start_time = self.clock.at_us(begun);
        let mut row = Operation {
            path: Path::Direct,
            worker: Some(7),
            operation_id,
            operation_type: OperationType::Read,
            operation_name: "user_list",
            scheduled_time: start_time,
            start_time: Some(start_time),
            end_time: None,
            checkout_us: None,
            execute_us: None,
            outcome: Outcome::Unfinished,
            affected_rows: None,
            target: recording::Target::default(),
            connection_id: None,
            failure: None,
        };
        self.slot.begin(&row);
        row.checkout_us = Some(3);
        row.connection_id = Some(4);
        row.execute_us = Some(1_234);
        row.end_time = Some(self.clock.now_us());
        row.outcome = Outcome::Ok;
        row.affected_rows = Some(20);
        self.slot.end(black_box(row));
    }
}

pub(crate) fn measure() -> Result<()> {
    progress("handing rows over");
    let root = tempfile::tempdir()?;
    let folder = root.path().join("run");
    let writer = RecordingWriter::create(&folder, support::manifest(), WriterOptions::default())?;
    let worker = Worker {
        slot: &writer.handle().slot(),
        clock: &Clock::start(),
        last_operation: &AtomicI64::new(0),
    };
    let mut times = Vec::with_capacity(BATCHES);
    for _ in 0..BATCHES {
        let begun = Instant::now();
        (0..BATCH).for_each(|_| worker.succeed());
        times.push(begun.elapsed().as_nanos() as f64 / f64::from(BATCH));
        // 50,000 rows a second: the writer is at work, and never behind.
        std::thread::sleep(Duration::from_millis(1));
    }
    times.sort_by(f64::total_cmp);
    figure("hand_over_median_ns", times[BATCHES / 2]);
    figure("hand_over_p99_ns", times[BATCHES * 99 / 100]);
    let counted = allocation_counter::measure(|| (0..BATCH).for_each(|_| worker.succeed()));
    figure(
        "hand_over_allocations",
        counted.count_total as f64 / f64::from(BATCH),
    );
    let dropped = writer.handle().dropped_rows();
    writer.finish(support::done())?;
    match dropped {
        0 => Ok(()),
        rows => {
            Err(format!("{rows} rows were dropped: their hand-over cost less than a row's").into())
        }
    }
}
