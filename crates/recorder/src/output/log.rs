//! `logs/recorder.log`: what the recorder did, a line each, in UTC.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use recording::{Clock, Timestamp};

use crate::text::error_text;

/// Lines that may wait for the disk; more are lost.
const WAITING_LINES: usize = 10_000;
/// How long the end waits for a disk that does not take the last lines.
const PATIENCE: Duration = Duration::from_secs(2);

/// What goes to the thread that writes.
enum Message {
    Line(String),
    /// To be answered when the lines before it are written.
    Written(SyncSender<()>),
}

/// The log of one recording. A thread of its own writes it: a disk that does not answer must not hold the workload up.
pub(crate) struct Log {
    sender: SyncSender<Message>,
    clock: Clock,
}

impl Log {
    /// Makes `recorder.log` in the folder `logs`.
    ///
    /// # Errors
    /// What the operating system says, with the file.
    pub(crate) fn create(logs: &Path, clock: Clock) -> Result<Self, String> {
        let path = logs.join("recorder.log");
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        let file = File::create(&path).map_err(failed)?;
        let (sender, receiver) = sync_channel(WAITING_LINES);
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write(file, &receiver))
            .map_err(failed)?;
        Ok(Self { sender, clock })
    }

    /// Writes a line, passwords replaced. Never waits. A log that can't be written must not end a recording.
    pub(crate) fn line(&self, text: &str) {
        let line = format!(
            "{} {}\n",
            Timestamp(self.clock.now_us()),
            error_text::one_line(text)
        );
        let _ = self.sender.try_send(Message::Line(line));
    }

    /// Waits until every line is written, for 2 s at most.
    pub(crate) fn close(&self) {
        let (sender, written) = sync_channel(1);
        if self.sender.try_send(Message::Written(sender)).is_ok() {
            let _ = written.recv_timeout(PATIENCE);
        }
    }
}

fn write(mut file: File, receiver: &Receiver<Message>) {
    for message in receiver {
        match message {
            Message::Line(line) => {
                let _ = file.write_all(line.as_bytes());
            }
            Message::Written(sender) => {
                // The caller may have stopped waiting.
                let _ = sender.try_send(());
            }
        }
    }
}
