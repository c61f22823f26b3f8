//! `recorder mark`: hands a mark to the recorder of a recording in progress.

use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path as FilePath, PathBuf};
use std::time::{Duration, Instant};

use recording::{Clock, Recording, State, Timestamp};

use crate::cli::MarkArgs;
use crate::error::RecorderError;
use crate::mark::{FOLDER, GIVEN, Mark, TAKEN};
use crate::output::terminal;

/// How long the recorder has for taking it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);
/// The recorder, or another mark's command, may remove the empty folder in between.
const ATTEMPTS: u32 = 5;

/// Puts the mark there and waits until the recorder has taken it.
///
/// # Errors
/// [`RecorderError::Usage`] where there is no recording in progress or no text, [`RecorderError::Failed`] where the mark was not
/// taken.
pub(crate) fn run(args: &MarkArgs) -> Result<(), RecorderError> {
    let given_us = Clock::start().anchor_us();
    let folder = &args.recording;
    let mark = Mark::new(given_us, &args.text).ok_or_else(|| {
        RecorderError::Usage("the mark is empty; write: recorder mark RUN 'what happened'".into())
    })?;
    look_for_recorder(folder)?;
    let given = GivenMark::put(&folder.join(FOLDER), &mark).map_err(|error| {
        let marks = folder.join(FOLDER);
        RecorderError::Failed(format!(
            "{}: the mark could not be written: {error}",
            marks.display()
        ))
    })?;
    let deadline = Instant::now() + PATIENCE;
    while !given.is_taken() {
        let reason = if Instant::now() >= deadline {
            format!("the recorder did not take the mark within {PATIENCE:?}")
        } else if look_for_recorder(folder).is_err() {
            "the recording ended before the mark was taken".to_owned()
        } else {
            std::thread::sleep(LOOK);
            continue;
        };
        // It may have been taken between the two looks.
        if given.withdraw() {
            break;
        }
        return Err(RecorderError::Failed(format!(
            "{}: {reason}; the mark is not in the recording",
            folder.display()
        )));
    }
    given.clean_up();
    terminal::result(format!("marked at {}: {}", Timestamp(given_us), mark.text))
}

/// # Errors
/// [`RecorderError::Usage`] where there is no recording, or nobody records it.
fn look_for_recorder(folder: &FilePath) -> Result<(), RecorderError> {
    let recording = Recording::open(folder).map_err(|error| match error.is_usage() {
        true => RecorderError::Usage(command_line::text::one_line(&error.to_string())),
        false => RecorderError::Failed(command_line::text::one_line(&error.to_string())),
    })?;
    let refused = |why: &str| {
        let folder = folder.display();
        Err(RecorderError::Usage(format!(
            "{folder}: {why}; marks are possible only while a recording is in progress"
        )))
    };
    match recording.manifest().state {
        State::Recording if recording.is_being_written() => Ok(()),
        State::Recording => refused("its recorder was killed"),
        State::Complete | State::Interrupted | State::Recovered => {
            refused("the recording has ended")
        }
    }
}

/// A mark's file, on its way.
struct GivenMark {
    marks: PathBuf,
    given: PathBuf,
    taken: PathBuf,
}

impl GivenMark {
    fn put(marks: &FilePath, mark: &Mark) -> Result<Self, Error> {
        let name = format!("{}-{:08x}", mark.time_us, rand::random::<u32>());
        let given = Self {
            marks: marks.to_path_buf(),
            given: marks.join(format!("{name}.{GIVEN}")),
            taken: marks.join(format!("{name}.{TAKEN}")),
        };
        let mut attempts = 0;
        loop {
            attempts += 1;
            match given.try_put(&name, mark) {
                Err(error) if error.kind() == ErrorKind::NotFound && attempts < ATTEMPTS => {}
                put => return put.map(|()| given),
            }
        }
    }

    fn try_put(&self, name: &str, mark: &Mark) -> Result<(), Error> {
        // Not with its parents: a recording that somebody removed stays removed.
        match fs::create_dir(&self.marks) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let temporary = self.marks.join(format!("{name}.tmp"));
        let put =
            fs::write(&temporary, mark.write()).and_then(|()| fs::rename(&temporary, &self.given));
        if put.is_err() {
            let _ = fs::remove_file(&temporary);
            let _ = fs::remove_dir(&self.marks);
        }
        put
    }

    fn is_taken(&self) -> bool {
        self.taken.exists()
    }

    /// Takes the mark back; true where the recorder was faster.
    fn withdraw(&self) -> bool {
        let withdrawn = fs::remove_file(&self.given).is_ok();
        let is_taken = !withdrawn && self.is_taken();
        if !is_taken {
            let _ = fs::remove_dir(&self.marks);
        }
        is_taken
    }

    /// Leaves nothing behind of a mark that was taken.
    fn clean_up(&self) {
        let _ = fs::remove_file(&self.taken);
        // Only where no other mark is in it.
        let _ = fs::remove_dir(&self.marks);
    }
}
