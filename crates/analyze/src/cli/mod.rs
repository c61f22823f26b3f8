//! The command line of `analyze`.

mod gaps;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use command_line::duration;

use crate::charts::{self, ChartError, ChartOptions};
use crate::error::AnalyzeError;
use crate::load::{Damage, Loaded};
use crate::summary::Thresholds;
use crate::text::{self, Language, TextOptions};
use crate::{Analysis, analyze};

/// Turns a recording of a failover into figures, reports and charts.
#[derive(Debug, Parser)]
#[command(
    name = "analyze",
    version,
    after_help = "Examples:\n  \
        analyze report data/runs/20261122T204300Z-7f3a\n  \
        analyze report data/runs/20261122T204300Z-7f3a --json > summary.json\n  \
        analyze charts data/runs/20261122T204300Z-7f3a\n  \
        analyze gaps data/runs\n\n\
        Exit codes: 0 done, 1 the analysis failed or a part is damaged, 2 wrong usage or no recording there."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints every figure of a recording, and proxy against direct.
    ///
    /// Success rates, throughput, response times, downtime with its resolution, recovery, and what the failover did to each
    /// kind of operation. Takes well under a second for a five-minute recording. The recording may still be in progress.
    #[command(after_help = "Examples:\n  \
        analyze report data/runs/20261122T204300Z-7f3a\n  \
        analyze report data/runs/20261122T204300Z-7f3a --lang zh\n  \
        analyze report data/runs/20261122T204300Z-7f3a --json | jq '.paths[].headline'")]
    Report(ReportArgs),
    /// Draws the four charts of a recording as PNG files.
    ///
    /// Response time over time, operations per second, percentile curves, and availability per path and kind of operation.
    #[command(after_help = "Examples:\n  \
        analyze charts data/runs/20261122T204300Z-7f3a\n  \
        analyze charts data/runs/20261122T204300Z-7f3a --out /tmp/post-mortem --svg")]
    Charts(ChartsArgs),
    /// Lists the outages of several recordings on one axis, the database server's clock.
    ///
    /// Clocks of several hosts differ. Each recording holds how far its host's clock was from the server's; with that added, the
    /// same outage stands at the same time whoever saw it. A second table says which outages were seen together, and by how many
    /// of the hosts that recorded at that time. A recording without such a measurement stays on its host's clock, and is marked.
    #[command(after_help = gaps::EXAMPLES)]
    Gaps(gaps::GapsArgs),
}

#[derive(Debug, Args)]
struct RecordingArgs {
    /// Folder of the recording.
    #[arg(value_name = "RUN")]
    run: PathBuf,
    #[command(flatten)]
    thresholds: ThresholdArgs,
}

#[derive(Debug, Args)]
struct ThresholdArgs {
    /// Shortest gap between successes that may be an outage; at least 100ms.
    #[arg(long, value_name = "DURATION", default_value = "100ms", value_parser = duration::parse)]
    min_outage: Duration,
    /// How much longer than usual an operation must take to count as stalled.
    #[arg(long, value_name = "DURATION", default_value = "500ms", value_parser = duration::parse)]
    min_stall: Duration,
    /// Outages with less health than this between them are one episode.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration::parse)]
    merge_within: Duration,
    /// Go on without parts that are missing or damaged.
    ///
    /// The report says which they are, why, and how many rows are missing (of several recordings: a line each on stderr);
    /// downtimes become lower bounds.
    #[arg(long)]
    allow_damaged: bool,
}

#[derive(Debug, Args)]
struct ReportArgs {
    #[command(flatten)]
    recording: RecordingArgs,
    /// Print the summary as JSON: the same figures, durations in microseconds.
    #[arg(long, conflicts_with = "lang")]
    json: bool,
    /// Language of the report.
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lang {
    /// English.
    En,
    /// Chinese.
    Zh,
}

#[derive(Debug, Args)]
struct ChartsArgs {
    #[command(flatten)]
    recording: RecordingArgs,
    /// Folder for the charts [default: RUN/analysis].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write SVG files too.
    #[arg(long)]
    svg: bool,
    /// A TrueType or OpenType font to draw with, for labels in scripts that the built-in one lacks.
    #[arg(long, value_name = "FILE")]
    font: Option<PathBuf>,
}

impl Cli {
    /// Carries the command out, and says what went wrong in one line on stderr.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let done = match self.command {
            Command::Report(args) => report(&args),
            Command::Charts(args) => draw(&args),
            Command::Gaps(args) => gaps::run(&args),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failure::Analyze(error)) => ExitCode::from(say(&error)),
            Err(Failure::Said(code)) => ExitCode::from(code),
            Err(Failure::Usage(text)) => {
                eprintln!("analyze: {text}");
                ExitCode::from(2)
            }
            // The reader of a pipe has seen enough: that is no failure.
            Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                ExitCode::SUCCESS
            }
            Err(Failure::Output(error)) => {
                eprintln!("analyze: standard output: {error}");
                ExitCode::FAILURE
            }
        }
    }
}

/// Says what is wrong with a recording, and gives the exit code for it.
fn say(error: &AnalyzeError) -> u8 {
    // What a hostile recording says of itself is still one line.
    eprintln!("analyze: {}", text::plain(&error.to_string()));
    if error.is_usage() { 2 } else { 1 }
}

enum Failure {
    Usage(String),
    Analyze(AnalyzeError),
    /// Already said, with this exit code.
    Said(u8),
    Output(io::Error),
}

impl From<AnalyzeError> for Failure {
    fn from(error: AnalyzeError) -> Self {
        Self::Analyze(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl ThresholdArgs {
    fn thresholds(&self) -> Result<Thresholds, Failure> {
        let thresholds = Thresholds {
            min_outage_us: duration::micros(self.min_outage),
            min_stall_us: duration::micros(self.min_stall),
            merge_within_us: duration::micros(self.merge_within),
        };
        let least = Thresholds::default().min_outage_us;
        if thresholds.min_outage_us < least {
            return Err(Failure::Usage("--min-outage is at least 100ms".to_owned()));
        }
        Ok(thresholds)
    }

    fn damage(&self) -> Damage {
        match self.allow_damaged {
            true => Damage::Allowed,
            false => Damage::Refused,
        }
    }
}

impl RecordingArgs {
    fn analyze(&self) -> Result<Analysis, Failure> {
        let thresholds = self.thresholds.thresholds()?;
        let loaded = Loaded::open_with(&self.run, self.thresholds.damage())?;
        Ok(analyze(&loaded, thresholds)?)
    }
}

fn report(args: &ReportArgs) -> Result<(), Failure> {
    let analysis = args.recording.analyze()?;
    let mut stdout = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut stdout, &analysis.summary).map_err(io::Error::from)?;
        writeln!(stdout)?;
        return Ok(stdout.flush()?);
    }
    let language = match args.lang {
        Lang::En => Language::En,
        Lang::Zh => Language::Zh,
    };
    let color = has_color(&stdout);
    let text = text::render(&analysis.summary, &TextOptions { language, color });
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

fn has_color(stdout: &impl IsTerminal) -> bool {
    stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn draw(args: &ChartsArgs) -> Result<(), Failure> {
    let analysis = args.recording.analyze()?;
    let folder = args
        .out
        .clone()
        .unwrap_or_else(|| args.recording.run.join("analysis"));
    let options = ChartOptions {
        svg: args.svg,
        font: args.font.clone(),
        ..ChartOptions::default()
    };
    let files = charts::draw_all(&analysis.summary, &analysis.series, &folder, &options).map_err(
        |error| match error {
            ChartError::Folder { .. } | ChartError::Write { .. } => AnalyzeError::Out {
                reason: error.to_string(),
            },
            other => other.into(),
        },
    )?;
    let mut stdout = io::stdout().lock();
    for file in files {
        writeln!(stdout, "{}", file.display())?;
    }
    Ok(stdout.flush()?)
}
