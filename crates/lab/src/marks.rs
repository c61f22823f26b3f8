//! Steps as marks in a recording in progress: the ground truth next to what was measured.
//!
//! The form is the recorder's (`recorder mark`): a file `<time>-<random>.mark` in the recording's folder `marks`, put there as a whole by
//! renaming it, of two lines: UTC microseconds and a text. The recorder takes it into the events within a fraction of a second.

use std::{fs, io, path::Path};

use crate::{error::LabError, site::random_word, step::Step};

/// Names the recording that a command started by `recorder` belongs to.
pub const RECORDING_VARIABLE: &str = "PGOUTAGE_RECORDING";

/// Puts `step` into the recording in `recording`, with the step's own time. Does not wait for the recorder to take it.
///
/// # Errors
/// There is no such recording, or nothing can be written there.
pub fn put(recording: &Path, step: &Step) -> Result<(), LabError> {
    let failed = || LabError::io(format!("marking {}", recording.display()));
    if !recording.join("manifest.json").is_file() {
        return Err(LabError::Usage(format!(
            "{}: no recording there, so no step is put into it; name one with --recording",
            recording.display()
        )));
    }
    let folder = recording.join("marks");
    let put = || -> io::Result<()> {
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let name = format!("{}-{}", step.time_us, random_word(8).to_lowercase());
        let temporary = folder.join(format!("{name}.tmp"));
        let text = format!("{}\nlab {}: {}\n", step.time_us, step.step, step.detail);
        fs::write(&temporary, text)?;
        fs::rename(&temporary, folder.join(format!("{name}.mark")))
    };
    // The recorder removes the folder where it is empty, maybe just now.
    put().or_else(|_| put()).map_err(failed())
}
