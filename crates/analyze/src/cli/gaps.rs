//! `analyze gaps` as the user writes it.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Failure, ThresholdArgs, has_color, say};
use crate::analyze;
use crate::error::AnalyzeError;
use crate::gaps::{Gaps, HEADLINE_GROUPS};
use crate::load::{Damage, Loaded};
use crate::summary::{Group, Summary, Thresholds};
use crate::text;

pub(super) const EXAMPLES: &str = "Examples:
  analyze gaps data/runs
  analyze gaps bastion-1/20261122T204300Z-7f3a bastion-2/20261122T204301Z-11c0
  analyze gaps data/runs --group writer
  analyze gaps data/runs --json | jq '.together[] | select(.hosts < .hosts_recording)'";

#[derive(Debug, Args)]
pub(super) struct GapsArgs {
    /// Folder of a recording, or of several.
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Groups of operations to look at [default: read,writer].
    #[arg(
        long = "group",
        value_enum,
        value_name = "GROUP",
        value_delimiter = ','
    )]
    groups: Vec<GroupArg>,
    /// Look at every group: read, write, transaction, writer, all.
    #[arg(long, conflicts_with = "groups")]
    all_groups: bool,
    #[command(flatten)]
    thresholds: ThresholdArgs,
    /// Print them as JSON: the same figures, durations in microseconds.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum GroupArg {
    /// Reads.
    Read,
    /// Writes.
    Write,
    /// Transactions.
    Transaction,
    /// Writes and transactions: what only a writer can serve.
    Writer,
    /// Everything together.
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

/// Prints the outages of every recording that can be read, and says a line of each that can't.
pub(super) fn run(args: &GapsArgs) -> Result<(), Failure> {
    let thresholds = args.thresholds.thresholds()?;
    let mut failed: Option<u8> = None;
    // A failure of the analysis weighs more than a folder that is no recording.
    let mut note = |error: &AnalyzeError| {
        let code = say(error);
        failed = Some(failed.map_or(code, |before| before.min(code)));
    };
    let mut seen = BTreeSet::new();
    let mut summaries = Vec::new();
    for root in &args.runs {
        let folders = match folders(root) {
            Ok(folders) => folders,
            Err(error) => {
                note(&error);
                continue;
            }
        };
        for folder in folders {
            // Named twice, as itself and by the folder that it is in, it is still one recording.
            let name = folder.canonicalize().unwrap_or_else(|_| folder.clone());
            if !seen.insert(name) {
                continue;
            }
            match summary(&folder, thresholds, args.thresholds.damage()) {
                Ok(summary) => {
                    for part in &summary.recording.damaged_parts {
                        let text = format!("left out {}: {}", part.file, part.reason);
                        eprintln!("analyze: {}: {}", folder.display(), text::plain(&text));
                    }
                    summaries.push(summary);
                }
                Err(error) => note(&error),
            }
        }
    }
    if !summaries.is_empty() {
        print(args, &Gaps::new(&summaries, &args.groups(), thresholds))?;
    }
    failed.map_or(Ok(()), |code| Err(Failure::Said(code)))
}

/// The recordings at `root`; where there is none, `root` itself, which then says what is wrong with it.
fn folders(root: &Path) -> Result<Vec<PathBuf>, AnalyzeError> {
    let found = recording::find(root)?;
    Ok(match found.is_empty() {
        true => vec![root.to_path_buf()],
        false => found,
    })
}

fn summary(folder: &Path, thresholds: Thresholds, damage: Damage) -> Result<Summary, AnalyzeError> {
    Ok(analyze(&Loaded::open_with(folder, damage)?, thresholds)?.summary)
}

fn print(args: &GapsArgs, gaps: &Gaps) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut stdout, gaps).map_err(io::Error::from)?;
        writeln!(stdout)?;
    } else {
        let color = has_color(&stdout);
        stdout.write_all(text::render_gaps(gaps, color).as_bytes())?;
    }
    Ok(stdout.flush()?)
}
