//! The rows of one table, or of one path in it, on their way into parts.

use std::io;
use std::path::{Path as FilePath, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};

use crate::format::error::{OpenError, WriteError};
use crate::format::layout::{Table, part_name};
use crate::format::manifest::PartRecord;
use crate::format::schema;
use crate::format::vocabulary::Path;
use crate::write::backlog::{Backlog, Room};
use crate::write::columns::Origin;
use crate::write::journal;
use crate::write::options::WriterOptions;
use crate::write::part::{OpenPart, PartFile};
use crate::write::same_file::Identity;

/// Names of parts that exist already and are passed over, at most: the files of others are never overwritten.
const TAKEN_NAMES: u32 = 10_000;

/// Rows encoded at once: larger batches gain nothing (measured).
const BATCH_ROWS: usize = 8_192;

/// The same for connections, each of which takes four times an operation's memory: a refused port fails thousands of attempts a second.
const CONNECTION_BATCH_ROWS: usize = 1_024;

/// What all tables of a recording share.
pub(crate) struct Context<'a> {
    pub(crate) folder: &'a FilePath,
    pub(crate) origin: &'a Origin,
    pub(crate) options: &'a WriterOptions,
    /// The folder that was opened; `None` while it is not where it was: nothing is written then, and no row given up.
    pub(crate) home: Option<Identity>,
    /// True where journals are to be made durable now.
    pub(crate) sync: bool,
}

impl Context<'_> {
    pub(crate) const fn is_there(&self) -> bool {
        self.home.is_some()
    }

    /// The same at this moment: a folder may be moved at any time.
    fn is_still_there(&self) -> bool {
        self.is_there() && Identity::at(self.folder) == self.home
    }
}

/// The result of a flush.
#[derive(Default)]
pub(crate) struct Report {
    /// Newly sealed parts, each with its journal.
    pub(crate) sealed: Vec<(PartRecord, PathBuf)>,
    /// Writes that the disk refused.
    pub(crate) errors: Vec<WriteError>,
    /// Lost rows, each with its table.
    pub(crate) lost: Vec<(Table, u64)>,
}

/// The journal of a part that could not be sealed.
struct Left {
    journal: PathBuf,
    part: String,
    rows: u64,
}

type BuildBatch<R> = fn(&SchemaRef, &Origin, &[R]) -> Result<RecordBatch, ArrowError>;

/// The rows of one table, or of one path in it.
pub(crate) struct TableWriter<R> {
    pub(crate) table: Table,
    path: Option<Path>,
    schema: SchemaRef,
    build: BuildBatch<R>,
    waiting: Vec<R>,
    backlog: Backlog,
    open: Option<OpenPart>,
    left: Vec<Left>,
    next_number: u32,
    pub(crate) sealed_rows: u64,
}

impl<R> TableWriter<R> {
    pub(crate) fn new(table: Table, path: Option<Path>, build: BuildBatch<R>) -> Self {
        Self {
            table,
            path,
            schema: schema::of(table),
            build,
            waiting: Vec::new(),
            backlog: Backlog::default(),
            open: None,
            left: Vec::new(),
            next_number: 1,
            sealed_rows: 0,
        }
    }

    pub(crate) fn push(&mut self, row: R) {
        self.waiting.push(row);
    }

    /// True where the rows that wait are enough for a batch.
    pub(crate) fn is_batch_full(&self) -> bool {
        let enough = match self.table {
            Table::Connections => CONNECTION_BATCH_ROWS,
            _ => BATCH_ROWS,
        };
        self.waiting.len() >= enough
    }

    /// Rows in memory that the last flush could not write.
    pub(crate) fn backlog_rows(&self) -> u64 {
        self.backlog.rows() + self.waiting.len() as u64
    }

    /// Rows in sealed parts and in journals.
    pub(crate) fn rows_on_disk(&self) -> u64 {
        let open = self.open.as_ref().map_or(0, OpenPart::journaled_rows);
        self.sealed_rows + self.left_rows() + open
    }

    /// Rows in the journals of parts that could not be sealed.
    pub(crate) fn left_rows(&self) -> u64 {
        self.left.iter().map(|left| left.rows).sum()
    }

    /// Encodes and writes the rows that wait, or puts them on the backlog where the disk refuses; then seals the part if it is due.
    pub(crate) fn flush(&mut self, context: &Context<'_>, room: &mut Room, report: &mut Report) {
        if context.is_there() {
            self.release(context, room, report);
        }
        // While the disk refuses, rows wait until they fill a batch: a small one takes the memory of many rows.
        let is_refused = !self.backlog.is_empty() || !context.is_there();
        let has_enough = self.is_batch_full() || !is_refused;
        if has_enough && !self.waiting.is_empty() {
            match (self.build)(&self.schema, context.origin, &self.waiting) {
                Ok(batch) => self.add(&batch, context, room, report),
                Err(error) => {
                    report.lost.push((self.table, self.waiting.len() as u64));
                    let folder = context.folder.join(self.table.as_str());
                    report.errors.push(WriteError::encode(&folder, &error));
                }
            }
            self.waiting.clear();
        }
        if !context.is_there() {
            return;
        }
        if let Some(part) = &mut self.open {
            if !part.has_journal() {
                // The journal was removed: the rows are safe once the part is sealed. A folder that was moved took its journal along.
                if context.is_still_there() {
                    self.seal(report);
                }
            } else if context.sync
                && let Err(error) = part.sync()
            {
                report.errors.push(error);
                self.abandon(report);
            }
        }
        if self.is_due(context.options) {
            self.seal(report);
        }
    }

    fn add(
        &mut self,
        batch: &RecordBatch,
        context: &Context<'_>,
        room: &mut Room,
        report: &mut Report,
    ) {
        let in_turn = self.backlog.is_empty() && context.is_there();
        let is_safe = in_turn && self.write(batch, context, report);
        if !is_safe && !self.backlog.push(room, batch) {
            report.lost.push((self.table, batch.num_rows() as u64));
        }
    }

    /// Writes the backlog, the oldest rows first, until the disk refuses again.
    fn release(&mut self, context: &Context<'_>, room: &mut Room, report: &mut Report) {
        while !self.backlog.is_empty() {
            match self.backlog.first() {
                Some(batch) => {
                    if !self.write(&batch, context, report) {
                        return;
                    }
                    self.backlog.pop(room);
                }
                // It can't be decoded, as with faulty memory: its rows are counted as lost.
                None => report.lost.push((self.table, self.backlog.pop(room))),
            }
        }
    }

    /// True where the batch is in a journal, even where its part is given up.
    fn write(&mut self, batch: &RecordBatch, context: &Context<'_>, report: &mut Report) -> bool {
        let before = self.open.as_ref().map_or(0, OpenPart::journaled_rows);
        let written = match self.open_part(context.folder) {
            Ok(part) => part.write(batch),
            Err(error) => Err(error),
        };
        let Err(error) = written else {
            return true;
        };
        report.errors.push(error);
        let after = self.open.as_ref().map_or(before, OpenPart::journaled_rows);
        self.abandon(report);
        after > before
    }

    fn open_part(&mut self, folder: &FilePath) -> Result<&mut OpenPart, WriteError> {
        let open = match self.open.take() {
            Some(part) => part,
            None => self.create_part(folder)?,
        };
        Ok(self.open.insert(open))
    }

    fn create_part(&mut self, folder: &FilePath) -> Result<OpenPart, WriteError> {
        let last = self.next_number.saturating_add(TAKEN_NAMES);
        loop {
            let name = part_name(self.table, self.path, self.next_number);
            match OpenPart::create(folder, self.table, &name, &self.schema) {
                Err(WriteError::Io { source, .. })
                    if source.kind() == io::ErrorKind::AlreadyExists && self.next_number < last =>
                {
                    self.next_number += 1;
                }
                created => {
                    let part = created?;
                    self.next_number += 1;
                    return Ok(part);
                }
            }
        }
    }

    /// Gives the open part up after an error. The rows in its journal are sealed from there later.
    fn abandon(&mut self, report: &mut Report) {
        let Some(part) = self.open.take() else { return };
        let has_journal = part.has_journal();
        let (journal, name, rows) = part.abandon();
        if !has_journal {
            report.lost.push((self.table, rows));
        } else if rows == 0 {
            journal::remove(&journal);
            // Its name can be used again.
            self.next_number -= 1;
        } else {
            self.left.push(Left {
                journal,
                part: name,
                rows,
            });
        }
    }

    /// Seals the open part, if there is one.
    pub(crate) fn seal(&mut self, report: &mut Report) {
        let Some(part) = self.open.take() else { return };
        let (rows, has_journal) = (part.rows(), part.has_journal());
        let (sealed, journal, name) = part.seal();
        match sealed {
            Ok(record) => {
                self.sealed_rows += rows;
                report.sealed.push((record, journal));
            }
            Err(error) => {
                report.errors.push(error);
                if has_journal {
                    self.left.push(Left {
                        journal,
                        part: name,
                        rows,
                    });
                } else {
                    report.lost.push((self.table, rows));
                }
            }
        }
    }

    fn is_due(&self, options: &WriterOptions) -> bool {
        self.open.as_ref().is_some_and(|part| {
            part.rows() >= options.seal_rows || part.opened.elapsed() >= options.seal_age
        })
    }

    /// Seals parts that could not be sealed before, from their journals, until the disk refuses again.
    pub(crate) fn seal_left(&mut self, folder: &FilePath, report: &mut Report) {
        while let Some(left) = self.left.first() {
            match seal_journal(folder, self.table, left) {
                Ok(record) => {
                    let left = self.left.remove(0);
                    self.sealed_rows += record.rows;
                    // Rows that could not be read: the disk lost them.
                    let missing = left.rows.saturating_sub(record.rows);
                    if missing > 0 {
                        report.lost.push((self.table, missing));
                    }
                    report.sealed.push((record, left.journal));
                }
                Err(error) => {
                    report.errors.push(error);
                    return;
                }
            }
        }
    }

    /// Leaves the open part as it is where the folder is no longer where it was: the recording ends.
    pub(crate) fn leave(&mut self, report: &mut Report) {
        let Some(part) = self.open.take() else { return };
        if part.is_removed() {
            report.lost.push((self.table, part.journaled_rows()));
        } else {
            let (journal, part, rows) = part.leave();
            self.left.push(Left {
                journal,
                part,
                rows,
            });
        }
    }

    /// Gives the backlog up: the recording ends.
    pub(crate) fn drop_backlog(&mut self, room: &mut Room, report: &mut Report) {
        if !self.waiting.is_empty() {
            report.lost.push((self.table, self.waiting.len() as u64));
            self.waiting.clear();
        }
        while !self.backlog.is_empty() {
            report.lost.push((self.table, self.backlog.pop(room)));
        }
    }
}

fn seal_journal(folder: &FilePath, table: Table, left: &Left) -> Result<PartRecord, WriteError> {
    let unsealed = crate::read::journal::read(table, left.journal.clone(), left.part.clone());
    let unsealed = unsealed.map_err(|error| match error {
        OpenError::Io { path, source } => WriteError::Io { path, source },
        other => WriteError::encode(&left.journal, &other),
    })?;
    // Rows behind those that the writer knows of were refused, and are in another part: a disk that refuses may keep them all the same.
    let mut rows = 0;
    let batches = unsealed.batches().take_while(|batch| {
        rows += batch.num_rows() as u64;
        rows <= left.rows
    });
    PartFile::of_batches(folder, table, &left.part, &schema::of(table), batches)
}
