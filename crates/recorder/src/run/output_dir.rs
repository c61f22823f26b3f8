//! The folder of recordings, looked at before anything is connected: a recording that can't be kept need not be made.

use std::fmt::Display;
use std::io::{Error, ErrorKind, Write};
use std::path::Path;

use crate::error::RecorderError;

/// The room that a recording needs to begin, bytes: the manifest, and what is kept for it when the disk is full later.
const ROOM_BYTES: usize = 128 << 10;

/// Makes the folder and a file in it with as much as a recording needs to begin, and takes both away again: a run that fails later
/// leaves nothing behind. SIGXFSZ must be heard already.
///
/// # Errors
/// [`RecorderError::Usage`] where one of them can't be made, or the disk is full.
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
        let folder = folder.display();
        let room = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free space there, or ",
            _ => "",
        };
        RecorderError::Usage(format!(
            "--out {folder}: cannot write there: {error}; {room}choose another folder"
        ))
    })
}

/// The error of a recording that could not be begun there all the same; its folder is gone again.
pub(crate) fn not_begun(folder: &Path, error: &dyn Display) -> RecorderError {
    RecorderError::NothingRecorded(format!(
        "--out {}: the recording could not be started: {error}; free space there, or choose another folder",
        folder.display()
    ))
}

fn make(folder: &Path) -> Result<(), Error> {
    if folder.as_os_str().is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is empty"));
    }
    if folder.exists() && !folder.is_dir() {
        return Err(Error::new(ErrorKind::NotADirectory, "not a folder"));
    }
    std::fs::create_dir_all(folder)?;
    // The error's own text names the temporary file, which the user does not know.
    let reason = |error: Error| error.kind().into();
    let mut file = tempfile::tempfile_in(folder).map_err(reason)?;
    match file.write_all(&[0; ROOM_BYTES]) {
        // Under a limit on the size of files a recording has many small ones.
        Err(error) if error.kind() == ErrorKind::FileTooLarge => Ok(()),
        written => written.map_err(reason),
    }
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
