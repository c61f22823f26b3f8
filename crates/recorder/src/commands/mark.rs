//! `recorder mark`: hands a mark to the recorder of a recording in progress.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path as FilePath;
use std::time::{Duration, Instant};

use recording::{Checkpoint, Clock, Recording, State, Table, Timestamp};

use crate::cli::MarkArgs;
use crate::error::RecorderError;
use crate::mark::{GIVEN, Mark, Position, READ, line};
use crate::output::terminal;

/// How long the recorder has for it. It flushes once a second.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(50);

/// Appends the mark and waits until it is in the recording, where no kill of the recorder takes it away.
///
/// # Errors
/// [`RecorderError::Usage`] where there is no recording in progress or no text, [`RecorderError::Failed`] where the mark is not known
/// to be there.
pub(crate) fn run(args: &MarkArgs) -> Result<(), RecorderError> {
    let given_us = Clock::start().anchor_us();
    let mark = Mark::new(given_us, &args.text).ok_or_else(|| {
        RecorderError::Usage("the mark is empty; write: recorder mark RUN 'what happened'".into())
    })?;
    let folder = &args.recording;
    let before = open(folder)?;
    if let Some(why) = why_over(&before) {
        return Err(RecorderError::Usage(format!(
            "{}: {why}; marks are possible only while a recording is in progress",
            folder.display()
        )));
    }
    let lost = lost_events(&before);
    let given = GivenMark::append(folder, &mark).map_err(RecorderError::Failed)?;
    let deadline = Instant::now() + PATIENCE;
    let reason = loop {
        // In this order: a recorder that ends says before how far it has read.
        let recording = open(folder)?;
        let over = why_over(&recording);
        let recorded_us = given.recorded_us();
        if recorded_us.is_some_and(|recorded_us| is_safe(&recording, recorded_us, lost)) {
            return terminal::result(format!("marked at {}: {}", Timestamp(given_us), mark.text));
        }
        match over {
            Some(why) => {
                break format!(
                    "{why} before the mark was safe; the mark may be missing from the recording"
                );
            }
            None if Instant::now() >= deadline => {
                break format!(
                    "the recorder did not confirm the mark within {PATIENCE:?}; the mark may still come into the recording"
                );
            }
            None => std::thread::sleep(INTERVAL),
        }
    };
    let folder = folder.display();
    Err(RecorderError::Failed(format!("{folder}: {reason}")))
}

fn open(folder: &FilePath) -> Result<Recording, RecorderError> {
    Recording::open(folder).map_err(|error| match error.is_usage() {
        true => RecorderError::Usage(command_line::text::one_line(&error.to_string())),
        false => RecorderError::Failed(command_line::text::one_line(&error.to_string())),
    })
}

/// Why the recording takes no more marks; `None` while it is in progress.
fn why_over(recording: &Recording) -> Option<&'static str> {
    match recording.manifest().state {
        State::Recording if recording.is_being_written() => None,
        State::Recording => Some("its recorder was killed"),
        State::Complete | State::Interrupted | State::Recovered => Some("the recording has ended"),
    }
}

/// True where every event that had been recorded at `recorded_us` is on the disk, but for the first `lost` that were lost.
fn is_safe(recording: &Recording, recorded_us: i64, lost: u64) -> bool {
    let is_written = match recording.manifest().state {
        State::Recording => Checkpoint::read(recording)
            .is_ok_and(|last| last.is_some_and(|last| last.time_us > recorded_us)),
        State::Complete | State::Interrupted => true,
        State::Recovered => false,
    };
    // The manifest after the checkpoint: it counts what the writer gave up before that.
    is_written && open(recording.folder()).is_ok_and(|now| lost_events(&now) == lost)
}

/// Events lost so far.
fn lost_events(recording: &Recording) -> u64 {
    let lost = &recording.manifest().dropped_rows;
    lost.get(Table::Events.as_str()).copied().unwrap_or(0)
}

/// A mark in the file.
struct GivenMark {
    /// Where the file ended behind it.
    end: u64,
    /// Opened before the end of the recording, which removes it.
    read: File,
}

impl GivenMark {
    /// # Errors
    /// One line.
    fn append(recording: &FilePath, mark: &Mark) -> Result<Self, String> {
        let path = recording.join(GIVEN);
        let failed = |error: io::Error| {
            let path = path.display();
            format!("{path}: the mark could not be written: {error}")
        };
        let read = open_plain(&recording.join(READ), File::options().read(true));
        let read = read.map_err(failed)?;
        let was_read = positions(&read).last().map_or(0, |last| last.offset);
        let file = open_plain(&path, File::options().append(true));
        let mut file = file.map_err(failed)?;
        let line = line(mark).map_err(failed)?;
        file.write_all(line.as_bytes()).map_err(failed)?;
        let end = file.stream_position().map_err(failed)?;
        match end > was_read {
            true => Ok(Self { end, read }),
            // The recorder does not read it again.
            false => Err(failed(io::Error::other("the file was shortened"))),
        }
    }

    /// When the recorder had recorded it, microseconds on the recording's clock.
    fn recorded_us(&self) -> Option<i64> {
        let mut positions = positions(&self.read).into_iter();
        let reached = positions.find(|position| position.offset >= self.end);
        reached.map(|position| position.time_us)
    }
}

/// Opens a plain file. To open a pipe would wait for its reader.
fn open_plain(path: &FilePath, options: &OpenOptions) -> io::Result<File> {
    match fs::symlink_metadata(path)?.is_file() {
        true => options.open(path),
        false => Err(io::Error::other("it is no plain file")),
    }
}

/// How far the recorder has read, each time.
fn positions(mut file: &File) -> Vec<Position> {
    let mut text = String::new();
    // What can't be read now is read at the next look.
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
    let positions = text.lines().map(serde_json::from_str);
    positions.flatten().collect()
}
