//! The end of a run: what is waited for, and what is said of it.

use std::time::Duration;

use recording::{Completion, RecordingWriter, Summary, Table, WriteError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::error::RecorderError;
use crate::output::log::Log;
use crate::output::terminal;
use crate::pgbench::Running;
use crate::run::signals::Signals;
use command_line::text::thousands;

/// How long the end waits for a failover command that still runs.
const TRIGGER_GRACE: Duration = Duration::from_secs(10);
/// What takes no longer is not spoken of.
const AT_ONCE: Duration = Duration::from_millis(100);
/// After this long without an end the user is told what is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Waits for what ends after the workload.
pub(crate) async fn close(
    live: JoinHandle<()>,
    loads: Vec<Running>,
    trigger: Option<JoinHandle<()>>,
    log: &Log,
) {
    // A view that failed has nothing more to show.
    let _ = live.await;
    for load in loads {
        load.stop().await;
    }
    let Some(mut trigger) = trigger else { return };
    // A campaign that waits for its next failover ends at once.
    if tokio::time::timeout(AT_ONCE, &mut trigger).await.is_ok() {
        return;
    }
    terminal::line(format!(
        "waiting up to {TRIGGER_GRACE:?} for the failover command to end (Ctrl-C skips the wait)"
    ));
    if tokio::time::timeout(TRIGGER_GRACE, &mut trigger)
        .await
        .is_err()
    {
        let text = "the failover command is still running; it is not stopped";
        log.line(text);
        terminal::line(text);
    }
}

/// Has everything sealed. A disk that does not answer is waited for, until the user has enough of it: what is not on it by then
/// is lost, and the rest can be recovered.
pub(crate) async fn finish(
    writer: RecordingWriter,
    completion: Completion,
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
        summary = &mut finished => return summarised(summary),
        () = tokio::time::sleep(PATIENCE) => {
            terminal::line("stalled writes: waiting for the disk to accept the last rows (Ctrl-C skips the wait; rows not written are lost)");
        }
    }
    tokio::select! {
        summary = &mut finished => summarised(summary),
        signal = signals.next() => Err(format!(
            "{signal} before the last rows were written; seal the others with: recorder recover"
        )),
    }
}

fn summarised(
    summary: Result<Result<Summary, WriteError>, oneshot::error::RecvError>,
) -> Result<Summary, String> {
    summary
        .map_err(|_| "the writer thread stopped unexpectedly".to_owned())?
        .map_err(|error| error.to_string())
}

/// What of the rows is lost and what can be recovered, before the reason.
fn missing(summary: &Summary) -> String {
    let mut text = String::new();
    let dropped: u64 = summary.dropped.values().sum();
    if dropped > 0 {
        text += &format!("{} rows lost; ", thousands(dropped));
    }
    if summary.journal_rows > 0 {
        text += &format!(
            "{} rows are only in the journal: seal them with recorder recover; ",
            thousands(summary.journal_rows)
        );
    }
    text
}

/// What the run's exit code says.
///
/// # Errors
/// [`RecorderError::Failed`] where rows are lost or not sealed, [`RecorderError::NothingRecorded`] where there is none.
pub(crate) fn verdict(
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
            missing(summary)
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
