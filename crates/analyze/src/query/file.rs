//! Files that are there whole or not at all.

use std::fs::{self, File};
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

/// Writes a file next to its place, and puts it there once it is whole.
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
    let name = path
        .file_name()
        .ok_or_else(|| failed(io::ErrorKind::IsADirectory.into()))?;
    let name = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
    let part = Part(path.with_file_name(name));
    let file = File::create(&part.0).map_err(failed)?;
    let written = write(&file).map_err(|error| match error {
        QueryError::Output(source) => failed(source),
        other => other,
    })?;
    file.sync_all().map_err(failed)?;
    fs::rename(&part.0, path).map_err(failed)?;
    Ok(written)
}
