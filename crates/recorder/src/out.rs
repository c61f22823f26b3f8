//! The folder of recordings, looked at before anything is connected: a recording that can't be kept need not be made.

use std::io::{Error, ErrorKind};
use std::path::Path;

use crate::error::RecorderError;

/// Makes the folder and a file in it, and takes both away again: a run that fails later leaves nothing behind.
///
/// # Errors
/// [`RecorderError::Usage`] where one of them can't be made.
pub(crate) fn probe(folder: &Path) -> Result<(), RecorderError> {
    let missing: Vec<&Path> = folder
        .ancestors()
        .filter(|part| !part.as_os_str().is_empty())
        .take_while(|part| !part.exists())
        .collect();
    let made = make(folder);
    for part in missing {
        // What another recorder put there meanwhile keeps it.
        let _ = std::fs::remove_dir(part);
    }
    made.map_err(|error| {
        RecorderError::Usage(format!(
            "--out {}: {error}; choose another folder",
            folder.display()
        ))
    })
}

fn make(folder: &Path) -> Result<(), Error> {
    if folder.as_os_str().is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, "no folder is named"));
    }
    if folder.exists() && !folder.is_dir() {
        return Err(Error::new(ErrorKind::NotADirectory, "not a folder"));
    }
    std::fs::create_dir_all(folder)?;
    // The error's own text names the temporary file, which nobody knows of.
    let reason = |error: Error| error.kind().into();
    tempfile::tempfile_in(folder).map(drop).map_err(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_folder_is_left_as_it_was() {
        let there = tempfile::tempdir().unwrap();
        let nested = there.path().join("data/runs");
        probe(&nested).unwrap();
        assert!(!there.path().join("data").exists());
        std::fs::create_dir_all(&nested).unwrap();
        probe(&nested).unwrap();
        assert_eq!(std::fs::read_dir(&nested).unwrap().count(), 0);
    }

    #[test]
    fn a_wrong_folder_is_named() {
        let there = tempfile::tempdir().unwrap();
        let file = there.path().join("file");
        std::fs::write(&file, "").unwrap();
        for folder in [
            &file,
            &file.join("below"),
            Path::new("/proc/no"),
            Path::new("/proc"),
            Path::new(""),
        ] {
            let error = probe(folder).unwrap_err();
            let text = error.to_string();
            assert_eq!(error.exit_code(), 2);
            assert!(
                text.starts_with(&format!("--out {}: ", folder.display())),
                "{text}"
            );
            assert!(
                text.ends_with("; choose another folder") && text.matches(".tmp").count() <= 1,
                "{text}"
            );
        }
    }
}
