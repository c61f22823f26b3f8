//! The background process of `lab up`: holds the lab, serves the control socket, ends on SIGTERM.

use std::{fs, io::Write, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    signal::unix::{Signal, SignalKind, signal},
    sync::{Mutex, mpsc},
    task::JoinSet,
};

use crate::{
    cluster::Lab,
    control::{self, Reply, Request, Startup},
    error::LabError,
    options::LabOptions,
    step::Step,
};

/// Starts a lab, reports to `lab up` on standard output, and holds the lab until SIGTERM or SIGINT.
///
/// # Errors
/// As [`Lab::start`]; `lab up` has it too.
pub(crate) async fn serve(options: LabOptions) -> Result<(), LabError> {
    let mut stop = StopSignals::new()?;
    let served = tokio::select! {
        served = start_and_listen(options) => served,
        () = stop.received() => return Ok(()),
    };
    match served {
        Ok((lab, listener)) => {
            report(&Startup::Ready);
            serve_clients(lab, &listener, stop).await;
            Ok(())
        }
        Err(error) => {
            report(&Startup::Failed {
                message: error.to_string(),
                exit_code: error.exit_code(),
            });
            Err(error)
        }
    }
}

async fn start_and_listen(options: LabOptions) -> Result<(Lab, UnixListener), LabError> {
    if let Some(dir) = &options.dir {
        control::socket(dir)?;
    }
    let lab = Lab::start_with(options, &mut |text| {
        report(&Startup::Progress(text.to_owned()));
    })
    .await?;
    let listener = listen(lab.dir())?;
    Ok((lab, listener))
}

/// To `lab up`, which may be gone by now: the lab runs without it.
fn report(message: &Startup) {
    if let Ok(line) = control::line(message) {
        let mut stdout = std::io::stdout();
        let _ = stdout
            .write_all(line.as_bytes())
            .and_then(|()| stdout.flush());
    }
}

fn listen(dir: &Path) -> Result<UnixListener, LabError> {
    let path = control::socket(dir)?;
    let failed = || LabError::io(format!("listening on {}", path.display()));
    let listener = UnixListener::bind(&path).map_err(failed())?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(failed())?;
    Ok(listener)
}

async fn serve_clients(lab: Lab, listener: &UnixListener, mut stop: StopSignals) {
    let lab = Arc::new(Mutex::new(lab));
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.received() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    clients.spawn(answer(stream, Arc::clone(&lab)));
                }
                Err(error) => eprintln!("lab: control socket: {error}"),
            },
            Some(_) = clients.join_next() => {}
        }
    }
    // Each client holds the lab; only when they are gone does dropping ours stop it.
    clients.shutdown().await;
}

async fn answer(stream: UnixStream, lab: Arc<Mutex<Lab>>) {
    let (reading, mut writing) = stream.into_split();
    let (replies, mut outgoing) = mpsc::unbounded_channel();
    let work = async move {
        let reply = match BufReader::new(reading).lines().next_line().await {
            Ok(Some(text)) => match serve_request(&text, &lab, &replies).await {
                Ok(()) => Reply::Done,
                Err(error) => Reply::Failed {
                    message: error.to_string(),
                    exit_code: error.exit_code(),
                },
            },
            _ => return,
        };
        let _ = replies.send(reply);
    };
    let write = async move {
        while let Some(reply) = outgoing.recv().await {
            let Ok(line) = control::line(&reply) else {
                continue;
            };
            // The client may be gone: the failover goes on to its end, and steps.jsonl has it.
            let _ = writing.write_all(line.as_bytes()).await;
        }
    };
    tokio::join!(work, write);
}

async fn serve_request(
    text: &str,
    lab: &Mutex<Lab>,
    replies: &mpsc::UnboundedSender<Reply>,
) -> Result<(), LabError> {
    let request: Request = serde_json::from_str(text)
        .map_err(|error| LabError::State(format!("not a request: {error}")))?;
    let mut lab = lab.try_lock().map_err(|_| {
        LabError::State("the lab is busy with another request: wait until it is done".to_owned())
    })?;
    let on_step = |step: &Step| {
        let _ = replies.send(Reply::Step(step.clone()));
    };
    match request {
        Request::Failover(options) => lab.failover(&options, on_step).await,
        Request::Heal => lab.heal(on_step).await,
    }
    .map(drop)
}

/// SIGTERM and SIGINT, caught as long as this exists.
pub(crate) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    pub(crate) fn new() -> Result<Self, LabError> {
        let catch = |kind| signal(kind).map_err(LabError::io("catching signals"));
        Ok(Self {
            terminate: catch(SignalKind::terminate())?,
            interrupt: catch(SignalKind::interrupt())?,
        })
    }

    /// Waits for one of them.
    pub(crate) async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
