//! `analyze charts`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::charts::{ChartOptions, draw_all};
use crate::cli::arguments::RecordingArgs;
use crate::cli::failure::Failure;

pub(super) const EXAMPLES: &str = "Examples:
  analyze charts data/runs/20261122T204300Z-7f3a
  analyze charts data/runs/20261122T204300Z-7f3a --out /tmp/post-mortem --svg";

#[derive(Debug, Args)]
pub(super) struct ChartsArgs {
    #[command(flatten)]
    recording: RecordingArgs,
    /// Folder for the charts [default: RUN/analysis]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write SVG files too
    #[arg(long)]
    svg: bool,
    /// TrueType or OpenType font to draw with [default: a built-in font with Latin and Greek]
    ///
    /// Needed for labels in other scripts.
    #[arg(long, value_name = "FILE")]
    font: Option<PathBuf>,
}

pub(super) fn run(args: &ChartsArgs) -> Result<(), Failure> {
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
    let files = draw_all(&analysis.summary, &analysis.series, &folder, &options)?;
    let mut stdout = io::stdout().lock();
    for file in files {
        writeln!(stdout, "{}", file.display())?;
    }
    Ok(stdout.flush()?)
}
