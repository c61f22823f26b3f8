//! The recorder, as a program of its own.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use command_line::process::describe;
use lab::Lab;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// How long the recorder may take to begin, and to end.
const RECORDER_LIMIT: Duration = Duration::from_secs(60);

/// Makes the recorder's tables.
pub(crate) fn set_up(lab: &Lab, programs: &Path) -> Result<()> {
    let mut setup = Program::new(programs.join("recorder"));
    setup.args(["setup", "--orders", "1000", "--logs", "1000"]);
    setup
        .env("PGOUTAGE_DIRECT_URL", lab.direct_url())
        .env("PGOUTAGE_DNS_SERVER", lab.dns_server().to_string())
        .stdin(Stdio::null());
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
    /// `recorder run` on the paths of `lab`, without its load and its length.
    pub(crate) fn command(lab: &Lab, direct_url: &str, programs: &Path) -> Command {
        let mut command = Command::new(programs.join("recorder"));
        command
            .arg("run")
            .env("PGOUTAGE_DIRECT_URL", direct_url)
            .env("PGOUTAGE_PROXY_URL", lab.proxy_url())
            .env("PGOUTAGE_DNS_SERVER", lab.dns_server().to_string())
            .env_remove("PGOUTAGE_DIRECT_READER_URL")
            .env_remove("PGOUTAGE_PROXY_READER_URL");
        command
    }

    /// Returns when the recording has begun, in a folder of `out`.
    pub(crate) async fn start(mut command: Command, out: &Path) -> Result<Self> {
        let before = recordings(out)?;
        let log = out.join(format!("recorder-{}.log", before.len() + 1));
        let stderr = fs::File::create(&log).with_context(|| format!("making {}", log.display()))?;
        command
            .arg("--out")
            .arg(out)
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
    pub(crate) async fn end(&mut self) -> Result<()> {
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
