//! `lab demo`: the whole product once, in a lab of its own that is gone at the end, whatever happens.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

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
/// Workers per path: about 33 operations per second, 10 of them for a writer.
const WORKERS: &str = "10";
/// How long an interrupted recorder may take to finish its recording.
const FINISH_LIMIT: Duration = Duration::from_secs(20);

/// Runs the demo, with the recording in `out`; returns what to print last.
///
/// # Errors
/// A program is missing beside this one, or a step fails; the lab is gone nevertheless.
pub async fn demo(out: &Path) -> Result<String, LabError> {
    let tools = Tools::find()?;
    let mut stop = StopSignals::new()?;
    let dir = std::env::temp_dir().join(format!("pgoutage-demo-{}", random_word(8)));
    let shown = show(&tools, &dir, out, &mut stop).await;
    if !state_file(&dir).exists() {
        return shown;
    }
    announce("lab down");
    let stopped = down(&dir, false).await;
    // The first failure is the one to hear of.
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
        let beside = |name: &str| {
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
            recorder: beside("recorder")?,
            analyze: beside("analyze")?,
            lab,
        })
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
    let recorder = |arguments: &[&str]| {
        let mut command = Command::new(&tools.recorder);
        // In the environment, not in the process list: the URLs hold the password.
        let app = state.application(dir);
        command.env("PGOUTAGE_DIRECT_URL", app.url(WRITER_NAME, state.port));
        command.env("PGOUTAGE_PROXY_URL", app.url(PROXY_HOST, state.proxy_port));
        // Where these are set, they lead somewhere else than into the lab.
        command.env_remove("PGOUTAGE_DIRECT_READER_URL");
        command.env_remove("PGOUTAGE_PROXY_READER_URL");
        command.env("PGOUTAGE_DNS_SERVER", state.dns_server.to_string());
        command.args(arguments);
        command
    };

    announce("recorder setup");
    run("recorder setup", recorder(&["setup"]), stop).await?;

    announce(&format!(
        "recorder run: {DURATION} s on both paths, the writer crashes after {FAILOVER_AFTER}"
    ));
    let failover = format!("{} failover --dir {}", quoted(&tools.lab), quoted(dir));
    let mut recording = recorder(&["run", "--mode", "both", "--duration", DURATION]);
    // More workers than the default three: the proxy is away for a second, in which each group has to be asked a few times.
    recording
        .args(["--concurrent-workers", WORKERS, "--pool-size", WORKERS])
        .args([
            "--failover-command",
            &failover,
            "--failover-after",
            FAILOVER_AFTER,
        ])
        .arg("--out")
        .arg(out);
    let printed = run("recorder run", recording, stop).await?;
    let Some(folder) = printed
        .last()
        .map(PathBuf::from)
        .filter(|folder| folder.is_dir())
    else {
        return Err(LabError::Program {
            what: "recorder run".to_owned(),
            detail: "its last line names no folder".to_owned(),
        });
    };
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

fn closing(steps: &[Step], folder: &Path, charts: &[String]) -> String {
    let charts: String = charts.iter().map(|chart| format!("  {chart}\n")).collect();
    format!(
        "\nWhat the lab did, by its own clock (UTC, offset from the crash); hold the reported downtimes against it:\n{}\n\
         recording  {}\ncharts\n{charts}",
        lines(steps),
        folder.display()
    )
}

/// The lab's steps go with the recording, for whoever analyzes it later.
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

/// A path as one word for the shell, whatever is in it.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// Runs a program of the product, prints its lines as they come, and returns them. Interrupted, it lets the program end cleanly.
async fn run(
    what: &str,
    mut command: Command,
    stop: &mut StopSignals,
) -> Result<Vec<String>, LabError> {
    // Out of our process group: at Ctrl-C we tell it to stop, once; a second signal would cut it short.
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
            // It has things to say while it ends: read on. Past the limit it is killed when it is dropped.
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
            detail: status.to_string(),
        }),
    }
}

async fn read_lines(stdout: Option<ChildStdout>) -> std::io::Result<Vec<String>> {
    let mut printed = Vec::new();
    if let Some(stdout) = stdout {
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            // Whoever reads our output may stop reading; the demo goes on.
            let _ = writeln!(std::io::stdout(), "{line}");
            printed.push(line);
        }
    }
    Ok(printed)
}
