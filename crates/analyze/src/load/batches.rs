//! Operations in batches of plain columns: for a fold over very many rows, where a query engine takes too much time and memory.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{LogicalType, TimeUnit};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use recording::{Table, guarded};

use crate::error::{AnalyzeError, Cause};
use crate::load::columns::OPERATIONS;
use crate::load::plain::{Integers, Texts};
use crate::load::{Loaded, Source};
use crate::summary::Span;

/// Rows of a batch.
const BATCH_ROWS: usize = 8_192;
/// Files that are read at the same time.
const READERS: usize = 2;

/// Some rows of a file.
pub(crate) struct Batch {
    rows: RecordBatch,
    /// Number of the file, in the order of the recording.
    pub(crate) file: usize,
}

impl Batch {
    pub(crate) fn rows(&self) -> usize {
        self.rows.num_rows()
    }

    /// A column of texts; without any where the file does not have it.
    pub(crate) fn texts(&self, name: &str) -> Result<Texts, Cause> {
        let column = self.rows.column_by_name(name);
        column.map_or_else(
            || Ok(Texts::none(self.rows())),
            |column| Texts::of(column).ok_or_else(|| misfit(name, column.data_type())),
        )
    }

    /// A column of whole numbers or times, times as UTC microseconds; without any where the file does not have it.
    pub(crate) fn integers(&self, name: &str) -> Result<Integers, Cause> {
        let column = self.rows.column_by_name(name);
        column.map_or_else(
            || Ok(Integers::none()),
            |column| Integers::of(column).ok_or_else(|| misfit(name, column.data_type())),
        )
    }
}

fn misfit(name: &str, found: &DataType) -> Cause {
    format!("column {name} of type {found}").into()
}

/// What is read of the operations.
pub(crate) struct Selection<'a> {
    pub(crate) columns: &'a [&'a str],
    /// Only what may overlap one of these spans, in order; other rows may come too. `None`: everything.
    pub(crate) near: Option<&'a [Span]>,
}

impl Loaded {
    /// Folds over the operations, two files at a time. Each of the states that come back has seen some of the files, each of these whole
    /// and in its order.
    pub(crate) fn fold_operations<S: Send>(
        &self,
        selection: &Selection<'_>,
        new: impl Fn() -> S + Sync,
        add: impl Fn(&mut S, &Batch) -> Result<(), Cause> + Sync,
    ) -> Result<Vec<S>, AnalyzeError> {
        let sources = self
            .tables
            .get(&Table::Operations)
            .map_or(&[][..], Vec::as_slice);
        let next = AtomicUsize::new(0);
        let read = || {
            let mut state = new();
            loop {
                let file = next.fetch_add(1, Ordering::Relaxed);
                let Some(source) = sources.get(file) else {
                    return Ok(state);
                };
                self.fold_file(source, selection, |rows| {
                    add(&mut state, &Batch { rows, file })
                })?;
            }
        };
        std::thread::scope(|scope| {
            let readers: Vec<_> = (0..READERS.min(sources.len()))
                .map(|_| scope.spawn(read))
                .collect();
            let states = readers.into_iter().map(|reader| {
                // A panic of the decoder is caught where it happens.
                reader
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            states.collect()
        })
    }

    /// Decodes every value that is read of a file of operations.
    pub(super) fn operations_decode(&self, source: &Source) -> Result<(), AnalyzeError> {
        let columns: Vec<&str> = OPERATIONS.iter().map(|column| column.name).collect();
        let selection = Selection {
            columns: &columns,
            near: None,
        };
        self.fold_file(source, &selection, |_| Ok(()))
    }

    fn fold_file(
        &self,
        source: &Source,
        selection: &Selection<'_>,
        add: impl FnMut(RecordBatch) -> Result<(), Cause>,
    ) -> Result<(), AnalyzeError> {
        guarded(|| fold_file(&source.path, selection, add))
            .map_err(|panicked| AnalyzeError::Undecodable {
                folder: self.folder().to_path_buf(),
                panicked,
            })?
            .map_err(|cause| self.read_error(cause))
    }
}

fn fold_file(
    path: &Path,
    selection: &Selection<'_>,
    mut add: impl FnMut(RecordBatch) -> Result<(), Cause>,
) -> Result<(), Cause> {
    let Some(reader) = reader(path, selection)? else {
        return Ok(());
    };
    for rows in reader {
        add(rows?)?;
    }
    Ok(())
}

/// `None` where nothing of the file is near.
fn reader(
    path: &Path,
    selection: &Selection<'_>,
) -> Result<Option<ParquetRecordBatchReader>, Cause> {
    let file = File::open(path)?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
    let groups: Vec<usize> = metadata
        .metadata()
        .row_groups()
        .iter()
        .enumerate()
        .filter(|(_, group)| selection.near.is_none_or(|near| may_be_near(group, near)))
        .map(|(number, _)| number)
        .collect();
    if groups.is_empty() {
        return Ok(None);
    }
    // Texts as the dictionaries that they are on disk: a word is looked at once.
    let options =
        ArrowReaderOptions::new().with_schema(Arc::new(with_dictionaries(metadata.schema())));
    let metadata = ArrowReaderMetadata::try_new(metadata.metadata().clone(), options)?;
    let mask =
        ProjectionMask::columns(metadata.parquet_schema(), selection.columns.iter().copied());
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
        .with_row_groups(groups)
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()?;
    Ok(Some(reader))
}

fn with_dictionaries(schema: &Schema) -> Schema {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let words = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Arc::new(field.as_ref().clone().with_data_type(words))
        }
        _ => field.clone(),
    };
    let fields: Vec<_> = schema.fields().iter().map(field).collect();
    Schema::new_with_metadata(fields, schema.metadata().clone())
}

/// False where the statistics of a row group show that none of its operations overlaps one of the spans.
fn may_be_near(group: &RowGroupMetaData, near: &[Span]) -> bool {
    let bounds = |name: &str| {
        let mut columns = group.columns().iter();
        let column = columns.find(|column| column.column_path().string() == name)?;
        let is_micros = match column.column_descr().logical_type_ref() {
            Some(LogicalType::Timestamp(time)) => time.unit == TimeUnit::MICROS,
            _ => false,
        };
        match column.statistics()? {
            Statistics::Int64(of) if is_micros => Some((*of.min_opt()?, *of.max_opt()?)),
            _ => None,
        }
    };
    let (Some((begun, _)), Some((_, ended))) = (bounds("start_time"), bounds("end_time")) else {
        return true;
    };
    let after = near.partition_point(|span| span.end.micros() < begun);
    near.get(after)
        .is_some_and(|span| span.start.micros() <= ended)
}
