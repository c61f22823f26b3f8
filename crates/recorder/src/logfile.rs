//! `logs/recorder.log`: what the recorder did, a line each, in UTC.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use recording::{Clock, Timestamp};

use crate::message;

/// The log of one recording.
pub struct Log {
    file: Mutex<File>,
    clock: Clock,
}

impl Log {
    /// Makes `recorder.log` in the folder `logs`.
    ///
    /// # Errors
    /// What the operating system says, with the file.
    pub fn create(logs: &Path, clock: Clock) -> Result<Self, String> {
        let path = logs.join("recorder.log");
        let file = File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self {
            file: Mutex::new(file),
            clock,
        })
    }

    /// Writes a line, passwords replaced. A log that can't be written must not end a recording.
    pub fn line(&self, text: &str) {
        let line = format!(
            "{} {}\n",
            Timestamp(self.clock.now_us()),
            message::one_line(text)
        );
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = file.write_all(line.as_bytes());
    }
}
