//! The command line: what is typed, exit codes; one file per command.

mod arguments;
mod assert;
mod charts;
mod compare;
mod export;
mod failure;
mod gaps;
mod list;
mod moment;
mod output;
mod query;
mod report;
mod runs;
mod several;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use command_line::generated::{COMPLETIONS_EXAMPLES, CompletionsArgs, MAN_EXAMPLES, ManArgs};

use crate::cli::failure::Failure;

/// Turn a recording of a failover into figures, reports and charts
#[derive(Debug, Parser)]
#[command(
    name = "analyze",
    version,
    after_help = "Examples:\n  \
        analyze report data/runs/20261122T204300Z-7f3a\n  \
        analyze report data/runs/20261122T204300Z-7f3a --json > summary.json\n  \
        analyze charts data/runs/20261122T204300Z-7f3a\n  \
        analyze gaps data/runs\n  \
        analyze list data/runs\n  \
        analyze compare before --with after\n  \
        analyze assert data/runs/20261122T204300Z-7f3a --rule 'proxy.writer.downtime <= 5s'\n  \
        analyze query data/runs \"SELECT path, count(*) FROM operations GROUP BY path\"\n  \
        analyze export data/runs --out tables\n\n\
        What the figures mean: docs/definitions.md\n\
        Exit codes: 0 done, 1 the analysis failed or a part is damaged, 2 wrong usage or not a recording, 4 a rule fails."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print every figure of a recording, and proxy against direct; of several recordings what holds over all failovers
    ///
    /// Success rates, throughput, response times, downtime with its resolution, recovery, and the effect of the failover on each
    /// type of operation. Takes well under a second for a five-minute recording. The recording may still be in progress.
    #[command(after_help = report::EXAMPLES)]
    Report(report::ReportArgs),
    /// Draw the charts of a recording as PNG files
    ///
    /// Response time over time, operations per second, percentile curves, availability per path and type of operation with who answered,
    /// failures by class, what each downtime is made of, the failovers of a campaign, and an overview for a slide.
    #[command(after_help = charts::EXAMPLES)]
    Charts(charts::ChartsArgs),
    /// List the outages of several recordings on one time axis, the database server's clock
    ///
    /// The clocks of hosts differ. Each recording holds the offset of its host's clock to the server's. With the offset added, an
    /// outage has the same time in every recording of it. A second table shows which outages overlap, and how many of the hosts
    /// that were recording at that time saw one. A recording without an offset stays on its host's clock, and is marked.
    #[command(after_help = gaps::EXAMPLES)]
    Gaps(gaps::GapsArgs),
    /// Compare two sets of runs, such as before and after a change: what differs, by how much, and whether that may be chance
    ///
    /// First every setting in which the sets differ, then each figure of both with its change. A difference is called better or worse only
    /// where a test shows it to be more than chance, which takes five runs a side.
    #[command(after_help = compare::EXAMPLES)]
    Compare(compare::CompareArgs),
    /// List the recordings of a folder with date, labels, duration, failovers and downtime
    ///
    /// A recording that is damaged or unreadable is listed with the reason, one in progress with its figures up to now.
    #[command(after_help = list::EXAMPLES)]
    List(list::ListArgs),
    /// Hold rules against recordings, as a gate: exit code 4 when one fails
    ///
    /// Each rule compares a figure, named PATH.GROUP.METRIC or so, with a value. Every rule is held against each recording. The names are in
    /// docs/figures.md; --figures lists those of a recording.
    #[command(after_help = assert::EXAMPLES)]
    Assert(assert::AssertArgs),
    /// Ask recordings questions in SQL
    ///
    /// The tables are those of the recordings, with all of their columns; outages, episodes and seconds are views of the figures. `--tables`
    /// lists them. The SQL is that of polars: docs/query.md says what it has and what it lacks.
    #[command(after_help = query::EXAMPLES)]
    Query(query::QueryArgs),
    /// Write the tables of recordings as files for spreadsheets and other programs
    ///
    /// One file for each table and view, with the rows of all recordings; `run_id` and `host` say whose a row is.
    #[command(after_help = export::EXAMPLES)]
    Export(export::ExportArgs),
    /// Print what a shell needs to complete this program's command line
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
    /// Write manual pages of this program and of each of its commands
    #[command(after_help = MAN_EXAMPLES)]
    Man(ManArgs),
}

impl Cli {
    /// Runs the command; an error is one line on stderr.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let done = match self.command {
            Command::Report(args) => report::run(args),
            Command::Charts(args) => charts::run(&args),
            Command::Gaps(args) => gaps::run(&args),
            Command::Compare(args) => compare::run(&args),
            Command::List(args) => list::run(&args),
            Command::Assert(args) => assert::run(&args),
            Command::Query(args) => query::run(&args),
            Command::Export(args) => export::run(&args),
            Command::Completions(args) => args.run(Self::command()).map_err(Failure::Output),
            Command::Man(args) => args.run(Self::command()).map_err(Failure::Pages),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failure.report(),
        }
    }
}
