//! One run of a password command.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use command_line::process;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Child;
use tokio::time::timeout;

use crate::connect::shortage;
use crate::shell;
use crate::text::error_text;
use crate::text::redact::MASK;

/// As much of its output is read, and no more. A token of IAM has about 1,000 bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// Why there is no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoPassword {
    /// One line without secrets.
    pub message: String,
    /// True where this host could not even start the command: no descriptors, processes or memory were left.
    pub is_shortage: bool,
}

impl From<String> for NoPassword {
    fn from(message: String) -> Self {
        Self {
            message,
            is_shortage: false,
        }
    }
}

/// The first line that the command prints on stdout. `last` is the password before, which must not show either. After `limit` the command
/// is killed, with all that it started.
///
/// # Errors
/// One line with what the command said on stderr, passwords replaced.
pub(super) async fn first_line(
    command: &str,
    endpoint: &[(&'static str, String)],
    last: Option<&str>,
    limit: Duration,
) -> Result<String, NoPassword> {
    let mut child = shell::shell(command)
        .envs(endpoint.iter().map(|(name, value)| (*name, value)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| NoPassword {
            message: format!("the password command could not be run: {error}"),
            is_shortage: shortage::is_shortage_at_spawn(&error),
        })?;
    let Ok((status, stdout, stderr)) = timeout(limit, finish(&mut child)).await else {
        kill_group(&child);
        return Err(format!("the password command did not finish within {limit:?}").into());
    };
    let status = status.map_err(|error| format!("the password command: {error}"))?;
    let line = stdout.split(|byte| *byte == b'\n').next();
    let line = String::from_utf8_lossy(line.unwrap_or_default());
    let line = line.trim_end_matches('\r');
    let failed = |reason: String| {
        let said = masked(&String::from_utf8_lossy(&stderr), &[Some(line), last]);
        let separator = if said.is_empty() { "" } else { ": " };
        let line = format!("the password command {reason}{separator}{said}");
        NoPassword::from(error_text::one_line(&line))
    };
    if !status.success() {
        return Err(failed(process::describe(status)));
    }
    if line.is_empty() {
        return Err(failed("printed no password".to_owned()));
    }
    // The replacement character: the line was no UTF-8, or no password that anybody typed.
    if line.contains('\u{fffd}') || line.contains('\0') {
        return Err("the password command printed something that is not text"
            .to_owned()
            .into());
    }
    Ok(line.to_owned())
}

async fn finish(child: &mut Child) -> (std::io::Result<ExitStatus>, Vec<u8>, Vec<u8>) {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    tokio::join!(child.wait(), read(stdout), read(stderr))
}

/// What fits; then the pipe is closed, so that an endless writer gets SIGPIPE.
async fn read(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        let _ = pipe.take(MAX_BYTES).read_to_end(&mut bytes).await;
    }
    bytes
}

/// Ends the shell with all that it started: it leads a process group of its own.
fn kill_group(child: &Child) {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(group) = id.and_then(Pid::from_raw) {
        // One that is gone needs no signal.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// The text without the passwords that are known, on top of what every message loses.
fn masked(text: &str, passwords: &[Option<&str>]) -> String {
    let mut text = text.to_owned();
    for password in passwords.iter().flatten().map(|password| password.trim()) {
        if !password.is_empty() {
            text = text.replace(password, MASK);
        }
    }
    error_text::one_line(&text)
}
