//! `lab up`: starts the background process, waits for it, and describes how to connect.

use std::{
    fs,
    io::{IsTerminal, stderr},
    path::Path,
    process::Stdio,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use command_line::text::{one_line, shell_word};

use crate::{
    account::Account,
    application::PROXY_HOST,
    control::Startup,
    dns::{READER_NAME, WRITER_NAME},
    error::LabError,
    node_name::NodeName,
    options::{LabOptions, Replication},
    process::{Signal, send_signal},
    serve::StopSignals,
    site::{self, Folder, default_dir},
    software::ensure_installed,
    state::LabState,
};

/// Starts a lab in `dir` in a background process and returns when it is up, about 3 s later.
///
/// # Errors
/// As [`crate::Lab::start`]; a lab that runs in the folder already; an interruption by Ctrl-C.
pub(crate) async fn up(options: &LabOptions, dir: &Path) -> Result<(), LabError> {
    options.validate()?;
    ensure_installed()?;
    let mut stop = StopSignals::new()?;
    let folder = Folder::prepare(Some(dir), &Account::detect()?)?;
    let log = folder.path.join("log").join("serve.log");
    let mut child = start_background(options, &folder.path, &log)?;
    let outcome = tokio::select! {
        outcome = await_ready(&mut child, &log) => outcome,
        () = stop.received() => Err(LabError::Interrupted),
    };
    if outcome.is_err() {
        if let Some(pid) = child.id() {
            send_signal(Signal::Terminate, &[pid]).map_err(LabError::io("stopping the lab"))?;
        }
        child
            .wait()
            .await
            .map_err(LabError::io("waiting for the lab to stop"))?;
    }
    // After a failure the logs in the folder say why; after an interruption they are of no use.
    if matches!(outcome, Err(LabError::Interrupted)) {
        site::remove(&folder.path)?;
    }
    outcome
}

fn start_background(options: &LabOptions, dir: &Path, log: &Path) -> Result<Child, LabError> {
    let program = std::env::current_exe().map_err(LabError::io("finding this program"))?;
    let log = fs::File::create(log).map_err(LabError::io(format!("writing {}", log.display())))?;
    Command::new(program)
        .arg("serve")
        .arg("--dir")
        .arg(dir)
        .args(["--port", &options.port.to_string()])
        .args(["--proxy-port", &options.proxy_port.to_string()])
        .args(["--dns-port", &options.dns_port.to_string()])
        .args(["--ttl", &format!("{}s", options.ttl.as_secs())])
        .args(["--replication", replication_name(options.replication)])
        .args(options.relay.then_some("--relay"))
        .args(["--readers", &options.readers.to_string()])
        .args(options.tls.then_some("--tls"))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        // Out of our process group: Ctrl-C at this terminal is not meant for it.
        .process_group(0)
        .spawn()
        .map_err(LabError::io("starting the background process"))
}

fn replication_name(replication: Replication) -> &'static str {
    match replication {
        Replication::Sync => "sync",
        Replication::Async => "async",
    }
}

async fn await_ready(child: &mut Child, log: &Path) -> Result<(), LabError> {
    let ended = || LabError::Program {
        what: "the lab's background process".to_owned(),
        detail: format!("it ended before the lab was up; its log: {}", log.display()),
    };
    let mut lines = BufReader::new(child.stdout.take().ok_or_else(ended)?).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(Startup::Progress(text)) => progress(&text),
            Ok(Startup::Ready) => return Ok(()),
            Ok(Startup::Failed { message, exit_code }) => {
                return Err(LabError::Background { message, exit_code });
            }
            Err(_) => return Err(ended()),
        }
    }
    Err(ended())
}

/// Progress, on a terminal only.
pub(crate) fn progress(text: &str) {
    if stderr().is_terminal() {
        eprintln!("lab: {text}");
    }
}

/// The lab's parts as shell comments, and the exports that `recorder` reads.
///
/// # Errors
/// No lab runs in `dir`.
pub(crate) fn describe(dir: &Path) -> Result<String, LabError> {
    let state = LabState::load_running(dir)?;
    let dir = &std::path::absolute(dir).map_err(LabError::io(format!("{}", dir.display())))?;
    let app = state.application(dir);
    let LabState {
        port,
        proxy_port,
        dns_server,
        ttl_s,
        readers,
        ..
    } = state;
    let (a, last) = (NodeName::A.address(), NodeName::ALL[readers].address());
    let servers = if readers == 1 { "and" } else { "to" };
    Ok(format!(
        "# PostgreSQL   {a}:{port} {servers} {last}:{port}, {replication} replication{tls}
# proxy        127.0.0.1:{proxy_port}, pgbouncer, transaction pooling
# names        {WRITER_NAME} (TTL {ttl_s} s), served at {dns_server}
# folder       {folder} (logs, steps.jsonl), pid {pid}
# reads        export PGOUTAGE_DIRECT_READER_URL='{reads}' sends them to the readers
# next         {next}
export PGOUTAGE_DIRECT_URL='{direct}'
export PGOUTAGE_PROXY_URL='{proxy}'
export PGOUTAGE_DNS_SERVER={dns_server}
",
        replication = match state.replication {
            Replication::Sync => "synchronous",
            Replication::Async => "asynchronous",
        },
        // A line break in it would end the comment.
        folder = one_line(&dir.display().to_string()),
        next = one_line(&next(dir)),
        pid = state.owner.pid,
        tls = if state.has_tls { ", TLS" } else { "" },
        reads = app.url(READER_NAME, port),
        direct = app.url(WRITER_NAME, port),
        proxy = app.url(PROXY_HOST, proxy_port),
    ))
}

/// Commands that record a failover of the lab in `dir` and stop it. They name the folder where it is not the default one.
fn next(dir: &Path) -> String {
    let of_lab = match dir == default_dir() {
        true => String::new(),
        false => format!(" --dir {}", shell_word(&dir.display().to_string())),
    };
    let failover = shell_word(&format!("lab failover{of_lab}"));
    format!(
        "recorder setup; recorder run --duration 60 --failover-after 20s --failover-command {failover}; lab down{of_lab}"
    )
}
