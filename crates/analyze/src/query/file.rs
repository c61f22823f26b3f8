//! Files that are there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

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

/// Writes a file next to its place, and puts it there once it is whole. What is no file is written to, and a link leads to the file.
///
/// # Errors
/// Those of `write`, those of its output as [`QueryError::File`]; and where the file can't be put in its place.
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
