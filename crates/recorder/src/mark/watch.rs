//! The recorder's side: takes marks out of the recording's folder, and hears SIGUSR1.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path as FilePath, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use recording::vocabulary::EventKind;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::mark::{FOLDER, GIVEN, Mark, TAKEN, on_axis};
use crate::output::event_sink::EventSink;

/// Between two looks into the folder.
const LOOK: Duration = Duration::from_millis(150);
/// How long the end waits for the last look: a disk may not answer.
const LAST_LOOK: Duration = Duration::from_secs(1);
/// What is longer is no mark.
const MOST_BYTES: u64 = 16_384;
/// Whoever gave a mark has picked up the answer by then, or never will, microseconds.
const FORGOTTEN_US: i64 = 10_000_000;

/// Takes marks until it is closed.
pub(crate) struct Marks {
    /// Dropped, it tells the thread to look once more and to end.
    stop: Sender<()>,
    ended: oneshot::Receiver<()>,
    signals: JoinHandle<()>,
}

impl Marks {
    /// Begins to take marks for the recording in `folder`. A thread of its own looks there: a disk that does not answer must not hold
    /// anybody else up.
    ///
    /// # Errors
    /// What the operating system says.
    pub(crate) fn watch(folder: &FilePath, sink: EventSink) -> std::io::Result<Self> {
        let mut heard = signal(SignalKind::user_defined1())?;
        let of_signals = sink.clone();
        let signals = tokio::spawn(async move {
            while heard.recv().await.is_some() {
                let now_us = of_signals.clock.now_us();
                of_signals.event(now_us, None, EventKind::Mark, "SIGUSR1".to_owned());
            }
        });
        let (stop, stopped) = channel::<()>();
        let (has_ended, ended) = oneshot::channel();
        let watcher = Watcher {
            marks: folder.join(FOLDER),
            from_us: sink.clock.now_us(),
            sink,
        };
        let thread = std::thread::Builder::new().name("marks".to_owned());
        thread.spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(LOOK) {
                watcher.look();
            }
            watcher.look();
            watcher.clean_up();
            let _ = has_ended.send(());
        })?;
        Ok(Self {
            stop,
            ended,
            signals,
        })
    }

    /// Takes what is there, and no more after that.
    pub(crate) async fn close(self) {
        self.signals.abort();
        drop(self.stop);
        let _ = tokio::time::timeout(LAST_LOOK, self.ended).await;
    }
}

struct Watcher {
    marks: PathBuf,
    /// Since when marks are taken, microseconds on the recording's clock.
    from_us: i64,
    sink: EventSink,
}

impl Watcher {
    /// Takes every mark, in the order in which they were given.
    fn look(&self) {
        for given in self.files(GIVEN) {
            if let Some(mark) = read(&given) {
                // What can't be renamed would be taken again at every look; whoever gave it hears that it is not taken.
                let taken = given.with_extension(TAKEN);
                if fs::rename(&given, taken).is_ok() {
                    self.take(mark);
                }
            }
        }
    }

    fn take(&self, mark: Mark) {
        let clock = self.sink.clock;
        let time_us = on_axis(mark.time_us, clock.drift_us(), self.from_us, clock.now_us());
        self.sink.event(time_us, None, EventKind::Mark, mark.text);
    }

    /// Removes answers that nobody picked up, and the folder where nothing else is in it.
    fn clean_up(&self) {
        let now_us = self.sink.clock.now_us() + self.sink.clock.drift_us();
        for taken in self.files(TAKEN) {
            let name = taken.file_name().unwrap_or_default().to_string_lossy();
            let given_us = name.split_once('-').and_then(|(time, _)| time.parse().ok());
            if given_us.is_none_or(|given_us: i64| now_us.saturating_sub(given_us) > FORGOTTEN_US) {
                let _ = fs::remove_file(&taken);
            }
        }
        let _ = fs::remove_dir(&self.marks);
    }

    /// The files of one ending, sorted. A folder that is not there, or can't be read, has none.
    fn files(&self, ending: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.marks).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        let has_ending = |path: &PathBuf| path.extension().is_some_and(|found| found == ending);
        let mut files: Vec<PathBuf> = paths.filter(has_ending).collect();
        files.sort();
        files
    }
}

/// Reads a plain file of the size of a mark; anything else is somebody else's, and stays.
fn read(path: &FilePath) -> Option<Mark> {
    let kind = fs::symlink_metadata(path).ok()?;
    if !kind.is_file() || kind.len() > MOST_BYTES {
        return None;
    }
    let mut text = String::new();
    let file = File::open(path).ok()?;
    file.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    Mark::read(&text)
}
