//! The operations that are in flight, written at each flush: a killed recorder leaves their begin, not their end.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_schema::Schema;

use crate::encoding::journal_stream::{Sum, stream_writer};
use crate::encoding::packed_columns;
use crate::format::error::WriteError;
use crate::format::layout::{IN_FLIGHT_FILE, JOURNAL_FOLDER, TIME_KEY, Table, rows_key};
use crate::format::rows::Operation;
use crate::format::schema;
use crate::format::vocabulary::Path;
use crate::write::columns::{self, Origin};
use crate::write::queued_operation::Queued;

/// One worker's operation, while it has one.
type Cell = Mutex<Option<Operation>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A worker that panicked has left nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What all workers do.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    cells: Mutex<Vec<Arc<Cell>>>,
}

impl InFlight {
    /// A place for one worker.
    pub(crate) fn add(&self) -> Arc<Cell> {
        let cell = Arc::new(Cell::default());
        lock(&self.cells).push(Arc::clone(&cell));
        cell
    }

    /// The operations in flight now.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        let cells = lock(&self.cells);
        cells.iter().filter_map(|cell| lock(cell).clone()).collect()
    }

    /// Operations that were never ended: the worker's task is gone, and nothing else will write its row.
    pub(crate) fn take(&self) -> Vec<Operation> {
        let cells = lock(&self.cells);
        cells.iter().filter_map(|cell| lock(cell).take()).collect()
    }
}

/// Sets or clears what a worker does.
pub(crate) fn set(cell: &Cell, operation: Option<Operation>) {
    *lock(cell) = operation;
}

/// Replaces the file. Where `is_durable`, also a power cut finds it.
pub(crate) fn write(
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
    let queued: Vec<Queued> = operations.iter().cloned().map(Queued::from).collect();
    let built = columns::operations(&schema::in_memory(Table::Operations), origin, &queued)?;
    let rows = rows
        .iter()
        .map(|(path, rows)| (rows_key(*path), rows.to_string()));
    let time = (TIME_KEY.to_owned(), time_us.to_string());
    let metadata: HashMap<String, String> = rows.chain([time]).collect();
    let fields = schema::operations().fields().clone();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let batch = packed_columns::unpack(&built)?.with_schema(schema)?;
    let mut writer = stream_writer(Vec::new(), batch.schema_ref())?;
    writer.write(&batch)?;
    writer.finish()?;
    let mut bytes = writer.into_inner()?;
    // Behind the end of the stream, where no reader of streams looks.
    let sum = Sum {
        end: bytes.len() as u64,
        rows: u32::try_from(operations.len()).unwrap_or(u32::MAX),
        crc: crc32fast::hash(&bytes),
    };
    bytes.extend_from_slice(&sum.to_bytes());
    Ok(bytes)
}

/// Removes the file.
pub(crate) fn remove(recording: &FilePath) {
    // Readers look at it only in a recording that has no end.
    let _ = fs::remove_file(recording.join(JOURNAL_FOLDER).join(IN_FLIGHT_FILE));
}
