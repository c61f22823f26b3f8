//! Checking a recording against its manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path as FilePath;

use crate::check::{self, DamagedPart};
use crate::error::OpenError;
use crate::layout::Table;
use crate::manifest::State;
use crate::reader::{Recording, sealed_files};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Parts that the manifest names, each once.
    pub parts: u64,
    /// Rows of those that are whole.
    pub rows: u64,
    /// Bytes of those that are whole.
    pub bytes: u64,
    /// Those that are not whole, in the order of their names.
    pub damaged: Vec<DamagedPart>,
    /// Sealed files that the manifest does not name, in the order of their names. They belong to a recording of state `recording`;
    /// in another they are somebody's copies.
    pub unnamed: Vec<String>,
    /// Journals, each with its size in bytes: rows that are not sealed yet, or never were.
    pub journals: BTreeMap<String, u64>,
    /// How far the recording has come.
    pub state: State,
    /// True while somebody on this machine writes it.
    pub is_being_written: bool,
}

impl Verification {
    /// True for a recording that ended, all of it in parts as the manifest states them.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damaged.is_empty() && self.journals.is_empty() && self.state != State::Recording
    }
}

/// Checks every part that the manifest of the recording in `folder` names: it is there, and has the size, the SHA-256, a footer and
/// the rows that the manifest states. Parts are read as a stream; `progress` hears of bytes read so far and of those in all.
/// Nothing is changed.
///
/// # Errors
/// [`OpenError`] where there is no recording, or its folders can't be listed. Damage is no error: it is in the result.
pub fn verify(
    folder: &FilePath,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verification, OpenError> {
    let recording = Recording::open(folder)?;
    let manifest = recording.manifest();
    let all_bytes = manifest
        .parts
        .iter()
        .fold(0, |sum: u64, part| sum.saturating_add(part.bytes));
    let mut found = Verification {
        parts: 0,
        rows: 0,
        bytes: 0,
        damaged: Vec::new(),
        unnamed: Vec::new(),
        journals: BTreeMap::new(),
        state: manifest.state,
        is_being_written: recording.is_being_written(),
    };
    let mut named = BTreeSet::new();
    let mut read = 0_u64;
    for part in &manifest.parts {
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
        match check::part(folder, &part.file, Some(part), &mut count) {
            Ok(rows) => {
                found.rows = found.rows.saturating_add(rows);
                found.bytes = found.bytes.saturating_add(part.bytes);
            }
            Err(error) => {
                let damaged = DamagedPart::new(&part.file, error, Some(part.rows));
                found.damaged.push(damaged);
            }
        }
    }
    for table in Table::ALL {
        for path in sealed_files(folder, table)? {
            let file = check::relative(table, &path);
            if !named.contains(file.as_str()) {
                found.unnamed.push(file);
            }
        }
        for (path, _) in recording.journals(table)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let bytes = fs::symlink_metadata(&path).map_or(0, |metadata| metadata.len());
            found.journals.insert(name.into_owned(), bytes);
        }
    }
    found.damaged.sort_by(|a, b| a.file.cmp(&b.file));
    found.unnamed.sort();
    Ok(found)
}
