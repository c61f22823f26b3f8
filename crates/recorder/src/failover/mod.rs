//! The trigger of a failover: the user's shell command, its start and end recorded. Several failovers in one recording:
//! [`campaign`].

pub(crate) mod campaign;

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use command_line::process;
use recording::vocabulary::EventKind;
use tokio::sync::{oneshot, watch};

use crate::output::event_sink::EventSink;
use crate::shell;
use crate::shutdown::stopped;
use crate::text::redact::redact;

/// How long the command waits for the file of its output to be opened.
const DISK_LIMIT: Duration = Duration::from_millis(200);

/// What is run, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Given to `sh -c`.
    pub command: String,
    /// After the recording's start.
    pub after: Duration,
}

impl Trigger {
    /// Runs the command at its time; its output goes to `failover-command.log` in `logs`. A recording that ends before
    /// that time runs nothing. Once started, the command is waited for; where this future is dropped, it runs on.
    pub(crate) async fn run(
        self,
        start: Instant,
        logs: PathBuf,
        sink: EventSink,
        mut stop: watch::Receiver<bool>,
    ) {
        tokio::select! {
            () = tokio::time::sleep_until((start + self.after).into()) => {}
            () = stopped(&mut stop) => {
                sink.log.line(NOT_RUN);
                sink.monitor.note(NOT_RUN);
                return;
            }
        }
        sink.monitor.failover_triggered();
        let (triggered, finished) = FAILOVER_EVENTS;
        let log = logs.join("failover-command.log");
        run_recorded(&self.command, log, &sink, triggered, finished).await;
    }
}

/// Where the recording ends before the time of the trigger.
const NOT_RUN: &str =
    "the failover command was not run: the recording ended before --failover-after";

/// The events of the failover command's start and end.
pub(crate) const FAILOVER_EVENTS: (EventKind, EventKind) = (
    EventKind::FailoverTriggered,
    EventKind::FailoverTriggerFinished,
);

/// The recording's folder, in the command's environment: `lab` puts the steps of its faults into it as marks.
const RECORDING_VARIABLE: &str = "PGOUTAGE_RECORDING";

/// Runs a command of the user's between two events, its output added to `log`, a file in the recording's folder of logs; gives what
/// went wrong.
pub(crate) async fn run_recorded(
    command: &str,
    log: PathBuf,
    sink: &EventSink,
    started: EventKind,
    finished: EventKind,
) -> Option<String> {
    sink.command(started, None, redact(command));
    let (status, detail, failure) = match execute(command, log.clone()).await {
        Ok(status) if status.success() => (status.code(), process::describe(status), None),
        Ok(status) => {
            let failure = process::describe(status);
            let detail = format!(
                "failed: the command {failure}; its output is in {}",
                log.display()
            );
            (status.code(), detail, Some(failure))
        }
        Err(error) => {
            let failure = format!("could not be run: {error}");
            (None, failure.clone(), Some(failure))
        }
    };
    sink.command(finished, status, detail);
    failure
}

async fn execute(command: &str, log: PathBuf) -> std::io::Result<ExitStatus> {
    let recording = log.ancestors().nth(2).map(std::path::absolute);
    let recording = recording.transpose().ok().flatten();
    // A failover must not fail, nor come late, because its output can't be kept.
    let output = match open(log).await {
        Some(output) => output,
        None => File::options().write(true).open("/dev/null")?,
    };
    let mut shell = shell::shell(command);
    if let Some(recording) = recording {
        shell.env(RECORDING_VARIABLE, recording);
    }
    // Ctrl-C ends the recording, not half a failover.
    shell
        .stdout(output.try_clone()?)
        .stderr(output)
        .status()
        .await
}

/// Opens a file to add to it; `None` where the disk refuses or does not answer at once. On a thread of its own: to wait for the disk here
/// would hold up the workload, and the failover.
async fn open(path: PathBuf) -> Option<File> {
    let (sender, opened) = oneshot::channel();
    let thread = std::thread::Builder::new().name("failover-log".to_owned());
    let open = move || File::options().create(true).append(true).open(path);
    thread.spawn(move || sender.send(open())).ok()?;
    tokio::time::timeout(DISK_LIMIT, opened)
        .await
        .ok()?
        .ok()?
        .ok()
}
