//! A recording as batches of operations, and as lazy frames of its other tables: the only place that knows files.

mod audit;
pub(crate) mod batches;
mod columns;
mod damage;
mod foreign;
mod journals;
mod opening;
pub(crate) mod plain;
pub(crate) mod range;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::*;
use recording::{DamagedPart, Manifest, PartRecord, Recording, Table, guarded};
use tempfile::TempDir;

use crate::error::{AnalyzeError, Cause};
use crate::load::columns::Column;
use crate::load::range::Cut;
use crate::summary::Span;

pub use range::{Moment, Range};

/// No recording lasts longer, microseconds: a year.
pub(crate) const LONGEST_US: i64 = 366 * 86_400 * 1_000_000;

/// A larger part is not held in memory as a whole, bytes. The recorder's have some 12 MB.
const MOST_IN_MEMORY: u64 = 64 << 20;

/// How a part that is missing or damaged is handled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Damage {
    /// It is an error.
    #[default]
    Refused,
    /// It is left out, and the summary lists it.
    Allowed,
}

/// When the SHA-256 of the operations' parts are looked at. Those of the other tables are at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sums {
    AtOnce,
    /// In the first pass over them: their bytes are read once.
    WhileReading,
}

/// A recording opened for analysis. Nothing in it is ever changed.
#[derive(Clone)]
pub struct Loaded {
    recording: Recording,
    damage: Damage,
    cut: Cut,
    is_being_written: bool,
    tables: BTreeMap<Table, Vec<Source>>,
    damaged: Vec<DamagedPart>,
    journal_rows: u64,
    unread_bytes: u64,
    /// Journals of operations of which complete batches are damaged, and how many bytes these had.
    damaged_journals: Vec<(String, u64)>,
    /// Complete batches of the availability probes' journals are damaged.
    lacks_availability: bool,
    last_checkpoint_us: Option<i64>,
    progress: Option<Progress>,
    // Removed, with the journals' files, when the recording is dropped.
    journals: Option<Arc<TempDir>>,
}

/// Is told how many files of operations were read, and of how many.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// A Parquet file: a sealed part, or the journal of an open one, which lies outside of the recording.
#[derive(Clone)]
struct Source {
    path: PathBuf,
    /// The same rows with every column: `path`, unless that is a copy of the columns that figures need.
    whole: PathBuf,
    /// The part or the journal, relative to the recording's folder.
    file: String,
    rows: Option<u64>,
    schema: SchemaRef,
    /// What its bytes are to be, where they were not looked at yet.
    to_verify: Option<PartRecord>,
}

/// A file of a table.
pub(crate) struct File<'l> {
    pub(crate) schema: &'l SchemaRef,
    pub(crate) path: &'l Path,
    /// The part of its recording that is read.
    pub(crate) cut: Cut,
}

/// The columns that are read of a table.
const fn columns_of(table: Table) -> &'static [Column] {
    match table {
        Table::Operations => &columns::OPERATIONS,
        Table::Connections => &columns::CONNECTIONS,
        Table::Probes => &columns::PROBES,
        Table::Availability => &columns::AVAILABILITY,
        Table::Events => &columns::EVENTS,
        Table::Load => &columns::LOAD,
    }
}

impl Loaded {
    /// Opens the recording in `folder`; a missing or damaged part is an error.
    ///
    /// # Errors
    /// [`AnalyzeError::Open`] where it is none, [`AnalyzeError::Damaged`] where a part is missing or damaged.
    pub fn open(folder: &Path) -> Result<Self, AnalyzeError> {
        Self::open_with(folder, Damage::Refused)
    }

    /// Opens the recording in `folder`.
    ///
    /// # Errors
    /// [`AnalyzeError::Open`] where it is none, [`AnalyzeError::Damaged`] where a part is missing or damaged and that is
    /// refused.
    pub fn open_with(folder: &Path, damage: Damage) -> Result<Self, AnalyzeError> {
        match Self::open_in(folder, damage, Sums::WhileReading) {
            Ok(loaded) if loaded.damaged.is_empty() => Ok(loaded),
            // It is known better what is wrong where all sums are looked at.
            _ => Self::open_in(folder, damage, Sums::AtOnce),
        }
    }

    /// The same recording with every part's SHA-256 looked at: it is known then what to leave out, or to read from journals.
    ///
    /// # Errors
    /// As [`Self::open_with`].
    pub(crate) fn verified(&self) -> Result<Self, AnalyzeError> {
        let verified = Self::open_in(self.folder(), self.damage, Sums::AtOnce)?;
        Ok(Self {
            progress: self.progress.clone(),
            cut: self.cut,
            ..verified
        })
    }

    /// The same recording, which tells how far it has been read.
    #[must_use]
    pub fn telling(self, progress: Progress) -> Self {
        Self {
            progress: Some(progress),
            ..self
        }
    }

    /// A part of the recording. It begins after the recording's warm-up where it does not say when.
    ///
    /// # Errors
    /// [`AnalyzeError::Range`] where it has no such part.
    pub fn within(self, range: &Range) -> Result<Self, AnalyzeError> {
        let warm_up_us = self.manifest().warm_up_us.unwrap_or(0).max(0);
        if range.is_whole() && warm_up_us == 0 {
            return Ok(self);
        }
        let start_us = self.manifest().start_time.micros();
        let end_us = self.duration_us().map(|us| start_us.saturating_add(us));
        let paths = self.manifest().mode.paths();
        let cut = range.cut(start_us, warm_up_us, end_us, paths);
        match cut {
            Ok(cut) => Ok(Self { cut, ..self }),
            Err(text) => Err(AnalyzeError::Range {
                folder: self.folder().to_path_buf(),
                text,
            }),
        }
    }

    /// The part of it that is read.
    pub(crate) const fn cut(&self) -> &Cut {
        &self.cut
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        self.recording.folder()
    }

    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.recording.manifest()
    }

    /// True where the bytes of a part were not looked at yet.
    pub(crate) fn has_unverified(&self) -> bool {
        let mut sources = self.tables.values().flatten();
        sources.any(|source| source.to_verify.is_some())
    }

    /// True while its recorder lives.
    pub(crate) const fn is_being_written(&self) -> bool {
        self.is_being_written
    }

    /// Parts and journals that are left out.
    pub(crate) fn damaged(&self) -> &[DamagedPart] {
        &self.damaged
    }

    /// Rows that are in journals only: the recording is in progress, or its recorder was killed.
    pub(crate) const fn journal_rows(&self) -> u64 {
        self.journal_rows
    }

    /// How long the recording is, microseconds: as its manifest says or, where it has no end, up to its recorder's last checkpoint.
    /// `None` where that is not known either.
    pub(crate) fn duration_us(&self) -> Option<i64> {
        let start = self.manifest().start_time.micros();
        let up_to_the_last_checkpoint = self
            .last_checkpoint_us
            .map(|last| last.saturating_sub(start).max(0));
        self.manifest().duration_us.or(up_to_the_last_checkpoint)
    }

    /// [start, start + duration] of the manifest, as far as it is read; of a recording without an end, up to its recorder's last checkpoint, else to
    /// its last row.
    pub(crate) fn span(&self, last_row_us: i64) -> Result<Span, AnalyzeError> {
        let whole = self.whole_span(last_row_us)?;
        let Some(part) = self.cut.time() else {
            return Ok(whole);
        };
        let start = whole.start.max(part.start);
        Ok(Span {
            start,
            end: whole.end.min(part.end).max(start),
        })
    }

    /// The same of the whole recording.
    pub(crate) fn whole_span(&self, last_row_us: i64) -> Result<Span, AnalyzeError> {
        let start = self.manifest().start_time.micros();
        let after_start = last_row_us.saturating_sub(start).max(0);
        let duration = self.duration_us().unwrap_or(after_start);
        let impossible = || AnalyzeError::ImpossibleDuration {
            folder: self.folder().to_path_buf(),
            duration_us: duration,
        };
        let end = start.checked_add(duration).ok_or_else(impossible)?;
        if (0..=LONGEST_US).contains(&duration) {
            Ok(Span::new(start, end))
        } else {
            Err(impossible())
        }
    }

    /// Bytes of journals outside of complete batches.
    pub(crate) const fn unread_bytes(&self) -> u64 {
        self.unread_bytes
    }

    /// The attempts to connect; `None` where there is no part.
    pub(crate) fn connections(&self) -> Result<Option<LazyFrame>, AnalyzeError> {
        self.table(Table::Connections)
    }

    /// The events; `None` where there is no part.
    pub(crate) fn events(&self) -> Result<Option<LazyFrame>, AnalyzeError> {
        self.table(Table::Events)
    }

    /// `None` where the recording has no rows in it.
    pub(crate) fn probes(&self) -> Result<Option<LazyFrame>, AnalyzeError> {
        self.table(Table::Probes)
    }

    /// The availability probes; `None` where there is no part.
    pub(crate) fn availability(&self) -> Result<Option<LazyFrame>, AnalyzeError> {
        self.table(Table::Availability)
    }

    /// pgbench's progress; `None` where there is no part.
    pub(crate) fn load(&self) -> Result<Option<LazyFrame>, AnalyzeError> {
        self.table(Table::Load)
    }

    /// Runs a query. The streaming engine holds less in memory than the other.
    pub(crate) fn collect(&self, frame: LazyFrame) -> Result<DataFrame, AnalyzeError> {
        let result = guarded(|| frame.collect_with_engine(Engine::Streaming))
            .map_err(|panicked| AnalyzeError::Undecodable {
                folder: self.folder().to_path_buf(),
                panicked,
            })?
            .map_err(|source| self.read_error(source))?;
        Ok(result.unwrap_single())
    }

    pub(crate) fn read_error(&self, source: impl Into<Cause>) -> AnalyzeError {
        AnalyzeError::Read {
            folder: self.folder().to_path_buf(),
            source: source.into(),
        }
    }

    /// True where parts that are missing or damaged are left out.
    pub(crate) fn allows_damage(&self) -> bool {
        self.damage == Damage::Allowed
    }

    /// The files of a table with their columns, also those that no figure needs.
    pub(crate) fn files(&self, table: Table) -> impl Iterator<Item = File<'_>> {
        let sources = self.tables.get(&table).into_iter().flatten();
        sources.map(|source| File {
            schema: &source.schema,
            path: &source.whole,
            cut: self.cut,
        })
    }

    fn table(&self, table: Table) -> Result<Option<LazyFrame>, AnalyzeError> {
        match self.tables.get(&table).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some(sources) => {
                let frame = self.frame(table, sources)?;
                Ok(Some(self.cut.of_table(table, frame)))
            }
        }
    }

    /// The rows of some files of a table, their columns in one form. Files of one schema, which is nearly always all of them, are
    /// read together.
    fn frame(&self, table: Table, sources: &[Source]) -> Result<LazyFrame, AnalyzeError> {
        let mut alike: Vec<(&SchemaRef, Vec<PathBuf>)> = Vec::new();
        for source in sources {
            match alike
                .iter_mut()
                .find(|(schema, _)| **schema == source.schema)
            {
                Some((_, paths)) => paths.push(source.path.clone()),
                None => alike.push((&source.schema, vec![source.path.clone()])),
            }
        }
        let mut frames = Vec::with_capacity(alike.len());
        for (schema, paths) in alike {
            let selected = columns::select(schema, columns_of(table))
                .map_err(|misfit| self.misfit(table, misfit))?;
            let frame = scan(&paths).map_err(|source| self.read_error(source))?;
            frames.push(frame.select(selected));
        }
        match frames.len() {
            1 => Ok(frames.remove(0)),
            _ => concat(frames, UnionArgs::default()).map_err(|source| self.read_error(source)),
        }
    }
}

/// Files of one schema.
pub(crate) fn scan(files: &[PathBuf]) -> PolarsResult<LazyFrame> {
    let paths = files.iter().map(|file| {
        // A relative path that looks like a URL, or one with `*` in it, is still a path.
        let absolute = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        PlRefPath::new(absolute.to_string_lossy())
    });
    let arguments = ScanArgsParquet {
        glob: false,
        cache: false,
        ..Default::default()
    };
    LazyFrame::scan_parquet_files(paths.collect(), arguments)
}
