//! A recording of so many operations, to be analyzed.

use std::path::Path as FilePath;

use recording::{Completion, Manifest, Pool, RecordingWriter, State, Timestamp, WriterOptions};

use crate::synthetic::{Operations, START_US, WORKERS};
use crate::{Result, hand_over, progress, support};

/// Up to so many rows are what an ordinary run of [`SHORT_SECONDS`] records; more of them come at the full rate.
const SHORT_ROWS: u64 = 10_000;
const SHORT_SECONDS: f64 = 300.0;
const FULL_RATE: f64 = 5_000.0;
/// The share of the time that the storm takes.
const STORM: f64 = 0.01;

/// Makes the recording in `folder`, which must not exist.
pub(crate) fn make(folder: &FilePath, rows: u64) -> Result<()> {
    let rate = match rows {
        ..=SHORT_ROWS => rows as f64 / 2.0 / SHORT_SECONDS,
        _ => FULL_RATE,
    };
    let manifest = Manifest {
        start_time: Timestamp(START_US),
        workers: WORKERS,
        pool: Pool {
            size: WORKERS as usize,
        },
        ..support::manifest()
    };
    let writer = RecordingWriter::create(folder, manifest, WriterOptions::default())?;
    let handle = writer.handle();
    let mut end_us = START_US;
    for (number, row) in (0..rows).zip(Operations::at_rate(rows, rate, STORM)) {
        end_us = end_us.max(row.end_time.unwrap_or(end_us));
        hand_over(&handle, row)?;
        if number % 4_000_000 == 0 {
            progress(&format!("made {number} of {rows} operations"));
        }
    }
    writer.finish(Completion {
        state: State::Complete,
        duration_us: end_us - START_US + 1_000,
        drift_us: 0,
    })?;
    Ok(())
}
