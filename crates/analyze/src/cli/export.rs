//! `analyze export`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use command_line::text::thousands;

use crate::cli::arguments::ThresholdArgs;
use crate::cli::failure::Failure;
use crate::cli::query::{failure, without};
use crate::cli::runs::opened;
use crate::query::QueryError;
use crate::query::export::{Export, Form, MOST_ROWS_OF_A_SHEET, Written, is_beyond_a_sheet};

pub(super) const EXAMPLES: &str = "Examples:
  analyze export data/runs --out tables                    # CSV for spreadsheets
  analyze export data/runs --format parquet --out tables
  analyze export data/runs/20261122T204300Z-7f3a --table outages --table seconds --out tables

What the columns mean: analyze query --tables";

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Folder of a recording, or of several: RUN or HOST/RUN below it
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Form of the files
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "csv")]
    format: Format,
    /// Folder for the files; it is made where it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Table or view to write; may be given several times [default: all]
    #[arg(long = "table", value_name = "NAME", value_delimiter = ',')]
    tables: Vec<String>,
    /// Replace files that are there already
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    thresholds: ThresholdArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// CSV that spreadsheets open: UTF-8 with a byte order mark; a text that begins as a formula gets an apostrophe before it
    Csv,
    /// Parquet
    Parquet,
}

pub(super) fn run(args: &ExportArgs) -> Result<(), Failure> {
    let mut export = Export {
        folder: args.out.clone(),
        form: match args.format {
            Format::Csv => Form::Csv,
            Format::Parquet => Form::Parquet,
        },
        tables: args.tables.clone(),
        force: args.force,
        thresholds: args.thresholds.thresholds()?,
    };
    export.check().map_err(|error| failure(error, ""))?;
    let (mut loaded, runs) = opened(&args.runs, &args.thresholds, true);
    if loaded.is_empty() {
        return runs.end().and(Err(Failure::Reported(2)));
    }
    loop {
        match export.run(&loaded, |written| {
            say(args, written).map_err(QueryError::Output)
        }) {
            Err(QueryError::LeftOut(rest)) => {
                loaded = without(&loaded, rest);
                // What it wrote itself until then.
                export.force = true;
            }
            Err(error) => return Err(failure(error, "")),
            Ok(()) => return runs.end(),
        }
    }
}

fn say(args: &ExportArgs, written: &Written) -> io::Result<()> {
    let path = written.path.display();
    let rows = match written.rows {
        1 => "1 row".to_owned(),
        rows => format!("{} rows", thousands(rows)),
    };
    if args.format == Format::Csv && is_beyond_a_sheet(written) {
        let most = thousands(MOST_ROWS_OF_A_SHEET);
        eprintln!(
            "analyze: {path} has {rows}; a sheet takes {most}: choose some with analyze query"
        );
    }
    writeln!(io::stdout(), "{path}  {rows}")
}
