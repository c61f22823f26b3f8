//! Bytes of the journal per operation, at the rates at which recordings are made.

use std::fs;
use std::time::{Duration, Instant};

use recording::vocabulary::Path;
use recording::{Recording, RecordingWriter, Table, WriterOptions};

use crate::synthetic::Operations;
use crate::{Result, figure, hand_over, progress, support};

/// Rows of a path per flush, which is twice a second, and how many flushes are measured.
const FLUSHES: [(u64, u64); 4] = [(5_000, 20), (500, 60), (20, 100), (5, 100)];

pub(crate) fn measure() -> Result<()> {
    for (rows, flushes) in FLUSHES {
        progress(&format!("the journal at {rows} rows per flush"));
        measure_at(rows, flushes)?;
    }
    Ok(())
}

fn measure_at(rows_per_flush: u64, flushes: u64) -> Result<()> {
    let root = tempfile::tempdir()?;
    let folder = root.path().join("run");
    let options = WriterOptions {
        flush_interval: Duration::from_millis(10),
        ..WriterOptions::default()
    };
    let writer = RecordingWriter::create(&folder, support::manifest(), options)?;
    let handle = writer.handle();
    let recording = Recording::open(&folder)?;
    let rows = rows_per_flush * flushes;
    let mut operations = Operations::new(2 * rows).filter(|row| row.path == Path::Direct);
    let mut written = 0;
    let mut batches = 0;
    while written < rows {
        for (_, row) in (0..rows_per_flush).zip(&mut operations) {
            hand_over(&handle, row)?;
        }
        written += rows_per_flush;
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let unsealed = recording.unsealed(Table::Operations)?;
            if unsealed.iter().map(|part| part.rows).sum::<u64>() == written {
                batches = unsealed.iter().map(|part| part.batches().count()).sum();
                break;
            }
            if Instant::now() > deadline {
                return Err("the writer does not flush its journal".into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    let mut bytes = 0;
    for file in fs::read_dir(folder.join("journal"))? {
        let file = file?;
        if file
            .file_name()
            .to_string_lossy()
            .starts_with("operations.")
        {
            bytes += file.metadata()?.len();
        }
    }
    writer.finish(support::done())?;
    figure(
        &format!("journal_bytes_at_{rows_per_flush}"),
        bytes as f64 / rows as f64,
    );
    // A flush that came amid the rows made two batches of them.
    figure(
        &format!("journal_batches_at_{rows_per_flush}"),
        batches as f64 / flushes as f64,
    );
    Ok(())
}
