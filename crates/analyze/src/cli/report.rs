//! `analyze report`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use command_line::terminal::is_coloured;

use crate::campaign::Campaign;
use crate::cli::arguments::{RecordingArgs, print_json};
use crate::cli::failure::Failure;
use crate::cli::runs::{Folders, folders};
use crate::cli::several::Several;
use crate::text::{self, Language, TextOptions};

pub(super) const EXAMPLES: &str = "Examples:
  analyze report data/runs/20261122T204300Z-7f3a
  analyze report data/runs/20261122T204300Z-7f3a --lang zh
  analyze report data/runs/20261122T204300Z-7f3a --json | jq '.paths[].headline'
  analyze report data/runs                               # all of them: median, range and interval over the failovers
  analyze report fleet/app-1/20261122T204300Z-7f3a fleet/app-2/20261122T204301Z-11c0    # two hosts of one run

What the figures mean: docs/definitions.md";

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    recording: RecordingArgs,
    /// More recordings, or folders of them: the report is then of all failovers of all runs
    ///
    /// A folder may hold recordings as RUN or as HOST/RUN. Recordings of the same servers at the same time are one run.
    #[arg(value_name = "RUN")]
    more: Vec<PathBuf>,
    /// Print the summary as JSON: the same figures, durations in microseconds
    #[arg(long, conflicts_with = "lang")]
    json: bool,
    /// Language of the report
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Lang {
    /// English
    En,
    /// Chinese
    Zh,
}

impl Lang {
    pub(super) const fn language(self) -> Language {
        match self {
            Self::En => Language::En,
            Self::Zh => Language::Zh,
        }
    }
}

pub(super) fn run(mut args: ReportArgs) -> Result<(), Failure> {
    if args.more.is_empty() {
        match folders(&args.recording.run)? {
            // A folder that holds one recording is taken for it.
            Folders { found, complaints } if found.len() == 1 && complaints.is_empty() => {
                args.recording.run = found.into_iter().collect();
            }
            _ => return of_several(&args),
        }
    } else {
        return of_several(&args);
    }
    let summary = args.recording.summarize()?;
    let mut stdout = io::stdout().lock();
    if args.json {
        return print_json(stdout, &summary);
    }
    let color = is_coloured(&stdout);
    let language = args.lang.language();
    let text = text::render(&summary, &TextOptions { language, color });
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

/// Prints what holds over all recordings that can be read, and one line on stderr for each that can't.
fn of_several(args: &ReportArgs) -> Result<(), Failure> {
    let RecordingArgs { run, thresholds } = &args.recording;
    let roots: Vec<PathBuf> = std::iter::once(run).chain(&args.more).cloned().collect();
    let several = Several::read(&roots, thresholds)?;
    if several.all.is_empty() {
        return several.end();
    }
    let campaign = Campaign::new(&several.all, thresholds.thresholds()?);
    let mut stdout = io::stdout().lock();
    if args.json {
        print_json(stdout, &campaign)?;
        return several.end();
    }
    let color = is_coloured(&stdout);
    let language = args.lang.language();
    let text = text::many::campaign::render(&campaign, &TextOptions { language, color });
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    several.end()
}
