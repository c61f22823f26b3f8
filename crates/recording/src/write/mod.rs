//! Writing a recording: rows are handed over without waiting, and a thread encodes and seals them.

mod backlog;
pub(crate) mod columns;
pub(crate) mod in_flight;
pub(crate) mod journal;
pub(crate) mod lock;
pub(crate) mod options;
pub(crate) mod part;
pub(crate) mod reserved_space;
pub(crate) mod same_file;
mod status;
mod table;
mod tables;
mod thread;

use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::format::error::WriteError;
use crate::format::layout::{JOURNAL_FOLDER, Table};
use crate::format::manifest::{Manifest, State, sync_folder};
use crate::format::rows::{AvailabilityProbe, Connection, Event, Load, Operation, Probe};
use crate::write::in_flight::Cell;
use crate::write::lock::WriterLock;
use crate::write::options::{Completion, Message, Summary, WriterOptions};
use crate::write::status::Status;
use crate::write::thread::WriterThread;

/// Hands rows over to the writer. Never waits: a row that finds the queue full is dropped and counted.
#[derive(Clone)]
pub struct Handle {
    sender: SyncSender<Message>,
    status: Arc<Status>,
}

impl Handle {
    /// Records an operation.
    pub fn operation(&self, row: Operation) {
        self.send(Table::Operations, Message::Operation(row));
    }

    /// Records an attempt to connect.
    pub fn connection(&self, row: Connection) {
        self.send(Table::Connections, Message::Connection(Box::new(row)));
    }

    /// Records a probe.
    pub fn probe(&self, row: Probe) {
        self.send(Table::Probes, Message::Probe(Box::new(row)));
    }

    /// Records an availability probe.
    pub fn availability(&self, row: AvailabilityProbe) {
        self.send(Table::Availability, Message::Availability(Box::new(row)));
    }

    /// Records an event; false where it was dropped and counted.
    pub fn event(&self, row: Event) -> bool {
        self.send(Table::Events, Message::Event(Box::new(row)))
    }

    /// Records an event; false where the queue is full. It is not counted then: the caller has it still, and tries again.
    #[must_use]
    pub fn try_event(&self, row: Event) -> bool {
        let message = Message::Event(Box::new(row));
        self.sender.try_send(message).is_ok()
    }

    /// Records a line of pgbench's progress.
    pub fn load(&self, row: Load) {
        self.send(Table::Load, Message::Load(Box::new(row)));
    }

    /// A flag that turns true once the writer has taken every row that was handed over before: for who has many rows at once, and can wait.
    /// Where the queue is full it stays false.
    #[must_use]
    pub fn taken(&self) -> Arc<AtomicBool> {
        let is_taken = Arc::new(AtomicBool::new(false));
        // A full queue takes no mark either.
        let _ = self.sender.try_send(Message::Taken(Arc::clone(&is_taken)));
        is_taken
    }

    /// Rows lost so far, all tables together.
    #[must_use]
    pub fn dropped_rows(&self) -> u64 {
        self.status.dropped_rows()
    }

    /// What is wrong with the disk now, as text without a full stop; `None` while it takes every write.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.status.trouble()
    }

    /// A slot for one worker: a killed recording knows from it which operation was in flight.
    #[must_use]
    pub fn slot(&self) -> Slot {
        Slot {
            cell: self.status.in_flight.add(),
            handle: self.clone(),
        }
    }

    fn send(&self, table: Table, message: Message) -> bool {
        let is_taken = self.sender.try_send(message).is_ok();
        if !is_taken {
            self.status.drop_rows(table, 1);
        }
        is_taken
    }
}

/// The slot of one worker, which runs one operation at a time.
pub struct Slot {
    cell: Arc<Cell>,
    handle: Handle,
}

impl Slot {
    /// The worker begins this operation, or knows more of it. The row is the one to record if nothing more becomes known. Allocates nothing.
    pub fn begin(&self, row: &Operation) {
        *self.cell.lock() = Some(row.clone());
    }

    /// Records how the operation ended. Never waits: a row that finds the queue full is dropped and counted.
    pub fn end(&self, row: Operation) {
        // In this order: at every moment an operation is in flight or on its way to the disk.
        self.handle.operation(row);
        *self.cell.lock() = None;
    }
}

/// A recording being written.
pub struct RecordingWriter {
    folder: PathBuf,
    sender: SyncSender<Message>,
    status: Arc<Status>,
    thread: JoinHandle<Summary>,
}

impl RecordingWriter {
    /// Creates `folder` with its manifest and starts the writer's thread.
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
            // Made a moment ago: nothing is lost with it.
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
            // Else a power cut may take the whole folder. A parent that can't be opened is no reason to stop.
            let _ = sync_folder(parent);
        }

        let (sender, receiver) = sync_channel(options.queue_rows);
        let status = Arc::new(Status::default());
        let thread = WriterThread::new(folder, manifest, options, Arc::clone(&status), lock);
        let thread = std::thread::Builder::new()
            .name("recording-writer".to_owned())
            .spawn(move || thread.run(&receiver))
            .map_err(WriteError::io(folder))?;
        Ok(Self {
            folder: folder.to_path_buf(),
            sender,
            status,
            thread,
        })
    }

    /// A handle to record with.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle {
            sender: self.sender.clone(),
            status: Arc::clone(&self.status),
        }
    }

    /// The recording's folder.
    #[must_use]
    pub fn folder(&self) -> &FilePath {
        &self.folder
    }

    /// Changes the manifest on the writer's thread, with the next flush at the latest. Never waits.
    pub fn change_manifest(&self, change: impl FnOnce(&mut Manifest) + Send + 'static) {
        self.status.add_change(Box::new(change));
        // Where the queue is full, the next flush finds it.
        let _ = self.sender.try_send(Message::Manifest);
    }

    /// Seals every open part and names it in the manifest, on the writer's thread. Rows handed over before this are in these parts,
    /// later ones go into further parts. Never waits; where the queue is full, because the disk does not keep up, nothing is sealed.
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

    /// Ends a recording before its first row, and removes its folder. Waits for the disk.
    pub fn discard(self) {
        let folder = self.folder.clone();
        // Its folder is removed: what the disk refuses does not matter.
        let _ = self.finish(Completion {
            state: State::Interrupted,
            duration_us: 0,
            drift_us: 0,
        });
        let _ = fs::remove_dir_all(folder);
    }
}
