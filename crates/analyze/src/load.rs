//! A recording as lazy frames: the only place that knows columns and their types on disk.

use std::path::Path;

use polars::prelude::*;
use recording::{Manifest, Recording, Table};

use crate::error::AnalyzeError;

/// A recording opened for analysis.
pub struct Loaded {
    recording: Recording,
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
const CONNECTIONS: [Column; 6] = [
    required("path"),
    required("start_time"),
    required("end_time"),
    required("success"),
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
        Ok(Self {
            recording: Recording::open(folder)?,
        })
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
        let parts = self.recording.parts(table)?;
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
