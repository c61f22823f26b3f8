//! The operations that are under way: a killed recorder leaves their begin, not their end.
//!
//! `journal/in_flight.arrows` is replaced at each flush. It says what was under way at a moment, and by being there that the
//! recorder lived then: every operation that ended before has its row by that time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch, TimestampMicrosecondArray};
use arrow_schema::Schema;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::{ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use crate::builders::{self, Origin};
use crate::check;
use crate::error::{OpenError, WriteError};
use crate::guard::guarded;
use crate::journal::{Sum, stream_writer};
use crate::layout::{JOURNAL_FOLDER, Table};
use crate::packed;
use crate::queued::Queued;
use crate::reader::Recording;
use crate::rows::Operation;
use crate::schema;
use crate::unsealed::{self, Unsealed};
use crate::vocabulary::Path;

/// The file's name in the folder of journals.
pub(crate) const IN_FLIGHT_FILE: &str = "in_flight.arrows";
/// The key of the moment in the stream's own metadata, UTC microseconds.
const TIME: &str = "time";

/// The key of how many rows of a path's operations were on the disk at that moment.
fn rows_key(path: Path) -> String {
    format!("rows.{path}")
}

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

    /// What is under way now.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        let cells = lock(&self.cells);
        cells.iter().filter_map(|cell| lock(cell).clone()).collect()
    }

    /// What nobody ended: the worker's task is gone, and nothing else will write its row.
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
    let built = builders::operations(&schema::in_memory(Table::Operations), origin, &queued)?;
    let rows = rows
        .iter()
        .map(|(path, rows)| (rows_key(*path), rows.to_string()));
    let time = (TIME.to_owned(), time_us.to_string());
    let metadata: HashMap<String, String> = rows.chain([time]).collect();
    let fields = schema::operations().fields().clone();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let batch = packed::unpack(&built)?.with_schema(schema)?;
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

/// What was under way when the recorder last said so.
#[derive(Debug, Clone)]
pub struct UnderWay {
    /// That moment, UTC microseconds on the recording's clock: where a recording without an end is known to reach.
    pub time_us: i64,
    /// Rows of operations that were on the disk then; empty where the recorder did not say.
    rows: BTreeMap<Path, u64>,
    operations: RecordBatch,
}

impl UnderWay {
    /// Reads it; `None` where the recorder took none, ended well, or it is damaged.
    ///
    /// To be read before the journals and the parts, which are written while one reads: see [`Self::unfinished`].
    ///
    /// # Errors
    /// [`OpenError::Io`] where the file can't be read.
    pub fn read(recording: &Recording) -> Result<Option<Self>, OpenError> {
        let path = recording.folder().join(JOURNAL_FOLDER).join(IN_FLIGHT_FILE);
        if check::plain_file(recording.folder(), &path).is_err() {
            return Ok(None);
        }
        let bytes = unsealed::read_file(&path)?;
        Ok(bytes.and_then(|bytes| guarded(|| Self::decode(&bytes)).ok().flatten()))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (stream, sum) = bytes.split_last_chunk::<{ Sum::BYTES }>()?;
        let sum = Sum::from_bytes(*sum);
        if sum.end != stream.len() as u64 || sum.crc != crc32fast::hash(stream) {
            return None;
        }
        let operations = unsealed::only_batch(Table::Operations, stream)?;
        let metadata = operations.schema_ref().metadata();
        let time_us = metadata.get(TIME)?.parse().ok()?;
        let stated = |path: &Path| {
            let rows = metadata.get(&rows_key(*path))?.parse().ok()?;
            Some((*path, rows))
        };
        let rows = Path::ALL.iter().filter_map(stated).collect();
        Some(Self {
            time_us,
            rows,
            operations,
        })
    }

    /// Rows of operations that were on the disk at that moment and are no longer found: a power cut took them, somebody copied the
    /// folder while it was written, or removed a journal. `parts` and `journals` are all that there is of operations; a part that
    /// can't be read has no row.
    #[must_use]
    pub fn missing_rows(&self, parts: &[PathBuf], journals: &[Unsealed]) -> u64 {
        let name_of = |path: &FilePath| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        let sealed: BTreeSet<String> = parts.iter().map(|part| name_of(part)).collect();
        let of_path = |path: Path, name: &str| {
            let rest = name.strip_prefix(path.as_str());
            rest.is_some_and(|rest| rest.starts_with('-'))
        };
        let missing = |(path, stated): (&Path, &u64)| {
            let sealed_rows = parts.iter().filter(|part| of_path(*path, &name_of(part)));
            let sealed_rows: u64 = sealed_rows.map(|part| rows_of(part)).sum();
            let open = journals
                .iter()
                .filter(|journal| of_path(*path, &journal.part) && !sealed.contains(&journal.part));
            let open_rows: u64 = open.map(|journal| journal.rows).sum();
            stated.saturating_sub(sealed_rows.saturating_add(open_rows))
        };
        self.rows.iter().map(missing).sum()
    }

    /// The path of a batch of [`Self::unfinished`].
    #[must_use]
    pub fn path(unfinished: &RecordBatch) -> Option<String> {
        keys(unfinished).into_iter().next().map(|(path, _)| path)
    }

    /// The operations that have no row in `parts` (of operations) nor in `journals`, a batch each: they are `unfinished`. A part
    /// that can't be read has no row.
    #[must_use]
    pub fn unfinished(&self, parts: &[PathBuf], journals: &[Unsealed]) -> Vec<RecordBatch> {
        let mut missing: HashMap<(String, i64), usize> = HashMap::new();
        let scheduled = scheduled(&self.operations);
        for (row, key) in keys(&self.operations).into_iter().enumerate() {
            // Begun between the moment and the look: it is none of this recording, which ends with the moment.
            let is_later = scheduled.is_some_and(|times| times.value(row) > self.time_us);
            if !is_later {
                missing.insert(key, row);
            }
        }
        let mut found = |batch: &RecordBatch| {
            for key in keys(batch) {
                missing.remove(&key);
            }
        };
        for batch in journals.iter().flat_map(Unsealed::batches) {
            found(&batch);
        }
        let scheduled = scheduled_range(&self.operations);
        for part in parts {
            let keys = guarded(|| read_keys(part, scheduled)).ok().flatten();
            for batch in keys.unwrap_or_default() {
                found(&batch);
            }
        }
        let mut rows: Vec<usize> = missing.into_values().collect();
        rows.sort_unstable();
        rows.into_iter()
            .map(|row| self.operations.slice(row, 1))
            .collect()
    }
}

/// Rows of a part, as its footer says.
fn rows_of(part: &FilePath) -> u64 {
    let rows = guarded(|| {
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&File::open(part).ok()?);
        u64::try_from(metadata.ok()?.file_metadata().num_rows()).ok()
    });
    rows.ok().flatten().unwrap_or(0)
}

/// Path and `operation_id` of each row.
fn keys(batch: &RecordBatch) -> Vec<(String, i64)> {
    let paths = batch.column_by_name("path");
    let paths = paths.and_then(|column| column.as_string_opt::<i32>());
    let ids = batch.column_by_name("operation_id");
    let ids = ids.and_then(|column| column.as_primitive_opt::<Int64Type>());
    let (Some(paths), Some(ids)) = (paths, ids) else {
        return Vec::new();
    };
    let key = |row| {
        (paths.is_valid(row) && ids.is_valid(row))
            .then(|| (paths.value(row).to_owned(), ids.value(row)))
    };
    (0..batch.num_rows()).filter_map(key).collect()
}

fn scheduled(batch: &RecordBatch) -> Option<&TimestampMicrosecondArray> {
    let times = batch.column_by_name("scheduled_time")?;
    times.as_primitive_opt::<TimestampMicrosecondType>()
}

/// First and last `scheduled_time`.
fn scheduled_range(batch: &RecordBatch) -> Option<(i64, i64)> {
    let times = scheduled(batch)?;
    let first = times.values().iter().min()?;
    let last = times.values().iter().max()?;
    Some((*first, *last))
}

/// Path and `operation_id` of the rows of a part that were scheduled about then. Nearly every row group of a long recording is
/// passed over by its statistics.
fn read_keys(part: &FilePath, scheduled: Option<(i64, i64)>) -> Option<Vec<RecordBatch>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(part).ok()?).ok()?;
    let metadata = Arc::clone(builder.metadata());
    let may_overlap = |group: &usize| overlaps(metadata.row_group(*group), scheduled);
    let groups: Vec<usize> = (0..metadata.num_row_groups()).filter(may_overlap).collect();
    let mask = ProjectionMask::columns(builder.parquet_schema(), ["path", "operation_id"]);
    let reader = builder.with_projection(mask).with_row_groups(groups);
    reader.build().ok()?.collect::<Result<_, _>>().ok()
}

/// False only where the statistics say that no row was scheduled within `scheduled`.
fn overlaps(group: &RowGroupMetaData, scheduled: Option<(i64, i64)>) -> bool {
    let Some((first, last)) = scheduled else {
        return false;
    };
    let column = group
        .columns()
        .iter()
        .find(|column| column.column_path().string() == "scheduled_time");
    match column.and_then(|column| column.statistics()) {
        Some(Statistics::Int64(statistics)) => {
            let (least, most) = (statistics.min_opt(), statistics.max_opt());
            least.is_none_or(|least| *least <= last) && most.is_none_or(|most| *most >= first)
        }
        _ => true,
    }
}
