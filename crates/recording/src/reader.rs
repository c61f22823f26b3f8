//! Finding and opening recordings.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path as FilePath, PathBuf};

use parquet::file::metadata::ParquetMetaDataReader;
use sha2::{Digest, Sha256};

use crate::error::OpenError;
use crate::layout::{JOURNAL_FOLDER, OPEN_SUFFIX, Table, is_part_name, part_of_journal};
use crate::manifest::{MANIFEST_FILE, Manifest, PartRecord, State};
use crate::part::hexadecimal;
use crate::unsealed::{self, Unsealed};

/// A recording on disk, opened for reading. Nothing in it is ever changed by this type.
#[derive(Debug, Clone)]
pub struct Recording {
    folder: PathBuf,
    manifest: Manifest,
}

impl Recording {
    /// Opens the recording in `folder`.
    ///
    /// # Errors
    /// [`OpenError`]: no such folder, an empty one, one without a manifest, or a manifest that can't be read.
    pub fn open(folder: &FilePath) -> Result<Self, OpenError> {
        if !folder.is_dir() {
            return Err(OpenError::NoFolder(folder.to_path_buf()));
        }
        if !folder.join(MANIFEST_FILE).exists() {
            let mut entries = fs::read_dir(folder).map_err(OpenError::io(folder))?;
            return Err(match entries.next() {
                None => OpenError::Empty(folder.to_path_buf()),
                Some(_) => OpenError::NoManifest(folder.to_path_buf()),
            });
        }
        let manifest = Manifest::read(folder)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            manifest,
        })
    }

    /// The recording's folder.
    #[must_use]
    pub fn folder(&self) -> &FilePath {
        &self.folder
    }

    /// What the recording says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The sealed parts of a table, each of them whole, in the order of their names.
    ///
    /// Parts that the manifest names have the size and the SHA-256 that it states. While the recording's state is `recording`,
    /// a sealed part that the manifest does not name counts too: its recorder died between the two steps. Otherwise a file that
    /// is not named is somebody else's, such as a copy.
    ///
    /// # Errors
    /// [`OpenError::MissingPart`] where the manifest names a part that is not there, [`OpenError::DamagedPart`] where one
    /// differs from what the manifest states, or is no whole Parquet file.
    pub fn parts(&self, table: Table) -> Result<Vec<PathBuf>, OpenError> {
        let folder = self.folder.join(table.as_str());
        let mut parts = Vec::new();
        for part in &self.manifest.parts {
            let Some(name) = part_name_in(table, &part.file) else {
                continue;
            };
            let path = folder.join(name);
            check_sum(&path, part)?;
            check_footer(&path, Some(part.rows))?;
            parts.push(path);
        }
        if self.manifest.state == State::Recording {
            for path in sealed_files(&self.folder, table)? {
                if !parts.contains(&path) {
                    check_footer(&path, None)?;
                    parts.push(path);
                }
            }
        }
        parts.sort();
        Ok(parts)
    }

    /// What the journals of a table hold of parts that were never sealed, in the order of their names: the rows of a recording in
    /// progress, or of one whose recorder was killed.
    ///
    /// # Errors
    /// [`OpenError::Io`] where a journal can't be read. One that is cut off gives its complete batches.
    pub fn unsealed(&self, table: Table) -> Result<Vec<Unsealed>, OpenError> {
        let mut unsealed = Vec::new();
        for (journal, part) in self.journals(table)? {
            // Sealed and counted, and its recorder died before it removed the journal.
            if self.is_counted(table, &part) {
                continue;
            }
            match unsealed::read(table, journal, part) {
                // Sealed between the listing and the look.
                Err(OpenError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                read => unsealed.push(read?),
            }
        }
        unsealed.sort_by(|a, b| a.part.cmp(&b.part));
        Ok(unsealed)
    }

    /// True for a part that [`Self::parts`] gives.
    fn is_counted(&self, table: Table, part: &str) -> bool {
        let file = format!("{}/{part}", table.as_str());
        self.manifest.parts.iter().any(|named| named.file == file)
            || (self.manifest.state == State::Recording && self.folder.join(file).exists())
    }

    /// The journals of a table, each with the name of its part.
    pub(crate) fn journals(&self, table: Table) -> Result<Vec<(PathBuf, String)>, OpenError> {
        let journals = files(&self.folder.join(JOURNAL_FOLDER))?;
        let part = |journal: PathBuf| {
            let part = part_of_journal(table, &journal.file_name()?.to_string_lossy())?;
            Some((journal, part))
        };
        Ok(journals.into_iter().filter_map(part).collect())
    }
}

/// The name of a part in its table's folder; `None` for another table's, and for one that would lie elsewhere: a manifest may be
/// hostile.
fn part_name_in(table: Table, file: &str) -> Option<&str> {
    let name = file.strip_prefix(table.as_str())?.strip_prefix('/')?;
    (!name.contains(['/', '\\']) && name != "..").then_some(name)
}

/// Files of a table's folder that are named as sealed parts.
pub(crate) fn sealed_files(recording: &FilePath, table: Table) -> Result<Vec<PathBuf>, OpenError> {
    let mut files = files(&recording.join(table.as_str()))?;
    files.retain(|path| {
        let name = path.file_name().unwrap_or_default();
        is_part_name(table, &name.to_string_lossy())
    });
    Ok(files)
}

/// Files of a table's folder that are named as parts that were not sealed.
pub(crate) fn open_files(recording: &FilePath, table: Table) -> Result<Vec<PathBuf>, OpenError> {
    let mut files = files(&recording.join(table.as_str()))?;
    files.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let part = name.strip_suffix(OPEN_SUFFIX);
        part.is_some_and(|part| is_part_name(table, part))
    });
    Ok(files)
}

/// What a folder holds; nothing where there is no folder.
fn files(folder: &FilePath) -> Result<Vec<PathBuf>, OpenError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(OpenError::io(folder))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        files.push(entry.map_err(OpenError::io(folder))?.path());
    }
    Ok(files)
}

/// Size first, which costs nothing, then the checksum.
fn check_sum(path: &FilePath, part: &PartRecord) -> Result<(), OpenError> {
    let damaged = |reason: String| OpenError::DamagedPart {
        path: path.to_path_buf(),
        reason,
    };
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(OpenError::MissingPart(path.to_path_buf()));
        }
        file => file.map_err(OpenError::io(path))?,
    };
    let size = file.metadata().map_err(OpenError::io(path))?.len();
    if size != part.bytes {
        return Err(damaged(format!(
            "it has {size} bytes, the manifest says {}",
            part.bytes
        )));
    }
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(OpenError::io(path))? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    if hexadecimal(&hash.finalize()) != part.sha256 {
        return Err(damaged(
            "its SHA-256 is not the one that the manifest states".to_owned(),
        ));
    }
    Ok(())
}

fn check_footer(part: &FilePath, rows: Option<u64>) -> Result<(), OpenError> {
    let damaged = |reason: String| OpenError::DamagedPart {
        path: part.to_path_buf(),
        reason,
    };
    let file = File::open(part).map_err(OpenError::io(part))?;
    let metadata = ParquetMetaDataReader::new()
        .parse_and_finish(&file)
        .map_err(|error| damaged(format!("not a whole Parquet file ({error})")))?;
    let found = metadata.file_metadata().num_rows();
    match rows {
        Some(rows) if u64::try_from(found) != Ok(rows) => Err(damaged(format!(
            "it has {found} rows, the manifest says {rows}"
        ))),
        _ => Ok(()),
    }
}

/// The recordings below `root`, newest name last; `root` itself where it is one. Folders that are none are passed over.
///
/// # Errors
/// [`OpenError::NoFolder`] or [`OpenError::Io`] where `root` can't be listed.
pub fn find(root: &FilePath) -> Result<Vec<PathBuf>, OpenError> {
    if !root.is_dir() {
        return Err(OpenError::NoFolder(root.to_path_buf()));
    }
    if root.join(MANIFEST_FILE).is_file() {
        return Ok(vec![root.to_path_buf()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(root).map_err(OpenError::io(root))? {
        let path = entry.map_err(OpenError::io(root))?.path();
        if path.join(MANIFEST_FILE).is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
