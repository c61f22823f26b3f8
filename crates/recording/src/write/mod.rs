//! Writing a recording: rows are handed over without waiting, a thread of its own encodes and seals them.

mod backlog;
pub(crate) mod columns;
pub(crate) mod in_flight;
pub(crate) mod journal;
pub(crate) mod lock;
pub(crate) mod options;
pub(crate) mod part;
pub(crate) mod queued_operation;
pub(crate) mod reserved_space;
mod same_file;
mod status;
mod table;
mod tables;
mod thread;

use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crate::format::error::WriteError;
use crate::format::layout::{JOURNAL_FOLDER, Table};
use crate::format::manifest::{Manifest, State, sync_folder};
use crate::format::rows::{Connection, Event, Load, Operation, Probe};
use crate::write::lock::WriterLock;
use crate::write::options::{Completion, Message, Summary, WriterOptions};
use crate::write::status::Shared;
use crate::write::thread::Worker;

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

    /// Records a probe.
    pub fn probe(&self, row: Probe) {
        self.send(Table::Probes, Message::Probe(Box::new(row)));
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
        in_flight::set(&self.cell, Some(row.clone()));
    }

    /// Records how it ended. Never waits: a row that finds the queue full is dropped and counted.
    pub fn end(&self, row: Operation) {
        // In this order: an operation is on its way to the disk, or under way, at every moment.
        self.handle.operation(row);
        in_flight::set(&self.cell, None);
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
