//! Files that are there whole or not at all.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use recording::{AUDIT_FILE, MANIFEST_FILE, Table};

use crate::query::run::QueryError;

/// A file under another name, which goes unless it is renamed.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // Once renamed it is not there; where it can't be removed, the error that led here says more.
        let _ = fs::remove_file(&self.0);
    }
}

/// A device, a pipe or the like, opened to be written to; `None` for what is a file, or is not there.
pub fn other_than_a_file(path: &Path) -> Option<File> {
    let is_other = fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
    is_other.then(|| OpenOptions::new().write(true).open(path).ok())?
}

/// True for what only a recorder writes: a recording's manifest and audit, and all that is in its folders.
#[must_use]
pub fn is_recorded(path: &Path) -> bool {
    let folder = path.parent().unwrap_or(path);
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let Ok(folder) = fs::canonicalize(folder) else {
        return false;
    };
    let is_recording = |folder: &Path| folder.join(MANIFEST_FILE).is_file();
    let is_one_of = |names: &[&str], name: Option<&OsStr>| {
        names.iter().any(|known| name == Some(OsStr::new(known)))
    };
    let tables = Table::ALL.map(Table::as_str);
    let is_part = is_one_of(&tables, folder.file_name())
        || is_one_of(&["audit", "journal", "logs"], folder.file_name());
    (is_part && folder.parent().is_some_and(is_recording))
        || (is_recording(&folder) && is_one_of(&[MANIFEST_FILE, AUDIT_FILE], path.file_name()))
}

/// Writes a file next to its place, and puts it there once it is whole. What is no file is written to, and a link leads to the file.
///
/// # Errors
/// [`QueryError::Recorded`] for a file of a recording, those of `write`, those of its output as [`QueryError::File`]; and where the file can't be put in its place.
pub fn replace<T>(
    path: &Path,
    write: impl FnOnce(&File) -> Result<T, QueryError>,
) -> Result<T, QueryError> {
    let failed = |source: io::Error| QueryError::File {
        path: path.to_path_buf(),
        source,
    };
    let as_output = |error| match error {
        QueryError::Output(source) => failed(source),
        other => other,
    };
    if let Some(file) = other_than_a_file(path) {
        return write(&file).map_err(as_output);
    }
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if is_recorded(&place) {
        return Err(QueryError::Recorded(path.to_path_buf()));
    }
    let name = place
        .file_name()
        .ok_or_else(|| failed(io::ErrorKind::IsADirectory.into()))?;
    let name = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
    let part = Part(place.with_file_name(name));
    let file = File::create(&part.0).map_err(failed)?;
    let written = write(&file).map_err(as_output)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&part.0, &place).map_err(failed)?;
    Ok(written)
}
