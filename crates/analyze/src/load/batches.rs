//! Operations in batches of plain columns: for a fold over very many rows, where a query engine takes too much time and memory.

use std::cell::OnceCell;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{LogicalType, TimeUnit};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::statistics::Statistics;
use recording::vocabulary::Path as OperationPath;
use recording::{Table, guarded};

use crate::error::{AnalyzeError, Cause};
use crate::load::columns::OPERATIONS;
use crate::load::plain::{Integers, Texts};
use crate::load::range::Cut;
use crate::load::{Loaded, Source};
use crate::summary::Span;

/// Rows of a batch.
const BATCH_ROWS: usize = 8_192;
/// Files that are read at the same time.
const READERS: usize = 2;

/// Some rows of a row group of a file.
pub(crate) struct Batch<'g> {
    rows: RecordBatch,
    /// Number of the file, in the order of the recording.
    pub(crate) file: usize,
    /// The part of the recording that is read: rows outside of it are there too.
    pub(crate) cut: Cut,
    /// The row group's columns that few rows need, and where in it these rows begin.
    late: Option<(&'g dyn LateRows, usize)>,
}

/// Columns of a row group that are read when a row needs them.
trait LateRows {
    /// Those of [`Selection::late`] with this number.
    fn rows(&self, number: usize) -> Result<&RecordBatch, Cause>;
}

impl Batch<'_> {
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

impl Batch<'_> {
    /// Columns of the same rows that few rows need: those of [`Selection::late`] with this number.
    pub(crate) fn late(&self, number: usize) -> Result<Self, Cause> {
        let rows = match self.late {
            Some((late, first)) => late.rows(number)?.slice(first, self.rows()),
            None => self.rows.clone(),
        };
        Ok(Self {
            rows,
            file: self.file,
            cut: self.cut,
            late: None,
        })
    }
}

struct Late<'f, F> {
    file: &'f OpenFile<F>,
    group: usize,
    columns: &'f [&'f [&'f str]],
    rows: Vec<OnceCell<RecordBatch>>,
}

impl<F: Shared> LateRows for Late<'_, F> {
    fn rows(&self, number: usize) -> Result<&RecordBatch, Cause> {
        let read = &self.rows[number];
        if let Some(rows) = read.get() {
            return Ok(rows);
        }
        let count = self.file.rows_of(self.group);
        let mut reader = self.file.reader(self.group, self.columns[number], count)?;
        let rows = reader.next().ok_or("a row group without rows")??;
        Ok(read.get_or_init(|| rows))
    }
}

fn misfit(name: &str, found: &DataType) -> Cause {
    format!("column {name} of type {found}").into()
}

/// What is read of the operations.
#[derive(Clone, Copy)]
pub(crate) struct Selection<'a> {
    pub(crate) columns: &'a [&'a str],
    /// Columns that few rows need, in sets that are needed together: [`Batch::late`].
    pub(crate) late: &'a [&'a [&'a str]],
    /// Only of this path; rows of another may come too. `None`: of all.
    pub(crate) path: Option<OperationPath>,
    /// Only what may overlap one of these spans, in order; other rows may come too. `None`: at any time.
    pub(crate) near: Option<&'a [Span]>,
}

impl Selection<'_> {
    /// False where the statistics of a row group show that it has none of the rows.
    fn may_be_in(&self, group: &RowGroupMetaData) -> bool {
        let is_near = |near: &[Span]| may_be_near(group, near);
        let is_of_path = |path: OperationPath| may_be_of_path(group, path);
        self.path.is_none_or(is_of_path) && self.near.is_none_or(is_near)
    }
}

impl Loaded {
    /// Folds over the operations, two files at a time. Each of the states that come back has seen some of the files, each of these whole
    /// and in its order.
    ///
    /// With `verifies`, each file is one that the manifest states, or the error is [`AnalyzeError::OtherBytes`].
    pub(crate) fn fold_operations<S: Send>(
        &self,
        selection: &Selection<'_>,
        verifies: bool,
        new: impl Fn() -> S + Sync,
        add: impl Fn(&mut S, &Batch<'_>) -> Result<(), Cause> + Sync,
    ) -> Result<Vec<S>, AnalyzeError> {
        let sources = self
            .tables
            .get(&Table::Operations)
            .map_or(&[][..], Vec::as_slice);
        let (next, done) = (AtomicUsize::new(0), AtomicU64::new(0));
        let read = || {
            let mut state = new();
            loop {
                let file = next.fetch_add(1, Ordering::Relaxed);
                let Some(source) = sources.get(file) else {
                    return Ok(state);
                };
                let opened = self.opened(source, verifies)?;
                self.fold_file(opened, file, selection, |batch| add(&mut state, batch))?;
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                if let Some(tell) = self.progress.as_ref().filter(|_| selection.near.is_none()) {
                    tell(done, sources.len() as u64);
                }
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
            late: &[],
            path: None,
            near: None,
        };
        self.fold_file(self.opened(source, false)?, 0, &selection, |_| Ok(()))
    }

    /// A file; where its bytes are to be verified, all of them in memory.
    fn opened(&self, source: &Source, verifies: bool) -> Result<Opened, AnalyzeError> {
        let unreadable = |error: std::io::Error| self.read_error(error);
        match source.to_verify.as_ref().filter(|_| verifies) {
            Some(record) => {
                let bytes = std::fs::read(&source.path).map_err(unreadable)?;
                match record.is_of(&bytes) {
                    true => Ok(Opened::InMemory(bytes.into())),
                    false => Err(AnalyzeError::OtherBytes),
                }
            }
            None => File::open(&source.path)
                .map(Opened::OnDisk)
                .map_err(unreadable),
        }
    }

    fn fold_file(
        &self,
        opened: Opened,
        file: usize,
        selection: &Selection<'_>,
        add: impl FnMut(&Batch<'_>) -> Result<(), Cause>,
    ) -> Result<(), AnalyzeError> {
        let fold = || match opened {
            Opened::OnDisk(opened) => fold_file(opened, (file, self.cut), selection, add),
            Opened::InMemory(bytes) => fold_file(bytes, (file, self.cut), selection, add),
        };
        guarded(fold)
            .map_err(|panicked| AnalyzeError::Undecodable {
                folder: self.folder().to_path_buf(),
                panicked,
            })?
            .map_err(|cause| self.read_error(cause))
    }
}

enum Opened {
    OnDisk(File),
    InMemory(Bytes),
}

/// What can be read by several readers.
trait Shared: ChunkReader + Sized + 'static {
    fn another(&self) -> std::io::Result<Self>;
}

impl Shared for File {
    fn another(&self) -> std::io::Result<Self> {
        self.try_clone()
    }
}

impl Shared for Bytes {
    fn another(&self) -> std::io::Result<Self> {
        Ok(self.clone())
    }
}

fn fold_file<F: Shared>(
    file: F,
    (number, cut): (usize, Cut),
    selection: &Selection<'_>,
    mut add: impl FnMut(&Batch<'_>) -> Result<(), Cause>,
) -> Result<(), Cause> {
    let file = OpenFile::new(file)?;
    for (group, metadata) in file.metadata.metadata().row_groups().iter().enumerate() {
        if !selection.may_be_in(metadata) {
            continue;
        }
        let late = Late {
            file: &file,
            group,
            columns: selection.late,
            rows: vec![OnceCell::new(); selection.late.len()],
        };
        let mut first = 0;
        for rows in file.reader(group, selection.columns, BATCH_ROWS)? {
            let rows = rows?;
            let count = rows.num_rows();
            add(&Batch {
                rows,
                file: number,
                cut,
                late: Some((&late, first)),
            })?;
            first += count;
        }
    }
    Ok(())
}

struct OpenFile<F> {
    file: F,
    metadata: ArrowReaderMetadata,
}

impl<F: Shared> OpenFile<F> {
    fn new(file: F) -> Result<Self, Cause> {
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
        // Texts as the dictionaries that they are on disk: a word is looked at once.
        let schema = Arc::new(with_dictionaries(metadata.schema()));
        let options = ArrowReaderOptions::new().with_schema(schema);
        let metadata = ArrowReaderMetadata::try_new(metadata.metadata().clone(), options)?;
        Ok(Self { file, metadata })
    }

    /// How many rows a row group has.
    fn rows_of(&self, group: usize) -> usize {
        let rows = self.metadata.metadata().row_group(group).num_rows();
        usize::try_from(rows).unwrap_or(0)
    }

    /// One row group at a time: a batch of two would have the dictionaries of neither.
    fn reader(
        &self,
        group: usize,
        columns: &[&str],
        batch_rows: usize,
    ) -> Result<ParquetRecordBatchReader, Cause> {
        let schema = self.metadata.parquet_schema();
        let mask = ProjectionMask::columns(schema, columns.iter().copied());
        let file = self.file.another()?;
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let reader = builder
            .with_row_groups(vec![group])
            .with_projection(mask)
            .with_batch_size(batch_rows)
            .build()?;
        Ok(reader)
    }
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

fn may_be_of_path(group: &RowGroupMetaData, path: OperationPath) -> bool {
    let statistics = column(group, "path").and_then(ColumnChunkMetaData::statistics);
    let bounds = statistics.and_then(|of| of.min_bytes_opt().zip(of.max_bytes_opt()));
    let path = path.as_str().as_bytes();
    bounds.is_none_or(|(least, most)| least <= path && path <= most)
}

/// Whether operations of a row group may overlap one of the spans.
fn may_be_near(group: &RowGroupMetaData, near: &[Span]) -> bool {
    let bounds = |name: &str| {
        let column = column(group, name)?;
        let is_micros = match column.column_descr().logical_type_ref() {
            Some(LogicalType::Timestamp(time)) => time.unit == TimeUnit::MICROS,
            _ => false,
        };
        match column.statistics()? {
            Statistics::Int64(of) if is_micros => Some((*of.min_opt()?, *of.max_opt()?)),
            _ => None,
        }
    };
    let (Some((begun, _)), Some((first_end, ended))) = (bounds("start_time"), bounds("end_time"))
    else {
        return true;
    };
    // A start may be missing, or be damaged.
    let begun = begun.min(first_end);
    let after = near.partition_point(|span| span.end.micros() < begun);
    near.get(after)
        .is_some_and(|span| span.start.micros() <= ended)
}

fn column<'g>(group: &'g RowGroupMetaData, name: &str) -> Option<&'g ColumnChunkMetaData> {
    let mut columns = group.columns().iter();
    columns.find(|column| column.column_path().string() == name)
}
