//! The recorder's side: reads marks on, and listens to SIGUSR1.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path as FilePath, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use recording::vocabulary::EventKind;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::mark::file::{GIVEN, Mark, Position, READ, line, on_axis, remove_files};
use crate::output::event_sink::EventSink;

/// Between two looks into the file.
const INTERVAL: Duration = Duration::from_millis(150);
/// How long the end waits for the last look: a disk may not answer.
const LAST_LOOK: Duration = Duration::from_secs(1);
/// No mark is longer, bytes.
const LONGEST: usize = 16_384;
/// Read at one look at most, bytes.
const MOST_BYTES: u64 = 1 << 20;

/// Takes marks until it is closed.
pub(crate) struct Marks {
    /// Dropped, it has the thread look once more and end.
    stop: Sender<()>,
    ended: oneshot::Receiver<()>,
    signals: JoinHandle<()>,
}

impl Marks {
    /// Begins to take marks for the recording in `folder`. A thread of its own reads them: a disk that does not answer must not hold
    /// anything else up.
    ///
    /// # Errors
    /// What the operating system says.
    pub(crate) fn watch(folder: &FilePath, sink: EventSink) -> io::Result<Self> {
        let mut heard = signal(SignalKind::user_defined1())?;
        let of_signals = sink.clone();
        let (stop, stopped) = channel::<()>();
        let (has_ended, ended) = oneshot::channel();
        let mut reader = Reader::create(folder, sink)?;
        let thread = std::thread::Builder::new().name("marks".to_owned());
        thread.spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(INTERVAL) {
                reader.look();
            }
            reader.look();
            remove_files(&reader.folder);
            let _ = has_ended.send(());
        })?;
        let signals = tokio::spawn(async move {
            while heard.recv().await.is_some() {
                let now_us = of_signals.clock.now_us();
                of_signals.event(now_us, None, EventKind::Mark, "SIGUSR1".to_owned());
            }
        });
        Ok(Self {
            stop,
            ended,
            signals,
        })
    }

    /// Takes the marks that were given until now, and no more after that.
    pub(crate) async fn close(self) {
        self.signals.abort();
        drop(self.stop);
        let _ = tokio::time::timeout(LAST_LOOK, self.ended).await;
    }
}

/// Reads the file of marks from where it stopped.
struct Reader {
    folder: PathBuf,
    given: File,
    read: File,
    /// What is behind the last whole line.
    rest: Vec<u8>,
    /// Where that begins in the file.
    offset: u64,
    /// The last offset that stands in `read`.
    confirmed: u64,
    /// Since when marks are taken, microseconds on the recording's clock.
    from_us: i64,
    sink: EventSink,
}

impl Reader {
    fn create(folder: &FilePath, sink: EventSink) -> io::Result<Self> {
        let create = |file| {
            let mut options = File::options();
            options.read(true).append(true).create_new(true);
            options.open(folder.join(file))
        };
        Ok(Self {
            folder: folder.to_path_buf(),
            given: create(GIVEN)?,
            read: create(READ)?,
            rest: Vec::new(),
            offset: 0,
            confirmed: 0,
            from_us: sink.clock.now_us(),
            sink,
        })
    }

    fn look(&mut self) {
        // What can't be read now is read at a later look.
        let _ = (&self.given).take(MOST_BYTES).read_to_end(&mut self.rest);
        let last = self.rest.iter().rposition(|byte| *byte == b'\n');
        let whole = match last {
            Some(last) => last + 1,
            // That is no mark; nor is what follows it up to the next newline.
            None if self.rest.len() > LONGEST => self.rest.len(),
            None => 0,
        };
        let lines: Vec<u8> = self.rest.drain(..whole).collect();
        let lines = lines.split(|byte| *byte == b'\n');
        for mark in lines
            .filter(|line| line.len() <= LONGEST)
            .filter_map(Mark::read)
        {
            self.record(mark);
        }
        self.offset += whole as u64;
        if self.confirmed < self.offset && self.confirm().is_ok() {
            self.confirmed = self.offset;
        }
    }

    fn record(&self, mark: Mark) {
        let clock = self.sink.clock;
        let time_us = on_axis(mark.time_us, clock.drift_us(), self.from_us, clock.now_us());
        self.sink.event(time_us, None, EventKind::Mark, mark.text);
    }

    fn confirm(&self) -> io::Result<()> {
        let position = Position {
            offset: self.offset,
            time_us: self.sink.clock.now_us(),
        };
        (&self.read).write_all(line(&position)?.as_bytes())
    }
}
