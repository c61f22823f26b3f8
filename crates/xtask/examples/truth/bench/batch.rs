//! One recording with several faults in it, under one load.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use command_line::process::describe;
use lab::{Lab, Step};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::breaks;
use super::load::Load;
use super::plan::{self, Fault};
use super::witness::Witness;

/// How long the recorder may take to begin, and to end.
const RECORDER_LIMIT: Duration = Duration::from_secs(60);
/// Healthy time at both ends of a recording: no outage may be open there.
const CALM: Duration = Duration::from_secs(3);

/// A fault, made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) fault: Fault,
    pub(crate) steps: Vec<Step>,
    /// What failed, so that the lab had to heal.
    pub(crate) trouble: Option<String>,
}

/// A recording, and what was done to it.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) load: Load,
    pub(crate) folder: PathBuf,
    pub(crate) made: Vec<Made>,
}

/// What is recorded: the faults one after the other, or some time without any.
pub(crate) struct Plan<'a> {
    pub(crate) load: Load,
    pub(crate) faults: &'a [Fault],
    pub(crate) steady: Duration,
    /// The recorder's URL has a first host that is not there, and may be silent ([`breaks::silent_host`]).
    pub(crate) has_silent_host: bool,
}

/// Where batches are recorded.
pub(crate) struct Bench<'a> {
    pub(crate) lab: &'a mut Lab,
    pub(crate) witness: &'a Witness,
    /// The folder for the recordings.
    pub(crate) out: &'a Path,
    /// The folder of `recorder` and `analyze`.
    pub(crate) programs: &'a Path,
}

impl Bench<'_> {
    /// Records what is planned. `on_fault` gets each fault as it begins.
    pub(crate) async fn record(
        &mut self,
        plan: &Plan<'_>,
        mut on_fault: impl FnMut(&Fault),
    ) -> Result<Batch> {
        self.witness.await_calm().await?;
        let mut recorder = Recorder::start(self.lab, plan, self.out, self.programs).await?;
        self.witness.await_calm().await?;
        sleep(CALM + plan.steady).await;
        let mut made = Vec::new();
        for fault in plan.faults {
            self.witness.renew();
            self.witness.await_calm().await?;
            sleep(fault.calm).await;
            on_fault(fault);
            made.push(self.make(fault, plan.load, &recorder).await?);
        }
        self.witness.await_calm().await?;
        sleep(CALM).await;
        recorder.end().await?;
        Ok(Batch {
            load: plan.load,
            folder: recorder.folder,
            made,
        })
    }
}

/// Makes the recorder's tables, and the application's settings.
pub(crate) async fn set_up(lab: &Lab, programs: &Path) -> Result<()> {
    let mut setup = Program::new(programs.join("recorder"));
    setup.args(["setup", "--orders", "1000", "--logs", "1000"]);
    setup
        .env("PGOUTAGE_DIRECT_URL", lab.direct_url())
        .env("PGOUTAGE_DNS_SERVER", lab.dns_server().to_string())
        .stdin(Stdio::null());
    breaks::set_lock_timeout(lab).await?;
    let output = setup.output().context("recorder setup")?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("recorder setup {}: {stderr}", describe(output.status));
    }
    Ok(())
}

/// The recorder at work; it is killed where this is dropped before its end.
pub(crate) struct Recorder {
    child: Child,
    pub(crate) folder: PathBuf,
    log: PathBuf,
}

impl Recorder {
    /// Returns when the recording has begun.
    async fn start(lab: &Lab, plan: &Plan<'_>, out: &Path, programs: &Path) -> Result<Self> {
        let before = recordings(out)?;
        let log = out.join(format!("recorder-{}.log", before.len() + 1));
        let stderr = fs::File::create(&log).with_context(|| format!("making {}", log.display()))?;
        // It is interrupted at the end; where this bench is killed, it must not run for ever.
        let longest = plan::estimate(plan.faults) * 2 + plan.steady + Duration::from_secs(600);
        let direct_url = match plan.has_silent_host {
            true => breaks::with_silent_host(lab)?,
            false => lab.direct_url(),
        };
        let mut command = Command::new(programs.join("recorder"));
        command
            .args(["run", "--duration", &longest.as_secs().to_string(), "--out"])
            .arg(out)
            .args(plan.load.flags())
            .env("PGOUTAGE_DIRECT_URL", direct_url)
            .env("PGOUTAGE_PROXY_URL", lab.proxy_url())
            .env("PGOUTAGE_DNS_SERVER", lab.dns_server().to_string())
            .env_remove("PGOUTAGE_DIRECT_READER_URL")
            .env_remove("PGOUTAGE_PROXY_READER_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .kill_on_drop(true);
        let mut child = command.spawn().context("recorder run")?;
        let deadline = Instant::now() + RECORDER_LIMIT;
        loop {
            if let Some(folder) = recordings(out)?.difference(&before).next() {
                let folder = folder.clone();
                return Ok(Self { child, folder, log });
            }
            let ended = child.try_wait().context("recorder run")?;
            if ended.is_some() || Instant::now() > deadline {
                let stderr = fs::read_to_string(&log).unwrap_or_default();
                bail!("recorder run did not begin: {stderr}");
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let id = self.child.id().context("recorder run ended by itself")?;
        let pid = Pid::from_raw(i32::try_from(id)?).context("the recorder's process id")?;
        kill_process(pid, signal).context("a signal to recorder run")
    }

    /// Interrupts it, and waits until the recording is sealed.
    async fn end(&mut self) -> Result<()> {
        self.signal(Signal::INT)?;
        let status = timeout(RECORDER_LIMIT, self.child.wait()).await;
        let status = status
            .context("recorder run does not end")?
            .context("recorder run")?;
        if !status.success() {
            let stderr = fs::read_to_string(&self.log).unwrap_or_default();
            bail!("recorder run {}: {stderr}", describe(status));
        }
        Ok(())
    }
}

/// The folders in `out` that hold a recording.
fn recordings(out: &Path) -> Result<BTreeSet<PathBuf>> {
    let entries = fs::read_dir(out).with_context(|| format!("reading {}", out.display()))?;
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(folders
        .filter(|folder| folder.join("manifest.json").is_file())
        .collect())
}
