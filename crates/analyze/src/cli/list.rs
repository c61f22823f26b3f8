//! `analyze list`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use command_line::progress::ProgressBar;
use command_line::text::{one_line, thousands};
use recording::{MANIFEST_FILE, Manifest};

use crate::cli::arguments::{ThresholdArgs, print_json};
use crate::cli::failure::Failure;
use crate::cli::output::{Lang, on_stdout};
use crate::cli::runs::{Folders, folders};
use crate::error::AnalyzeError;
use crate::listing::{Found, Listed, Listing, Recorded, SortBy};
use crate::summarize;
use crate::text;

pub(super) const EXAMPLES: &str = "Examples:
  analyze list
  analyze list fleet --sort downtime --reverse
  analyze list data/runs --label driver=pgx --label after=20s
  analyze list --json | jq '.recordings[] | select(.error)'

What the figures mean: docs/definitions.md";

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Folder of recordings: RUN or HOST/RUN below it
    #[arg(value_name = "DIR", default_value = "data/runs")]
    folder: PathBuf,
    /// What the list is sorted by
    #[arg(long, value_enum, value_name = "COLUMN", default_value_t = SortArg::Date)]
    sort: SortArg,
    /// Sort the other way round: the latest, or the longest, first
    #[arg(long)]
    reverse: bool,
    /// Only recordings with this label; several must all be there
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    #[command(flatten)]
    thresholds: ThresholdArgs,
    /// Print the list as JSON, durations in microseconds
    #[arg(long, conflicts_with = "lang")]
    json: bool,
    /// Language of the list
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SortArg {
    /// When it began
    Date,
    /// How long it is
    Duration,
    /// How many failovers it shows
    Failovers,
    /// The longer headline downtime of its paths
    Downtime,
    /// How many acknowledged writes the audit found lost
    Lost,
    /// The name of its folder
    Folder,
}

impl SortArg {
    const fn by(self) -> SortBy {
        match self {
            Self::Date => SortBy::Date,
            Self::Duration => SortBy::Duration,
            Self::Failovers => SortBy::Failovers,
            Self::Downtime => SortBy::Downtime,
            Self::Lost => SortBy::Lost,
            Self::Folder => SortBy::Folder,
        }
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a label is KEY=VALUE".to_owned()),
    }
}

/// Prints a line for each recording, also for those that can't be read.
pub(super) fn run(args: &ListArgs) -> Result<(), Failure> {
    let thresholds = args.thresholds.thresholds()?;
    let Folders { found, complaints } = folders(&args.folder)?;
    let mut recordings = Vec::new();
    let mut bar = ProgressBar::default();
    for (done, folder) in found.iter().enumerate() {
        bar.show(done as u64, found.len() as u64, |all| {
            format!("{} recordings analyzed", thousands(all))
        });
        recordings.extend(listed(args, folder)?);
    }
    bar.clear();
    let without_manifest: Vec<Listed> = complaints
        .iter()
        .map(|complaint| unreadable(args, complaint))
        .chain(empty_folders(&args.folder))
        .collect();
    if args.labels.is_empty() {
        recordings.extend(without_manifest);
    } else {
        let is_bad = |folder: &&PathBuf| Manifest::read(folder).is_err();
        let count = without_manifest.len() + found.iter().filter(is_bad).count();
        if count > 0 {
            eprintln!(
                "analyze: {count} without a manifest that can be read are left out: their labels are not known"
            );
        }
    }
    let mut listing = Listing::new(recordings, thresholds);
    listing.sort(args.sort.by(), args.reverse);
    print(args, &listing)
}

/// A recording with its labels; `None` where it has not those that are asked for.
fn listed(args: &ListArgs, folder: &Path) -> Result<Option<Listed>, Failure> {
    let manifest = Manifest::read(folder).map_err(AnalyzeError::from);
    let has_labels = |manifest: &Manifest| {
        let mut labels = args.labels.iter();
        labels.all(|(key, value)| manifest.labels.get(key) == Some(value))
    };
    let manifest = match manifest {
        Ok(manifest) if has_labels(&manifest) => Some(manifest),
        Ok(_) => return Ok(None),
        // The folder that the user named is no recording, and holds none.
        Err(error) if folder == args.folder => {
            let refused = args.thresholds.open(folder).err();
            return Err(refused.unwrap_or(error).into());
        }
        Err(_) if !args.labels.is_empty() => return Ok(None),
        Err(_) => None,
    };
    let thresholds = args.thresholds.thresholds()?;
    let summary = args
        .thresholds
        .open(folder)
        .and_then(|loaded| summarize(&loaded, thresholds));
    let (found, error) = match summary {
        Ok(summary) => (Some(Found::new(&summary)), None),
        Err(error) => (None, Some(shortened(&error.to_string(), folder))),
    };
    Ok(Some(Listed {
        folder: below(&args.folder, folder),
        recorded: manifest.as_ref().map(Recorded::new),
        found,
        error,
    }))
}

/// The name of a folder below the one that is listed.
fn below(root: &Path, folder: &Path) -> String {
    let name = folder
        .strip_prefix(root)
        .ok()
        .filter(|name| !name.as_os_str().is_empty());
    one_line(&name.unwrap_or(folder).display().to_string())
}

/// What is wrong, in one line, without the name of the folder that it begins with.
fn shortened(error: &str, folder: &Path) -> String {
    let name = folder.display().to_string();
    let rest = error
        .strip_prefix(&name)
        .map_or(error, |rest| rest.trim_start_matches(['/', ':', ' ']));
    one_line(rest)
}

/// A folder that looks like a recording but can't be read as one: `FOLDER: REASON`.
fn unreadable(args: &ListArgs, complaint: &str) -> Listed {
    let (folder, reason) = complaint.split_once(": ").unwrap_or((complaint, ""));
    Listed {
        folder: below(&args.folder, Path::new(folder)),
        recorded: None,
        found: None,
        error: Some(one_line(reason)),
    }
}

/// Folders with nothing in them: a recorder that could not begin leaves one.
fn empty_folders(root: &Path) -> Vec<Listed> {
    let is_recording = root.join(MANIFEST_FILE).is_file();
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let folders = entries
        .map(|entry| entry.path())
        .filter(|path| !is_recording && path.is_dir());
    let is_empty =
        |folder: &PathBuf| fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    let empty = folders.filter(is_empty).map(|folder| Listed {
        folder: below(root, &folder),
        recorded: None,
        found: None,
        error: Some("the folder is empty".to_owned()),
    });
    empty.collect()
}

fn print(args: &ListArgs, listing: &Listing) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    if args.json {
        return print_json(stdout, listing);
    }
    let document = text::many::list::document(listing, args.lang.language());
    stdout.write_all(on_stdout(&document).as_bytes())?;
    Ok(stdout.flush()?)
}
