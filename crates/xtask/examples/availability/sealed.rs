//! What a row of the table takes on disk, in a part as long as parts are: ten minutes of rows like those that were recorded.

use std::fs::File;
use std::path::Path as FilePath;

use anyhow::{Context, Result};
use parquet::file::reader::SerializedFileReader;
use parquet::record::{Field, Row};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use recording::vocabulary::{OperationType, Outcome, Path};
use recording::{
    AvailabilityProbe, Completion, Manifest, Recording, RecordingWriter, Server, State, Table,
    Timestamp, WriterOptions,
};

/// The recorder's default, microseconds.
const INTERVAL_US: i64 = 50_000;
/// After so long a part is sealed.
const LENGTH_US: i64 = 600_000_000;

/// How a probe went.
struct Went {
    /// Since its tick, microseconds.
    late_us: i64,
    duration_us: i64,
}

/// Bytes of the sealed parts per row. `folder` has a recording with availability probes; `made` is for another one.
pub(crate) fn bytes_per_row(folder: &FilePath, made: &FilePath) -> Result<f64> {
    let went = went(folder)?;
    let like = Manifest::read(folder)?;
    let start_us = like.start_time.micros();
    let manifest = Manifest {
        state: State::Recording,
        duration_us: None,
        parts: Vec::new(),
        ..like
    };
    let writer = RecordingWriter::create(made, manifest, WriterOptions::default())?;
    let handle = writer.handle();
    let mut random = StdRng::seed_from_u64(1);
    for tick_us in (0..LENGTH_US).step_by(INTERVAL_US as usize) {
        for path in Path::ALL {
            for kind in [OperationType::Read, OperationType::Write] {
                let went = &went[random.random_range(0..went.len())];
                let time = start_us + tick_us + went.late_us;
                handle.availability(probe(*path, kind, time, went.duration_us));
            }
        }
    }
    let completion = Completion {
        state: State::Complete,
        duration_us: LENGTH_US,
        drift_us: 0,
    };
    let is_complete = writer.finish(completion)?.is_complete();
    anyhow::ensure!(is_complete, "rows were lost");
    let folder = format!("{}/", Table::Availability.as_str());
    let manifest = Manifest::read(made)?;
    let parts = manifest.parts.iter();
    let parts: Vec<_> = parts
        .filter(|part| part.file.starts_with(&folder))
        .collect();
    let rows: u64 = parts.iter().map(|part| part.rows).sum();
    let bytes: u64 = parts.iter().map(|part| part.bytes).sum();
    Ok(bytes as f64 / rows as f64)
}

fn probe(path: Path, kind: OperationType, time: i64, duration_us: i64) -> AvailabilityProbe {
    AvailabilityProbe {
        path,
        time,
        operation_type: kind,
        reader: false,
        fresh: false,
        duration_us,
        connect_us: None,
        outcome: Outcome::Ok,
        address: Some("127.0.0.2".to_owned()),
        server: Some(Server {
            path,
            address: Some("127.0.0.2".to_owned()),
            port: Some(5432),
            version: None,
            in_recovery: Some(false),
            postmaster_start_time: Some(Timestamp(1_795_380_180_000_000)),
            timeline: None,
            aurora_instance_identifier: None,
        }),
        replication_lag_us: None,
        sync_rep_waits: None,
        failure: None,
    }
}

/// Every answered probe of a recording.
fn went(folder: &FilePath) -> Result<Vec<Went>> {
    let mut all = Vec::new();
    for part in Recording::open(folder)?.parts(Table::Availability)? {
        let named = || part.display().to_string();
        let rows = SerializedFileReader::new(File::open(&part).with_context(named)?);
        for row in rows.with_context(named)? {
            let row = row.with_context(named)?;
            let (time, duration_us) = (number(&row, "time"), number(&row, "duration_us"));
            if let (Some(time), Some(duration_us)) = (time, duration_us) {
                all.push((time, duration_us));
            }
        }
    }
    let first = all.iter().map(|(time, _)| *time).min();
    let first = first.context("the recording has no availability probes")?;
    let went = |(time, duration_us): (i64, i64)| Went {
        late_us: (time - first) % INTERVAL_US,
        duration_us,
    };
    Ok(all.into_iter().map(went).collect())
}

fn number(row: &Row, name: &str) -> Option<i64> {
    let mut columns = row.get_column_iter();
    columns.find_map(|(of, field)| match field {
        Field::Long(number) | Field::TimestampMicros(number) if of == name => Some(*number),
        _ => None,
    })
}
