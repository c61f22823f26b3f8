//! `analyze report`.

use std::path::PathBuf;

use clap::Args;

use crate::campaign::Campaign;
use crate::cli::arguments::RecordingArgs;
use crate::cli::failure::Failure;
use crate::cli::output::{Charted, OutputArgs};
use crate::cli::runs::{Folders, folders};
use crate::cli::several::Several;
use crate::text;

pub(super) const EXAMPLES: &str = "Examples:
  analyze report data/runs/20261122T204300Z-7f3a
  analyze report data/runs/20261122T204300Z-7f3a --from 14:05:00 --to 14:07:00 --path direct
  analyze report data/runs/20261122T204300Z-7f3a --lang zh --timezone Asia/Shanghai
  analyze report data/runs/20261122T204300Z-7f3a --format html --out report.html
  analyze report data/runs/20261122T204300Z-7f3a --format markdown --out report.md    # charts in report-charts
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
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(mut args: ReportArgs) -> Result<(), Failure> {
    if !args.more.is_empty() {
        return of_several(&args);
    }
    match folders(&args.recording.run)? {
        // A folder that holds one recording is taken for it.
        Folders { found, complaints } if found.len() == 1 && complaints.is_empty() => {
            args.recording.run = found.into_iter().collect();
        }
        _ => return of_several(&args),
    }
    let ReportArgs {
        recording, output, ..
    } = args;
    let document = |summary| text::document(summary, output.language(), output.zone());
    if output.has_charts()? {
        let analysis = recording.analyze()?;
        let charted = Charted::One(&analysis);
        return output.write_with_charts(&document(&analysis.summary), charted);
    }
    let summary = recording.summarize()?;
    output.write(&document(&summary), &summary)
}

/// Prints what holds over all recordings that can be read, and one line on stderr for each that can't.
fn of_several(args: &ReportArgs) -> Result<(), Failure> {
    let RecordingArgs { run, thresholds } = &args.recording;
    let roots: Vec<PathBuf> = std::iter::once(run).chain(&args.more).cloned().collect();
    args.output.format()?;
    let several = Several::read(&roots, thresholds)?;
    if several.all.is_empty() {
        return several.end();
    }
    let campaign = Campaign::new(&several.all, thresholds.thresholds()?);
    let (language, zone) = (args.output.language(), args.output.zone());
    let document = text::many::campaign::document(&campaign, language, zone);
    match args.output.has_charts()? {
        true => (args.output).write_with_charts(&document, Charted::Several(&campaign))?,
        false => args.output.write(&document, &campaign)?,
    }
    several.end()
}
