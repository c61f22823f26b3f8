//! Steps as marks in a recording in progress: the ground truth next to what was measured.
//!
//! The form is the recorder's (`recorder mark`, FORMAT.md): a line of JSON with `time_us` and `text`, appended to `journal/marks.jsonl` of
//! the recording in one write. The recorder takes it into the events within a fraction of a second.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::Path,
};

use crate::{error::LabError, step::Step};

/// Names the recording that a command started by `recorder` belongs to.
pub const RECORDING_VARIABLE: &str = "PGOUTAGE_RECORDING";

/// Puts `step` into the recording in `recording`, with the step's own time. Does not wait for the recorder to take it.
///
/// # Errors
/// There is no such recording, or nothing can be written there.
pub fn put(recording: &Path, step: &Step) -> Result<(), LabError> {
    if !recording.join("manifest.json").is_file() {
        return Err(LabError::Usage(format!(
            "{}: no recording there, so no step is put into it; name one with --recording",
            recording.display()
        )));
    }
    let text = format!("lab {}: {}", step.step, step.detail);
    let mark = serde_json::json!({"time_us": step.time_us, "text": text});
    append(
        &recording.join("journal/marks.jsonl"),
        &format!("\n{mark}\n"),
    )
    .map_err(|error| {
        let recording = recording.display();
        match error.kind() {
            ErrorKind::NotFound => LabError::State(format!(
                "{recording}: the recording has ended, so no step is put into it"
            )),
            _ => LabError::io(format!("marking {recording}"))(error),
        }
    })
}

/// Appends to a plain file that is there: a recording that has ended takes no marks, and to open a pipe would wait for its reader.
fn append(path: &Path, text: &str) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_file() {
        let path = path.display();
        return Err(io::Error::other(format!("{path}: it is no plain file")));
    }
    let mut file = File::options().append(true).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::StepKind;

    #[test]
    fn only_a_plain_file_takes_steps() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path();
        let step = Step {
            time_us: 7,
            step: StepKind::Crash,
            detail: "x".to_owned(),
        };
        let error = || put(run, &step).unwrap_err().to_string();
        assert!(error().contains("no recording there"));
        fs::write(run.join("manifest.json"), "{}").unwrap();
        assert!(error().ends_with("the recording has ended, so no step is put into it"));

        fs::create_dir(run.join("journal")).unwrap();
        let (file, other) = (run.join("journal/marks.jsonl"), run.join("other"));
        fs::write(&other, "").unwrap();
        std::os::unix::fs::symlink(&other, &file).unwrap();
        assert!(error().ends_with("it is no plain file"));
        fs::remove_file(&file).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&file).status();
        assert!(made.unwrap().success());
        assert!(error().ends_with("it is no plain file"));
        fs::remove_file(&file).unwrap();

        fs::rename(&other, &file).unwrap();
        put(run, &step).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("\n{") && text.ends_with("}\n"), "{text}");
    }
}
