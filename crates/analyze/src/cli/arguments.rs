//! Arguments that commands share.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use command_line::duration;
use command_line::progress::ProgressBar;
use command_line::text::thousands;
use parking_lot::Mutex;
use recording::vocabulary::{OperationType, Path as OperationPath};
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::moment;
use crate::load::{Damage, Loaded, Moment, Range};
use crate::summary::{Summary, Thresholds};
use crate::{Analysis, AnalyzeError, analyze, summarize};

#[derive(Debug, Args)]
pub(super) struct RecordingArgs {
    /// Folder of the recording
    #[arg(value_name = "RUN")]
    pub(super) run: PathBuf,
    #[command(flatten)]
    pub(super) thresholds: ThresholdArgs,
}

#[derive(Debug, Args)]
pub(super) struct ThresholdArgs {
    /// Shortest time without a success that can be an outage; at least 100ms
    ///
    /// Raise it to leave out outages that are too short for your users to notice.
    #[arg(long, value_name = "DURATION", default_value = "100ms", value_parser = duration::parse)]
    min_outage: Duration,
    /// How much longer than usual an operation must take to count as stalled
    ///
    /// Lower it if shorter waits already matter to your users. Too low a value turns slow operations into outages.
    #[arg(long, value_name = "DURATION", default_value = "500ms", value_parser = duration::parse)]
    min_stall: Duration,
    /// Outages with less healthy time than this between them are one episode
    ///
    /// Raise it if the service comes and goes during one failover, so that the failover counts as one episode.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration::parse)]
    merge_within: Duration,
    /// Go on without parts that are missing or damaged; without it they are an error
    ///
    /// The report lists these parts, why they are left out, and how many rows are missing (for several recordings: one line each on
    /// stderr). Downtimes become lower bounds
    #[arg(long)]
    allow_damaged: bool,
    #[command(flatten)]
    range: RangeArgs,
}

/// A part of the recording.
#[derive(Debug, Args)]
struct RangeArgs {
    /// Leave out what was before: a time since the start (90s, 5m), a time of day in UTC (14:05:30) or a time (2026-11-22T14:05:30Z)
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    from: Option<Moment>,
    /// Leave out what was after; an operation that ended later is unfinished then
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    to: Option<Moment>,
    /// Only this path
    #[arg(long, value_enum, value_name = "PATH")]
    path: Option<PathArg>,
    /// Only the figures of these types of operations. The other types still count as evidence of an outage
    #[arg(long = "type", value_enum, value_name = "TYPE", value_delimiter = ',')]
    kinds: Vec<KindArg>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PathArg {
    /// To the cluster endpoint
    Direct,
    /// Through the proxy
    Proxy,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KindArg {
    /// Reads
    Read,
    /// Writes of one statement
    Write,
    /// Transactions
    Transaction,
}

impl RangeArgs {
    fn range(&self) -> Range {
        let path = |path| match path {
            PathArg::Direct => OperationPath::Direct,
            PathArg::Proxy => OperationPath::Proxy,
        };
        let kind = |kind: &KindArg| match kind {
            KindArg::Read => OperationType::Read,
            KindArg::Write => OperationType::Write,
            KindArg::Transaction => OperationType::Transaction,
        };
        Range {
            from: self.from,
            to: self.to,
            path: self.path.map(path),
            kinds: self.kinds.iter().map(kind).collect(),
        }
    }
}

impl ThresholdArgs {
    pub(super) fn thresholds(&self) -> Result<Thresholds, Failure> {
        let thresholds = Thresholds {
            min_outage_us: duration::micros(self.min_outage),
            min_stall_us: duration::micros(self.min_stall),
            merge_within_us: duration::micros(self.merge_within),
        };
        let least = Thresholds::default().min_outage_us;
        if thresholds.min_outage_us < least {
            return Err(Failure::Usage("--min-outage is at least 100ms".to_owned()));
        }
        Ok(thresholds)
    }

    /// Opens the part of a recording that is asked for.
    pub(super) fn open(&self, folder: &Path) -> Result<Loaded, AnalyzeError> {
        let damage = match self.allow_damaged {
            true => Damage::Allowed,
            false => Damage::Refused,
        };
        Loaded::open_with(folder, damage)?.within(&self.range.range())
    }
}

impl RecordingArgs {
    /// With what charts are drawn from.
    pub(super) fn analyze(&self) -> Result<Analysis, Failure> {
        self.with_progress(analyze)
    }

    pub(super) fn summarize(&self) -> Result<Summary, Failure> {
        self.with_progress(summarize)
    }

    fn with_progress<T>(
        &self,
        figures: fn(&Loaded, Thresholds) -> Result<T, AnalyzeError>,
    ) -> Result<T, Failure> {
        let thresholds = self.thresholds.thresholds()?;
        let loaded = self.thresholds.open(&self.run)?;
        let bar = Arc::new(Mutex::new(ProgressBar::default()));
        let shown = Arc::clone(&bar);
        let progress = move |done, all| {
            let of = |all| format!("{} parts read", thousands(all));
            shown.lock().show(done, all, of);
        };
        let found = figures(&loaded.telling(Arc::new(progress)), thresholds);
        bar.lock().clear();
        Ok(found?)
    }
}

/// Writes figures as JSON.
pub(super) fn print_json(stdout: impl Write, figures: &impl Serialize) -> Result<(), Failure> {
    // Not a line at a time, as the standard output would have it.
    let mut stdout = BufWriter::new(stdout);
    serde_json::to_writer_pretty(&mut stdout, figures).map_err(io::Error::from)?;
    writeln!(stdout)?;
    Ok(stdout.flush()?)
}
