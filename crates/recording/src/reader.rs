//! Finding and opening recordings.

use std::fs;
use std::path::{Path as FilePath, PathBuf};

use parquet::file::metadata::ParquetMetaDataReader;

use crate::error::OpenError;
use crate::layout::Table;
use crate::manifest::{MANIFEST_FILE, Manifest};

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

    /// The sealed parts of a table, each of them seen to be a whole Parquet file, in the order of their names.
    ///
    /// A sealed part that the manifest does not name yet counts: its recorder died between the two steps.
    ///
    /// # Errors
    /// [`OpenError::MissingPart`] where the manifest names a part that is not there, [`OpenError::DamagedPart`] where one
    /// has another size than the manifest says or no readable footer.
    pub fn parts(&self, table: Table) -> Result<Vec<PathBuf>, OpenError> {
        let folder = self.folder.join(table.as_str());
        let named: Vec<_> = self
            .manifest
            .parts
            .iter()
            .filter_map(|part| {
                let name = part.file.strip_prefix(table.as_str())?.strip_prefix('/')?;
                // A manifest may be hostile: a part lies in its table's folder and nowhere else.
                (!name.contains(['/', '\\']) && name != "..")
                    .then(|| (folder.join(name), part.bytes))
            })
            .collect();
        for (path, bytes) in &named {
            let size = match fs::metadata(path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    return Err(OpenError::MissingPart(path.clone()));
                }
                metadata => metadata.map_err(OpenError::io(path))?.len(),
            };
            if size != *bytes {
                return Err(OpenError::DamagedPart {
                    path: path.clone(),
                    reason: format!("it has {size} bytes, the manifest says {bytes}"),
                });
            }
        }
        let mut parts = match fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => sealed_files(entries.map_err(OpenError::io(&folder))?)
                .map_err(OpenError::io(&folder))?,
        };
        parts.sort();
        for part in &parts {
            check_footer(part)?;
        }
        Ok(parts)
    }
}

fn sealed_files(entries: fs::ReadDir) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "parquet")
        {
            files.push(path);
        }
    }
    Ok(files)
}

fn check_footer(part: &FilePath) -> Result<(), OpenError> {
    let file = fs::File::open(part).map_err(OpenError::io(part))?;
    match ParquetMetaDataReader::new().parse_and_finish(&file) {
        Ok(_) => Ok(()),
        Err(error) => Err(OpenError::DamagedPart {
            path: part.to_path_buf(),
            reason: format!("not a whole Parquet file ({error})"),
        }),
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
