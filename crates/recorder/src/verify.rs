//! `recorder verify`: checks recordings against their manifests.

use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, Instant};

use recording::{DamagedPart, Verification};

use crate::cli::VerifyArgs;
use crate::error::RecorderError;
use crate::say;
use crate::text::{one_line, thousands};

/// Progress is shown where it takes longer than this.
const SILENT: Duration = Duration::from_secs(2);

/// Checks each recording and says what is damaged.
///
/// # Errors
/// [`RecorderError::Usage`] where one is no recording, [`RecorderError::Failed`] where one is damaged or has no end; the others
/// are checked all the same.
pub(crate) fn run(args: &VerifyArgs) -> Result<(), RecorderError> {
    let mut first_error = None;
    let mut not_whole = 0_usize;
    for folder in &args.recordings {
        let mut progress = Progress::new();
        let found = recording::verify(folder, &mut |read, all| progress.show(read, all));
        progress.clear();
        match found {
            Ok(found) => {
                tell(folder, &found)?;
                not_whole += usize::from(!found.is_whole());
            }
            Err(error) => {
                let text = one_line(&error.to_string());
                let error = if error.is_usage() {
                    RecorderError::Usage(text)
                } else {
                    RecorderError::Failed(text)
                };
                if let Some(earlier) = first_error.replace(error) {
                    say::line(format!("recorder: {earlier}"));
                }
            }
        }
    }
    match (first_error, not_whole) {
        (Some(error), _) => Err(error),
        (None, 0) => Ok(()),
        (None, _) => Err(RecorderError::Failed(format!(
            "{not_whole} of {} recordings are damaged or have no end",
            args.recordings.len()
        ))),
    }
}

/// One line for each thing that is not as it should be, then one for the whole.
fn tell(folder: &Path, found: &Verification) -> Result<(), RecorderError> {
    let folder = folder.display();
    let mut lines: Vec<String> = found.damaged.iter().map(damaged_line).collect();
    lines.extend(
        found
            .unnamed
            .iter()
            .map(|file| format!("{file}: a sealed file that the manifest does not name")),
    );
    lines.extend(found.journals.iter().map(|(journal, bytes)| {
        format!(
            "journal/{journal}: {} bytes that are not sealed",
            thousands(*bytes)
        )
    }));
    if found.is_being_written {
        lines.push("still being recorded".to_owned());
    } else if found.state == recording::State::Recording || !found.journals.is_empty() {
        lines.push("its recorder was killed: `recorder recover` seals what it left".to_owned());
    }
    for line in lines {
        say::result(one_line(&format!("{folder}: {line}")))?;
    }
    let parts = thousands(found.parts);
    let verdict = match found.damaged.len() {
        0 => format!(
            "{parts} parts, {} rows, {} bytes: all as recorded",
            thousands(found.rows),
            thousands(found.bytes)
        ),
        damaged => format!("{damaged} of {parts} parts are damaged"),
    };
    say::result(one_line(&format!("{folder}: {verdict}")))
}

fn damaged_line(part: &DamagedPart) -> String {
    match part.rows {
        Some(rows) => format!("{}: {} ({} rows)", part.file, part.reason, thousands(rows)),
        None => format!("{}: {}", part.file, part.reason),
    }
}

/// A line on a terminal that tells how far it has come.
struct Progress {
    begun: Instant,
    shown: Option<u64>,
    is_terminal: bool,
}

impl Progress {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            shown: None,
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, read: u64, all: u64) {
        if !self.is_terminal || self.begun.elapsed() < SILENT {
            return;
        }
        let percent = read
            .saturating_mul(100)
            .checked_div(all)
            .unwrap_or(100)
            .min(100);
        if self.shown != Some(percent) {
            self.shown = Some(percent);
            say::piece(&format!(
                "\r{percent:>3} % of {} bytes checked",
                thousands(all)
            ));
        }
    }

    /// Gives the line back to the result.
    fn clear(&self) {
        if self.shown.is_some() {
            say::piece("\r\x1b[K");
        }
    }
}
