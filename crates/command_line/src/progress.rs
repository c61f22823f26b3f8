//! How far a program has come: a line on stderr, on a terminal only.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Progress is shown of what takes longer than this.
const SILENT: Duration = Duration::from_secs(2);

/// A line on a terminal that tells how far the program has come.
#[derive(Debug)]
pub struct ProgressBar {
    begun: Instant,
    shown: Option<u64>,
    is_terminal: bool,
}

impl Default for ProgressBar {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            shown: None,
            is_terminal: std::io::stderr().is_terminal(),
        }
    }
}

impl ProgressBar {
    /// Shows that `done` of `all` is done; `of` names what is done, from `all`.
    pub fn show(&mut self, done: u64, all: u64, of: impl Fn(u64) -> String) {
        if !self.is_terminal || self.begun.elapsed() < SILENT {
            return;
        }
        let percent = done.saturating_mul(100).checked_div(all);
        let percent = percent.unwrap_or(100).min(100);
        if self.shown != Some(percent) {
            self.shown = Some(percent);
            write(&format!("\r{percent:>3} % of {}", of(all)));
        }
    }

    /// Gives the line back to the result.
    pub fn clear(&mut self) {
        if self.shown.take().is_some() {
            write("\r\x1b[K");
        }
    }
}

/// A terminal that is gone is no reason to end.
fn write(text: &str) {
    let mut stderr = std::io::stderr();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}
