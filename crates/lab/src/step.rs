//! The steps of a fault: what was done when. They are the ground truth that measured figures are held against.

use std::{
    fmt, fs,
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, SecondsFormat};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::error::LabError;

/// What a step is. The first of a fault, apart from `held`, is the time that every offset is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// From now on the reader gets nothing of the writer's log.
    Held,
    /// The writer's last process is dead.
    Crash,
    /// The writer gets its signal to shut down.
    Stopping,
    /// The writer has shut down.
    Stopped,
    /// The writer's last process is frozen.
    Frozen,
    /// The writer's processes continue.
    Thawed,
    /// Packets to and from the writer are dropped.
    Blackholed,
    /// Packets to and from the old writer's address are forwarded again.
    Forwarding,
    /// The network is slow.
    Slowed,
    /// The network is as fast as before.
    Restored,
    /// The controller's third probe in a row failed.
    Detected,
    /// The old writer's last process is dead: it can do no more harm.
    Fenced,
    /// pgbouncer is killed.
    ProxyStopped,
    /// pgbouncer answers again.
    ProxyStarted,
    /// Statements wait in pgbouncer.
    ProxyPaused,
    /// The new writer acknowledged its first write.
    Promoted,
    /// pgbouncer sends statements to the new writer.
    ProxyResumed,
    /// The writer acknowledged its first write after it was started in place.
    Restarted,
    /// The old writer answers queries again, as a reader, behind its old address.
    ReturnedAsReader,
    /// Another reader follows the new writer.
    Follows,
    /// The writer's name resolves to the new address; resolvers may keep the old one for another TTL.
    DnsChanged,
    /// The program that holds the lab broke something itself; the detail says what.
    Broken,
    /// What it broke is as before.
    Mended,
    /// A writer, a reader that follows it, and proxy and DNS lead to them; after a failover the roles are exchanged.
    Healthy,
}

impl StepKind {
    /// The step's name, as in `steps.jsonl`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Crash => "crash",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Frozen => "frozen",
            Self::Thawed => "thawed",
            Self::Blackholed => "blackholed",
            Self::Forwarding => "forwarding",
            Self::Slowed => "slowed",
            Self::Restored => "restored",
            Self::Detected => "detected",
            Self::Fenced => "fenced",
            Self::ProxyStopped => "proxy_stopped",
            Self::ProxyStarted => "proxy_started",
            Self::ProxyPaused => "proxy_paused",
            Self::Promoted => "promoted",
            Self::ProxyResumed => "proxy_resumed",
            Self::Restarted => "restarted",
            Self::ReturnedAsReader => "returned_as_reader",
            Self::Follows => "follows",
            Self::DnsChanged => "dns_changed",
            Self::Broken => "broken",
            Self::Mended => "mended",
            Self::Healthy => "healthy",
        }
    }
}

/// A step that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// UTC, microseconds since 1970.
    pub time_us: i64,
    pub step: StepKind,
    /// Where and how.
    pub detail: String,
}

impl Step {
    /// One line: UTC time, offset from the fault, name, detail.
    #[must_use]
    pub fn line(&self, fault_us: i64) -> String {
        format!(
            "{}  {:>+10.6} s  {:<18}  {}",
            utc(self.time_us),
            (self.time_us - fault_us) as f64 / 1e6,
            self.step,
            self.detail
        )
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// RFC 3339 with microseconds, in UTC.
#[must_use]
pub fn utc(time_us: i64) -> String {
    DateTime::from_timestamp_micros(time_us).map_or_else(
        || format!("{time_us} us"),
        |time| time.to_rfc3339_opts(SecondsFormat::Micros, true),
    )
}

/// The lines of a failover's steps, with offsets from its fault.
#[must_use]
pub fn lines(steps: &[Step]) -> String {
    let fault = steps.iter().find(|step| step.step != StepKind::Held);
    let fault_us = fault.or(steps.first()).map_or(0, |step| step.time_us);
    steps
        .iter()
        .map(|step| step.line(fault_us) + "\n")
        .collect()
}

/// Where a lab keeps its steps.
#[must_use]
pub fn steps_file(dir: &Path) -> PathBuf {
    dir.join("steps.jsonl")
}

/// The steps of one fault: each is timed, written to `steps.jsonl`, and given to a callback.
pub(crate) struct StepLog<'a> {
    start_us: i64,
    start: Instant,
    inner: Mutex<Inner<'a>>,
}

struct Inner<'a> {
    note: Option<String>,
    file: fs::File,
    steps: Vec<Step>,
    on_step: &'a mut (dyn FnMut(&Step) + Send),
}

impl<'a> StepLog<'a> {
    /// `note` is appended to the first step's detail.
    pub(crate) fn open(
        dir: &Path,
        note: Option<String>,
        on_step: &'a mut (dyn FnMut(&Step) + Send),
    ) -> Result<Self, LabError> {
        let path = steps_file(dir);
        let file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(LabError::io(format!("opening {}", path.display())))?;
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        // One wall-clock anchor: a step of the wall clock must not bend the offsets.
        Ok(Self {
            start_us: since_1970.as_micros() as i64,
            start: Instant::now(),
            inner: Mutex::new(Inner {
                note,
                file,
                steps: Vec::new(),
                on_step,
            }),
        })
    }

    /// Notes that `step` is done now.
    pub(crate) fn note(&self, step: StepKind, detail: String) -> Result<(), LabError> {
        self.note_at(Instant::now(), step, detail)
    }

    /// Notes that `step` was done at `at`: what is measured from that moment must start exactly there.
    pub(crate) fn note_at(
        &self,
        at: Instant,
        step: StepKind,
        detail: String,
    ) -> Result<(), LabError> {
        let time_us = self.start_us + at.saturating_duration_since(self.start).as_micros() as i64;
        let mut inner = self.inner.lock();
        let note = inner.note.take().unwrap_or_default();
        let step = Step {
            time_us,
            step,
            detail: detail + &note,
        };
        let mut line =
            serde_json::to_string(&step).map_err(|error| LabError::State(error.to_string()))?;
        line.push('\n');
        inner
            .file
            .write_all(line.as_bytes())
            .map_err(LabError::io("writing steps.jsonl"))?;
        (inner.on_step)(&step);
        inner.steps.push(step);
        Ok(())
    }

    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.inner.into_inner().steps
    }
}

/// Sleeps until `after` has passed since `fault`.
pub(crate) async fn until(fault: Instant, after: Duration) {
    tokio::time::sleep_until((fault + after).into()).await;
}
