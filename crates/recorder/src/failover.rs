//! The user's own trigger of the failover: a shell command, run once, its start and end recorded. How it is run again and
//! again: [`crate::campaign`].

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use recording::vocabulary::EventKind;
use recording::{Clock, Event, Handle};
use tokio::sync::{oneshot, watch};

use crate::child_environment;
use crate::live::Monitor;
use crate::logfile::Log;
use crate::redact::redact;
use crate::workload::stopped;

/// How long the command waits for a disk that shall keep its output.
const DISK_LIMIT: Duration = Duration::from_millis(200);

/// What is to be run, and when after the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Given to `sh -c`.
    pub command: String,
    /// After the recording's start.
    pub after: Duration,
}

/// Those who hear of the trigger.
pub struct Witnesses {
    /// The recording.
    pub handle: Handle,
    /// Its clock.
    pub clock: Clock,
    /// The live view.
    pub monitor: Arc<Monitor>,
    /// The log.
    pub log: Arc<Log>,
}

impl Witnesses {
    /// Makes an event of it, a line of the log and one above the live view.
    pub(crate) fn tell(&self, kind: EventKind, status: Option<i32>, detail: String) {
        self.log.line(&format!("{kind}: {detail}"));
        self.monitor.note(match kind {
            EventKind::FailoverTriggered => format!("failover command started: {detail}"),
            EventKind::FailoverTriggerFinished => format!("failover command {detail}"),
            EventKind::HealTriggered => format!("heal command started: {detail}"),
            EventKind::HealTriggerFinished => format!("heal command {detail}"),
            EventKind::CampaignStopped => format!("no further failover: {detail}"),
            _ => detail.clone(),
        });
        let time = self.clock.now_us();
        self.handle.event(Event {
            time,
            path: None,
            kind,
            status,
            detail,
        });
    }
}

impl Trigger {
    /// Runs the command at its time; its output goes to `failover-command.log` in `logs`. A recording that ends before
    /// that time runs nothing. Once started, the command is waited for: whoever is in a hurry drops this, and it goes on.
    pub async fn run(
        self,
        start: Instant,
        logs: PathBuf,
        witnesses: Witnesses,
        mut stop: watch::Receiver<bool>,
    ) {
        tokio::select! {
            () = tokio::time::sleep_until((start + self.after).into()) => {}
            () = stopped(&mut stop) => {
                let text = "the failover command was not run: the recording ended before its time";
                witnesses.log.line(text);
                witnesses.monitor.note(text);
                return;
            }
        }
        witnesses.monitor.failover_triggered();
        let (triggered, finished) = FAILOVER_EVENTS;
        let log = logs.join("failover-command.log");
        run_told(&self.command, log, &witnesses, triggered, finished).await;
    }
}

/// The events of the failover command's start and end.
pub(crate) const FAILOVER_EVENTS: (EventKind, EventKind) = (
    EventKind::FailoverTriggered,
    EventKind::FailoverTriggerFinished,
);

/// Tells a command which recording it belongs to: `lab` puts the steps of its faults into it.
const RECORDING_VARIABLE: &str = "PGOUTAGE_RECORDING";

/// Runs a command of the user's between two events, its output added to `log`, a file in the recording's folder of logs; what went wrong,
/// if something did.
pub(crate) async fn run_told(
    command: &str,
    log: PathBuf,
    witnesses: &Witnesses,
    started: EventKind,
    finished: EventKind,
) -> Option<String> {
    witnesses.tell(started, None, redact(command));
    let (status, detail, failure) = match execute(command, log.clone()).await {
        Ok(status) if status.success() => (status.code(), describe(status), None),
        Ok(status) => {
            let failure = describe(status);
            let detail = format!("failed: it {failure}; see {}", log.display());
            (status.code(), detail, Some(failure))
        }
        Err(error) => {
            let failure = format!("could not be run: {error}");
            (None, failure.clone(), Some(failure))
        }
    };
    witnesses.tell(finished, status, detail);
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
    let mut shell = child_environment::shell(command);
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

/// Opens a file to add to it; `None` where the disk refuses or does not answer at once. On a thread of its own: whoever waits for the disk here
/// holds up the workload, and the failover.
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

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}
