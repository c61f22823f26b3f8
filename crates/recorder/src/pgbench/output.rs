//! What pgbench prints, line by line, and where it is kept.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::monitor::Monitor;
use crate::pgbench::error::PgbenchError;

/// The lines of both outputs of `child` as they come; ends when pgbench has closed both.
pub(super) fn lines(child: &mut Child) -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    if let Some(output) = child.stdout.take() {
        tokio::spawn(forward(output, sender.clone()));
    }
    if let Some(errors) = child.stderr.take() {
        tokio::spawn(forward(errors, sender));
    }
    receiver
}

async fn forward(from: impl AsyncRead + Unpin, to: UnboundedSender<String>) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from
        .read_until(b'\n', &mut line)
        .await
        .is_ok_and(|read| read > 0)
    {
        if to
            .send(String::from_utf8_lossy(&line).trim_end().to_owned())
            .is_err()
        {
            return;
        }
        line.clear();
    }
}

/// Keeps pgbench's output. The recording's folder is made only after the warm-up: until then the lines wait in the channel.
#[derive(Clone)]
pub(super) struct Log(Sender<String>);

/// The other end of a [`Log`], before there is a file.
pub(super) struct Waiting(Receiver<String>);

impl Log {
    pub(super) fn new() -> (Self, Waiting) {
        let (sender, receiver) = channel();
        (Self(sender), Waiting(receiver))
    }

    /// Never waits: a thread writes.
    pub(super) fn line(&self, line: &str) {
        // The reader is gone after a failed write, which was reported when it failed.
        let _ = self.0.send(line.to_owned());
    }
}

impl Waiting {
    /// Writes what waits, and all that comes until the last [`Log`] is gone, to a new file.
    pub(super) fn write_to(
        self,
        path: &Path,
        monitor: Arc<Monitor>,
    ) -> Result<JoinHandle<()>, PgbenchError> {
        let mut file = File::create_new(path).map_err(PgbenchError::io(path.display()))?;
        let name = path.to_path_buf();
        let write = move || {
            while let Ok(mut line) = self.0.recv() {
                line.push('\n');
                if let Err(error) = file.write_all(line.as_bytes()) {
                    monitor.note(format!(
                        "{}: {error}; pgbench's output is not kept any longer",
                        name.display()
                    ));
                    return;
                }
            }
        };
        std::thread::Builder::new()
            .name("pgbench-log".to_owned())
            .spawn(write)
            .map_err(PgbenchError::io(path.display()))
    }
}

/// pgbench's line about an error, without its prefix and on one line; what stands last is most to the point.
pub(super) fn last_error(lines: &[String]) -> Option<String> {
    let errors = lines.iter().filter_map(|line| {
        let (_, text) = line
            .split_once("error: ")
            .or_else(|| line.split_once("fatal: "))?;
        Some(text.trim().to_owned())
    });
    // Some only say that something else went wrong.
    errors.rev().find(|text| {
        !text.starts_with("Run was aborted") && !text.starts_with("could not create connection")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_that_says_most() {
        let lines = [
            "pgbench (15.18)",
            "pgbench: error: connection to server at \"127.0.0.9\", port 5 failed: FATAL:  sorry, too many clients already",
            "pgbench: error: could not create connection for client 30",
        ];
        assert_eq!(
            last_error(&lines.map(str::to_owned)).as_deref(),
            Some(
                "connection to server at \"127.0.0.9\", port 5 failed: FATAL:  sorry, too many clients already"
            )
        );
        assert_eq!(last_error(&["progress: 1.0 s".to_owned()]), None);
    }
}
