//! The tables of a recording that is being written.

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use crate::format::layout::Table;
use crate::format::manifest::Manifest;
use crate::format::rows::{AvailabilityProbe, Connection, Event, Load, Operation, Probe};
use crate::format::vocabulary::Path;
use crate::write::backlog::Room;
use crate::write::columns::{self, Origin};
use crate::write::options::WriterOptions;
use crate::write::same_file::Identity;
use crate::write::table::{Context, Report, TableWriter};

/// The tables of a recording that is being written.
pub(crate) struct Tables {
    pub(crate) origin: Origin,
    room: Room,
    operations: BTreeMap<Path, TableWriter<Operation>>,
    pub(crate) connections: TableWriter<Connection>,
    pub(crate) probes: TableWriter<Probe>,
    pub(crate) availability: TableWriter<AvailabilityProbe>,
    pub(crate) events: TableWriter<Event>,
    pub(crate) load: TableWriter<Load>,
}

/// Runs one expression on the writer of every table and path.
macro_rules! for_each_table {
    ($tables:expr, $writer:ident => $body:expr) => {
        for $writer in $tables.operations.values_mut() {
            $body;
        }
        {
            let $writer = &mut $tables.connections;
            $body;
        }
        {
            let $writer = &mut $tables.probes;
            $body;
        }
        {
            let $writer = &mut $tables.availability;
            $body;
        }
        {
            let $writer = &mut $tables.events;
            $body;
        }
        {
            let $writer = &mut $tables.load;
            $body;
        }
    };
}

impl Tables {
    pub(crate) fn new(manifest: &Manifest, options: &WriterOptions) -> Self {
        let writer =
            |path: &Path| TableWriter::new(Table::Operations, Some(*path), columns::operations);
        Self {
            origin: Origin::new(manifest.run_id.clone(), manifest.host.clone()),
            room: Room::new(options.backlog_bytes),
            operations: Path::ALL.iter().map(|path| (*path, writer(path))).collect(),
            connections: TableWriter::new(Table::Connections, None, columns::connections),
            probes: TableWriter::new(Table::Probes, None, columns::probes),
            availability: TableWriter::new(Table::Availability, None, columns::availability),
            events: TableWriter::new(Table::Events, None, columns::events),
            load: TableWriter::new(Table::Load, None, columns::load),
        }
    }

    pub(crate) fn operation(&mut self, row: Operation) {
        if let Some(writer) = self.operations.get_mut(&row.path) {
            writer.push(row);
        }
    }

    pub(crate) fn is_batch_full(&self) -> bool {
        self.operations.values().any(TableWriter::is_batch_full) || self.connections.is_batch_full()
    }

    /// Encodes what waits and seals what is due; with `seal`, everything.
    pub(crate) fn flush(
        &mut self,
        folder: &FilePath,
        options: &WriterOptions,
        home: Option<Identity>,
        seal: bool,
        sync: bool,
    ) -> Report {
        let mut report = Report::default();
        let context = Context {
            folder,
            origin: &self.origin,
            options,
            home,
            sync,
        };
        for_each_table!(self, writer => {
            writer.flush(&context, &mut self.room, &mut report);
            if seal && context.is_there() {
                writer.seal(&mut report);
            }
        });
        report
    }

    /// Seals parts that could not be sealed before, from their journals.
    pub(crate) fn seal_left(&mut self, folder: &FilePath) -> Report {
        let mut report = Report::default();
        for_each_table!(self, writer => writer.seal_left(folder, &mut report));
        report
    }

    /// Leaves the open parts as they are, in a folder that is no longer where it was.
    pub(crate) fn leave(&mut self) -> Report {
        let mut report = Report::default();
        for_each_table!(self, writer => writer.leave(&mut report));
        report
    }

    /// Gives the backlogs up.
    pub(crate) fn drop_backlog(&mut self) -> Report {
        let mut report = Report::default();
        for_each_table!(self, writer => writer.drop_backlog(&mut self.room, &mut report));
        report
    }

    /// Rows of operations in sealed parts and in journals, by path.
    pub(crate) fn operations_on_disk(&self) -> BTreeMap<Path, u64> {
        let rows =
            |(path, writer): (&Path, &TableWriter<Operation>)| (*path, writer.rows_on_disk());
        self.operations.iter().map(rows).collect()
    }

    /// Rows in memory that the disk has not taken.
    pub(crate) fn backlog_rows(&mut self) -> u64 {
        let mut rows = 0;
        for_each_table!(self, writer => rows += writer.backlog_rows());
        rows
    }

    /// Rows in sealed parts, by table.
    pub(crate) fn sealed_rows(&mut self) -> BTreeMap<Table, u64> {
        let mut rows = BTreeMap::new();
        for_each_table!(self, writer => *rows.entry(writer.table).or_insert(0) += writer.sealed_rows);
        rows
    }

    /// Rows that are in the journals of parts that could not be sealed.
    pub(crate) fn journal_rows(&mut self) -> u64 {
        let mut rows = 0;
        for_each_table!(self, writer => rows += writer.left_rows());
        rows
    }
}
