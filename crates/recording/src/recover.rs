//! Sealing what a killed recorder left.

use std::fs;
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use sha2::{Digest, Sha256};

use crate::encoding::parquet_file::hexadecimal;
use crate::format::error::{OpenError, WriteError};
use crate::format::layout::{JOURNAL_FOLDER, Table, journal_name, open_paths, part_name, sums_of};
use crate::format::manifest::{Manifest, PartRecord, State};
use crate::format::vocabulary::Path;
use crate::read::in_flight::UnderWay;
use crate::read::integrity;
use crate::read::journal::Unsealed;
use crate::read::{Recording, open_files, sealed_files};
use crate::write::in_flight;
use crate::write::journal;
use crate::write::lock::WriterLock;
use crate::write::part::PartFile;
use crate::write::reserved_space::Ballast;

/// How long another holder of the lock is waited for.
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
    /// Its recorder lives, or somebody else recovers it.
    #[error("{0}: still being recorded, or recovered by somebody else; nothing was changed")]
    InProgress(PathBuf),
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Rows that were in journals only, and are in sealed parts now.
    pub rows: u64,
    /// Operations that were under way when the recorder was killed: `unfinished` rows now.
    pub unfinished: u64,
    /// Sealed parts that the manifest did not name.
    pub named_parts: u64,
    /// Bytes of journals that are no complete batch.
    pub unread_bytes: u64,
    /// Rows that the recorder had written and that are no longer there: damaged batches of journals, a power cut. The manifest counts
    /// them as dropped.
    pub missing_rows: u64,
    /// True where there was nothing to do: nothing was changed.
    pub healthy: bool,
}

/// Seals what the journals of a killed recorder hold, names every sealed part in the manifest and sets the state to
/// `recovered`, unless the recording ended by itself. A healthy recording, and one in progress, stay as they are. It may be called again after it was itself killed.
///
/// # Errors
/// [`RecoverError`]; what was not recovered is still in the journals then.
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
    let mut manifest = recording.manifest().clone();
    let mut recovered = Recovered::default();
    let mut has_unknown_damage = false;
    // Of operations alone: what is under way vouches for no other table.
    let mut damaged_operations = 0;
    // Of damaged parts that had more rows than these have: neither replaces the other.
    let mut kept_journals = Vec::new();
    for table in Table::ALL {
        if manifest.state == State::Recording {
            remove_open_files(folder, table)?;
        }
        let unsealed = recording.unsealed(table)?;
        // In a recording that ended, a file that is not named is no part of it.
        let unnamed = match manifest.state {
            State::Recording => sealed_files(folder, table)?,
            _ => Vec::new(),
        };
        for path in unnamed {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let file = format!("{}/{name}", table.as_str());
            // What is not whole and has a journal is sealed again from there.
            let is_known = manifest.parts.iter().any(|part| part.file == file);
            let is_in_journal = unsealed.iter().any(|unsealed| unsealed.part == name);
            if !is_known && !is_in_journal {
                manifest.parts.push(describe(folder, &path, file)?);
                recovered.named_parts += 1;
            }
        }
        for unsealed in unsealed {
            if !unsealed.has_all() {
                kept_journals.push(unsealed.journal);
                continue;
            }
            // Its Parquet file has no footer: the journal has all of it.
            for open in open_paths(folder, table, &unsealed.part) {
                let _ = fs::remove_file(open);
            }
            recovered.unread_bytes += unsealed.unread_bytes;
            recovered.rows += unsealed.rows;
            // What a part that was sealed once did not have was counted then.
            let was_sealed = unsealed.in_place_of.is_some();
            if table == Table::Operations && !was_sealed {
                has_unknown_damage |= unsealed.damaged_bytes > 0 && unsealed.damaged_rows == 0;
                damaged_operations += unsealed.damaged_rows;
            }
            if !was_sealed {
                drop_rows(&mut manifest, &mut recovered, table, unsealed.damaged_rows);
            }
            let sealed = seal(folder, table, &unsealed.part, unsealed.batches())?;
            if let Some(sealed) = sealed {
                manifest.parts.retain(|part| part.file != sealed.file);
                manifest.parts.push(sealed);
            }
        }
    }
    if manifest.state == State::Recording
        && let Some(under_way) = UnderWay::read(&recording)?
    {
        let missing = under_way.missing_rows(&operations(folder, &manifest), &[]);
        let unaccounted = missing.saturating_sub(damaged_operations);
        drop_rows(
            &mut manifest,
            &mut recovered,
            Table::Operations,
            unaccounted,
        );
        // Where more rows are missing than were damaged, the recording is not known to reach so far.
        if unaccounted == 0 && !has_unknown_damage {
            let after_start = under_way
                .time_us
                .saturating_sub(manifest.start_time.micros());
            manifest.duration_us.get_or_insert(after_start.max(0));
        }
        recovered.unfinished = seal_unfinished(folder, &mut manifest, &under_way)?;
    }
    // One that ended, on a disk that was full meanwhile, keeps the state that it ended in.
    if manifest.state == State::Recording {
        manifest.state = State::Recovered;
    }
    manifest.write(folder)?;
    remove_journals(&recording, &kept_journals)?;
    in_flight::remove(folder);
    Ballast::remove(folder);
    drop(lock);
    Ok(recovered)
}

/// Files without a footer, of a killed recorder or an earlier recovery: nothing can read them, and the journals have all of them.
fn remove_open_files(folder: &FilePath, table: Table) -> Result<(), OpenError> {
    for path in open_files(folder, table)? {
        let _ = fs::remove_file(path);
    }
    Ok(())
}

/// Writes and seals a part; none where there is no batch. Its schema is that of the batches: an older version may have written
/// them.
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

/// Takes the lock. A reader that looks whether the recorder lives holds it for a moment too.
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

fn drop_rows(manifest: &mut Manifest, recovered: &mut Recovered, table: Table, rows: u64) {
    if rows > 0 {
        recovered.missing_rows += rows;
        let dropped = manifest.dropped_rows.entry(table.as_str().to_owned());
        let dropped = dropped.or_insert(0);
        *dropped = dropped.saturating_add(rows);
    }
}

/// The parts of operations that the manifest names.
fn operations(folder: &FilePath, manifest: &Manifest) -> Vec<PathBuf> {
    let named = manifest.parts.iter();
    let of_operations = named.filter(|part| part.file.starts_with("operations/"));
    of_operations.map(|part| folder.join(&part.file)).collect()
}

/// Seals the operations that were under way in a part per path; how many they were.
fn seal_unfinished(
    folder: &FilePath,
    manifest: &mut Manifest,
    under_way: &UnderWay,
) -> Result<u64, WriteError> {
    let table = Table::Operations;
    let unfinished = under_way.unfinished(&operations(folder, manifest), &[]);
    for path in Path::ALL {
        let of_path = unfinished
            .iter()
            .filter(|batch| UnderWay::path(batch).as_deref() == Some(path.as_str()));
        let name = free_name(folder, manifest, table, *path);
        let sealed = seal(folder, table, &name, of_path.cloned())?;
        manifest.parts.extend(sealed);
    }
    Ok(unfinished.len() as u64)
}

/// The name of a further part: one that neither a part has, damaged or not, nor a journal. That of a damaged journal would pass for
/// the journal of this part, and nobody would hear of the damage.
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
            sums_of(&journal),
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

/// Every journal whose part is sealed now. One with bytes that could not be read stays: readers pass over it, and somebody may
/// want to look.
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

/// A sealed part that the manifest does not name: its recorder died between the two steps.
fn describe(folder: &FilePath, path: &FilePath, file: String) -> Result<PartRecord, OpenError> {
    // As readers do, who would otherwise find it damaged afterwards.
    let rows = integrity::part(folder, &file, None, &mut |_| ())?;
    let bytes = fs::read(path).map_err(OpenError::io(path))?;
    Ok(PartRecord {
        file,
        rows,
        bytes: bytes.len() as u64,
        sha256: hexadecimal(&Sha256::digest(&bytes)),
    })
}
