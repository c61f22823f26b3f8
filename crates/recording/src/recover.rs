//! Sealing what a killed recorder left.

use std::fs;
use std::io;
use std::path::{Path as FilePath, PathBuf};

use sha2::{Digest, Sha256};

use crate::check;
use crate::error::{OpenError, WriteError};
use crate::journal::{self, WriterLock};
use crate::layout::{OPEN_SUFFIX, Table};
use crate::manifest::{PartRecord, State};
use crate::part::{PartFile, hexadecimal};
use crate::reader::{Recording, sealed_files};

/// Why a recording could not be recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// It can't be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Its recorder lives.
    #[error("{0}: still being recorded; nothing was changed")]
    InProgress(PathBuf),
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Rows that were in journals only, and are in sealed parts now.
    pub rows: u64,
    /// Sealed parts that the manifest did not name.
    pub named_parts: u64,
    /// Bytes of journals that are no complete batch.
    pub unread_bytes: u64,
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
    let lock = match WriterLock::take_again(folder) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            return Err(RecoverError::InProgress(folder.to_path_buf()));
        }
        lock => lock.map_err(WriteError::io(folder))?,
    };
    // Read again under the lock: its recorder may have ended well in between.
    let recording = Recording::open(folder)?;
    let mut manifest = recording.manifest().clone();
    let mut recovered = Recovered::default();
    for table in Table::ALL {
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
            if !manifest.parts.iter().any(|part| part.file == file) {
                manifest.parts.push(describe(folder, &path, file)?);
                recovered.named_parts += 1;
            }
        }
        for unsealed in recording.unsealed(table)? {
            // Its Parquet file has no footer: the journal has all of it.
            let open = format!("{}{OPEN_SUFFIX}", unsealed.part);
            let _ = fs::remove_file(folder.join(table.as_str()).join(open));
            recovered.unread_bytes += unsealed.unread_bytes;
            if let Some(first) = unsealed.batches.first() {
                let mut part = PartFile::create(folder, table, &unsealed.part, &first.schema())?;
                for batch in &unsealed.batches {
                    part.write(batch)?;
                }
                manifest.parts.push(part.seal()?);
                recovered.rows += unsealed.rows;
            }
        }
    }
    // One that ended, on a disk that was full meanwhile, keeps the state that it ended in.
    if manifest.state == State::Recording {
        manifest.state = State::Recovered;
    }
    manifest.write(folder)?;
    remove_journals(&recording)?;
    drop(lock);
    Ok(recovered)
}

/// Every journal whose part is sealed now. One with bytes that could not be read stays: readers pass over it, and somebody may
/// want to look.
fn remove_journals(recording: &Recording) -> Result<(), OpenError> {
    for table in Table::ALL {
        for (path, part) in recording.journals(table)? {
            if journal::read(path.clone(), part)?.unread_bytes == 0 {
                fs::remove_file(&path).map_err(OpenError::io(&path))?;
            }
        }
    }
    Ok(())
}

fn has_journals(recording: &Recording) -> Result<bool, OpenError> {
    for table in Table::ALL {
        if !recording.unsealed(table)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A sealed part that the manifest does not name: its recorder died between the two steps.
fn describe(folder: &FilePath, path: &FilePath, file: String) -> Result<PartRecord, OpenError> {
    // As readers do, who would otherwise find it damaged afterwards.
    let rows = check::part(folder, &file, None, &mut |_| ())?;
    let bytes = fs::read(path).map_err(OpenError::io(path))?;
    Ok(PartRecord {
        file,
        rows,
        bytes: bytes.len() as u64,
        sha256: hexadecimal(&Sha256::digest(&bytes)),
    })
}
