//! `analyze charts`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use command_line::text::one_line;

use crate::charts::{ChartOptions, Theme, draw_set};
use crate::cli::arguments::RecordingArgs;
use crate::cli::failure::Failure;
use crate::cli::output::Lang;
use crate::cli::query::OF_A_RECORDING;
use crate::query::is_recorded;
use crate::zone::Zone;

pub(super) const EXAMPLES: &str = "Examples:
  analyze charts data/runs/20261122T204300Z-7f3a
  analyze charts data/runs/20261122T204300Z-7f3a --out /tmp/post-mortem --svg
  analyze charts data/runs/20261122T204300Z-7f3a --theme dark --timezone Europe/Dublin
  analyze charts data/runs/20261122T204300Z-7f3a --lang zh --font /usr/share/fonts/truetype/wqy/wqy-zenhei.ttc";

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
    /// Colours of the charts
    #[arg(long, value_enum, default_value_t = ThemeArg::Light)]
    theme: ThemeArg,
    /// Language of the charts
    ///
    /// Chinese needs --font with a font that has its characters, such as NotoSansCJK-Regular.ttc.
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
    /// Time zone of the times of day, which then stand at the time axes too [default: UTC]
    ///
    /// A name of the IANA database, such as Asia/Shanghai.
    #[arg(long, value_name = "ZONE")]
    timezone: Option<Zone>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ThemeArg {
    /// For documents
    Light,
    /// For dark pages and slides
    Dark,
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
        theme: match args.theme {
            ThemeArg::Light => Theme::Light,
            ThemeArg::Dark => Theme::Dark,
        },
        language: args.lang.language(),
        zone: args.timezone,
        ..ChartOptions::default()
    };
    if is_recorded(&folder.join("overview.png")) {
        let text = format!("--out {}: {OF_A_RECORDING}", folder.display());
        return Err(Failure::Usage(one_line(&text)));
    }
    let files = draw_set(&analysis.summary, &analysis.series, &folder, &options)?;
    let mut stdout = io::stdout().lock();
    for file in files.written {
        writeln!(stdout, "{}", file.display())?;
    }
    stdout.flush()?;
    if !files.left_out.is_empty() {
        let left_out = files.left_out.iter();
        let left_out = left_out.map(|(name, why)| format!("{name} ({why})"));
        let left_out = left_out.collect::<Vec<_>>().join(", ");
        eprintln!("analyze: not drawn, as there is nothing to show: {left_out}");
    }
    Ok(())
}
