//! The writer as a whole: CPU time of its thread, bytes in sealed parts, memory.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use recording::{Recording, RecordingWriter, Table, WriterOptions};

use crate::synthetic::Operations;
use crate::{Result, figure, hand_over, process, progress, support};

/// Rows that are written again without the recording's own encodings; enough for a stable ratio.
const BARE_ROWS: u64 = 1_000_000;

pub(crate) fn measure(rows: u64) -> Result<()> {
    let root = tempfile::tempdir()?;
    let folder = root.path().join("run");
    let mut operations = Operations::new(rows);
    let before = process::resident()?;
    let writer = RecordingWriter::create(&folder, support::manifest(), WriterOptions::default())?;
    let handle = writer.handle();
    let begun = Instant::now();
    let mut shown = begun;
    for (number, row) in (0..rows).zip(&mut operations) {
        hand_over(&handle, row)?;
        if number % 65_536 == 0 && shown.elapsed() > Duration::from_secs(2) {
            shown = Instant::now();
            progress(&format!("written {number} of {rows} rows"));
        }
    }
    loop {
        // A full queue does not take this: again, then.
        writer.seal();
        std::thread::sleep(Duration::from_millis(100));
        let recording = Recording::open(&folder)?;
        let parts = recording.manifest().parts.iter();
        if parts.map(|part| part.rows).sum::<u64>() == rows {
            break;
        }
    }
    // It removes the journals, then sleeps: the kernel's count is exact.
    std::thread::sleep(Duration::from_millis(100));
    let cpu = process::writer_cpu()?.as_secs_f64();
    let elapsed = begun.elapsed().as_secs_f64();
    let memory = process::peak_resident()?.saturating_sub(before);
    let summary = writer.finish(support::done())?;
    // Rows that found the queue full count as dropped, though they were handed over again.
    if summary.error.is_some() || summary.rows.get(&Table::Operations) != Some(&rows) {
        return Err(format!("not every row was written: {summary:?}").into());
    }

    let recording = Recording::open(&folder)?;
    let parts = &recording.manifest().parts;
    let bytes: u64 = parts.iter().map(|part| part.bytes).sum();
    let sealed_bytes = bytes as f64 / rows as f64;
    figure("rows", rows as f64);
    figure("writer_rows_per_second", rows as f64 / cpu);
    figure("writer_wall_rows_per_second", rows as f64 / elapsed);
    figure("writer_memory_mib", memory as f64 / f64::from(1 << 20));
    figure("sealed_bytes", sealed_bytes);
    let bare = bare_parquet(&recording)?;
    figure(
        "writer_cpu_to_bare_parquet",
        cpu / rows as f64 / bare.cpu_per_row,
    );
    figure(
        "sealed_bytes_to_bare_parquet",
        sealed_bytes / bare.bytes_per_row,
    );
    Ok(())
}

/// The same rows, written by the crate `parquet` alone with its own choice of encodings.
struct Bare {
    cpu_per_row: f64,
    bytes_per_row: f64,
}

fn bare_parquet(recording: &Recording) -> Result<Bare> {
    progress("the same rows as plain Parquet");
    let parts = recording.parts(Table::Operations)?;
    // Reading alone, then reading and writing: the difference is writing.
    let begun = process::own_cpu()?;
    each_batch(&parts, |_| Ok(()))?;
    let read = process::own_cpu()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut writer =
        ArrowWriter::try_new(std::io::sink(), recording::operations(), Some(properties))?;
    let rows = each_batch(&parts, |batch| Ok(writer.write(&batch)?))?;
    writer.finish()?;
    let both = process::own_cpu()? - read;
    let alone = read - begun;
    Ok(Bare {
        cpu_per_row: both.saturating_sub(alone).as_secs_f64() / rows as f64,
        bytes_per_row: writer.bytes_written() as f64 / rows as f64,
    })
}

fn each_batch(
    parts: &[PathBuf],
    mut work: impl FnMut(arrow_array::RecordBatch) -> Result<()>,
) -> Result<u64> {
    let mut rows = 0;
    for part in parts {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(part)?)?;
        for batch in reader.with_batch_size(8_192).build()? {
            let batch = batch?;
            rows += batch.num_rows() as u64;
            work(batch)?;
            if rows >= BARE_ROWS {
                return Ok(rows);
            }
        }
    }
    Ok(rows)
}
