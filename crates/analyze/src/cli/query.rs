//! `analyze query`.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use command_line::text::one_line;

use crate::cli::arguments::ThresholdArgs;
use crate::cli::failure::Failure;
use crate::cli::runs::{opened, say_left_out};
use crate::load::Loaded;
use crate::query::output::{Csv, Json, Output, Parquet, Reader, TextTable};
use crate::query::{self, Entry, QueryError, Sql};

pub(super) const EXAMPLES: &str = "Examples:
  analyze query --tables
  analyze query data/runs \"SELECT path, count(*) AS n FROM operations GROUP BY path\"
  analyze query data/runs \"SELECT * FROM outages WHERE of = 'application' ORDER BY downtime_us DESC\" --format csv
  analyze query data/runs/20261122T204300Z-7f3a \"SELECT * FROM seconds\" --format parquet --out seconds.parquet

More of them, and what the SQL lacks: docs/query.md
What the figures mean: docs/definitions.md";

#[derive(Debug, Args)]
#[command(
    override_usage = "analyze query [OPTIONS] RUN... \"SQL\"\n       analyze query --tables [RUN...]"
)]
pub(super) struct QueryArgs {
    /// Folders, each of a recording or of several (RUN or HOST/RUN below it), and last the query in SQL
    #[arg(value_name = "RUN... SQL", required_unless_present = "tables")]
    words: Vec<OsString>,
    /// List the tables and views with their columns; with RUN also the columns that only these recordings have
    #[arg(long, conflicts_with_all = ["format", "out", "min_outage", "min_stall", "merge_within"])]
    tables: bool,
    /// How the rows are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// File to write the rows to [default: the standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    thresholds: ThresholdArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people: at most 1,000 rows, cut to the terminal's width
    Table,
    /// CSV with a heading
    Csv,
    /// An array of objects
    Json,
    /// Parquet, with --out only
    Parquet,
}

pub(super) fn run(args: &QueryArgs) -> Result<(), Failure> {
    if args.tables {
        return list(args);
    }
    let (roots, sql) = split(&args.words)?;
    let sql = Sql::new(&sql).map_err(|mistake| Failure::Usage(mistake.lines(&sql)))?;
    if args.format == Format::Parquet && args.out.is_none() {
        let text = "--format parquet needs --out FILE: the standard output is for text";
        return Err(Failure::Usage(text.to_owned()));
    }
    let thresholds = args.thresholds.thresholds()?;
    let of_operations = ["operations", "outages", "episodes", "seconds"];
    let verify = of_operations.into_iter().any(|table| sql.names(table));
    let (mut loaded, runs) = opened(&roots, &args.thresholds, verify);
    if loaded.is_empty() {
        return runs.end().and(Err(Failure::Reported(2)));
    }
    loop {
        let done = match &args.out {
            Some(path) => query::replace(path, |file| match args.format {
                Format::Parquet => query::run(&sql, &loaded, thresholds, &mut Parquet::new(file)),
                _ => {
                    let mut output = output(args.format, BufWriter::new(file), None)?;
                    query::run(&sql, &loaded, thresholds, output.as_mut())
                }
            }),
            None => {
                let stdout = BufWriter::new(io::stdout().lock());
                output(args.format, stdout, terminal_width())
                    .and_then(|mut output| query::run(&sql, &loaded, thresholds, output.as_mut()))
            }
        };
        match done {
            Err(QueryError::LeftOut(rest)) => loaded = without(&loaded, rest),
            Err(error) => return Err(failure(error, sql.text())),
            Ok(()) => return runs.end(),
        }
    }
}

/// The recordings without what can't be decoded, which is told.
pub(super) fn without(before: &[Loaded], rest: Vec<Loaded>) -> Vec<Loaded> {
    for (before, rest) in before.iter().zip(&rest) {
        say_left_out(rest, before.damaged().len());
    }
    rest
}

/// The folders and the query, which is the last word.
fn split(words: &[OsString]) -> Result<(Vec<PathBuf>, String), Failure> {
    let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
    let Some((sql, roots)) = words.split_last().filter(|(_, roots)| !roots.is_empty()) else {
        return usage("name a recording and then a query: analyze query RUN... \"SQL\"");
    };
    if Path::new(sql).is_dir() {
        return usage(
            "the last word is a folder; the query comes last: analyze query RUN... \"SQL\"",
        );
    }
    match sql.to_str() {
        Some(sql) => Ok((roots.iter().map(PathBuf::from).collect(), sql.to_owned())),
        None => usage("the query is not UTF-8"),
    }
}

fn output<'w>(
    format: Format,
    to: impl Write + 'w,
    width: Option<usize>,
) -> Result<Box<dyn Output + 'w>, QueryError> {
    Ok(match format {
        Format::Csv => Box::new(Csv::new(to, Reader::Program).map_err(QueryError::Output)?),
        Format::Json => Box::new(Json::new(to)),
        // Parquet has its file.
        Format::Table | Format::Parquet => Box::new(TextTable::new(to, width)),
    })
}

/// The columns of the terminal that the standard output is; `None` where it is none.
pub(super) fn terminal_width() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&stdout).ok()?;
    Some(usize::from(size.ws_col)).filter(|width| *width > 0)
}

/// How a query or an export failed.
pub(super) const OF_A_RECORDING: &str =
    "it belongs to a recording, which analyze only reads; choose another place";

pub(super) fn failure(error: QueryError, sql: &str) -> Failure {
    match error {
        QueryError::Mistake(mistake) => Failure::Usage(mistake.lines(sql)),
        QueryError::Analyze(error) => Failure::Analyze(error),
        QueryError::Output(error) => Failure::Output(error),
        QueryError::File { path, source } => failed(&format!("{}: {source}", path.display())),
        QueryError::Engine(text) => failed(&text),
        QueryError::LeftOut(_) => failed("files of the recording can't be decoded"),
        QueryError::Recorded(file) => {
            let text = format!("{}: {OF_A_RECORDING}", file.display());
            Failure::Usage(one_line(&text))
        }
        QueryError::Exists(files) => {
            let files: Vec<String> = files
                .iter()
                .map(|file| file.display().to_string())
                .collect();
            let text = format!("there already: {}; --force replaces them", files.join(", "));
            Failure::Usage(one_line(&text))
        }
    }
}

fn failed(text: &str) -> Failure {
    eprintln!("analyze: {}", one_line(text));
    Failure::Reported(1)
}

/// Prints what there is.
fn list(args: &QueryArgs) -> Result<(), Failure> {
    let roots: Vec<PathBuf> = args.words.iter().map(PathBuf::from).collect();
    let (loaded, runs) = opened(&roots, &args.thresholds, false);
    let entries = query::entries_of(&loaded).map_err(|error| failure(error, ""))?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(listed(&entries).as_bytes())?;
    stdout.flush()?;
    runs.end()
}

fn listed(entries: &[Entry]) -> String {
    let mut text = String::new();
    for entry in entries {
        let between = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{between}{}: {}", entry.name, entry.meaning);
        let width = |of: fn(&query::EntryColumn) -> usize| entry.columns.iter().map(of).max();
        let names = width(|column| column.name.len()).unwrap_or(0);
        let kinds = width(|column| column.kind.len()).unwrap_or(0);
        for column in &entry.columns {
            let (name, kind) = (one_line(&column.name), one_line(&column.kind));
            let _ = writeln!(text, "  {name:names$}  {kind:kinds$}  {}", column.meaning);
        }
    }
    text
}
