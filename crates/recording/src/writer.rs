//! Writing a recording: rows are handed over without waiting, a thread of its own encodes and seals them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::Clock;
use crate::error::WriteError;
use crate::layout::{JOURNAL_FOLDER, Table};
use crate::lock::WriterLock;
use crate::manifest::{Manifest, State, WriteFailure, sync_folder};
use crate::queued::Queued;
use crate::rows::{Connection, Event, Load, Operation};
use crate::shared::Shared;
use crate::under_way;
use crate::worker::Worker;

/// When parts are sealed, and how far the writer may fall behind.
#[derive(Debug, Clone, Copy)]
pub struct WriterOptions {
    /// A part is sealed when it holds this many rows.
    pub seal_rows: u64,
    /// A part is sealed when it is this old.
    pub seal_age: Duration,
    /// Rows are encoded and handed to the operating system at least this often: a kill loses at most so much, and what the flush
    /// itself takes.
    pub flush_interval: Duration,
    /// Journals are made durable against a power cut at least this often; a kill of the recorder reaches no flushed row.
    pub sync_interval: Duration,
    /// Rows that may wait for the writer; more are dropped and counted.
    pub queue_rows: usize,
    /// Memory for rows that the disk refuses, compressed, until it takes them again, bytes; more are dropped and counted.
    pub hold_bytes: usize,
    /// The recording's clock. With it each flush says which operations are under way, and when; without it, a recording that has
    /// no end reaches as far as its rows.
    pub clock: Option<Clock>,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            seal_rows: 1_000_000,
            seal_age: Duration::from_secs(600),
            // Half of the second that a kill may cost: a busy machine flushes late.
            flush_interval: Duration::from_millis(500),
            sync_interval: Duration::from_secs(5),
            queue_rows: 65_536,
            hold_bytes: 32 << 20,
            clock: None,
        }
    }
}

/// How a recording ended.
#[derive(Debug, Clone, Copy)]
pub struct Completion {
    /// `complete` or `interrupted`.
    pub state: State,
    /// How long the workload ran, microseconds.
    pub duration_us: i64,
    /// The wall clock's lead over the recording's clock, microseconds.
    pub drift_us: i64,
}

/// What became of the rows.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Rows in sealed parts, by table.
    pub rows: BTreeMap<Table, u64>,
    /// Rows lost, by table.
    pub dropped: BTreeMap<Table, u64>,
    /// Rows of parts that could not be sealed: `recover` finds them in their journals.
    pub journal_rows: u64,
    /// When the disk refused what was written, and for how long.
    pub failures: Vec<WriteFailure>,
    /// Why the folder does not hold all of it, if it does not.
    pub error: Option<String>,
}

impl Summary {
    /// True where every row is in a sealed part and the manifest tells so.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.error.is_none() && self.dropped.values().all(|rows| *rows == 0)
    }
}

/// What goes through the queue.
pub(crate) enum Message {
    Operation(Queued),
    Connection(Box<Connection>),
    Event(Box<Event>),
    Load(Box<Load>),
    /// Changes to the manifest wait.
    Manifest,
    Seal,
    Finish(Completion),
}

/// Hands rows over to the writer. Never waits: a row that finds the queue full is dropped and counted.
#[derive(Clone)]
pub struct Handle {
    sender: SyncSender<Message>,
    shared: Arc<Shared>,
}

impl Handle {
    /// Records an operation.
    pub fn operation(&self, row: Operation) {
        self.send(Table::Operations, Message::Operation(row.into()));
    }

    /// Records an operation, or gives it back where the queue is full and counts nothing. For those who can wait and try again, such
    /// as benchmarks; a workload can't.
    #[must_use]
    pub fn offer(&self, row: Operation) -> Option<Operation> {
        match self.sender.try_send(Message::Operation(row.into())) {
            Err(TrySendError::Full(Message::Operation(row))) => Some(row.into()),
            Err(_) => {
                self.shared.drop_rows(Table::Operations, 1);
                None
            }
            Ok(()) => None,
        }
    }

    /// Records an attempt to connect.
    pub fn connection(&self, row: Connection) {
        self.send(Table::Connections, Message::Connection(Box::new(row)));
    }

    /// Records an event.
    pub fn event(&self, row: Event) {
        self.send(Table::Events, Message::Event(Box::new(row)));
    }

    /// Records a line of pgbench's progress.
    pub fn load(&self, row: Load) {
        self.send(Table::Load, Message::Load(Box::new(row)));
    }

    /// Rows lost so far, all tables together.
    #[must_use]
    pub fn dropped_rows(&self) -> u64 {
        self.shared.dropped().values().sum()
    }

    /// What is wrong with the disk now, in words without a full stop; `None` while it takes what it gets.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.shared.trouble()
    }

    /// A place for one worker, from which a killed recording knows what it was doing.
    #[must_use]
    pub fn slot(&self) -> Slot {
        Slot {
            cell: self.shared.in_flight.add(),
            handle: self.clone(),
        }
    }

    fn send(&self, table: Table, message: Message) {
        if self.sender.try_send(message).is_err() {
            self.shared.drop_rows(table, 1);
        }
    }
}

/// One worker's place: it runs one operation at a time.
pub struct Slot {
    cell: Arc<Mutex<Option<Operation>>>,
    handle: Handle,
}

impl Slot {
    /// The worker begins this operation; the row is as it would be if nothing more were known. Allocates nothing.
    pub fn begin(&self, row: &Operation) {
        under_way::set(&self.cell, Some(row.clone()));
    }

    /// Records how it ended. Never waits: a row that finds the queue full is dropped and counted.
    pub fn end(&self, row: Operation) {
        // In this order: an operation is on its way to the disk, or under way, at every moment.
        self.handle.operation(row);
        under_way::set(&self.cell, None);
    }
}

/// A recording being written.
pub struct RecordingWriter {
    folder: PathBuf,
    sender: SyncSender<Message>,
    shared: Arc<Shared>,
    thread: JoinHandle<Summary>,
}

impl RecordingWriter {
    /// Makes the folder `folder` with its manifest and starts the writer's thread.
    ///
    /// # Errors
    /// [`WriteError::Exists`] where the folder is there already, [`WriteError::Io`] where it can't be made.
    pub fn create(
        folder: &FilePath,
        manifest: Manifest,
        options: WriterOptions,
    ) -> Result<Self, WriteError> {
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent).map_err(WriteError::io(parent))?;
        }
        match fs::create_dir(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(WriteError::Exists(folder.to_path_buf()));
            }
            made => made.map_err(WriteError::io(folder))?,
        }
        Self::begin(folder, manifest, options).inspect_err(|_| {
            // Made a moment ago, and nothing is in it that anybody could miss.
            let _ = fs::remove_dir_all(folder);
        })
    }

    fn begin(
        folder: &FilePath,
        manifest: Manifest,
        options: WriterOptions,
    ) -> Result<Self, WriteError> {
        for name in ["operations", "logs", JOURNAL_FOLDER] {
            let path = folder.join(name);
            fs::create_dir(&path).map_err(WriteError::io(&path))?;
        }
        let lock = WriterLock::take(folder).map_err(WriteError::io(folder))?;
        manifest.write(folder)?;
        if let Some(parent) = folder.parent() {
            // Else a power cut might take the whole folder; where the parent can't be opened, that is so.
            let _ = sync_folder(parent);
        }

        let (sender, receiver) = sync_channel(options.queue_rows);
        let shared = Arc::new(Shared::default());
        let worker = Worker::new(folder, manifest, options, Arc::clone(&shared), lock);
        let thread = std::thread::Builder::new()
            .name("recording-writer".to_owned())
            .spawn(move || worker.run(&receiver))
            .map_err(WriteError::io(folder))?;
        Ok(Self {
            folder: folder.to_path_buf(),
            sender,
            shared,
            thread,
        })
    }

    /// A handle for those who record.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle {
            sender: self.sender.clone(),
            shared: Arc::clone(&self.shared),
        }
    }

    /// The recording's folder.
    #[must_use]
    pub fn folder(&self) -> &FilePath {
        &self.folder
    }

    /// Has the manifest changed and written, by the writer's thread. Never waits; the change comes with the next flush at the
    /// latest.
    pub fn change_manifest(&self, change: impl FnOnce(&mut Manifest) + Send + 'static) {
        self.shared.add_change(Box::new(change));
        // Where the queue is full, the next flush finds it.
        let _ = self.sender.try_send(Message::Manifest);
    }

    /// Has every open part sealed and named in the manifest now; rows handed over before this are in it, later ones go into
    /// further parts. Does not wait for it; where the queue is full, because the disk does not keep up, nothing is sealed.
    pub fn seal(&self) {
        let _ = self.sender.try_send(Message::Seal);
    }

    /// Seals every part and completes the manifest. Rows handed over before this are in it. Waits for the disk.
    ///
    /// # Errors
    /// [`WriteError::WriterGone`] where the writer's thread has ended before.
    pub fn finish(self, completion: Completion) -> Result<Summary, WriteError> {
        self.sender
            .send(Message::Finish(completion))
            .map_err(|_| WriteError::WriterGone)?;
        self.thread.join().map_err(|_| WriteError::WriterGone)
    }

    /// Ends a recording in which nothing was recorded yet, and removes its folder. Waits for the disk.
    pub fn discard(self) {
        let folder = self.folder.clone();
        // Nobody wants its rows: what the disk says to that is nothing to hear of.
        let _ = self.finish(Completion {
            state: State::Interrupted,
            duration_us: 0,
            drift_us: 0,
        });
        let _ = fs::remove_dir_all(folder);
    }
}
