//! `recorder recover`: seals what a killed recorder left.

use recording::RecoverError;

use crate::cli::RecoverArgs;
use crate::error::RecorderError;
use crate::mark;
use crate::output::terminal;
use command_line::text::thousands;

/// Seals the journals of a killed recording; leaves a healthy one, and one in progress, as it is.
///
/// # Errors
/// [`RecorderError::Usage`] where there is no recording, [`RecorderError::Failed`] where it is damaged, can't be written, or is
/// still being recorded.
pub(crate) fn run(args: &RecoverArgs) -> Result<(), RecorderError> {
    let recovered = recording::recover(&args.recording).map_err(|error| match &error {
        RecoverError::Open(open) if open.is_usage() => RecorderError::Usage(error.to_string()),
        _ => RecorderError::Failed(error.to_string()),
    })?;
    // No recorder reads them any more. `recorder mark` printed "marked" for none that is only there.
    mark::remove_files(&args.recording);
    let folder = args.recording.display();
    if recovered.healthy {
        return terminal::result(format!("{folder}: nothing to recover"));
    }
    if recovered.missing_rows > 0 {
        terminal::line(format!(
            "{} rows that had been written are missing; the manifest counts them as rows lost",
            thousands(recovered.missing_rows)
        ));
    }
    terminal::result(format!(
        "{folder}: recovered {} rows from journals and {} operations that were in flight; added {} sealed parts to the manifest; {} bytes could not be read",
        thousands(recovered.rows),
        thousands(recovered.unfinished),
        recovered.named_parts,
        thousands(recovered.unread_bytes),
    ))
}
