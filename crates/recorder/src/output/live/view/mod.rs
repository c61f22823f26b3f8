//! The view as text: from what is known to lines.

use std::time::Duration;

use chrono::DateTime;
use recording::ScheduleLag;
use recording::vocabulary::Path;

use crate::monitor::state::{GroupView, LoadState, Second, Snapshot};
use crate::output::live::style::{Line, Style};
use command_line::text::{one_line, thousands};

/// A group that has had no success for this long is worth a look, though no failure has come: a proxy may hold it back.
const LONG_GAP_US: i64 = 1_000_000;
/// Before the lines of a path.
const INDENT: usize = 10;
/// Of a failure's text no more is shown, characters.
const LONGEST_TEXT: usize = 120;

/// All that is shown.
#[derive(Debug)]
pub(super) struct View {
    pub(super) elapsed_us: i64,
    pub(super) duration: Duration,
    /// How far a campaign of failovers is.
    pub(super) campaign: Option<String>,
    pub(super) paths: Vec<Snapshot>,
    pub(super) dropped_rows: u64,
    pub(super) trouble: Option<String>,
}

impl View {
    /// The view for a terminal that is `width` wide.
    pub(super) fn lines(&self, width: usize) -> Vec<Line> {
        let mut lines = vec![progress("recording", self.elapsed_us, self.duration, width)];
        lines.extend(self.campaign());
        for path in &self.paths {
            lines.push(Line::new());
            path_lines(path, width, &mut lines);
        }
        lines.extend(self.trouble());
        lines
    }

    /// A line per path for where there is no terminal.
    pub(super) fn plain(&self) -> Vec<String> {
        let elapsed = clock_time(self.elapsed_us / 1_000_000);
        let paths = self.paths.iter().map(|path| {
            let mut line = Line::new();
            line.plain(format!("{elapsed} {:<7}", path.path.as_str()));
            groups(path, &mut line);
            rates(path, line.plain("   "));
            if path.last_error.is_some() {
                failures(path, line.plain("   "));
            }
            if let Some(load) = &path.load {
                load_figures(load, line.plain("   pgbench "));
            }
            if let Some(text) = lag(path) {
                line.plain(format!("   {text}"));
            }
            line
        });
        paths
            .chain(self.campaign())
            .chain(self.trouble())
            .map(|line| line.render(usize::MAX, false))
            .collect()
    }

    fn campaign(&self) -> Option<Line> {
        let mut line = Line::new();
        line.push(Style::Bold, self.campaign.as_ref()?);
        Some(line)
    }

    /// What is wrong with the recording itself.
    fn trouble(&self) -> Option<Line> {
        let mut what = Vec::new();
        if self.dropped_rows > 0 {
            what.push(format!(
                "{} rows lost: the disk does not keep up",
                thousands(self.dropped_rows)
            ));
        }
        what.extend(self.trouble.clone());
        let mut line = Line::new();
        line.push(Style::Bad, what.join("; "));
        (!what.is_empty()).then_some(line)
    }
}

/// `recording  00:23 / 05:00  ████░░░░   8 %`, the bar as wide as there is room.
pub(super) fn progress(what: &str, elapsed_us: i64, duration: Duration, width: usize) -> Line {
    let share = (elapsed_us.max(0) as f64 / duration.as_micros().max(1) as f64).min(1.0);
    let times = format!(
        "{}  {} / {}  ",
        what,
        clock_time(elapsed_us / 1_000_000),
        clock_time(duration.as_secs() as i64)
    );
    let per_cent = format!("  {:>3.0} %", (share * 100.0).floor());
    let room = width.saturating_sub(times.len() + per_cent.len()).min(60);
    let full = (share * room as f64) as usize;
    let mut line = Line::new();
    line.push(Style::Bold, times)
        .push(Style::Good, "█".repeat(full))
        .push(Style::Dim, "░".repeat(room - full))
        .plain(per_cent);
    line
}

fn path_lines(path: &Snapshot, width: usize, lines: &mut Vec<Line>) {
    let indented = || {
        let mut line = Line::new();
        line.plain(" ".repeat(INDENT));
        line
    };
    let mut line = Line::new();
    line.push(Style::Bold, format!("{:<INDENT$}", path.path.as_str()));
    groups(path, &mut line);
    lines.push(line);

    let mut line = indented();
    rates(path, &mut line);
    lines.push(line);

    let mut line = indented();
    line.plain("gap ");
    gap("reads", path.reads, &mut line);
    gap(", writes", path.writes, &mut line);
    lines.push(line);

    let mut line = indented();
    failures(path, &mut line);
    lines.push(line);

    if let Some(load) = &path.load {
        let mut line = indented();
        load_figures(load, line.plain("pgbench "));
        lines.push(line);
    }
    if let Some(text) = lag(path) {
        let mut line = indented();
        line.push(Style::Bad, text);
        lines.push(line);
    }

    let mut line = indented();
    strip(&path.history, width.saturating_sub(INDENT), &mut line);
    lines.push(line);
}

/// Where this machine does not keep the schedule of an open loop.
fn lag(path: &Snapshot) -> Option<String> {
    let lag = path.lag.filter(ScheduleLag::is_notable)?;
    Some(format!(
        "schedule lag p99 {:.0} ms: this machine does not keep the rate",
        lag.p99_us? as f64 / 1e3
    ))
}

/// `reads up, writes DOWN 3.4 s, since 00:25:41 UTC`.
fn groups(path: &Snapshot, line: &mut Line) {
    let reads = match path.reads_go_apart {
        true => "reads (reader endpoint) ",
        false => "reads ",
    };
    for (name, group) in [(reads, path.reads), (", writes ", path.writes)] {
        line.plain(name);
        match group {
            None => line.plain("-"),
            Some(GroupView {
                down_since_us: None,
                ..
            }) => line.push(Style::Good, "up"),
            Some(GroupView {
                down_since_us: Some(since_us),
                gap_us,
            }) => line
                .push(Style::Bad, format!("DOWN {}", seconds(gap_us)))
                .plain(format!(" since {}", utc(since_us))),
        };
    }
}

/// `14.2 ok/s, 3.0 failed/s   p99 12.3 ms   97.40 % of 1,234 ok`.
fn rates(path: &Snapshot, line: &mut Line) {
    line.plain(format!("{:.1} ok/s", path.succeeded_per_s));
    if path.failed_per_s > 0.0 {
        line.push(Style::Bad, format!(", {:.1} failed/s", path.failed_per_s));
    }
    line.plain(format!(
        "   p99 {}",
        path.p99_us.map_or("-".to_owned(), milliseconds)
    ));
    if let Some(rate) = path.totals.success_rate() {
        line.plain(format!(
            "   {rate:.2} % of {} ok",
            thousands(path.totals.operations)
        ));
    }
}

/// `30 failed, 2 unknown   last error read_only 25006, 0.2 s ago`; the text too, where the class says nothing.
fn failures(path: &Snapshot, line: &mut Line) {
    let Some((error, ago_us)) = &path.last_error else {
        line.push(Style::Dim, "no failures");
        return;
    };
    line.plain(format!("{} failed", thousands(path.totals.failed)));
    if path.totals.unknown > 0 {
        line.plain(format!(", {} unknown", thousands(path.totals.unknown)));
    }
    line.plain(format!("   last error {}", error.class));
    if let Some(code) = &error.sqlstate {
        line.plain(format!(" {code}"));
    }
    line.plain(format!(", {} ago", seconds(*ago_us)));
    if let Some(text) = &error.text {
        let text: String = one_line(text).chars().take(LONGEST_TEXT).collect();
        line.plain(format!(": {text}"));
    }
}

/// `reads 0.1 s`: how long ago the last success was.
fn gap(name: &str, group: Option<GroupView>, line: &mut Line) {
    line.plain(format!("{name} "));
    match group {
        None => line.plain("-"),
        Some(group) => {
            let style = match group {
                GroupView {
                    down_since_us: Some(_),
                    ..
                } => Style::Bad,
                GroupView { gap_us, .. } if gap_us > LONG_GAP_US => Style::Warning,
                GroupView { .. } => Style::Plain,
            };
            line.push(style, seconds(group.gap_us))
        }
    };
}

/// `812 tps, 11.2 ms, 3 restarts`.
fn load_figures(load: &LoadState, line: &mut Line) {
    let style = if load.tps > 0.0 {
        Style::Plain
    } else {
        Style::Warning
    };
    line.push(style, format!("{:.0} tps", load.tps));
    if let Some(latency_us) = load.latency_us {
        line.plain(format!(", {}", milliseconds(latency_us)));
    }
    match load.restarts {
        0 => line,
        1 => line.plain(", 1 restart"),
        restarts => line.plain(format!(", {restarts} restarts")),
    };
}

/// Operations per second, a column each, red where one failed; `×` where none succeeded.
fn strip(history: &[Second], room: usize, line: &mut Line) {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let shown = &history[history.len().saturating_sub(room)..];
    let highest = shown
        .iter()
        .map(|second| second.succeeded)
        .max()
        .unwrap_or(0);
    for second in shown {
        let column = match second {
            Second {
                succeeded: 0,
                failed: 0,
            } => ' ',
            Second { succeeded: 0, .. } => '×',
            Second { succeeded, .. } => {
                LEVELS[((succeeded * 8).div_ceil(highest) as usize).clamp(1, 8) - 1]
            }
        };
        let style = if second.failed > 0 {
            Style::Bad
        } else {
            Style::Good
        };
        line.push(style, column);
    }
}

/// `00:25:41 UTC`.
fn utc(time_us: i64) -> String {
    DateTime::from_timestamp_micros(time_us)
        .unwrap_or_default()
        .format("%H:%M:%S UTC")
        .to_string()
}

/// `05:00`, `1:05:00`.
fn clock_time(seconds: i64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

fn seconds(us: i64) -> String {
    if us < 100_000_000 {
        format!("{:.1} s", us as f64 / 1e6)
    } else {
        clock_time(us / 1_000_000)
    }
}

fn milliseconds(us: i64) -> String {
    if us < 1_000_000 {
        format!("{:.1} ms", us as f64 / 1e3)
    } else {
        seconds(us)
    }
}

/// The warm-up: how far, and what pgbench does on each path.
pub(super) fn warm_up_line(
    elapsed_us: i64,
    duration: Duration,
    paths: &[(Path, Option<LoadState>)],
    width: usize,
) -> Line {
    let loads: String = paths
        .iter()
        .filter_map(|(path, load)| Some(format!("   {path} {:.0} tps", load.as_ref()?.tps)))
        .collect();
    let room = width.saturating_sub(loads.len());
    let mut line = progress("warming up", elapsed_us, duration, room);
    line.plain(loads);
    line
}

#[cfg(test)]
mod tests;
