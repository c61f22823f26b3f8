//! Drawing: in place on a terminal, else a line now and then.

mod style;
mod view;

use std::future::Future;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use recording::Handle;
use terminal_size::{Height, Width, terminal_size_of};
use tokio::sync::{oneshot, watch};

use crate::monitor::Monitor;
use crate::output::live::style::{Line, Style};
use crate::output::live::view::{View, warm_up_line};
use crate::output::terminal;

/// Between two drawings on a terminal.
const REDRAW: Duration = Duration::from_millis(250);
/// Between two lines where there is no terminal.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);
/// How long the end waits for a terminal that takes nothing, as after Ctrl-S.
const LAST_DRAW: Duration = Duration::from_secs(1);

/// Draws until `stop` turns true (or its sender is gone), then once more, and leaves the cursor below. Elapsed time
/// counts from the call. On a terminal the view is drawn in place on stderr; else each path gets a line every 10 s.
///
/// A thread of its own draws, so that a terminal that takes nothing delays nothing else.
pub async fn run(
    monitor: Arc<Monitor>,
    handle: Handle,
    duration: Duration,
    stop: watch::Receiver<bool>,
) {
    monitor.begin();
    let drawn = Arc::clone(&monitor);
    let view = move || View {
        elapsed_us: drawn.elapsed_us(),
        duration,
        campaign: drawn.campaign_line(),
        paths: drawn.snapshots(),
        dropped_rows: handle.dropped_rows(),
        trouble: handle.trouble(),
    };
    let frames = move |screen: &mut Screen, ended: bool| {
        screen.note(monitor.take_notes());
        match screen {
            Screen::Terminal(terminal) => terminal.draw(&view().lines(terminal.width())),
            Screen::Plain(next) if ended || Instant::now() >= *next => {
                *next += PLAIN_INTERVAL;
                view()
                    .plain()
                    .iter()
                    .for_each(|line| terminal::piece(&format!("{line}\n")));
            }
            Screen::Plain(_) => {}
        }
    };
    in_thread(frames, is_true(stop)).await;
}

/// Shows the warm-up's progress on stderr until `duration` is over; false where `stop` turned true (or its sender went) before.
pub async fn warm_up(
    monitor: &Arc<Monitor>,
    duration: Duration,
    stop: watch::Receiver<bool>,
) -> bool {
    if duration.is_zero() {
        return true;
    }
    let started = Instant::now();
    let shown = Arc::clone(monitor);
    let mut said = false;
    let frames = move |screen: &mut Screen, _ended: bool| {
        screen.note(shown.take_notes());
        match screen {
            Screen::Terminal(terminal) => {
                let elapsed_us = started.elapsed().min(duration).as_micros() as i64;
                let loads: Vec<_> = shown
                    .snapshots()
                    .into_iter()
                    .map(|path| (path.path, path.load))
                    .collect();
                terminal.draw(&[warm_up_line(elapsed_us, duration, &loads, terminal.width())]);
            }
            Screen::Plain(_) if !said => {
                said = true;
                terminal::piece(&format!("warming up for {:.0} s\n", duration.as_secs_f64()));
            }
            Screen::Plain(_) => {}
        }
    };
    let end = async {
        tokio::select! {
            () = is_true(stop) => false,
            () = tokio::time::sleep(duration) => true,
        }
    };
    in_thread(frames, end).await
}

async fn is_true(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Calls `frame` at intervals on a thread until `end`, then once more for the last state.
async fn in_thread<T>(
    frame: impl FnMut(&mut Screen, bool) + Send + 'static,
    end: impl Future<Output = T>,
) -> T {
    let (ended, until) = channel::<()>();
    let (last, last_drawn) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("live-view".to_owned())
        .spawn(move || {
            draw_until(&until, frame);
            let _ = last.send(());
        });
    let result = end.await;
    drop(ended);
    // No thread, no view: the recording goes on without.
    if thread.is_ok() {
        let _ = tokio::time::timeout(LAST_DRAW, last_drawn).await;
    }
    result
}

fn draw_until(ended: &Receiver<()>, mut frame: impl FnMut(&mut Screen, bool)) {
    let mut screen = Screen::new();
    while ended.recv_timeout(REDRAW) == Err(RecvTimeoutError::Timeout) {
        frame(&mut screen, false);
    }
    frame(&mut screen, true);
}

/// Where the view goes.
enum Screen {
    Terminal(Terminal),
    /// When the next line is due.
    Plain(Instant),
}

impl Screen {
    fn new() -> Self {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        if is_dumb || !std::io::stderr().is_terminal() {
            return Self::Plain(Instant::now() + PLAIN_INTERVAL);
        }
        Self::Terminal(Terminal {
            coloured: command_line::terminal::is_coloured(&std::io::stderr()),
            drawn: Vec::new(),
        })
    }

    /// Says `notes`: above the view, where it is drawn in place.
    fn note(&mut self, notes: impl IntoIterator<Item = String>) {
        for note in notes {
            match self {
                Self::Terminal(terminal) => terminal.note(&note),
                Self::Plain(_) => terminal::piece(&format!("{note}\n")),
            }
        }
    }
}

/// A terminal with the view at its cursor.
struct Terminal {
    coloured: bool,
    /// How long the lines are that stand there now.
    drawn: Vec<usize>,
}

impl Terminal {
    fn width(&self) -> usize {
        size().0
    }

    /// Replaces the view.
    fn draw(&mut self, lines: &[Line]) {
        let (width, height) = size();
        let mut frame = self.erase(width);
        self.drawn.clear();
        // The last row is the cursor's; lines beyond the top could not be replaced.
        for line in lines.iter().take(height - 1) {
            frame.push_str(&line.render(width, self.coloured));
            frame.push('\n');
            self.drawn.push(line.render(width, false).chars().count());
        }
        terminal::piece(&frame);
    }

    /// Writes a line that stays, where the view was; the next drawing comes below.
    fn note(&mut self, text: &str) {
        let mut note = Line::new();
        note.push(Style::Bold, text);
        let frame = self.erase(size().0) + &note.render(usize::MAX, self.coloured) + "\n";
        self.drawn.clear();
        terminal::piece(&frame);
    }

    /// Moves the cursor to where the view began and erases all below; lines wider than the terminal is now take several rows.
    fn erase(&self, width: usize) -> String {
        match self
            .drawn
            .iter()
            .map(|length| length.div_ceil(width).max(1))
            .sum::<usize>()
        {
            0 => String::new(),
            rows => format!("\x1b[{rows}A\r\x1b[J"),
        }
    }
}

/// Columns and rows.
fn size() -> (usize, usize) {
    terminal_size_of(std::io::stderr()).map_or((80, 24), |(Width(width), Height(height))| {
        (usize::from(width.max(20)), usize::from(height.max(4)))
    })
}
