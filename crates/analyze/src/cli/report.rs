//! `analyze report`.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use command_line::terminal::is_coloured;

use crate::cli::arguments::{RecordingArgs, print_json};
use crate::cli::failure::Failure;
use crate::text::{self, Language, TextOptions};
use crate::zone::Zone;

pub(super) const EXAMPLES: &str = "Examples:
  analyze report data/runs/20261122T204300Z-7f3a
  analyze report data/runs/20261122T204300Z-7f3a --lang zh --timezone Asia/Shanghai
  analyze report data/runs/20261122T204300Z-7f3a --json | jq '.paths[].headline'

What the figures mean: docs/definitions.md";

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    recording: RecordingArgs,
    /// Print the summary as JSON: the same figures, durations in microseconds
    #[arg(long, conflicts_with = "lang")]
    json: bool,
    /// Language of the report
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
    /// Time zone of the times of day
    ///
    /// A name of the IANA database, such as Asia/Shanghai.
    #[arg(long, value_name = "ZONE", default_value_t, conflicts_with = "json")]
    timezone: Zone,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Lang {
    /// English
    En,
    /// Chinese
    Zh,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::En,
            Lang::Zh => Self::Zh,
        }
    }
}

pub(super) fn run(args: &ReportArgs) -> Result<(), Failure> {
    let summary = args.recording.summarize()?;
    let mut stdout = io::stdout().lock();
    if args.json {
        return print_json(stdout, &summary);
    }
    let options = TextOptions {
        language: args.lang.into(),
        color: is_coloured(&stdout),
    };
    let text = text::render_in(&summary, &options, args.timezone);
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}
