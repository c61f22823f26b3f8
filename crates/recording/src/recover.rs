//! Recovery: the journals of a killed recorder become sealed parts.

use std::fs;
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use sha2::{Digest, Sha256};

use crate::encoding::parquet_file::hexadecimal;
use crate::format::error::{OpenError, WriteError};
use crate::format::layout::{
    JOURNAL_FOLDER, Table, checksums_of, journal_name, open_paths, part_name,
};
use crate::format::manifest::{Manifest, PartRecord, State};
use crate::format::vocabulary::Path;
use crate::read::in_flight::Checkpoint;
use crate::read::integrity;
use crate::read::journal::Unsealed;
use crate::read::{Recording, open_files, sealed_files};
use crate::write::in_flight::remove_checkpoint;
use crate::write::journal;
use crate::write::lock::WriterLock;
use crate::write::part::PartFile;
use crate::write::reserved_space::ReservedSpace;

/// How long recovery waits for another holder of the lock.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why a recording could not be recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// It can't be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Its recorder is running, or another process recovers it.
    #[error("{0}: still being recorded, or another process recovers it; nothing was changed")]
    InProgress(PathBuf),
}

/// What [`recover`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Rows that were in journals only, and are in sealed parts now.
    pub rows: u64,
    /// Operations that were in flight when the recorder was killed: `unfinished` rows now.
    pub unfinished: u64,
    /// Sealed parts that the manifest did not name.
    pub named_parts: u64,
    /// Bytes of journals that are no complete batch.
    pub unread_bytes: u64,
    /// Rows that the recorder had written and that are no longer there, because of damaged batches or a power cut. The manifest
    /// counts them as dropped.
    pub missing_rows: u64,
    /// True where there was nothing to do: nothing was changed.
    pub healthy: bool,
}

/// Seals the rows in the journals of a killed recorder, names every sealed part in the manifest and sets the state to
/// `recovered`, unless the recording ended by itself. A healthy recording, and one in progress, stay as they are. A recovery that was
/// killed can be repeated.
///
/// # Errors
/// [`RecoverError`]; rows that were not recovered are still in the journals then.
pub fn recover(folder: &FilePath) -> Result<Recovered, RecoverError> {
    let recording = Recording::open(folder)?;
    if recording.manifest().state != State::Recording && !has_journals(&recording)? {
        return Ok(Recovered {
            healthy: true,
            ..Recovered::default()
        });
    }
    let lock = take_lock(folder)?;
    // Read again under the lock: its recorder may have ended well in between.
    let recording = Recording::open(folder)?;
    let mut recovery = Recovery {
        folder,
        manifest: recording.manifest().clone(),
        recording: &recording,
        recovered: Recovered::default(),
        damaged_operations: 0,
        has_unknown_damage: false,
        kept_journals: Vec::new(),
    };
    for table in Table::ALL {
        recovery.add_table(table)?;
    }
    let recovered = recovery.finish()?;
    drop(lock);
    Ok(recovered)
}

/// A recovery, under the lock.
struct Recovery<'a> {
    folder: &'a FilePath,
    recording: &'a Recording,
    /// The manifest to be.
    manifest: Manifest,
    recovered: Recovered,
    /// Rows of operations alone: the checkpoint counts no other table.
    damaged_operations: u64,
    /// True where operations are damaged and no checksum counts their rows.
    has_unknown_damage: bool,
    /// Journals of damaged parts that had more rows than these have: neither replaces the other.
    kept_journals: Vec<PathBuf>,
}

impl Recovery<'_> {
    fn add_table(&mut self, table: Table) -> Result<(), RecoverError> {
        let unsealed = self.recording.unsealed(table)?;
        // In a recording that ended, a file that is not named is no part of it.
        if self.manifest.state == State::Recording {
            // Without a footer no reader can use them, and the journals have all of their rows.
            for path in open_files(self.folder, table)? {
                let _ = fs::remove_file(path);
            }
            self.name_parts(table, &unsealed)?;
        }
        for unsealed in unsealed {
            self.seal_journal(table, unsealed)?;
        }
        Ok(())
    }

    /// Names the sealed parts of a table that the manifest does not name. One that is not whole and has a journal is sealed again from
    /// there.
    fn name_parts(&mut self, table: Table, unsealed: &[Unsealed]) -> Result<(), RecoverError> {
        for path in sealed_files(self.folder, table)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let file = format!("{}/{name}", table.as_str());
            let is_known = self.manifest.parts.iter().any(|part| part.file == file);
            let is_in_journal = unsealed.iter().any(|unsealed| unsealed.part == name);
            if !is_known && !is_in_journal {
                self.manifest
                    .parts
                    .push(describe(self.folder, &path, file)?);
                self.recovered.named_parts += 1;
            }
        }
        Ok(())
    }

    fn seal_journal(&mut self, table: Table, unsealed: Unsealed) -> Result<(), RecoverError> {
        if !unsealed.has_all() {
            self.kept_journals.push(unsealed.journal);
            return Ok(());
        }
        // Its Parquet file has no footer: the journal has all of it.
        for open in open_paths(self.folder, table, &unsealed.part) {
            let _ = fs::remove_file(open);
        }
        self.recovered.unread_bytes += unsealed.unread_bytes;
        self.recovered.rows += unsealed.rows;
        // Rows that a part did not have when it was sealed were counted then.
        if unsealed.in_place_of.is_none() {
            if table == Table::Operations {
                self.has_unknown_damage |= unsealed.damaged_bytes > 0 && unsealed.damaged_rows == 0;
                self.damaged_operations += unsealed.damaged_rows;
            }
            self.count_missing(table, unsealed.damaged_rows);
        }
        let sealed = seal(self.folder, table, &unsealed.part, unsealed.batches())?;
        if let Some(sealed) = sealed {
            self.manifest.parts.retain(|part| part.file != sealed.file);
            self.manifest.parts.push(sealed);
        }
        Ok(())
    }

    fn count_missing(&mut self, table: Table, rows: u64) {
        if rows > 0 {
            self.recovered.missing_rows += rows;
            let dropped = self.manifest.dropped_rows.entry(table.as_str().to_owned());
            let dropped = dropped.or_insert(0);
            *dropped = dropped.saturating_add(rows);
        }
    }

    /// The last checkpoint: how far the recording reaches, and the operations in flight then.
    fn add_checkpoint(&mut self) -> Result<(), RecoverError> {
        let Some(checkpoint) = Checkpoint::read(self.recording)? else {
            return Ok(());
        };
        let missing = checkpoint.missing_rows(&operations(self.folder, &self.manifest), &[]);
        let unaccounted = missing.saturating_sub(self.damaged_operations);
        self.count_missing(Table::Operations, unaccounted);
        // Where more rows are missing than were damaged, the recording is not known to reach so far.
        if unaccounted == 0 && !self.has_unknown_damage {
            let start_us = self.manifest.start_time.micros();
            let after_start = checkpoint.time_us.saturating_sub(start_us).max(0);
            self.manifest.duration_us.get_or_insert(after_start);
        }
        self.recovered.unfinished = seal_unfinished(self.folder, &mut self.manifest, &checkpoint)?;
        Ok(())
    }

    fn finish(mut self) -> Result<Recovered, RecoverError> {
        // A recording that ended, while its disk was full, keeps the state that it ended in.
        if self.manifest.state == State::Recording {
            self.add_checkpoint()?;
            self.manifest.state = State::Recovered;
        }
        self.manifest.write(self.folder)?;
        remove_journals(self.recording, &self.kept_journals)?;
        remove_checkpoint(self.folder);
        ReservedSpace::remove(self.folder);
        Ok(self.recovered)
    }
}

/// Writes and seals a part; none where there is no batch. The schema is that of the batches, which an older version may have written.
fn seal(
    folder: &FilePath,
    table: Table,
    name: &str,
    batches: impl Iterator<Item = RecordBatch>,
) -> Result<Option<PartRecord>, WriteError> {
    let mut batches = batches.peekable();
    let Some(first) = batches.peek() else {
        return Ok(None);
    };
    let schema = first.schema();
    PartFile::of_batches(folder, table, name, &schema, batches).map(Some)
}

/// Takes the lock. A reader that checks whether the recorder is running holds it for a moment too.
fn take_lock(folder: &FilePath) -> Result<WriterLock, RecoverError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match WriterLock::take_again(folder) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if Instant::now() >= deadline {
                    return Err(RecoverError::InProgress(folder.to_path_buf()));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            lock => return Ok(lock.map_err(WriteError::io(folder))?),
        }
    }
}

/// The parts of operations that the manifest names.
fn operations(folder: &FilePath, manifest: &Manifest) -> Vec<PathBuf> {
    let named = manifest.parts.iter();
    let of_operations = named.filter(|part| part.file.starts_with("operations/"));
    of_operations.map(|part| folder.join(&part.file)).collect()
}

/// Seals the operations that were in flight, in a part per path; returns how many they were.
fn seal_unfinished(
    folder: &FilePath,
    manifest: &mut Manifest,
    checkpoint: &Checkpoint,
) -> Result<u64, WriteError> {
    let table = Table::Operations;
    let unfinished = checkpoint.unfinished(&operations(folder, manifest), &[]);
    for path in Path::ALL {
        let of_path = unfinished
            .iter()
            .filter(|batch| Checkpoint::path(batch).as_deref() == Some(path.as_str()));
        let name = free_name(folder, manifest, table, *path);
        let sealed = seal(folder, table, &name, of_path.cloned())?;
        manifest.parts.extend(sealed);
    }
    Ok(unfinished.len() as u64)
}

/// The name of a further part: one that no part has, damaged or not, and no journal. A damaged journal of that name would pass for the
/// journal of this part, and its damage would go unnoticed.
fn free_name(folder: &FilePath, manifest: &Manifest, table: Table, path: Path) -> String {
    let mut number = 1;
    loop {
        let name = part_name(table, Some(path), number);
        let file = format!("{}/{name}", table.as_str());
        let journal = folder.join(JOURNAL_FOLDER).join(journal_name(table, &name));
        let [open, earlier_open] = open_paths(folder, table, &name);
        let files = [
            folder.join(&file),
            open,
            earlier_open,
            checksums_of(&journal),
            journal,
        ];
        let is_named = manifest.parts.iter().any(|part| part.file == file);
        // A link to nowhere takes a name too.
        let is_taken = |file: &PathBuf| file.symlink_metadata().is_ok();
        if !is_named && !files.iter().any(is_taken) {
            return name;
        }
        number += 1;
    }
}

/// Removes every journal whose part is sealed now. One with bytes that could not be read stays for a closer look: readers pass over
/// it.
fn remove_journals(recording: &Recording, kept: &[PathBuf]) -> Result<(), OpenError> {
    for table in Table::ALL {
        for (path, part) in recording.journals(table)? {
            if !kept.contains(&path)
                && recording.read_journal(table, &path, part)?.unread_bytes == 0
            {
                journal::remove(&path);
            }
        }
    }
    Ok(())
}

fn has_journals(recording: &Recording) -> Result<bool, OpenError> {
    for table in Table::ALL {
        let unsealed = recording.unsealed(table)?;
        let has_rows = |unsealed: &Unsealed| unsealed.rows > 0 && unsealed.has_all();
        if unsealed.iter().any(has_rows) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The record of a sealed part that the manifest does not name: its recorder died between the two steps.
fn describe(folder: &FilePath, path: &FilePath, file: String) -> Result<PartRecord, OpenError> {
    // The checks of a reader, which would otherwise find it damaged afterwards.
    let rows = integrity::part(folder, &file, None, &mut |_| ())?;
    let bytes = fs::read(path).map_err(OpenError::io(path))?;
    Ok(PartRecord {
        file,
        rows,
        bytes: bytes.len() as u64,
        sha256: hexadecimal(&Sha256::digest(&bytes)),
    })
}
