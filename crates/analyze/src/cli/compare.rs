//! `analyze compare`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::arguments::ThresholdArgs;
use crate::cli::failure::Failure;
use crate::cli::output::OutputArgs;
use crate::cli::several::Several;
use crate::compare::Compared;
use crate::text;

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
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    thresholds: ThresholdArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Prints the comparison of what can be read, and one line on stderr for each recording that can't.
pub(super) fn run(args: &CompareArgs) -> Result<(), Failure> {
    args.output.format()?;
    let base = Several::read(&args.base, &args.thresholds)?;
    let new = Several::read(&args.new, &args.thresholds)?;
    if let Some(folder) = base.shared_with(&new) {
        let folder = folder.display();
        let text = format!("{folder}: it is on both sides of --with; leave it out on one of them");
        return Err(Failure::Usage(text));
    }
    if !base.all.is_empty() && !new.all.is_empty() {
        let compared = Compared::new(&base.all, &new.all, args.thresholds.thresholds()?);
        let (language, zone) = (args.output.language(), args.output.zone());
        let document = text::many::compare::document(&compared, args.all, language, zone);
        args.output.write(&document, &compared)?;
    }
    base.end().and(new.end())
}
