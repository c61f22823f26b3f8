//! `analyze gaps`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::arguments::{ThresholdArgs, print_json};
use crate::cli::failure::Failure;
use crate::cli::output::on_stdout;
use crate::cli::several::Several;
use crate::gaps::{Gaps, HEADLINE_GROUPS};
use crate::summary::Group;
use crate::text;

pub(super) const EXAMPLES: &str = "Examples:
  analyze gaps data/runs
  analyze gaps fleet                                     # as HOST/RUN
  analyze gaps bastion-1/20261122T204300Z-7f3a bastion-2/20261122T204301Z-11c0
  analyze gaps data/runs --group writer
  analyze gaps data/runs --json | jq '.together[] | select(.hosts < .hosts_recording)'

What the figures mean: docs/definitions.md";

#[derive(Debug, Args)]
pub(super) struct GapsArgs {
    /// Folder of a recording, or of several: RUN or HOST/RUN below it
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Groups of operations whose outages are listed [default: read,writer]
    #[arg(
        long = "group",
        value_enum,
        value_name = "GROUP",
        value_delimiter = ','
    )]
    groups: Vec<GroupArg>,
    /// List the outages of every group: read, write, transaction, writer, all
    #[arg(long, conflicts_with = "groups")]
    all_groups: bool,
    #[command(flatten)]
    thresholds: ThresholdArgs,
    /// Print the tables as JSON: the same figures, durations in microseconds
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum GroupArg {
    /// Reads
    Read,
    /// Writes
    Write,
    /// Transactions
    Transaction,
    /// Writes and transactions: what only a writer can serve
    Writer,
    /// Everything together
    All,
}

impl GroupArg {
    const fn group(self) -> Group {
        match self {
            Self::Read => Group::Read,
            Self::Write => Group::Write,
            Self::Transaction => Group::Transaction,
            Self::Writer => Group::Writer,
            Self::All => Group::All,
        }
    }
}

impl GapsArgs {
    /// In the order of reports, each once.
    fn groups(&self) -> Vec<Group> {
        let named: Vec<Group> = self.groups.iter().map(|group| group.group()).collect();
        let is_asked_for = |group: &Group| match named.as_slice() {
            _ if self.all_groups => true,
            [] => HEADLINE_GROUPS.contains(group),
            named => named.contains(group),
        };
        Group::ALL.into_iter().filter(is_asked_for).collect()
    }
}

/// Prints the outages of every recording that can be read, and one line on stderr for each that can't.
pub(super) fn run(args: &GapsArgs) -> Result<(), Failure> {
    let several = Several::read(&args.runs, &args.thresholds)?;
    if !several.all.is_empty() {
        let gaps = Gaps::new(&several.all, &args.groups(), args.thresholds.thresholds()?);
        print(args, &gaps)?;
    }
    several.end()
}

fn print(args: &GapsArgs, gaps: &Gaps) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    if args.json {
        return print_json(stdout, gaps);
    }
    stdout.write_all(on_stdout(&text::gaps_document(gaps)).as_bytes())?;
    Ok(stdout.flush()?)
}
