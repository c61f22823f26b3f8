//! The last checkpoint of a recording: the operations in flight at a moment. A killed recorder leaves their start, not their end.
//!
//! The recorder replaces `journal/in_flight.arrows` at each flush. That the file is there shows that the recorder was running at that
//! moment: every operation that ended before has its row.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch, TimestampMicrosecondArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::{ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use crate::encoding::catch_panic::guarded;
use crate::encoding::journal_stream::Checksum;
use crate::format::error::OpenError;
use crate::format::layout::{IN_FLIGHT_FILE, JOURNAL_FOLDER, TIME_KEY, Table, rows_key};
use crate::format::vocabulary::Path;
use crate::read::Recording;
use crate::read::integrity;
use crate::read::journal::{self, Unsealed};

/// The last checkpoint: a moment, and the operations that were in flight then. Read from `journal/in_flight.arrows`.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// The moment, UTC microseconds on the recording's clock: a killed recording is known to reach that far.
    pub time_us: i64,
    /// Rows of operations that were on the disk then; empty where the file does not state them.
    rows: BTreeMap<Path, u64>,
    operations: RecordBatch,
}

impl Checkpoint {
    /// Reads the checkpoint; `None` where there is none, as after a recording that ended well, and where it is damaged.
    ///
    /// To be read before the journals and the parts, which are written while one reads: see [`Self::unfinished`].
    ///
    /// # Errors
    /// [`OpenError::Io`] where the file can't be read.
    pub fn read(recording: &Recording) -> Result<Option<Self>, OpenError> {
        let path = recording.folder().join(JOURNAL_FOLDER).join(IN_FLIGHT_FILE);
        if integrity::plain_file(recording.folder(), &path).is_err() {
            return Ok(None);
        }
        let bytes = journal::read_file(&path)?;
        Ok(bytes.and_then(|bytes| guarded(|| Self::decode(&bytes)).ok().flatten()))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (stream, checksum) = bytes.split_last_chunk::<{ Checksum::BYTES }>()?;
        let checksum = Checksum::from_bytes(*checksum);
        if checksum.end != stream.len() as u64 || checksum.crc != crc32fast::hash(stream) {
            return None;
        }
        let operations = journal::only_batch(Table::Operations, stream)?;
        let metadata = operations.schema_ref().metadata();
        let time_us = metadata.get(TIME_KEY)?.parse().ok()?;
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

    /// Rows of operations that were on the disk at that moment and are no longer found: after a power cut, in a copy made while the
    /// recorder wrote, or where a journal was removed. `parts` and `journals` are all that there is of operations; a part that
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
            // It began after the moment, with which this recording ends.
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

/// Rows of a part, as its footer states them.
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

/// Path and `operation_id` of the rows of a part that were scheduled at that time. The statistics of nearly every row group of a long
/// recording rule it out.
fn read_keys(part: &FilePath, scheduled: Option<(i64, i64)>) -> Option<Vec<RecordBatch>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(part).ok()?).ok()?;
    let metadata = Arc::clone(builder.metadata());
    let may_overlap = |group: &usize| overlaps(metadata.row_group(*group), scheduled);
    let groups: Vec<usize> = (0..metadata.num_row_groups()).filter(may_overlap).collect();
    let mask = ProjectionMask::columns(builder.parquet_schema(), ["path", "operation_id"]);
    let reader = builder.with_projection(mask).with_row_groups(groups);
    reader.build().ok()?.collect::<Result<_, _>>().ok()
}

/// False only where the statistics show that no row was scheduled within `scheduled`.
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
