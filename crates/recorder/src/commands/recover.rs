//! `recorder recover`: seals what a killed recorder left.

use recording::RecoverError;

use crate::cli::RecoverArgs;
use crate::error::RecorderError;
use crate::mark;
use crate::output::terminal;
use crate::text::thousands;

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
    let folder = args.recording.display();
    if recovered.healthy {
        return terminal::result(format!("{folder}: nothing to recover"));
    }
    // Those that were taken are in the journal; of the others `recorder mark` said that they were not.
    mark::remove_files(&args.recording);
    if recovered.missing_rows > 0 {
        terminal::line(format!(
            "{} rows that had been written are no longer there; the manifest counts them as dropped",
            thousands(recovered.missing_rows)
        ));
    }
    terminal::result(format!(
        "{folder}: recovered {} rows from the journal and {} unfinished operations, named {} sealed parts, left {} bytes unread",
        thousands(recovered.rows),
        thousands(recovered.unfinished),
        recovered.named_parts,
        thousands(recovered.unread_bytes),
    ))
}
