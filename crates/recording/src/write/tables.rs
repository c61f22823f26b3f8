//! Every table of a recording.

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use crate::format::layout::Table;
use crate::format::manifest::Manifest;
use crate::format::rows::{Connection, Event, Load, Probe};
use crate::format::vocabulary::Path;
use crate::write::backlog::Room;
use crate::write::columns::{self, Origin};
use crate::write::options::WriterOptions;
use crate::write::queued_operation::Queued;
use crate::write::table::{Context, Report, Stream};

/// Every table of a recording.
pub(crate) struct Streams {
    pub(crate) origin: Origin,
    room: Room,
    operations: BTreeMap<Path, Stream<Queued>>,
    pub(crate) connections: Stream<Connection>,
    pub(crate) probes: Stream<Probe>,
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
            let $stream = &mut $streams.probes;
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
    pub(crate) fn new(manifest: &Manifest, options: &WriterOptions) -> Self {
        let stream = |path: &Path| Stream::new(Table::Operations, Some(*path), columns::operations);
        Self {
            origin: Origin::new(manifest.run_id.clone(), manifest.host.clone()),
            room: Room::new(options.hold_bytes),
            operations: Path::ALL.iter().map(|path| (*path, stream(path))).collect(),
            connections: Stream::new(Table::Connections, None, columns::connections),
            probes: Stream::new(Table::Probes, None, columns::probes),
            events: Stream::new(Table::Events, None, columns::events),
            load: Stream::new(Table::Load, None, columns::load),
        }
    }

    pub(crate) fn operation(&mut self, row: Queued) {
        if let Some(stream) = self.operations.get_mut(&row.path) {
            stream.push(row);
        }
    }

    pub(crate) fn is_batch_full(&self) -> bool {
        self.operations.values().any(Stream::is_batch_full) || self.connections.is_batch_full()
    }

    /// Encodes what waits and seals what is due; with `seal`, everything.
    pub(crate) fn flush(
        &mut self,
        folder: &FilePath,
        options: &WriterOptions,
        is_there: bool,
        seal: bool,
        sync: bool,
    ) -> Report {
        let mut report = Report::default();
        let context = Context {
            folder,
            origin: &self.origin,
            options,
            is_there,
            sync,
        };
        for_each_stream!(self, stream => {
            stream.flush(&context, &mut self.room, &mut report);
            if seal && is_there {
                stream.seal(&mut report);
            }
        });
        report
    }

    /// Seals parts that could not be sealed before, from their journals.
    pub(crate) fn seal_left(&mut self, folder: &FilePath) -> Report {
        let mut report = Report::default();
        for_each_stream!(self, stream => stream.seal_left(folder, &mut report));
        report
    }

    /// Leaves the open parts as they are, in a folder that is no longer where it was.
    pub(crate) fn leave(&mut self) -> Report {
        let mut report = Report::default();
        for_each_stream!(self, stream => stream.leave(&mut report));
        report
    }

    /// Gives up what is still held in memory.
    pub(crate) fn drop_held(&mut self) -> Report {
        let mut report = Report::default();
        for_each_stream!(self, stream => stream.drop_held(&mut self.room, &mut report));
        report
    }

    /// Rows of operations in sealed parts and in journals, by path.
    pub(crate) fn operations_on_disk(&self) -> BTreeMap<Path, u64> {
        let rows = |(path, stream): (&Path, &Stream<Queued>)| (*path, stream.rows_on_disk());
        self.operations.iter().map(rows).collect()
    }

    /// Rows in memory because the disk refused them.
    pub(crate) fn held_rows(&mut self) -> u64 {
        let mut rows = 0;
        for_each_stream!(self, stream => rows += stream.held_rows());
        rows
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
        for_each_stream!(self, stream => rows += stream.left_rows());
        rows
    }
}
