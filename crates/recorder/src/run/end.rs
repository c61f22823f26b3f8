//! The end of a run: the last parts are sealed, and the exit code follows from them.

use std::path::Path;
use std::time::Duration;

use recording::{Completion, RecordingWriter, Summary, Table, WriteError};
use tokio::sync::oneshot;

use crate::error::RecorderError;
use crate::output::terminal;
use crate::run::signals::Signals;
use command_line::text::{shell_word, thousands};

/// After this long the user reads what the end waits for.
const ANNOUNCED_AFTER: Duration = Duration::from_secs(2);

/// Seals every part and completes the manifest. A disk that does not answer is waited for until a signal comes: what is not on the disk by
/// then is lost, and the rest can be recovered.
pub(crate) async fn seal(
    writer: RecordingWriter,
    completion: Completion,
    folder: &Path,
    signals: &mut Signals,
) -> Result<Summary, String> {
    let (sender, finished) = oneshot::channel();
    // A thread of its own: the end of the program would wait for one of tokio's.
    let thread = std::thread::Builder::new().name("finish".to_owned());
    thread
        .spawn(move || sender.send(writer.finish(completion)))
        .map_err(|error| error.to_string())?;
    tokio::pin!(finished);
    tokio::select! {
        summary = &mut finished => return summary_of(summary),
        () = tokio::time::sleep(ANNOUNCED_AFTER) => {
            terminal::line("sealing the last rows (Ctrl-C skips the wait; rows that the disk has not accepted are lost)");
        }
    }
    tokio::select! {
        summary = &mut finished => summary_of(summary),
        signal = signals.next() => Err(format!(
            "{signal} before the last rows were sealed; rows in the journal can be sealed with: recorder recover {}", shell_word(&folder.to_string_lossy())
        )),
    }
}

fn summary_of(
    finished: Result<Result<Summary, WriteError>, oneshot::error::RecvError>,
) -> Result<Summary, String> {
    finished
        .map_err(|_| "the writer thread stopped unexpectedly".to_owned())?
        .map_err(|error| error.to_string())
}

/// The rows that are lost and those that can be recovered, before the reason.
fn missing_rows(summary: &Summary) -> String {
    let mut text = String::new();
    let dropped: u64 = summary.dropped.values().sum();
    if dropped > 0 {
        text += &format!("{} rows lost; ", thousands(dropped));
    }
    if summary.journal_rows > 0 {
        text += &format!(
            "{} rows are only in the journal (to seal them: recorder recover RUN); ",
            thousands(summary.journal_rows)
        );
    }
    text
}

/// The run's exit code.
///
/// # Errors
/// [`RecorderError::Failed`] where rows are lost or not sealed, [`RecorderError::NothingRecorded`] where there is none.
pub(crate) fn exit(
    summary: &Result<Summary, String>,
    lost_workers: u64,
) -> Result<(), RecorderError> {
    let failed = |text: String| Err(RecorderError::Failed(text));
    match summary {
        Err(error) => failed(format!("the recording is not complete: {error}")),
        Ok(
            summary @ Summary {
                error: Some(error), ..
            },
        ) => failed(format!(
            "the recording is not complete: {}{error}",
            missing_rows(summary)
        )),
        Ok(summary) if !summary.is_complete() => failed(format!(
            "{} rows lost: the disk did not keep up",
            summary.dropped.values().sum::<u64>()
        )),
        Ok(_) if lost_workers > 0 => failed(format!(
            "{lost_workers} workers stopped unexpectedly: this is a bug, please report it"
        )),
        Ok(summary)
            if summary
                .rows
                .get(&Table::Operations)
                .is_none_or(|rows| *rows == 0) =>
        {
            Err(RecorderError::NothingRecorded(
                "no operation was started in that time".to_owned(),
            ))
        }
        Ok(_) => Ok(()),
    }
}
