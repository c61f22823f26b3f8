//! The rows of each table on their way into parts.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};

use crate::builders::{self, Origin};
use crate::error::WriteError;
use crate::layout::{Table, part_name};
use crate::manifest::{Manifest, PartRecord};
use crate::part::OpenPart;
use crate::rows::{Connection, Event, Load, Operation};
use crate::schema;
use crate::vocabulary::Path;
use crate::writer::WriterOptions;

/// Rows encoded at once: more gain nothing (measured in `parquet-facts.md`).
const BATCH_ROWS: usize = 8_192;

/// A part that was sealed, or that could not be.
pub(crate) struct Sealed {
    pub(crate) table: Table,
    /// Rows that are lost where it failed: what is not in its journal.
    pub(crate) lost_rows: u64,
    /// The part and its journal.
    pub(crate) result: Result<(PartRecord, PathBuf), WriteError>,
}

type BuildBatch<R> = fn(&SchemaRef, &Origin, &[R]) -> Result<RecordBatch, ArrowError>;

/// The rows of one table, or of one path in it.
pub(crate) struct Stream<R> {
    table: Table,
    path: Option<Path>,
    schema: SchemaRef,
    build: BuildBatch<R>,
    waiting: Vec<R>,
    open: Option<OpenPart>,
    next_number: u32,
    sealed_rows: u64,
    /// Rows of parts that could not be sealed: in their journals only.
    journal_rows: u64,
}

impl<R> Stream<R> {
    fn new(table: Table, path: Option<Path>, build: BuildBatch<R>) -> Self {
        Self {
            table,
            path,
            schema: schema::in_memory(table),
            build,
            waiting: Vec::new(),
            open: None,
            next_number: 1,
            sealed_rows: 0,
            journal_rows: 0,
        }
    }

    pub(crate) fn push(&mut self, row: R) {
        self.waiting.push(row);
    }

    /// Encodes what waits; where that fails, the open part is given up. Its rows stay in the journal.
    fn encode(
        &mut self,
        folder: &FilePath,
        origin: &Origin,
        options: &WriterOptions,
    ) -> Result<(), Sealed> {
        let mut lost_rows = 0;
        let mut result = Ok(());
        if !self.waiting.is_empty() {
            let before = self.journaled_rows();
            result = self.write_batch(folder, origin);
            // The first batch of a part has a journal of its own: nothing was in it before.
            let journaled = self.journaled_rows().saturating_sub(before);
            lost_rows = (self.waiting.len() as u64).saturating_sub(journaled);
            self.waiting.clear();
        }
        if let (Ok(()), Some(part)) = (&result, &mut self.open) {
            result = part.sync(options.sync_interval);
        }
        result.map_err(|error| {
            if let Some(part) = self.open.take() {
                self.journal_rows += part.abandon();
            }
            Sealed {
                table: self.table,
                lost_rows,
                result: Err(error),
            }
        })
    }

    fn journaled_rows(&self) -> u64 {
        self.open.as_ref().map_or(0, OpenPart::journaled_rows)
    }

    fn write_batch(&mut self, folder: &FilePath, origin: &Origin) -> Result<(), WriteError> {
        let batch = (self.build)(&self.schema, origin, &self.waiting)
            .map_err(|error| WriteError::encode(folder, &error))?;
        let part = match &mut self.open {
            Some(part) => part,
            none => {
                let name = part_name(self.table, self.path, self.next_number);
                self.next_number += 1;
                none.insert(OpenPart::create(folder, self.table, &name, &self.schema)?)
            }
        };
        part.write(&batch)
    }

    fn seal(&mut self) -> Option<Sealed> {
        let part = self.open.take()?;
        let rows = part.rows();
        let result = part.seal();
        match result {
            Ok(_) => self.sealed_rows += rows,
            Err(_) => self.journal_rows += rows,
        }
        Some(Sealed {
            table: self.table,
            lost_rows: 0,
            result,
        })
    }

    fn is_due(&self, options: &WriterOptions) -> bool {
        self.open.as_ref().is_some_and(|part| {
            part.rows() >= options.seal_rows || part.opened.elapsed() >= options.seal_age
        })
    }
}

/// Every table of a recording.
pub(crate) struct Streams {
    origin: Origin,
    operations: BTreeMap<Path, Stream<Operation>>,
    pub(crate) connections: Stream<Connection>,
    pub(crate) events: Stream<Event>,
    pub(crate) load: Stream<Load>,
}

/// Runs one expression on every stream.
macro_rules! for_each_stream {
    ($streams:expr, $stream:ident => $body:expr) => {
        for $stream in $streams.operations.values_mut() {
            $body;
        }
        {
            let $stream = &mut $streams.connections;
            $body;
        }
        {
            let $stream = &mut $streams.events;
            $body;
        }
        {
            let $stream = &mut $streams.load;
            $body;
        }
    };
}

impl Streams {
    pub(crate) fn new(manifest: &Manifest) -> Self {
        let stream =
            |path: &Path| Stream::new(Table::Operations, Some(*path), builders::operations);
        Self {
            origin: Origin::new(manifest.run_id.clone(), manifest.host.clone()),
            operations: Path::ALL.iter().map(|path| (*path, stream(path))).collect(),
            connections: Stream::new(Table::Connections, None, builders::connections),
            events: Stream::new(Table::Events, None, builders::events),
            load: Stream::new(Table::Load, None, builders::load),
        }
    }

    pub(crate) fn operation(&mut self, row: Operation) {
        if let Some(stream) = self.operations.get_mut(&row.path) {
            stream.push(row);
        }
    }

    pub(crate) fn is_batch_full(&self) -> bool {
        self.operations
            .values()
            .any(|stream| stream.waiting.len() >= BATCH_ROWS)
    }

    /// Encodes what waits and seals what is due.
    pub(crate) fn flush(&mut self, folder: &FilePath, options: &WriterOptions) -> Vec<Sealed> {
        let mut sealed = Vec::new();
        for_each_stream!(self, stream => {
            sealed.extend(stream.encode(folder, &self.origin, options).err());
            if stream.is_due(options) {
                sealed.extend(stream.seal());
            }
        });
        sealed
    }

    /// Encodes what waits and seals everything.
    pub(crate) fn seal_all(&mut self, folder: &FilePath, options: &WriterOptions) -> Vec<Sealed> {
        let mut sealed = Vec::new();
        for_each_stream!(self, stream => {
            sealed.extend(stream.encode(folder, &self.origin, options).err());
            sealed.extend(stream.seal());
        });
        sealed
    }

    /// Rows in sealed parts, by table.
    pub(crate) fn sealed_rows(&mut self) -> BTreeMap<Table, u64> {
        let mut rows = BTreeMap::new();
        for_each_stream!(self, stream => *rows.entry(stream.table).or_insert(0) += stream.sealed_rows);
        rows
    }

    /// Rows that are in the journals of parts that could not be sealed.
    pub(crate) fn journal_rows(&mut self) -> u64 {
        let mut rows = 0;
        for_each_stream!(self, stream => rows += stream.journal_rows);
        rows
    }
}
