//! Writing a recording: rows are handed over without waiting, a thread of its own encodes and seals them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::WriteError;
use crate::journal::WriterLock;
use crate::layout::{JOURNAL_FOLDER, Table};
use crate::manifest::{Manifest, State, sync_folder};
use crate::rows::{Connection, Event, Load, Operation};
use crate::streams::{Sealed, Streams};

/// How long the writer sleeps when it has nothing to do. It does not wait for the next row itself: whoever hands over the row
/// that ends such a wait pays for waking it, microseconds instead of a tenth of one.
const NAP: Duration = Duration::from_millis(5);

/// When parts are sealed, and how far the writer may fall behind.
#[derive(Debug, Clone, Copy)]
pub struct WriterOptions {
    /// A part is sealed when it holds this many rows.
    pub seal_rows: u64,
    /// A part is sealed when it is this old.
    pub seal_age: Duration,
    /// Rows are encoded at least this often.
    pub flush_interval: Duration,
    /// Journals are made durable against a power cut at least this often; a kill of the recorder reaches no flushed row.
    pub sync_interval: Duration,
    /// Rows that may wait for the writer; more are dropped and counted.
    pub queue_rows: usize,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            seal_rows: 1_000_000,
            seal_age: Duration::from_secs(600),
            flush_interval: Duration::from_secs(1),
            sync_interval: Duration::from_secs(5),
            queue_rows: 65_536,
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
    /// The first thing that went wrong, if any.
    pub error: Option<String>,
}

impl Summary {
    /// True where every row is in a sealed part and the manifest tells so.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.error.is_none() && self.dropped.values().all(|rows| *rows == 0)
    }
}

/// A change to the manifest, made by the thread that owns it.
type ManifestChange = Box<dyn FnOnce(&mut Manifest) + Send>;

enum Message {
    Operation(Operation),
    Connection(Box<Connection>),
    Event(Box<Event>),
    Load(Box<Load>),
    Manifest(ManifestChange),
    Seal,
    Finish(Completion),
}

/// What the handles and the writer's thread both look at.
#[derive(Debug, Default)]
struct Shared {
    dropped: [AtomicU64; Table::ALL.len()],
    error: Mutex<Option<String>>,
}

impl Shared {
    fn drop_rows(&self, table: Table, rows: u64) {
        self.dropped[table as usize].fetch_add(rows, Ordering::Relaxed);
    }

    fn dropped(&self) -> BTreeMap<Table, u64> {
        let count = |table: &Table| self.dropped[*table as usize].load(Ordering::Relaxed);
        Table::ALL
            .iter()
            .map(|table| (*table, count(table)))
            .filter(|(_, rows)| *rows > 0)
            .collect()
    }

    fn note_error(&self, error: &WriteError) {
        let mut first = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| error.to_string());
    }

    fn error(&self) -> Option<String> {
        self.error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
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
        self.send(Table::Operations, Message::Operation(row));
    }

    /// Records an operation, or gives it back where the queue is full and counts nothing. For those who can wait and try again, such
    /// as benchmarks; a workload can't.
    #[must_use]
    pub fn offer(&self, row: Operation) -> Option<Operation> {
        match self.sender.try_send(Message::Operation(row)) {
            Err(TrySendError::Full(Message::Operation(row))) => Some(row),
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

    /// The first thing that went wrong while writing, if any.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        self.shared.error()
    }

    fn send(&self, table: Table, message: Message) {
        if self.sender.try_send(message).is_err() {
            self.shared.drop_rows(table, 1);
        }
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
        for name in ["operations", "logs", JOURNAL_FOLDER] {
            let path = folder.join(name);
            fs::create_dir(&path).map_err(WriteError::io(&path))?;
        }
        let lock = WriterLock::take(folder).map_err(WriteError::io(folder))?;
        manifest.write(folder)?;
        sync_folder(folder)?;

        let (sender, receiver) = sync_channel(options.queue_rows);
        let shared = Arc::new(Shared::default());
        let worker = Worker {
            folder: folder.to_path_buf(),
            streams: Streams::new(&manifest),
            manifest,
            options,
            shared: Arc::clone(&shared),
            _lock: lock,
        };
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

    /// Changes the manifest and writes it; waits while the queue is full.
    ///
    /// # Errors
    /// [`WriteError::WriterGone`] where the writer's thread has ended.
    pub fn change_manifest(
        &self,
        change: impl FnOnce(&mut Manifest) + Send + 'static,
    ) -> Result<(), WriteError> {
        self.sender
            .send(Message::Manifest(Box::new(change)))
            .map_err(|_| WriteError::WriterGone)
    }

    /// Has every open part sealed and named in the manifest now; rows handed over before this are in it, later ones go into
    /// further parts. Does not wait for it.
    ///
    /// # Errors
    /// [`WriteError::WriterGone`] where the writer's thread has ended.
    pub fn seal(&self) -> Result<(), WriteError> {
        self.sender
            .send(Message::Seal)
            .map_err(|_| WriteError::WriterGone)
    }

    /// Seals every part and completes the manifest. Rows handed over before this are in it.
    ///
    /// # Errors
    /// [`WriteError::WriterGone`] where the writer's thread has ended before.
    pub fn finish(self, completion: Completion) -> Result<Summary, WriteError> {
        self.sender
            .send(Message::Finish(completion))
            .map_err(|_| WriteError::WriterGone)?;
        self.thread.join().map_err(|_| WriteError::WriterGone)
    }
}

/// The writer's thread.
struct Worker {
    folder: PathBuf,
    streams: Streams,
    manifest: Manifest,
    options: WriterOptions,
    shared: Arc<Shared>,
    _lock: WriterLock,
}

impl Worker {
    fn run(mut self, receiver: &Receiver<Message>) -> Summary {
        let mut next_flush = Instant::now() + self.options.flush_interval;
        let mut rows_in_sequence = 0_u32;
        let completion = loop {
            // Looking at the clock costs as much as a row: while rows are there it is done once in 64 of them.
            rows_in_sequence = rows_in_sequence.wrapping_add(1);
            let mut is_time_to_look = rows_in_sequence.is_multiple_of(64);
            let received = receiver.try_recv();
            if received.is_err() {
                is_time_to_look = true;
                std::thread::sleep(NAP.min(next_flush.saturating_duration_since(Instant::now())));
            }
            match received {
                Ok(Message::Operation(row)) => self.streams.operation(row),
                Ok(Message::Connection(row)) => self.streams.connections.push(*row),
                Ok(Message::Event(row)) => self.streams.events.push(*row),
                Ok(Message::Load(row)) => self.streams.load.push(*row),
                Ok(Message::Manifest(change)) => {
                    change(&mut self.manifest);
                    self.write_manifest();
                }
                Ok(Message::Seal) => {
                    let results = self.streams.seal_all(&self.folder, &self.options);
                    self.publish(results);
                }
                Ok(Message::Finish(completion)) => break Some(completion),
                Err(TryRecvError::Empty) => {}
                // Every sender went without a word: whoever recorded panicked. What is here is sealed all the same.
                Err(TryRecvError::Disconnected) => break None,
            }
            if self.streams.is_batch_full() || (is_time_to_look && Instant::now() >= next_flush) {
                self.flush();
                next_flush = Instant::now() + self.options.flush_interval;
            }
        };
        self.complete(completion)
    }

    fn flush(&mut self) {
        // A removed folder would be noticed only when the next part is opened, minutes later.
        if !self.folder.is_dir() {
            let removed = std::io::Error::from(std::io::ErrorKind::NotFound);
            self.shared
                .note_error(&WriteError::io(&self.folder)(removed));
        }
        let results = self.streams.flush(&self.folder, &self.options);
        self.publish(results);
    }

    fn complete(mut self, completion: Option<Completion>) -> Summary {
        let results = self.streams.seal_all(&self.folder, &self.options);
        if let Some(completion) = completion {
            self.manifest.state = completion.state;
            self.manifest.duration_us = Some(completion.duration_us);
            self.manifest.clock.drift_us = Some(completion.drift_us);
        } else {
            self.manifest.state = State::Interrupted;
        }
        self.publish(results);
        self.note_dropped();
        self.write_manifest();
        Summary {
            rows: self.streams.sealed_rows(),
            dropped: self.shared.dropped(),
            journal_rows: self.streams.journal_rows(),
            error: self.shared.error(),
        }
    }

    /// Names newly sealed parts in the manifest, and then lets their journals go; counts the rows of those that failed.
    fn publish(&mut self, results: Vec<Sealed>) {
        let mut journals = Vec::new();
        for sealed in results {
            match sealed.result {
                Ok((part, journal)) => {
                    self.manifest.parts.push(part);
                    journals.push(journal);
                }
                Err(error) => {
                    self.shared.note_error(&error);
                    self.shared.drop_rows(sealed.table, sealed.lost_rows);
                }
            }
        }
        if !journals.is_empty() {
            // Renamed, its folder synced, named in the manifest, and only then its journal removed.
            for table in Table::ALL {
                let folder = self.folder.join(table.as_str());
                if folder.is_dir()
                    && let Err(error) = sync_folder(&folder)
                {
                    self.shared.note_error(&error);
                }
            }
            self.note_dropped();
            if self.write_manifest() {
                // A journal that stays is passed over by readers: its part is there.
                journals
                    .iter()
                    .for_each(|journal| drop(fs::remove_file(journal)));
            }
        }
    }

    fn note_dropped(&mut self) {
        let dropped = self.shared.dropped();
        self.manifest.dropped_rows = dropped
            .into_iter()
            .map(|(table, rows)| (table.as_str().to_owned(), rows))
            .collect();
    }

    fn write_manifest(&self) -> bool {
        match self.manifest.write(&self.folder) {
            Ok(()) => true,
            Err(error) => {
                self.shared.note_error(&error);
                false
            }
        }
    }
}
