//! Child processes: started so that they die with us, stopped by pid, killed in the right order.

use std::{
    fs,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{OnceLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use command_line::{process::describe, text::one_line};
use rustix::{
    io::Errno,
    process::{Pid, kill_process},
};

use crate::error::LabError;

/// How long a stop may take before the process is killed.
const STOP_GRACE: Duration = Duration::from_secs(2);
/// How long a killed process may take to go.
const KILL_LIMIT: Duration = Duration::from_secs(10);

type SpawnRequest = (Command, mpsc::SyncSender<io::Result<Child>>);

/// Spawns on a thread that lives as long as this process: the kernel sends a child its parent-death signal when the
/// *thread* that started it ends, and a thread of tokio's pools may end at any time.
fn spawn(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<mpsc::Sender<SpawnRequest>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, receiver) = mpsc::channel::<SpawnRequest>();
        thread::spawn(move || {
            for (mut command, answer) in receiver {
                // The receiver waits for it, unless its thread is gone.
                let _ = answer.send(command.spawn());
            }
        });
        sender
    });
    let (answer, result) = mpsc::sync_channel(1);
    let gone = || io::Error::other("the thread that starts processes is gone");
    spawner.send((command, answer)).map_err(|_| gone())?;
    result.recv().map_err(|_| gone())?
}

/// A signal that the lab sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Quit,
    Interrupt,
    Terminate,
    Kill,
    Stop,
    Continue,
}

impl Signal {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quit => "QUIT",
            Self::Interrupt => "INT",
            Self::Terminate => "TERM",
            Self::Kill => "KILL",
            Self::Stop => "STOP",
            Self::Continue => "CONT",
        }
    }

    fn number(self) -> rustix::process::Signal {
        use rustix::process::Signal;
        match self {
            Self::Quit => Signal::QUIT,
            Self::Interrupt => Signal::INT,
            Self::Terminate => Signal::TERM,
            Self::Kill => Signal::KILL,
            Self::Stop => Signal::STOP,
            Self::Continue => Signal::CONT,
        }
    }
}

/// Sends a signal to each process, also where one of them refuses it. Processes that are gone already are no error.
pub(crate) fn send_signal(signal: Signal, pids: &[u32]) -> io::Result<()> {
    let mut sent = Ok(());
    for &pid in pids {
        let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
            continue;
        };
        match kill_process(pid, signal.number()) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => sent = Err(error.into()),
        }
    }
    sent
}

/// State letter and parent of a process, from `/proc/PID/stat`; `None` when it is gone.
fn stat(pid: u32) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may hold anything, parentheses too.
    let mut fields = text.get(text.rfind(')')? + 1..)?.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.next()?.parse().ok()?))
}

/// Is it running? A zombie is not: it executes nothing and only waits to be reaped.
pub(crate) fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| !matches!(state, 'Z' | 'X'))
}

/// Every process id of this machine that we may see.
pub(crate) fn all_pids() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

fn children_of(parent: u32) -> Vec<u32> {
    all_pids()
        .into_iter()
        .filter(|&pid| stat(pid).is_some_and(|(_, of)| of == parent))
        .collect()
}

/// Kills a postmaster and all its children so that none of them serves a moment longer than the others, and
/// returns how many there were. Stopped first, it forks no more; killed last, it cannot restart one. The
/// process group will not do: backends leave it.
pub(crate) fn kill_tree(root: u32) -> io::Result<usize> {
    send_signal(Signal::Stop, &[root])?;
    let mut pids = children_of(root);
    pids.push(root);
    send_signal(Signal::Kill, &pids)?;
    let deadline = Instant::now() + KILL_LIMIT;
    while pids.iter().any(|&pid| is_alive(pid)) {
        if Instant::now() > deadline {
            return Err(io::Error::other(format!("process {root} does not die")));
        }
        thread::sleep(Duration::from_micros(300));
    }
    Ok(pids.len())
}

/// Freezes a postmaster and all its children, and returns how many there were. The postmaster first: stopped, it forks
/// no more; the children twice, for one may have been made meanwhile.
pub(crate) fn freeze_tree(root: u32) -> io::Result<usize> {
    send_signal(Signal::Stop, &[root])?;
    let deadline = Instant::now() + KILL_LIMIT;
    loop {
        let mut pids = children_of(root);
        pids.push(root);
        let moving: Vec<u32> = pids
            .iter()
            .copied()
            .filter(|&pid| stat(pid).is_some_and(|(state, _)| !matches!(state, 'T' | 'Z' | 'X')))
            .collect();
        if moving.is_empty() {
            return Ok(pids.len());
        }
        if Instant::now() > deadline {
            return Err(io::Error::other(format!("process {root} does not stop")));
        }
        send_signal(Signal::Stop, &moving)?;
        thread::sleep(Duration::from_micros(300));
    }
}

/// Lets a frozen postmaster and its children continue.
pub(crate) fn thaw_tree(root: u32) -> io::Result<()> {
    let mut pids = children_of(root);
    pids.push(root);
    send_signal(Signal::Continue, &pids)
}

/// A running child and its log. Dropped, it stops and reaps the child.
#[derive(Debug)]
pub(crate) struct Process {
    what: String,
    child: Child,
    stop_signal: Signal,
    log: PathBuf,
    log_start: u64,
}

impl Process {
    /// Starts `command` with both outputs appended to `log`.
    pub(crate) fn start(
        what: &str,
        mut command: Command,
        stop_signal: Signal,
        log: &Path,
    ) -> Result<Self, LabError> {
        let open = || fs::OpenOptions::new().create(true).append(true).open(log);
        let stdout = open().map_err(LabError::io(format!("opening {}", log.display())))?;
        let stderr = stdout
            .try_clone()
            .map_err(LabError::io("duplicating a file descriptor"))?;
        let log_start = stdout.metadata().map_or(0, |metadata| metadata.len());
        command.stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        let child = spawn(command).map_err(LabError::io(format!("starting {what}")))?;
        Ok(Self {
            what: what.to_owned(),
            child,
            stop_signal,
            log: log.to_owned(),
            log_start,
        })
    }

    /// The exit status, if it has ended.
    pub(crate) fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for a tool to end well.
    pub(crate) async fn finish(mut self, limit: Duration) -> Result<(), LabError> {
        let deadline = Instant::now() + limit;
        loop {
            match self.exited() {
                Some(status) if status.success() => return Ok(()),
                Some(_) => return Err(self.failure()),
                None if Instant::now() > deadline => {
                    return Err(LabError::Timeout {
                        what: self.what.clone(),
                        after: limit,
                    });
                }
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    /// What it wrote since it was started.
    pub(crate) fn output(&self) -> String {
        let read = || -> io::Result<String> {
            let mut file = fs::File::open(&self.log)?;
            file.seek(SeekFrom::Start(self.log_start))?;
            let mut bytes = Vec::new();
            file.take(1 << 20).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        read().unwrap_or_default()
    }

    /// The error of a child that ended too early, with its last line that names an error.
    pub(crate) fn failure(&mut self) -> LabError {
        let output = self.output();
        let error = output.lines().rev().find(|line| {
            ["FATAL", "PANIC", "error:"]
                .iter()
                .any(|word| line.contains(word))
        });
        let last = error.or_else(|| output.lines().rev().find(|line| !line.trim().is_empty()));
        let ended = self
            .exited()
            .map_or_else(String::new, |status| format!("{}; ", describe(status)));
        LabError::Program {
            what: self.what.clone(),
            detail: format!(
                "{ended}{}; its log: {}",
                last.map_or_else(|| "no output".to_owned(), one_line),
                self.log.display()
            ),
        }
    }

    /// Kills it with all its children, waits until the last is dead, reaps it; returns how many there were.
    pub(crate) fn kill(&mut self) -> io::Result<usize> {
        if self.exited().is_some() {
            return Ok(0);
        }
        let killed = kill_tree(self.child.id())?;
        self.child.wait()?;
        Ok(killed)
    }

    /// Sends it a signal that ends it, and waits until it has ended; kills it where it does not end in time.
    pub(crate) fn end(&mut self, signal: Signal, limit: Duration) -> io::Result<()> {
        send_signal(signal, &[self.child.id()])?;
        let deadline = Instant::now() + limit;
        while self.exited().is_none() {
            if Instant::now() > deadline {
                return self.kill().map(drop);
            }
            thread::sleep(Duration::from_micros(500));
        }
        Ok(())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn stop(&mut self) -> io::Result<()> {
        if self.exited().is_some() {
            return Ok(());
        }
        if matches!(self.stop_signal, Signal::Kill) {
            // With its children: pg_basebackup has one that would live on, and keep the replication slot.
            return self.kill().map(drop);
        }
        // Stopped by a signal it removes its shared memory; killed it cannot.
        self.end(self.stop_signal, STOP_GRACE)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!(
                "lab: stopping {} (pid {}): {error}",
                self.what,
                self.child.id()
            );
        }
    }
}
