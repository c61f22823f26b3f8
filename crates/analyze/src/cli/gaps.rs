//! `analyze gaps`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use command_line::terminal::is_coloured;
use command_line::text::one_line;

use crate::cli::arguments::{ThresholdArgs, print_json};
use crate::cli::failure::{Failure, report};
use crate::cli::runs::{Folders, folders};
use crate::error::AnalyzeError;
use crate::gaps::{Gaps, HEADLINE_GROUPS};
use crate::load::Loaded;
use crate::summarize;
use crate::summary::{Group, Summary, Thresholds};
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
    let thresholds = args.thresholds.thresholds()?;
    let mut failed: Option<u8> = None;
    // A failure of the analysis weighs more than a folder that is not a recording.
    let mut note = |code: u8| failed = Some(failed.map_or(code, |before| before.min(code)));
    let mut seen = BTreeSet::new();
    let mut summaries = Summaries::default();
    for root in &args.runs {
        let Folders { found, complaints } = match folders(root) {
            Ok(folders) => folders,
            Err(error) => {
                note(report(&error));
                continue;
            }
        };
        for complaint in complaints {
            eprintln!("analyze: {}", one_line(&complaint));
            note(1);
        }
        for folder in found {
            // Named twice, as itself and by the folder that it is in, it is still one recording.
            let name = folder.canonicalize().unwrap_or_else(|_| folder.clone());
            if !seen.insert(name) {
                continue;
            }
            let added = args.thresholds.open(&folder);
            if let Err(error) = added.and_then(|loaded| summaries.add(&folder, &loaded, thresholds))
            {
                note(report(&error));
            }
        }
    }
    if !summaries.all.is_empty() {
        let gaps = Gaps::new(&summaries.all, &args.groups(), thresholds);
        print(args, &gaps)?;
    }
    failed.map_or(Ok(()), |code| Err(Failure::Reported(code)))
}

/// The summaries of recordings, each of them once, even if several folders hold a copy.
#[derive(Default)]
struct Summaries {
    all: Vec<Summary>,
    /// Where each was found, by host and run.
    folders: BTreeMap<(String, String), PathBuf>,
}

impl Summaries {
    /// Adds the recording in `folder`, and reports what is left out of it.
    fn add(
        &mut self,
        folder: &Path,
        loaded: &Loaded,
        thresholds: Thresholds,
    ) -> Result<(), AnalyzeError> {
        let manifest = loaded.manifest();
        let name = (manifest.host.clone(), manifest.run_id.clone());
        if let Some(first) = self.folders.get(&name) {
            let (host, run) = &name;
            let (folder, first) = (folder.display(), first.display());
            let text = format!("{folder}: run {run} of {host}, as {first} is: it counts once");
            eprintln!("analyze: {}", one_line(&text));
            return Ok(());
        }
        let summary = summarize(loaded, thresholds)?;
        for part in &summary.recording.damaged_parts {
            let text = format!("left out {}: {}", part.file, part.reason);
            eprintln!("analyze: {}: {}", folder.display(), one_line(&text));
        }
        self.folders.insert(name, folder.to_path_buf());
        self.all.push(summary);
        Ok(())
    }
}

fn print(args: &GapsArgs, gaps: &Gaps) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    if args.json {
        return print_json(stdout, gaps);
    }
    let color = is_coloured(&stdout);
    stdout.write_all(text::render_gaps(gaps, color).as_bytes())?;
    Ok(stdout.flush()?)
}
