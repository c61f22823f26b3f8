//! `analyze compare`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use command_line::terminal::is_coloured;

use crate::cli::arguments::{ThresholdArgs, print_json};
use crate::cli::failure::Failure;
use crate::cli::report::Lang;
use crate::cli::several::Several;
use crate::compare::Compared;
use crate::text::{self, TextOptions};

pub(super) const EXAMPLES: &str = "Examples:
  analyze compare before --with after                    # two folders of recordings
  analyze compare before/* --with after/* --all
  analyze compare data/runs/20261122T204300Z-7f3a --with data/runs/20261123T091500Z-c1d2
  analyze compare before --with after --json | jq '.families[].lines[] | select(.verdict)'

What the figures mean, and how they are tested: docs/definitions.md";

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// Recordings to compare with, or folders of them: RUN or HOST/RUN below it
    #[arg(value_name = "BASE", required = true)]
    base: Vec<PathBuf>,
    /// The other recordings, or folders of them
    #[arg(long = "with", value_name = "NEW", required = true, num_args = 1..)]
    new: Vec<PathBuf>,
    /// List every figure, also those without a significant difference
    #[arg(long, conflicts_with = "json")]
    all: bool,
    #[command(flatten)]
    thresholds: ThresholdArgs,
    /// Print every figure as JSON, durations in microseconds
    #[arg(long, conflicts_with = "lang")]
    json: bool,
    /// Language of the tables
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
}

/// Prints the comparison of what can be read, and one line on stderr for each recording that can't.
pub(super) fn run(args: &CompareArgs) -> Result<(), Failure> {
    let base = Several::read(&args.base, &args.thresholds)?;
    let new = Several::read(&args.new, &args.thresholds)?;
    if let Some(folder) = base.shared_with(&new) {
        let folder = folder.display();
        let text = format!("{folder}: it is on both sides of --with; leave it out on one of them");
        return Err(Failure::Usage(text));
    }
    if !base.all.is_empty() && !new.all.is_empty() {
        print(
            args,
            &Compared::new(&base.all, &new.all, args.thresholds.thresholds()?),
        )?;
    }
    base.end().and(new.end())
}

fn print(args: &CompareArgs, compared: &Compared) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    if args.json {
        return print_json(stdout, compared);
    }
    let options = TextOptions {
        language: args.lang.language(),
        color: is_coloured(&stdout),
    };
    let text = text::many::compare::render(compared, args.all, &options);
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}
