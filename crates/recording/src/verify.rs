//! Checking a recording against its manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path as FilePath, PathBuf};

use crate::format::error::OpenError;
use crate::format::layout::{JOURNAL_FOLDER, Table, is_part_name};
use crate::format::manifest::State;
use crate::read::Recording;
use crate::read::in_flight::Checkpoint;
use crate::read::integrity::{self, DamagedPart};
use crate::read::journal::Unsealed;

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Parts that the manifest names, each once.
    pub parts: u64,
    /// Rows of those that are whole.
    pub rows: u64,
    /// Bytes of those that are whole.
    pub bytes: u64,
    /// Parts that are not whole, in the order of their names.
    pub damaged: Vec<DamagedPart>,
    /// Files `*.parquet` in and below the folders of tables that do not belong to the recording, in the order of their names. Readers
    /// that read a folder as a whole count their rows too.
    pub unnamed: Vec<String>,
    /// Sealed parts that the manifest does not name yet, each with its rows, while the state is `recording`.
    pub not_named_yet: BTreeMap<String, u64>,
    /// Journals that could be read, in the order of their names.
    pub journals: Vec<JournalFound>,
    /// Journals that could not, in the order of their names.
    pub damaged_journals: Vec<DamagedPart>,
    /// Operations that were in flight at the last checkpoint and have no row, while the state is `recording`.
    pub in_flight: u64,
    /// The recording's state.
    pub state: State,
    /// True while a process on this machine records or recovers it.
    pub is_being_written: bool,
}

/// A journal, as [`verify`] found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalFound {
    /// Relative to the recording's folder, with `/`.
    pub file: String,
    /// The name of its part, such as `direct-00001.parquet`.
    pub part: String,
    /// Rows that no part has.
    pub rows: u64,
    /// Bytes that are no complete batch.
    pub unread_bytes: u64,
    /// Those of them that were damaged.
    pub damaged_bytes: u64,
    /// Rows that are missing for that reason, as far as its checksums say.
    pub damaged_rows: u64,
    /// True where it is only kept for the bytes that could not be read: its rows are in a part, or it was recovered and had none.
    pub is_kept: bool,
    /// The rows that the manifest states of its part, where that one is missing or damaged: readers take the journal in its place,
    /// and `recover` seals it if it has as many.
    pub in_place_of: Option<u64>,
}

impl JournalFound {
    fn new(file: String, unsealed: &Unsealed, is_sealed: bool, state: State) -> Self {
        let is_damaged = unsealed.damaged_bytes > 0 || unsealed.damaged_rows > 0;
        let is_empty = unsealed.rows == 0
            && (state == State::Recovered || (state != State::Recording && !is_damaged));
        Self {
            file,
            part: unsealed.part.clone(),
            rows: if is_sealed { 0 } else { unsealed.rows },
            unread_bytes: unsealed.unread_bytes,
            damaged_bytes: unsealed.damaged_bytes,
            damaged_rows: unsealed.damaged_rows,
            is_kept: is_sealed || is_empty,
            in_place_of: unsealed.in_place_of,
        }
    }

    /// True where batches of it were damaged, even if others could be read.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.damaged_bytes > 0 || self.damaged_rows > 0
    }
}

impl Verification {
    const fn new(state: State, is_being_written: bool) -> Self {
        Self {
            parts: 0,
            rows: 0,
            bytes: 0,
            damaged: Vec::new(),
            unnamed: Vec::new(),
            not_named_yet: BTreeMap::new(),
            journals: Vec::new(),
            damaged_journals: Vec::new(),
            in_flight: 0,
            state,
            is_being_written,
        }
    }

    /// True for a recording that ended, with all rows in parts as the manifest states them, and no other parts.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.state != State::Recording && !self.has_faults() && self.journaled_rows() == 0
    }

    /// True where nothing needs to be done: it is whole, or in progress and as it should be.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.is_whole() || (self.is_in_progress() && !self.has_faults())
    }

    /// True while its recorder is running.
    #[must_use]
    pub fn is_in_progress(&self) -> bool {
        self.state == State::Recording && self.is_being_written
    }

    /// Rows that only the journals have, and that can be sealed.
    #[must_use]
    pub fn journaled_rows(&self) -> u64 {
        let has_all = |journal: &&JournalFound| {
            let stated = journal.in_place_of;
            stated.is_none_or(|stated| journal.rows >= stated)
        };
        let rows = self
            .journals
            .iter()
            .filter(has_all)
            .map(|journal| journal.rows);
        rows.fold(0, u64::saturating_add)
    }

    fn has_faults(&self) -> bool {
        let is_fault = |journal: &JournalFound| journal.is_damaged() && !journal.is_kept;
        !self.damaged.is_empty()
            || !self.unnamed.is_empty()
            || !self.damaged_journals.is_empty()
            || self.journals.iter().any(is_fault)
    }
}

/// Checks every part that the manifest of the recording in `folder` names: it is there, and has the size, the SHA-256, a footer and
/// the rows that the manifest states. Then the other files: those that belong to no part, and the journals. Parts are
/// read as a stream; `progress` gets the bytes read so far and those in all. Nothing is changed.
///
/// # Errors
/// [`OpenError`] where there is no recording, or its folders can't be listed. Damage is no error: it is in the result.
pub fn verify(
    folder: &FilePath,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verification, OpenError> {
    let mut recording = Recording::open(folder)?;
    let is_being_written = recording.is_being_written();
    if !is_being_written && recording.manifest().state == State::Recording {
        // It may have ended since the manifest was read.
        recording = Recording::open(folder)?;
    }
    let mut found = Verification::new(recording.manifest().state, is_being_written);
    // In this order, because a recorder may be writing all of them: checkpoint, journals, parts.
    let checkpoint = match found.state {
        State::Recording => Checkpoint::read(&recording)?,
        _ => None,
    };
    let of_operations = journals(&recording, &mut found)?;
    for table in Table::ALL {
        unnamed_files(&recording, table, &mut found)?;
    }
    // A part that was sealed meanwhile is counted once.
    let sealed = &found.not_named_yet;
    let is_open = |journal: &JournalFound| !sealed.keys().any(|part| is_of(part, journal));
    found
        .journals
        .retain(|journal| journal.is_kept || is_open(journal));
    let mut operations = named_parts(&recording, &mut found, progress);
    let not_named_yet = found.not_named_yet.keys();
    operations.extend(not_named_yet.map(|part| folder.join(part)));
    operations.retain(|part| part.starts_with(folder.join(Table::Operations.as_str())));
    if let Some(checkpoint) = checkpoint {
        found.in_flight = checkpoint.unfinished(&operations, &of_operations).len() as u64;
    }
    found.damaged.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(found)
}

/// Checks the parts that the manifest names; returns those that are whole.
fn named_parts(
    recording: &Recording,
    found: &mut Verification,
    progress: &mut dyn FnMut(u64, u64),
) -> Vec<PathBuf> {
    let parts = &recording.manifest().parts;
    let all_bytes = parts
        .iter()
        .fold(0, |sum: u64, part| sum.saturating_add(part.bytes));
    let (mut named, mut whole) = (BTreeSet::new(), Vec::new());
    let mut read = 0_u64;
    for part in parts {
        if !named.insert(part.file.as_str()) {
            found.damaged.push(DamagedPart {
                file: part.file.clone(),
                reason: "the manifest names it twice".to_owned(),
                rows: None,
            });
            continue;
        }
        found.parts += 1;
        let mut count = |bytes| {
            read += bytes;
            progress(read, all_bytes);
        };
        match integrity::part(recording.folder(), &part.file, Some(part), &mut count) {
            Ok(rows) => {
                found.rows = found.rows.saturating_add(rows);
                found.bytes = found.bytes.saturating_add(part.bytes);
                whole.push(recording.folder().join(&part.file));
            }
            Err(error) => {
                let damaged = DamagedPart::new(&part.file, error, Some(part.rows));
                found.damaged.push(damaged);
            }
        }
    }
    whole
}

/// Files of a table that the manifest does not name.
fn unnamed_files(
    recording: &Recording,
    table: Table,
    found: &mut Verification,
) -> Result<(), OpenError> {
    let named = &recording.manifest().parts;
    for file in parquet_files(recording.folder(), table)? {
        if named.iter().any(|part| part.file == file) {
            continue;
        }
        let name = file.split_once('/').map_or("", |(_, name)| name);
        // A recorder seals a part first and names it then.
        if found.state != State::Recording || !is_part_name(table, name) {
            found.unnamed.push(file);
            continue;
        }
        match integrity::part(recording.folder(), &file, None, &mut |_| ()) {
            Ok(rows) => {
                found.not_named_yet.insert(file, rows);
            }
            // Its journal has all of it.
            Err(_)
                if found
                    .journals
                    .iter()
                    .any(|it| !it.is_kept && is_of(&file, it)) => {}
            Err(error) => found.damaged.push(DamagedPart::new(&file, error, None)),
        }
    }
    Ok(())
}

/// True where `journal` is that of `part`, which is relative to the recording's folder.
fn is_of(part: &str, journal: &JournalFound) -> bool {
    let part = part.split_once('/').unwrap_or(("", part));
    let table = journal.file.strip_prefix(JOURNAL_FOLDER);
    let table = table.and_then(|name| name.strip_prefix('/')?.split_once('.'));
    table.is_some_and(|(table, _)| (table, journal.part.as_str()) == part)
}

/// Every `*.parquet` in and below a table's folder, relative to the recording's, in the order of their names. Links are listed, not
/// followed.
fn parquet_files(recording: &FilePath, table: Table) -> Result<BTreeSet<String>, OpenError> {
    let mut files = BTreeSet::new();
    let mut folders = vec![table.as_str().to_owned()];
    while let Some(folder) = folders.pop() {
        let path = recording.join(&folder);
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(OpenError::io(&path))?,
        };
        for entry in entries {
            let entry = entry.map_err(OpenError::io(&path))?;
            let name = entry.file_name();
            let file = format!("{folder}/{}", name.to_string_lossy());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(file);
            } else if file.ends_with(".parquet") {
                files.insert(file);
            }
        }
    }
    Ok(files)
}

/// Reads the journals of every table; returns those of operations that count.
fn journals(recording: &Recording, found: &mut Verification) -> Result<Vec<Unsealed>, OpenError> {
    let mut of_operations = Vec::new();
    for table in Table::ALL {
        let (counted, damaged) = recording.whole_journals(table)?;
        for (path, part) in recording.journals(table)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let file = format!("{JOURNAL_FOLDER}/{name}");
            let journal = match counted.iter().find(|journal| journal.journal == path) {
                Some(unsealed) => JournalFound::new(file, unsealed, false, found.state),
                None if damaged.iter().any(|damaged| damaged.file == file) => continue,
                // Its part has the rows. It may have been removed since, when that was sealed.
                None => match recording.read_journal(table, &path, part) {
                    Ok(unsealed) => JournalFound::new(file, &unsealed, true, found.state),
                    Err(_) => continue,
                },
            };
            found.journals.push(journal);
        }
        found.damaged_journals.extend(damaged);
        if table == Table::Operations {
            of_operations = counted;
        }
    }
    found.journals.sort_by(|a, b| a.file.cmp(&b.file));
    found.damaged_journals.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(of_operations)
}
