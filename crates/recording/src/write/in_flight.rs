//! The operations in flight, and the checkpoint that names them at each flush: a killed recorder leaves their start, not their end.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path as FilePath;
use std::sync::Arc;

use arrow_schema::Schema;
use parking_lot::Mutex;

use crate::encoding::journal_stream::{Checksum, stream_writer};
use crate::format::error::WriteError;
use crate::format::layout::{IN_FLIGHT_FILE, JOURNAL_FOLDER, TIME_KEY, rows_key};
use crate::format::rows::Operation;
use crate::format::schema;
use crate::format::vocabulary::Path;
use crate::write::columns::{self, Origin};

/// One worker's operation, while it has one.
pub(crate) type Cell = Mutex<Option<Operation>>;

/// The operations of all workers.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    cells: Mutex<Vec<Arc<Cell>>>,
}

impl InFlight {
    /// A cell for one worker.
    pub(crate) fn add(&self) -> Arc<Cell> {
        let cell = Arc::new(Cell::default());
        self.cells.lock().push(Arc::clone(&cell));
        cell
    }

    /// The operations in flight now.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        let cells = self.cells.lock();
        cells
            .iter()
            .filter_map(|cell| cell.lock().clone())
            .collect()
    }

    /// Operations that were never ended: their workers' tasks are gone, and nothing else will write their rows.
    pub(crate) fn take(&self) -> Vec<Operation> {
        let cells = self.cells.lock();
        cells.iter().filter_map(|cell| cell.lock().take()).collect()
    }
}

/// Writes the checkpoint in the place of the one before. With `is_durable` it survives a power cut.
pub(crate) fn write_checkpoint(
    recording: &FilePath,
    time_us: i64,
    operations: &[Operation],
    rows: &BTreeMap<Path, u64>,
    origin: &Origin,
    is_durable: bool,
) -> Result<(), WriteError> {
    let folder = recording.join(JOURNAL_FOLDER);
    let path = folder.join(IN_FLIGHT_FILE);
    let bytes = encode(time_us, operations, rows, origin)
        .map_err(|error| WriteError::encode(&path, &error))?;
    let temporary = folder.join("in_flight.tmp");
    let written = File::create(&temporary)
        .and_then(|mut file| {
            file.write_all(&bytes)?;
            if is_durable {
                file.sync_data()?;
            }
            Ok(())
        })
        .and_then(|()| fs::rename(&temporary, &path));
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        WriteError::io(&path)(error)
    })
}

fn encode(
    time_us: i64,
    operations: &[Operation],
    rows: &BTreeMap<Path, u64>,
    origin: &Origin,
) -> Result<Vec<u8>, arrow_schema::ArrowError> {
    let rows = rows
        .iter()
        .map(|(path, rows)| (rows_key(*path), rows.to_string()));
    let time = (TIME_KEY.to_owned(), time_us.to_string());
    let metadata: HashMap<String, String> = rows.chain([time]).collect();
    let fields = schema::operations().fields().clone();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let batch = columns::operations(&schema, origin, operations)?;
    let mut writer = stream_writer(Vec::new(), batch.schema_ref())?;
    writer.write(&batch)?;
    writer.finish()?;
    let mut bytes = writer.into_inner()?;
    // Behind the end of the stream, where readers of streams do not look.
    let checksum = Checksum {
        end: bytes.len() as u64,
        rows: u32::try_from(operations.len()).unwrap_or(u32::MAX),
        crc: crc32fast::hash(&bytes),
    };
    bytes.extend_from_slice(&checksum.to_bytes());
    Ok(bytes)
}

/// Removes the checkpoint.
pub(crate) fn remove_checkpoint(recording: &FilePath) {
    // Where that fails, no matter: readers look at it only while the state is `recording`.
    let _ = fs::remove_file(recording.join(JOURNAL_FOLDER).join(IN_FLIGHT_FILE));
}
