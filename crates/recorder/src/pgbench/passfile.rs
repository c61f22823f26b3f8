//! The password for libpq: in a file that only we can read, never in an argument or in the environment.

use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::pgbench::error::PgbenchError;

/// A `PGPASSFILE` in a folder of its own, gone when this is dropped.
#[derive(Debug)]
pub(super) struct PassFile {
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl PassFile {
    /// Writes it; without a password it is empty, so that libpq does not use another user's from `~/.pgpass`.
    pub(super) fn new(password: Option<&str>) -> Result<Self, PgbenchError> {
        // The error's own text names a folder that is gone again.
        let error = || {
            |source: std::io::Error| PgbenchError::Temporary {
                folder: std::env::temp_dir(),
                source: source.kind().into(),
            }
        };
        let folder = tempfile::Builder::new()
            .prefix("pgoutage-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .map_err(error())?;
        let file = folder.path().join("pgpass");
        let mut opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)
            .map_err(error())?;
        if let Some(password) = password {
            writeln!(opened, "{}", line(password)).map_err(error())?;
        }
        Ok(Self {
            file,
            _folder: folder,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.file
    }
}

/// Tries whether there is a place for the password, without one.
///
/// # Errors
/// [`PgbenchError::Temporary`] where there is none.
pub fn try_password_file() -> Result<(), PgbenchError> {
    PassFile::new(None).map(drop)
}

/// The one line: for every host, port, database and user, since only our pgbench reads it.
fn line(password: &str) -> String {
    format!(
        "*:*:*:*:{}",
        password.replace('\\', "\\\\").replace(':', "\\:")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readable_by_its_owner_alone_and_gone_at_the_end() {
        let file = PassFile::new(Some(r"a:b\c")).unwrap();
        let path = file.path().to_path_buf();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "*:*:*:*:a\\:b\\\\c\n"
        );
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        drop(file);
        assert!(!path.parent().unwrap().exists());
    }
}
