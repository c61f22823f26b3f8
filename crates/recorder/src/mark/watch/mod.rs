//! The recorder's side: reads marks on, and listens to SIGUSR1.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path as FilePath, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use recording::is_same_file;
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
                reader.look(false);
            }
            reader.look(true);
            if reader.is_here() {
                remove_files(&reader.folder);
            }
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
    /// The folder, opened: another recording may lie at its path later.
    opened: File,
    given: File,
    read: File,
    /// What is behind the last mark that was taken.
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
        let (given, read) = create_files(folder)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            opened: File::open(folder)?,
            given,
            read,
            rest: Vec::new(),
            offset: 0,
            confirmed: 0,
            from_us: sink.clock.now_us(),
            sink,
        })
    }

    /// Reads on. A mark that finds the queue full stays for the next look, with those after it; at the last look it is counted as lost.
    fn look(&mut self, is_last: bool) {
        let room = MOST_BYTES.saturating_sub(self.rest.len() as u64);
        // What can't be read now is read at a later look.
        let read = (&self.given).take(room).read_to_end(&mut self.rest);
        let taken = self.take(is_last);
        self.rest.drain(..taken);
        self.offset += taken as u64;
        if self.confirmed < self.offset && self.confirm().is_ok() {
            self.confirmed = self.offset;
        }
        // Not before the old file's marks are taken: `recorder mark` may have written there just before it was removed.
        if matches!(read, Ok(0)) && !self.rest.contains(&b'\n') && !is_last {
            self.replace_files();
        }
    }

    /// Records the marks of `rest`; returns how many of its bytes are done with.
    fn take(&self, is_last: bool) -> usize {
        let mut taken = 0;
        let mut has_all = true;
        for line in self.rest.split_inclusive(|byte| *byte == b'\n') {
            let is_long = line.len() > LONGEST;
            // A long one is no mark even without its end; nor is what follows up to the next newline.
            if !line.ends_with(b"\n") && !is_long {
                break;
            }
            let mark = Mark::read(line).filter(|_| !is_long);
            has_all &= mark.is_none_or(|mark| self.record(mark, is_last));
            if has_all {
                taken += line.len();
            } else if !is_last {
                break;
            }
        }
        taken
    }

    /// False where the queue is full.
    fn record(&self, mark: Mark, is_last: bool) -> bool {
        let (sink, clock) = (&self.sink, self.sink.clock);
        let time_us = on_axis(mark.time_us, clock.drift_us(), self.from_us, clock.now_us());
        match is_last {
            true => sink.event(time_us, None, EventKind::Mark, mark.text),
            false => sink.try_event(time_us, EventKind::Mark, mark.text),
        }
    }

    fn confirm(&self) -> io::Result<()> {
        let position = Position {
            offset: self.offset,
            time_us: self.sink.clock.now_us(),
        };
        (&self.read).write_all(line(&position)?.as_bytes())
    }

    /// Begins again with new files where others, or none, are at their paths: `journal/` may be removed and made again.
    fn replace_files(&mut self) {
        let is_there = |file, open| is_same_file(&self.folder.join(file), open);
        if (is_there(GIVEN, &self.given) && is_there(READ, &self.read)) || !self.is_here() {
            return;
        }
        // What can't be made now is made at a later look.
        if let Ok((given, read)) = create_files(&self.folder) {
            (self.given, self.read) = (given, read);
            self.rest.clear();
            (self.offset, self.confirmed) = (0, 0);
        }
    }

    /// False where the recording's folder is no longer at its path.
    fn is_here(&self) -> bool {
        is_same_file(&self.folder, &self.opened)
    }
}

/// Makes both files anew. In this order: the positions of an earlier file must not pass for those of a new one.
fn create_files(folder: &FilePath) -> io::Result<(File, File)> {
    remove_files(folder);
    let create = |file| {
        let path = folder.join(file);
        // It is there, or the file below says what is wrong.
        let _ = path.parent().map(fs::create_dir);
        let mut options = File::options();
        options.read(true).append(true).create_new(true);
        options.open(path)
    };
    let read = create(READ)?;
    Ok((create(GIVEN)?, read))
}

#[cfg(test)]
mod tests;
