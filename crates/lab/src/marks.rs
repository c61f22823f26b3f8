//! Steps as marks in a recording in progress: the ground truth next to what was measured.
//!
//! The form is the recorder's (`recorder mark`, FORMAT.md): a line of JSON with `time_us` and `text`, appended to `journal/marks.jsonl` of
//! the recording in one write. The recorder takes it into the events within a fraction of a second.

use std::{fs::File, io::Write, path::Path};

use crate::{error::LabError, step::Step};

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
    let text = format!("lab {}: {}", step.step, step.detail);
    let mark = serde_json::json!({"time_us": step.time_us, "text": text});
    // Not made where it is missing: a recording that has ended takes no marks.
    let file = File::options()
        .append(true)
        .open(recording.join("journal/marks.jsonl"));
    file.and_then(|mut file| file.write_all(format!("\n{mark}\n").as_bytes()))
        .map_err(failed())
}
