//! The labs of this user, whatever folder they are in: what `lab down --all` stops.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use crate::{account::effective_user, error::LabError, site::random_word};

/// The folder of the list: a file per lab, which holds its folder's path.
fn folder() -> Result<PathBuf, LabError> {
    let user = effective_user()?;
    let folder = std::env::temp_dir().join(format!("pgoutage-labs-{user}"));
    match fs::DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(LabError::io(format!("making {}", folder.display()))(error));
        }
        _ => {}
    }
    let metadata = fs::symlink_metadata(&folder)
        .map_err(LabError::io(format!("looking at {}", folder.display())))?;
    if !metadata.is_dir() || metadata.uid() != user {
        return Err(LabError::Folder {
            dir: folder,
            reason: "it is the list of labs, and it belongs to another user; remove it".to_owned(),
        });
    }
    Ok(folder)
}

/// A lab's place in the list; it goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Registration {
    entry: PathBuf,
}

impl Registration {
    /// Puts the lab in `dir` into the list.
    pub(crate) fn enter(dir: &Path) -> Result<Self, LabError> {
        let entry = folder()?.join(random_word(12));
        let path = dir.as_os_str().as_encoded_bytes();
        fs::write(&entry, path).map_err(LabError::io(format!("writing {}", entry.display())))?;
        Ok(Self { entry })
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // An entry that stays leads to a folder without a lab, and is removed later.
        let _ = fs::remove_file(&self.entry);
    }
}

/// Every entry, and the lab's folder that it names.
pub(crate) fn entries() -> Result<Vec<(PathBuf, PathBuf)>, LabError> {
    let folder = folder()?;
    let found = fs::read_dir(&folder)
        .map_err(LabError::io(format!("reading {}", folder.display())))?
        .flatten();
    let mut entries: Vec<_> = found
        .filter_map(|entry| {
            let text = fs::read_to_string(entry.path()).ok()?;
            Some((entry.path(), PathBuf::from(text)))
        })
        .collect();
    entries.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(entries)
}
