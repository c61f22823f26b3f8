//! `lab demo`: the whole product once, in a lab of its own that is stopped at the end, whatever happens.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use command_line::{process::describe, text::shell_word};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{ChildStdout, Command},
};

use crate::{
    application::PROXY_HOST,
    dns::WRITER_NAME,
    down::down,
    error::LabError,
    options::LabOptions,
    process::{Signal, send_signal},
    serve::StopSignals,
    site::random_word,
    state::{LabState, path as state_file},
    step::{Step, lines, steps_file},
    up::up,
};

/// How long the recording lasts, and when in it the writer is crashed.
const DURATION: &str = "60";
const FAILOVER_AFTER: &str = "20s";
/// Per path: about 33 operations per second, 10 of them writes or transactions.
const WORKERS: &str = "10";
/// How long an interrupted recorder may take to finish its recording.
const FINISH_LIMIT: Duration = Duration::from_secs(20);

/// Runs the demo, with the recording in `out`; returns what to print last.
///
/// # Errors
/// A program is missing in the folder of this one, or a step fails; the lab is stopped all the same.
pub(crate) async fn demo(out: &Path) -> Result<String, LabError> {
    let tools = Tools::find()?;
    let mut stop = StopSignals::new()?;
    let dir = std::env::temp_dir().join(format!("pgoutage-demo-{}", random_word(8)));
    let shown = show(&tools, &dir, out, &mut stop).await;
    if !state_file(&dir).exists() {
        return shown;
    }
    announce("lab down");
    let stopped = down(&dir, false).await;
    // The first failure is the one to report.
    shown.and_then(|text| stopped.map(|()| text))
}

/// The programs of the product, which are built into one folder.
struct Tools {
    lab: PathBuf,
    recorder: PathBuf,
    analyze: PathBuf,
}

impl Tools {
    fn find() -> Result<Self, LabError> {
        let lab = std::env::current_exe().map_err(LabError::io("finding this program"))?;
        let neighbour = |name: &str| {
            let program = lab.with_file_name(name);
            match program.is_file() {
                true => Ok(program),
                false => Err(LabError::Missing {
                    what: format!("the program {}", program.display()),
                    remedy: "cargo build --workspace".to_owned(),
                }),
            }
        };
        Ok(Self {
            recorder: neighbour("recorder")?,
            analyze: neighbour("analyze")?,
            lab,
        })
    }

    /// `recorder` on the paths of this lab.
    fn recorder(&self, state: &LabState, dir: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.recorder);
        // In the environment, not in the process list: the URLs hold the password.
        let app = state.application(dir);
        command
            .env("PGOUTAGE_DIRECT_URL", app.url(WRITER_NAME, state.port))
            .env("PGOUTAGE_PROXY_URL", app.url(PROXY_HOST, state.proxy_port))
            .env("PGOUTAGE_DNS_SERVER", state.dns_server.to_string())
            // Where these are set, they lead to another cluster.
            .env_remove("PGOUTAGE_DIRECT_READER_URL")
            .env_remove("PGOUTAGE_PROXY_READER_URL")
            .args(arguments);
        command
    }
}

fn announce(what: &str) {
    eprintln!("\n==> {what}");
}

/// Everything up to the end of the analysis; returns what to print last.
async fn show(
    tools: &Tools,
    dir: &Path,
    out: &Path,
    stop: &mut StopSignals,
) -> Result<String, LabError> {
    announce("lab up");
    let options = LabOptions {
        dir: Some(dir.to_owned()),
        ..LabOptions::default()
    };
    up(&options, dir).await?;
    let state = LabState::load_running(dir)?;
    announce("recorder setup");
    let setup = tools.recorder(&state, dir, &["setup"]);
    run("recorder setup", setup, stop).await?;
    let folder = record(tools, &state, dir, out, stop).await?;
    let steps = keep_steps(dir, &folder)?;

    announce("analyze report");
    let analyze = |what: &str| {
        let mut command = Command::new(&tools.analyze);
        command.arg(what).arg(&folder);
        command
    };
    run("analyze report", analyze("report"), stop).await?;
    announce("analyze charts");
    let charts = run("analyze charts", analyze("charts"), stop).await?;
    Ok(closing(&steps, &folder, &charts))
}

/// Records the failover, and returns the recording's folder.
async fn record(
    tools: &Tools,
    state: &LabState,
    dir: &Path,
    out: &Path,
    stop: &mut StopSignals,
) -> Result<PathBuf, LabError> {
    announce(&format!(
        "recorder run: {DURATION} s on both paths, the writer crashes after {FAILOVER_AFTER}"
    ));
    let word = |path: &Path| shell_word(&path.display().to_string());
    let failover = format!("{} failover --dir {}", word(&tools.lab), word(dir));
    let mut recorder = tools.recorder(state, dir, &["run", "--mode", "both"]);
    // More workers than the default three: the proxy is away for a second, in which each group has to run a few operations.
    recorder
        .args(["--duration", DURATION, "--failover-after", FAILOVER_AFTER])
        .args(["--concurrent-workers", WORKERS, "--pool-size", WORKERS])
        .args(["--failover-command", &failover])
        .arg("--out")
        .arg(out);
    let printed = run("recorder run", recorder, stop).await?;
    let folder = printed.last().map(PathBuf::from);
    folder
        .filter(|folder| folder.is_dir())
        .ok_or_else(|| LabError::Program {
            what: "recorder run".to_owned(),
            detail: "its last line names no folder".to_owned(),
        })
}

fn closing(steps: &[Step], folder: &Path, charts: &[String]) -> String {
    let charts: String = charts.iter().map(|chart| format!("  {chart}\n")).collect();
    format!(
        "\nThe steps of the lab, by its own clock (UTC, offset from the crash), to compare the reported downtimes with:\n{}\n\
         recording  {}\ncharts\n{charts}",
        lines(steps),
        folder.display()
    )
}

/// Copies the lab's steps into the recording, for a later analysis.
fn keep_steps(dir: &Path, recording: &Path) -> Result<Vec<Step>, LabError> {
    let logs = recording.join("logs");
    let copy = logs.join("lab-steps.jsonl");
    let text = fs::create_dir_all(&logs)
        .and_then(|()| fs::copy(steps_file(dir), &copy))
        .and_then(|_| fs::read_to_string(&copy))
        .map_err(LabError::io(format!(
            "copying the lab's steps to {}",
            copy.display()
        )))?;
    text.lines()
        .map(|line| {
            serde_json::from_str(line)
                .map_err(|error| LabError::State(format!("{}: {error}", copy.display())))
        })
        .collect()
}

/// Runs a program of the product, prints its lines as they come, and returns them. When interrupted, it ends the program cleanly.
async fn run(
    what: &str,
    mut command: Command,
    stop: &mut StopSignals,
) -> Result<Vec<String>, LabError> {
    // Out of our process group: at Ctrl-C we send it one signal; a second one would cut it short.
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(LabError::io(format!("starting {what}")))?;
    let mut reading = Box::pin(read_lines(child.stdout.take()));
    let output = tokio::select! {
        output = &mut reading => output.map_err(LabError::io(format!("reading from {what}")))?,
        () = stop.received() => {
            if let Some(pid) = child.id() {
                send_signal(Signal::Terminate, &[pid]).map_err(LabError::io(format!("interrupting {what}")))?;
            }
            // It prints more while it ends. After the limit it is killed when it is dropped.
            let _ = tokio::time::timeout(FINISH_LIMIT, async { tokio::join!(reading, child.wait()) }).await;
            return Err(LabError::Interrupted);
        }
    };
    let status = child
        .wait()
        .await
        .map_err(LabError::io(format!("waiting for {what}")))?;
    match status.success() {
        true => Ok(output),
        false => Err(LabError::Program {
            what: what.to_owned(),
            detail: describe(status),
        }),
    }
}

async fn read_lines(stdout: Option<ChildStdout>) -> std::io::Result<Vec<String>> {
    let mut printed = Vec::new();
    if let Some(stdout) = stdout {
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            // Where our output is no longer read, the demo goes on.
            let _ = writeln!(std::io::stdout(), "{line}");
            printed.push(line);
        }
    }
    Ok(printed)
}
