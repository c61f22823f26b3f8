//! A recording as lazy frames: the only place that knows columns and their types on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use polars::prelude::*;
use recording::{Manifest, Recording, Table, Unsealed};
use tempfile::TempDir;

use crate::error::AnalyzeError;

/// A recording opened for analysis.
pub struct Loaded {
    recording: Recording,
    /// Sealed parts, and the journals of open ones as Parquet files outside of the recording.
    files: BTreeMap<Table, Vec<PathBuf>>,
    journal_rows: u64,
    unread_bytes: u64,
    // Goes, with the journals' files, when the recording is no longer looked at.
    _journals: Option<TempDir>,
}

/// A column, and whether a recording can be analyzed without it (it then reads as null).
struct Column {
    name: &'static str,
    optional: bool,
}

const fn required(name: &'static str) -> Column {
    Column {
        name,
        optional: false,
    }
}

const fn optional(name: &'static str) -> Column {
    Column {
        name,
        optional: true,
    }
}

/// The columns that the figures need, of each table; times become 64-bit UTC microseconds.
const OPERATIONS: [Column; 11] = [
    required("path"),
    required("operation_type"),
    required("operation_name"),
    required("scheduled_time"),
    required("start_time"),
    required("end_time"),
    required("outcome"),
    required("response_time_us"),
    required("error_class"),
    required("sqlstate"),
    optional("error_message"),
];
const CONNECTIONS: [Column; 7] = [
    required("path"),
    required("start_time"),
    required("end_time"),
    required("success"),
    required("error_class"),
    optional("server_address"),
    optional("server_port"),
];
const EVENTS: [Column; 5] = [
    optional("path"),
    required("time"),
    required("event"),
    optional("status"),
    optional("detail"),
];
const LOAD: [Column; 4] = [
    required("path"),
    required("time"),
    required("tps"),
    required("latency_us"),
];

impl Loaded {
    /// Opens the recording in `folder`.
    ///
    /// # Errors
    /// [`AnalyzeError::Open`] where it is none.
    pub fn open(folder: &Path) -> Result<Self, AnalyzeError> {
        // The journals first: a part that is sealed meanwhile is then there twice, which its name shows, and never missed.
        let before = Recording::open(folder)?;
        let mut unsealed = Vec::new();
        for table in Table::ALL {
            let of_table = before.unsealed(table)?.into_iter();
            unsealed.extend(of_table.map(|unsealed| (table, unsealed)));
        }
        let recording = Recording::open(folder)?;
        let mut files = BTreeMap::new();
        for table in Table::ALL {
            files.insert(table, recording.parts(table)?);
        }
        let mut loaded = Self {
            recording,
            files,
            journal_rows: 0,
            unread_bytes: 0,
            _journals: None,
        };
        for (table, unsealed) in unsealed {
            loaded.add(table, &unsealed)?;
        }
        Ok(loaded)
    }

    /// Adds what the journal of a part holds, unless the part is sealed.
    fn add(&mut self, table: Table, unsealed: &Unsealed) -> Result<(), AnalyzeError> {
        let files = self.files.entry(table).or_default();
        let is_part = |file: &PathBuf| file.file_name().is_some_and(|name| *name == *unsealed.part);
        if files.iter().any(is_part) {
            return Ok(());
        }
        self.unread_bytes += unsealed.unread_bytes;
        if unsealed.rows > 0 {
            let folder = match &mut self._journals {
                Some(folder) => folder,
                none => none.insert(temporary_folder()?),
            };
            let path = folder
                .path()
                .join(format!("{}.{}", table.as_str(), unsealed.part));
            unsealed.write_parquet(&path)?;
            files.push(path);
            self.journal_rows += unsealed.rows;
        }
        Ok(())
    }

    /// The recording's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.recording.folder()
    }

    /// What the recording says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.recording.manifest()
    }

    /// Rows that are in journals only: the recording is in progress, or its recorder was killed.
    pub(crate) const fn journal_rows(&self) -> u64 {
        self.journal_rows
    }

    /// Bytes of journals that are no complete batch.
    pub(crate) const fn unread_bytes(&self) -> u64 {
        self.unread_bytes
    }

    /// The operations; `None` where no part is there.
    pub(crate) fn operations(&self) -> Result<Option<LazyFrame>, AnalyzeError> {
        self.scan(Table::Operations, &OPERATIONS)
    }

    /// The attempts to connect; `None` where there is no part.
    pub(crate) fn connections(&self) -> Result<Option<LazyFrame>, AnalyzeError> {
        self.scan(Table::Connections, &CONNECTIONS)
    }

    /// The events; `None` where there is no part.
    pub(crate) fn events(&self) -> Result<Option<LazyFrame>, AnalyzeError> {
        self.scan(Table::Events, &EVENTS)
    }

    /// pgbench's progress; `None` where there is no part.
    pub(crate) fn load(&self) -> Result<Option<LazyFrame>, AnalyzeError> {
        self.scan(Table::Load, &LOAD)
    }

    /// Runs a query. The streaming engine holds less in memory than the other.
    pub(crate) fn collect(&self, frame: LazyFrame) -> Result<DataFrame, AnalyzeError> {
        let result = frame
            .collect_with_engine(Engine::Streaming)
            .map_err(|source| self.read_error(source))?;
        Ok(result.unwrap_single())
    }

    pub(crate) fn read_error(&self, source: PolarsError) -> AnalyzeError {
        AnalyzeError::Read {
            folder: self.folder().to_path_buf(),
            source,
        }
    }

    pub(crate) fn unknown_word(&self, column: &'static str, word: &str) -> AnalyzeError {
        AnalyzeError::UnknownWord {
            folder: self.folder().to_path_buf(),
            column,
            word: word.to_owned(),
        }
    }

    fn scan(&self, table: Table, columns: &[Column]) -> Result<Option<LazyFrame>, AnalyzeError> {
        let parts = self.files.get(&table).map_or([].as_slice(), Vec::as_slice);
        if parts.is_empty() {
            return Ok(None);
        }
        let paths = parts.iter().map(|part| {
            // A relative path that looks like a URL, or one with `*` in it, is still a path.
            let absolute = std::path::absolute(part).unwrap_or_else(|_| part.clone());
            PlRefPath::new(absolute.to_string_lossy())
        });
        let arguments = ScanArgsParquet {
            glob: false,
            cache: false,
            allow_missing_columns: true,
            ..Default::default()
        };
        let mut frame = LazyFrame::scan_parquet_files(paths.collect(), arguments)
            .map_err(|source| self.read_error(source))?;
        let schema = frame
            .collect_schema()
            .map_err(|source| self.read_error(source))?;
        let mut selected = Vec::with_capacity(columns.len());
        for column in columns {
            selected.push(match schema.get(column.name) {
                Some(DataType::Datetime(..)) => {
                    // Whatever unit a later or foreign writer chose, figures are made from microseconds.
                    let micros = DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC));
                    col(column.name).cast(micros).to_physical()
                }
                Some(_) => col(column.name),
                None if column.optional => lit(NULL).alias(column.name),
                None => {
                    return Err(AnalyzeError::MissingColumn {
                        folder: self.folder().to_path_buf(),
                        table: table.as_str(),
                        column: column.name.to_owned(),
                    });
                }
            });
        }
        Ok(Some(frame.select(selected)))
    }
}

fn temporary_folder() -> Result<TempDir, AnalyzeError> {
    tempfile::tempdir().map_err(|source| AnalyzeError::Write {
        path: std::env::temp_dir(),
        source,
    })
}
