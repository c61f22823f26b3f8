//! The writer's thread.

use std::io::{Error, ErrorKind};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::format::error::WriteError;
use crate::format::layout::Table;
use crate::format::manifest::{Manifest, State, sync_folder};
use crate::format::timestamp::Timestamp;
use crate::write::in_flight::{remove_checkpoint, write_checkpoint};
use crate::write::journal;
use crate::write::lock::WriterLock;
use crate::write::options::{Completion, Message, Summary, WriterOptions};
use crate::write::reserved_space::{FOR_THE_LAST_BYTES, ReservedSpace};
use crate::write::same_file::Identity;
use crate::write::status::Status;
use crate::write::table::Report;
use crate::write::tables::Tables;

/// Between two attempts to seal parts that could not be sealed.
const SEAL_AGAIN: Duration = Duration::from_secs(60);
/// How long the writer sleeps when it has nothing to do. It does not wait for the next row: the worker whose row ends such a wait
/// pays for waking this thread, microseconds instead of a tenth of one.
const NAP: Duration = Duration::from_millis(5);
/// Messages taken between two looks at the time.
const MESSAGES_AT_ONCE: usize = 256;

/// The writer's thread.
pub(crate) struct WriterThread {
    folder: PathBuf,
    identity: Option<Identity>,
    tables: Tables,
    manifest: Manifest,
    /// True while the manifest on disk is older than this one.
    is_manifest_stale: bool,
    options: WriterOptions,
    status: Arc<Status>,
    clock: Clock,
    reserved_space: ReservedSpace,
    /// Journals of sealed parts that the manifest on disk does not name yet.
    sealed_journals: Vec<PathBuf>,
    synced: Instant,
    /// False where the disk refused the last checkpoint.
    is_checkpoint_written: bool,
    seal_again: Instant,
    lock: WriterLock,
}

impl WriterThread {
    pub(crate) fn new(
        folder: &FilePath,
        manifest: Manifest,
        options: WriterOptions,
        status: Arc<Status>,
        lock: WriterLock,
    ) -> Self {
        Self {
            folder: folder.to_path_buf(),
            identity: Identity::at(folder),
            tables: Tables::new(&manifest, &options),
            manifest,
            is_manifest_stale: false,
            options,
            status,
            clock: options.clock.unwrap_or_else(Clock::start),
            reserved_space: ReservedSpace::new(folder),
            sealed_journals: Vec::new(),
            synced: Instant::now(),
            is_checkpoint_written: true,
            seal_again: Instant::now() + SEAL_AGAIN,
            lock,
        }
    }

    pub(crate) fn run(mut self, receiver: &Receiver<Message>) -> Summary {
        let mut next_flush = Instant::now() + self.options.flush_interval;
        let completion = loop {
            match receiver.try_recv() {
                Ok(message) => {
                    let ended = self
                        .take(message)
                        .or_else(|| self.take_all(receiver, MESSAGES_AT_ONCE));
                    if ended.is_some() {
                        break ended;
                    }
                }
                Err(TryRecvError::Empty) => {
                    let wait = next_flush.saturating_duration_since(Instant::now());
                    std::thread::sleep(NAP.min(wait));
                }
                // Every sender is gone without a `Finish`: the workload panicked. Its rows are sealed all the same.
                Err(TryRecvError::Disconnected) => break None,
            }
            if Instant::now() >= next_flush {
                let ended = self.tick(receiver);
                if ended.is_some() {
                    break ended;
                }
                next_flush = Instant::now() + self.options.flush_interval;
            }
        };
        self.complete(completion)
    }

    /// Takes the messages of the queue, `most` at most.
    fn take_all(&mut self, receiver: &Receiver<Message>, most: usize) -> Option<Completion> {
        receiver
            .try_iter()
            .take(most)
            .find_map(|message| self.take(message))
    }

    fn take(&mut self, message: Message) -> Option<Completion> {
        match message {
            Message::Operation(row) => {
                self.tables.operation(row);
                self.flush_full_batch();
            }
            Message::Connection(row) => {
                self.tables.connections.push(*row);
                self.flush_full_batch();
            }
            Message::Probe(row) => self.tables.probes.push(*row),
            Message::Availability(row) => self.tables.availability.push(*row),
            Message::Event(row) => self.tables.events.push(*row),
            Message::Load(row) => self.tables.load.push(*row),
            Message::Manifest => {
                self.status.set_busy(true);
                self.refresh_manifest();
                self.status.set_busy(false);
            }
            Message::Seal => self.flush(true, false),
            Message::Taken(is_taken) => is_taken.store(true, Ordering::Relaxed),
            Message::Finish(completion) => return Some(completion),
        }
        None
    }

    /// Once per flush interval. First the time, then the operations in flight, then the queue: an operation that began before that time
    /// is in flight or has its row in the queue, and the journals have the row before the checkpoint states the time.
    fn tick(&mut self, receiver: &Receiver<Message>) -> Option<Completion> {
        let time_us = self.clock.now_us();
        let in_flight = self.status.in_flight.operations();
        let ended = self.take_all(receiver, self.options.queue_rows);
        // The journals become durable before the checkpoint that relies on them.
        let sync =
            self.synced.elapsed() + self.options.flush_interval >= self.options.sync_interval;
        self.flush(false, sync);
        if sync {
            self.synced = Instant::now();
        }
        // While there is a backlog the disk does not have every row that ended before: the checkpoint before stays.
        let has_all = self.tables.backlog_rows() == 0;
        if ended.is_none() && has_all && self.options.clock.is_some() && self.is_there() {
            self.status.set_busy(true);
            let rows = self.tables.operations_on_disk();
            let origin = &self.tables.origin;
            let written = write_checkpoint(&self.folder, time_us, &in_flight, &rows, origin, sync);
            self.is_checkpoint_written = written.is_ok();
            if let Err(error) = written {
                self.refused(&error);
            }
            self.status.set_busy(false);
        }
        ended
    }

    fn is_there(&self) -> bool {
        self.identity.is_some() && Identity::at(&self.folder) == self.identity
    }

    fn flush_full_batch(&mut self) {
        if self.tables.is_batch_full() {
            self.flush(false, false);
        }
    }

    /// Writes the rows that wait; with `seal`, seals every open part.
    fn flush(&mut self, seal: bool, sync: bool) {
        self.status.set_busy(true);
        let is_there = self.is_there();
        if !is_there {
            self.refused(&self.gone());
        }
        if is_there && let Err(error) = self.lock.renew(&self.folder) {
            self.refused(&WriteError::io(&self.folder)(error));
        }
        let home = self.identity.filter(|_| is_there);
        let mut report = self
            .tables
            .flush(&self.folder, &self.options, home, seal, sync);
        if is_there && Instant::now() >= self.seal_again {
            self.seal_again = Instant::now() + SEAL_AGAIN;
            let again = self.tables.seal_left(&self.folder);
            report.sealed.extend(again.sealed);
            report.errors.extend(again.errors);
            report.lost.extend(again.lost);
        }
        let is_well = is_there && report.errors.is_empty() && self.is_checkpoint_written;
        // Before the failure is noted: its text has this number.
        let backlog_rows = self.tables.backlog_rows();
        self.status.set_backlog(backlog_rows);
        self.publish(report);
        self.refresh_manifest();
        let has_all = is_well && backlog_rows == 0 && !self.is_manifest_stale;
        if has_all && self.status.is_refused() && self.reserved_space.reserve() {
            self.status.accepted(Timestamp(self.clock.now_us()));
            self.is_manifest_stale = true;
            self.refresh_manifest();
        }
        self.status.set_busy(false);
    }

    fn gone(&self) -> WriteError {
        WriteError::io(&self.folder)(Error::new(
            ErrorKind::NotFound,
            "the folder is no longer there",
        ))
    }

    fn refused(&mut self, error: &WriteError) {
        let now = Timestamp(self.clock.now_us());
        if self.status.refused(now, &error.to_string()) {
            self.is_manifest_stale = true;
        }
    }

    /// Names newly sealed parts in the manifest and then removes their journals; counts the rows that are lost.
    fn publish(&mut self, report: Report) {
        for error in &report.errors {
            self.refused(error);
        }
        for (table, rows) in report.lost {
            self.status.drop_rows(table, rows);
            self.is_manifest_stale = true;
        }
        if report.sealed.is_empty() {
            return;
        }
        for (part, journal) in report.sealed {
            self.manifest.parts.push(part);
            self.sealed_journals.push(journal);
        }
        // Renamed, its folder synced, named in the manifest, and only then its journal removed.
        for table in Table::ALL {
            let folder = self.folder.join(table.as_str());
            if folder.is_dir()
                && let Err(error) = sync_folder(&folder)
            {
                self.refused(&error);
            }
        }
        self.is_manifest_stale = true;
        self.refresh_manifest();
    }

    fn refresh_manifest(&mut self) {
        self.refresh_manifest_keeping(FOR_THE_LAST_BYTES);
    }

    /// Applies the changes that wait, and writes the manifest where the one on disk is older: on a full disk, with all but so many bytes
    /// of the reserved space.
    fn refresh_manifest_keeping(&mut self, reserved_bytes: u64) {
        for change in self.status.take_changes() {
            change(&mut self.manifest);
            self.is_manifest_stale = true;
        }
        let dropped = self.status.dropped().into_iter();
        let dropped = dropped
            .map(|(table, rows)| (table.as_str().to_owned(), rows))
            .collect();
        if self.manifest.dropped_rows != dropped {
            self.manifest.dropped_rows = dropped;
            self.is_manifest_stale = true;
        }
        if !self.is_manifest_stale || !self.is_there() {
            return;
        }
        self.manifest.write_failures = self.status.failures();
        let mut written = self.manifest.write(&self.folder);
        if written.as_ref().is_err_and(WriteError::is_disk_full)
            && self.reserved_space.release_to(reserved_bytes)
        {
            written = self.manifest.write(&self.folder);
            // At once, or rows would take the space, and the next manifest would have none.
            self.reserved_space.reserve();
        }
        match written {
            Ok(()) => {
                self.is_manifest_stale = false;
                for journal in self.sealed_journals.drain(..) {
                    journal::remove(&journal);
                }
            }
            Err(error) => self.refused(&error),
        }
    }

    fn complete(mut self, completion: Option<Completion>) -> Summary {
        // Their workers are gone, or the rows would have come.
        for row in self.status.in_flight.take() {
            self.tables.operation(row);
        }
        self.seal_everything();
        if !self.is_there() {
            let left = self.tables.leave();
            self.publish(left);
        }
        let lost = self.tables.drop_backlog();
        self.publish(lost);
        if let Some(completion) = completion {
            self.manifest.state = completion.state;
            self.manifest.duration_us = Some(completion.duration_us);
            self.manifest.clock.drift_us = Some(completion.drift_us);
        } else {
            self.manifest.state = State::Interrupted;
        }
        let journal_rows = self.tables.journal_rows();
        let dropped = self.status.dropped();
        if self.is_there() && journal_rows == 0 && dropped.is_empty() {
            self.status.accepted(Timestamp(self.clock.now_us()));
        }
        self.is_manifest_stale = true;
        self.refresh_manifest_keeping(0);
        if self.is_there() && !self.is_manifest_stale {
            remove_checkpoint(&self.folder);
        }
        ReservedSpace::remove(&self.folder);
        let missing = self.missing_part();
        let is_whole = !self.is_manifest_stale && journal_rows == 0 && missing.is_none();
        let last_error = self.status.failures().pop().map(|failure| failure.error);
        let last_error = missing.or(last_error);
        Summary {
            rows: self.tables.sealed_rows(),
            dropped: self.status.dropped(),
            journal_rows,
            error: match is_whole {
                true => None,
                false => Some(last_error.unwrap_or_else(|| self.gone().to_string())),
            },
            failures: self.status.failures(),
        }
    }

    /// The error for a part that was sealed and is no longer there.
    fn missing_part(&self) -> Option<String> {
        let mut parts = self.manifest.parts.iter();
        let missing = parts.find(|part| !self.folder.join(&part.file).exists())?;
        let path = self.folder.join(&missing.file);
        let error = Error::new(
            ErrorKind::NotFound,
            "this part was sealed, and was removed afterwards",
        );
        Some(WriteError::io(&path)(error).to_string())
    }

    /// Seals until nothing is left or the disk takes no more: each sealed part frees the space of its journal.
    fn seal_everything(&mut self) {
        let mut before = (u64::MAX, u64::MAX);
        loop {
            let is_there = self.is_there();
            if !is_there {
                self.refused(&self.gone());
            }
            let home = self.identity.filter(|_| is_there);
            let report = self
                .tables
                .flush(&self.folder, &self.options, home, true, false);
            self.publish(report);
            if is_there {
                let report = self.tables.seal_left(&self.folder);
                self.publish(report);
            }
            let left = (self.tables.backlog_rows(), self.tables.journal_rows());
            if left == (0, 0) || left == before || !is_there {
                return;
            }
            before = left;
        }
    }
}
