//! pgbench while it runs: started again whenever a failover cuts it, its progress recorded.

use std::path::Path as FilePath;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use command_line::process;
use recording::vocabulary::{EventKind, Path};
use recording::{Clock, Event, Handle, Load};
use tokio::process::Child;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use crate::monitor::Monitor;
use crate::pgbench::command::{Caller, load_arguments};
use crate::pgbench::error::PgbenchError;
use crate::pgbench::options::{LoadOptions, Target};
use crate::pgbench::output;
use crate::pgbench::output::last_error;
use crate::pgbench::output::{Log, Waiting};
use crate::pgbench::passfile::PassFile;
use crate::pgbench::program::Program;
use crate::pgbench::progress;
use crate::pgbench::progress::ProgressLine;

/// From the end of one pgbench to the start of the next.
const RESTART_PAUSE: Duration = Duration::from_millis(250);
/// pgbench prints a line a second; without one for this long its threads hang.
const SILENCE_LIMIT: Duration = Duration::from_secs(3);
/// Before its first line it connects its clients one after the other, each within 5 s.
const FIRST_LINE_LIMIT: Duration = Duration::from_secs(15);

/// Where rows go once the recording has begun.
struct Recorded {
    handle: Handle,
    clock: Clock,
}

impl Recorded {
    fn event(&self, path: Path, kind: EventKind, detail: String) {
        self.handle.event(Event {
            time: self.clock.now_us(),
            path: Some(path),
            kind,
            duration_us: None,
            status: None,
            detail,
        });
    }
}

/// pgbench on one path. Dropping this kills it, without a row.
pub struct Running {
    path: Path,
    what: String,
    started: Instant,
    recorded: Arc<OnceLock<Recorded>>,
    monitor: Arc<Monitor>,
    waiting: Option<Waiting>,
    log_thread: Option<thread::JoinHandle<()>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// Opens the gate: progress and restarts become rows from now on, and the output, that of the warm-up first, goes to
    /// `pgbench-<path>.log` in the folder `logs`.
    ///
    /// # Errors
    /// [`PgbenchError::Io`] where the file can't be made.
    pub fn begin_recording(
        &mut self,
        handle: Handle,
        clock: Clock,
        logs: &FilePath,
    ) -> Result<(), PgbenchError> {
        if let Some(waiting) = self.waiting.take() {
            let file = logs.join(format!("pgbench-{}.log", self.path));
            self.log_thread = Some(waiting.write_to(&file, Arc::clone(&self.monitor))?);
            let recorded = self.recorded.get_or_init(|| Recorded { handle, clock });
            let detail = format!(
                "{}, running for {:.1} s",
                self.what,
                self.started.elapsed().as_secs_f64()
            );
            recorded.event(self.path, EventKind::LoadStarted, detail);
        }
        Ok(())
    }

    /// Kills pgbench, waits until it is gone and its log is written, and records that it was stopped.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let ended = self.task.await;
        if let Some(recorded) = self.recorded.get() {
            let detail = match ended {
                Ok(()) => "stopped at the end".to_owned(),
                Err(error) => format!("ended before the recording: {error}"),
            };
            recorded.event(self.path, EventKind::LoadStopped, detail);
        }
        if let Some(log_thread) = self.log_thread {
            // The thread ends with the task's end of the log; what is left is a write or two.
            let _ = tokio::task::spawn_blocking(move || log_thread.join()).await;
        }
    }
}

/// Starts pgbench on the path of `target` and returns when it has made its first progress, about a second later.
///
/// # Errors
/// [`PgbenchError`] where it ends or falls silent before that: too many clients, most often.
pub async fn start(
    program: &Program,
    options: &LoadOptions,
    target: Target,
    monitor: Arc<Monitor>,
) -> Result<Running, PgbenchError> {
    let path = target.path;
    let recorded = Arc::new(OnceLock::new());
    let (log, waiting) = Log::new();
    let (stop, stopping) = watch::channel(false);
    let (first, first_progress) = oneshot::channel();
    let supervisor = Supervisor {
        caller: Caller::new(program, &target)?,
        options: options.clone(),
        target,
        recorded: Arc::clone(&recorded),
        monitor: Arc::clone(&monitor),
        log,
        stopping,
        first: Some(first),
        down_since: None,
    };
    let task = tokio::spawn(supervisor.run());
    let what = format!(
        "pgbench {} {}, scale {}, {} clients, {} jobs",
        program.version(),
        options.mode.as_str(),
        options.scale,
        options.clients,
        options.jobs
    );
    let running = Running {
        path,
        what,
        started: Instant::now(),
        recorded,
        monitor,
        waiting: Some(waiting),
        log_thread: None,
        stop,
        task,
    };
    match first_progress.await {
        Ok(Ok(())) => Ok(running),
        Ok(Err(reason)) => Err(PgbenchError::Run { path, reason }),
        Err(_) => Err(PgbenchError::Run {
            path,
            reason: "stopped before it started".to_owned(),
        }),
    }
}

/// How one start of pgbench ended.
enum Exit {
    /// We wanted it.
    Stopped,
    /// It has to be started again, for this reason.
    Failed(String),
}

/// Keeps pgbench running on one path.
struct Supervisor {
    caller: Caller,
    options: LoadOptions,
    target: Target,
    recorded: Arc<OnceLock<Recorded>>,
    monitor: Arc<Monitor>,
    log: Log,
    stopping: watch::Receiver<bool>,
    first: Option<oneshot::Sender<Result<(), String>>>,
    /// When it last stopped making progress; none while it makes it.
    down_since: Option<Instant>,
}

impl Supervisor {
    async fn run(mut self) {
        let mut start_number = 1;
        loop {
            let Exit::Failed(reason) = self.run_once(start_number).await else {
                return;
            };
            self.comment(&format!("start {start_number} ended: {reason}"));
            if let Some(first) = self.first.take() {
                let _ = first.send(Err(reason));
                return;
            }
            self.note_failure(&reason);
            tokio::select! {
                () = is_stopping(&mut self.stopping) => return,
                () = sleep(RESTART_PAUSE) => {}
            }
            start_number += 1;
            self.monitor.load_restarted(self.target.path);
            if let Some(recorded) = self.recorded.get() {
                let detail = format!("start {start_number}, after: {reason}");
                recorded.event(self.target.path, EventKind::LoadRestarted, detail);
            }
        }
    }

    async fn run_once(&mut self, start_number: i32) -> Exit {
        let resolved = tokio::select! {
            () = is_stopping(&mut self.stopping) => return Exit::Stopped,
            resolved = (self.target.resolve)() => resolved,
        };
        let [address, ..] = resolved.as_slice() else {
            return Exit::Failed(format!("{}: the name does not resolve", self.target.host));
        };
        let password = tokio::select! {
            () = is_stopping(&mut self.stopping) => return Exit::Stopped,
            password = (self.target.password)() => password,
        };
        let password = match password {
            Ok(password) => password,
            Err(reason) => return Exit::Failed(reason),
        };
        let arguments = load_arguments(&self.options);
        let shown: Vec<_> = arguments
            .iter()
            .map(|argument| argument.to_string_lossy())
            .collect();
        self.comment(&format!(
            "start {start_number}: pgbench {} at {address}",
            shown.join(" ")
        ));
        let spawned = self
            .caller
            .command(&resolved, password.as_ref(), &arguments)
            .and_then(|(mut command, pass_file)| {
                Ok((
                    command.spawn().map_err(PgbenchError::io("pgbench"))?,
                    pass_file,
                ))
            });
        let (mut child, pass_file) = match spawned {
            Ok(spawned) => spawned,
            Err(error) => return Exit::Failed(error.to_string()),
        };
        let exit = self.follow(&mut child, pass_file, start_number).await;
        // Most often it is dead by now; whatever it is doing, its clients have to go.
        let _ = child.kill().await;
        exit
    }

    /// Reads pgbench's output until it ends, has lost a client, or hangs.
    async fn follow(&mut self, child: &mut Child, pass_file: PassFile, start_number: i32) -> Exit {
        let mut pass_file = Some(pass_file);
        let mut lines = output::lines(child);
        let mut errors = Vec::new();
        let stall_limit = self.options.mode.stall_limit();
        let mut speaks_until = Instant::now() + FIRST_LINE_LIMIT;
        let mut works_until = speaks_until + stall_limit;
        loop {
            let line = tokio::select! {
                () = is_stopping(&mut self.stopping) => return Exit::Stopped,
                () = sleep_until(speaks_until) => return Exit::Failed("it hangs: no progress line".to_owned()),
                () = sleep_until(works_until) => {
                    return Exit::Failed(format!("it hangs: no transaction ended for {} s", stall_limit.as_secs()));
                }
                line = lines.recv() => line,
            };
            let Some(line) = line else { break };
            self.log.line(&line);
            if let Some(progress) = progress::parse(&line) {
                // Every client is connected: the password need not lie about any longer.
                pass_file.take();
                speaks_until = Instant::now() + SILENCE_LIMIT;
                if progress.tps > 0.0 {
                    works_until = Instant::now() + stall_limit;
                }
                self.record(start_number, progress);
            } else if line.contains("error: ") || line.contains("fatal: ") {
                let aborted = is_aborted(&line);
                errors.push(line);
                if aborted {
                    return Exit::Failed(last_error(&errors).unwrap_or_default());
                }
            }
        }
        let status = tokio::select! {
            () = is_stopping(&mut self.stopping) => return Exit::Stopped,
            status = child.wait() => status,
        };
        Exit::Failed(last_error(&errors).unwrap_or_else(|| match status {
            Ok(status) => process::describe(status),
            Err(error) => error.to_string(),
        }))
    }

    fn record(&mut self, start_number: i32, progress: ProgressLine) {
        let path = self.target.path;
        if let Some(recorded) = self.recorded.get() {
            recorded.handle.load(Load {
                path,
                time: recorded.clock.now_us(),
                start_number,
                tps: progress.tps,
                latency_us: progress.latency_us,
                latency_stddev_us: progress.latency_stddev_us,
                failed: progress.failed,
            });
        }
        self.monitor.load(path, progress.tps, progress.latency_us);
        if let Some(first) = self.first.take() {
            let _ = first.send(Ok(()));
        }
        if progress.tps > 0.0
            && let Some(since) = self.down_since.take()
        {
            let seconds = since.elapsed().as_secs_f64();
            self.monitor.note(format!("pgbench on {path} works again, {seconds:.1} s after it stopped (start {start_number})"));
        }
    }

    /// Says the first failure of a series; the others are in the log and in the events.
    fn note_failure(&mut self, reason: &str) {
        if self.down_since.is_none() {
            self.down_since = Some(Instant::now());
            self.monitor.note(format!(
                "restarting pgbench on {}: {reason}",
                self.target.path
            ));
        }
    }

    /// A line of ours in pgbench's log.
    fn comment(&self, text: &str) {
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
        self.log.line(&format!("# {time} {text}"));
    }
}

/// Resolves when the load is to stop, or its handle is dropped.
async fn is_stopping(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// `client 3 aborted in command 4 (SQL) of script 0; ...`, `client 3 script 0 aborted in command 5 query 0: ...`: one
/// client is gone and never comes back; the others may go on.
fn is_aborted(line: &str) -> bool {
    let Some((_, text)) = line.split_once("error: client ") else {
        return false;
    };
    text.starts_with(|c: char| c.is_ascii_digit()) && text.contains(" aborted ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_that_are_gone() {
        for line in [
            "pgbench: error: client 3 aborted in command 4 (SQL) of script 0; perhaps the backend died while processing",
            "pgbench: error: client 0 script 0 aborted in command 5 query 0: FATAL:  server conn crashed?",
            "pgbench: error: client 12 aborted while establishing connection",
        ] {
            assert!(is_aborted(line), "{line}");
        }
        for line in [
            "pgbench: error: Run was aborted; the above results are incomplete.",
            "pgbench: error: could not create connection for client 30",
            "progress: 1.0 s, 1.0 tps, lat 1.0 ms stddev 1.0, 0 failed",
        ] {
            assert!(!is_aborted(line), "{line}");
        }
    }
}
