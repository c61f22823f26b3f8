//! `analyze gaps` as the user writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use command_line::duration;
use recording::{MANIFEST_FILE, Table};
use serde::Serialize;

use crate::analyze;
use crate::cli::{Failure, ThresholdArgs, has_color, say};
use crate::error::AnalyzeError;
use crate::gaps::{Gaps, HEADLINE_GROUPS, ReportedGaps};
use crate::load::{Damage, Loaded};
use crate::naive::{self, Method, Reported};
use crate::summary::{Group, Summary, Thresholds};
use crate::text;

pub(super) const EXAMPLES: &str = "Examples:
  analyze gaps data/runs
  analyze gaps fleet                                     # as HOST/RUN
  analyze gaps bastion-1/20261122T204300Z-7f3a bastion-2/20261122T204301Z-11c0
  analyze gaps data/runs --group writer
  analyze gaps data/runs --as heartbeat                  # what a SELECT 1 a second would have told
  analyze gaps data/runs --json | jq '.together[] | select(.hosts < .hosts_recording)'";

#[derive(Debug, Args)]
pub(super) struct GapsArgs {
    /// Folder of a recording, or of several: RUN or HOST/RUN below it.
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
    /// Who looks: the workload, or a naive method whose report is put beside what the workload lived through.
    ///
    /// With heartbeat or three-failures the tables say what such a method would have reported on the same time line, and how much
    /// of each group's downtime that is.
    #[arg(long = "as", value_enum, value_name = "METHOD", default_value_t = Looker::Workload)]
    looker: Looker,
    /// From one question of the heartbeat to the next; at least 100ms [default: 1s].
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    heartbeat_interval: Option<Duration>,
    #[command(flatten)]
    thresholds: ThresholdArgs,
    /// Print them as JSON: the same figures, durations in microseconds.
    #[arg(long)]
    json: bool,
}

/// Heartbeats that are asked more often would be load, and no heartbeat.
const LEAST_HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Looker {
    /// The workload: its outages are what is printed.
    Workload,
    /// A SELECT 1 at a fixed interval.
    Heartbeat,
    /// A counter of failures in a row, reset by any success.
    ThreeFailures,
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

    /// The naive method that was asked for; `None` for the workload.
    fn method(&self) -> Result<Option<Method>, Failure> {
        let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
        match (self.looker, self.heartbeat_interval) {
            (Looker::Heartbeat, Some(interval)) if interval < LEAST_HEARTBEAT_INTERVAL => {
                usage("--heartbeat-interval is at least 100ms")
            }
            (Looker::Heartbeat, interval) => Ok(Some(Method::Heartbeat {
                interval_us: duration::micros(interval.unwrap_or(HEARTBEAT_INTERVAL)),
            })),
            (_, Some(_)) => usage("--heartbeat-interval needs --as heartbeat"),
            (Looker::ThreeFailures, None) => Ok(Some(Method::ThreeFailures)),
            (Looker::Workload, None) => Ok(None),
        }
    }
}

/// Prints the outages of every recording that can be read, and says a line of each that can't.
pub(super) fn run(args: &GapsArgs) -> Result<(), Failure> {
    let thresholds = args.thresholds.thresholds()?;
    let method = args.method()?;
    let mut failed: Option<u8> = None;
    // A failure of the analysis weighs more than a folder that is no recording.
    let mut note = |code: u8| failed = Some(failed.map_or(code, |before| before.min(code)));
    let mut seen = BTreeSet::new();
    let mut summaries = Summaries::default();
    for root in &args.runs {
        let Folders { found, complaints } = match folders(root) {
            Ok(folders) => folders,
            Err(error) => {
                note(say(&error));
                continue;
            }
        };
        for complaint in complaints {
            eprintln!("analyze: {}", text::plain(&complaint));
            note(1);
        }
        for folder in found {
            // Named twice, as itself and by the folder that it is in, it is still one recording.
            let name = folder.canonicalize().unwrap_or_else(|_| folder.clone());
            if !seen.insert(name) {
                continue;
            }
            if let Err(error) = summaries.add(&folder, thresholds, method, args.thresholds.damage())
            {
                note(say(&error));
            }
        }
    }
    let (summaries, groups) = (summaries.all, args.groups());
    if summaries.is_empty() {
        return failed.map_or(Ok(()), |code| Err(Failure::Said(code)));
    }
    match method {
        Some(method) => {
            let gaps = ReportedGaps::new(&summaries, method, &groups, thresholds);
            print(args, &gaps, text::render_reported_gaps)?;
        }
        None => {
            let summaries: Vec<_> = summaries.into_iter().map(|(summary, _)| summary).collect();
            print(
                args,
                &Gaps::new(&summaries, &groups, thresholds),
                text::render_gaps,
            )?;
        }
    }
    failed.map_or(Ok(()), |code| Err(Failure::Said(code)))
}

/// The summaries of recordings, each of them once, wherever its copies are.
#[derive(Default)]
struct Summaries {
    /// Each with what the naive method reports of its paths, where one was asked for.
    all: Vec<(Summary, Vec<Reported>)>,
    /// Where each was found, by host and run.
    folders: BTreeMap<(String, String), PathBuf>,
}

impl Summaries {
    /// Adds the recording in `folder`, and says what is left out.
    fn add(
        &mut self,
        folder: &Path,
        thresholds: Thresholds,
        method: Option<Method>,
        damage: Damage,
    ) -> Result<(), AnalyzeError> {
        let loaded = Loaded::open_with(folder, damage)?;
        let manifest = loaded.manifest();
        let name = (manifest.host.clone(), manifest.run_id.clone());
        if let Some(first) = self.folders.get(&name) {
            let (host, run) = &name;
            let (folder, first) = (folder.display(), first.display());
            let text = format!("{folder}: run {run} of {host}, as {first} is: it counts once");
            eprintln!("analyze: {}", text::plain(&text));
            return Ok(());
        }
        let summary = analyze(&loaded, thresholds)?.summary;
        let reported = match method {
            Some(method) => naive::reported(&loaded, method)?,
            None => Vec::new(),
        };
        for part in &summary.recording.damaged_parts {
            let text = format!("left out {}: {}", part.file, part.reason);
            eprintln!("analyze: {}: {}", folder.display(), text::plain(&text));
        }
        self.folders.insert(name, folder.to_path_buf());
        self.all.push((summary, reported));
        Ok(())
    }
}

/// What lies below a folder that the user named.
struct Folders {
    /// The recordings.
    found: Vec<PathBuf>,
    /// A line of each folder that seems to be one and can't be read as such.
    complaints: Vec<String>,
}

/// The recordings at `root`; where there is none, `root` itself, which then says what is wrong with it.
fn folders(root: &Path) -> Result<Folders, AnalyzeError> {
    let mut found = recording::find(root)?;
    let is_root = found.first().is_some_and(|first| first == root);
    let mut complaints = Vec::new();
    if !is_root && !is_remainder(root) {
        for folder in folders_in(root, &mut complaints) {
            if is_remainder(&folder) {
                complaints.push(without_manifest(&folder));
            } else if !is_recording(&folder) {
                let below = folders_in(&folder, &mut complaints);
                let remainders = below.iter().filter(|below| is_remainder(below));
                complaints.extend(remainders.map(|remainder| without_manifest(remainder)));
            }
        }
    }
    if found.is_empty() && complaints.is_empty() {
        found.push(root.to_path_buf());
    }
    Ok(Folders { found, complaints })
}

/// The folders in a folder, in order; one that can't be listed may hide recordings.
fn folders_in(folder: &Path, complaints: &mut Vec<String>) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    match entries {
        Ok(entries) => {
            let paths = entries.iter().map(fs::DirEntry::path);
            let mut folders: Vec<_> = paths.filter(|path| path.is_dir()).collect();
            folders.sort();
            folders
        }
        Err(error) => {
            complaints.push(format!("{}: {error}", folder.display()));
            Vec::new()
        }
    }
}

fn is_recording(folder: &Path) -> bool {
    folder.join(MANIFEST_FILE).is_file()
}

/// True for what a copy that was broken off leaves: rows, and nothing that says whose.
fn is_remainder(folder: &Path) -> bool {
    let holds = |name: &str| folder.join(name).is_dir();
    !is_recording(folder) && (holds(Table::Operations.as_str()) || holds("journal"))
}

fn without_manifest(folder: &Path) -> String {
    let folder = folder.display();
    format!("{folder}: it holds rows but no manifest.json, so it is left out; copy it again")
}

fn print<T: Serialize>(
    args: &GapsArgs,
    gaps: &T,
    render: fn(&T, bool) -> String,
) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut stdout, gaps).map_err(io::Error::from)?;
        writeln!(stdout)?;
    } else {
        let color = has_color(&stdout);
        stdout.write_all(render(gaps, color).as_bytes())?;
    }
    Ok(stdout.flush()?)
}
