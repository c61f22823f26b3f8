//! `analyze report`.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use command_line::terminal::is_coloured;

use crate::charts::{self, ChartOptions, draw_all};
use crate::cli::arguments::{RecordingArgs, print_json};
use crate::cli::failure::Failure;
use crate::html::{self, Chart};
use crate::markdown::{self, ChartFiles};
use crate::text::{self, Language};

pub(super) const EXAMPLES: &str = "Examples:
  analyze report data/runs/20261122T204300Z-7f3a
  analyze report data/runs/20261122T204300Z-7f3a --lang zh
  analyze report data/runs/20261122T204300Z-7f3a --format html --out report.html
  analyze report data/runs/20261122T204300Z-7f3a --format markdown --out report.md    # charts in report-charts
  analyze report data/runs/20261122T204300Z-7f3a --json | jq '.paths[].headline'

What the figures mean: docs/definitions.md";

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    recording: RecordingArgs,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Short for --format json
    #[arg(long, conflicts_with_all = ["format", "lang"])]
    json: bool,
    /// Language of the report [default: en]
    #[arg(long, value_enum)]
    lang: Option<Lang>,
    /// File for the report [default: standard output]
    ///
    /// With Markdown, the charts are drawn into a folder next to it: report-charts for report.md.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Aligned text, for a terminal
    Text,
    /// Markdown, for GitHub and Confluence
    Markdown,
    /// One HTML page that holds its charts and loads nothing, fit for a mail's attachment
    Html,
    /// The summary: the same figures, durations in microseconds
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lang {
    /// English
    En,
    /// Chinese
    Zh,
}

pub(super) fn run(args: &ReportArgs) -> Result<(), Failure> {
    let format = match args.json {
        true => Format::Json,
        false => args.format,
    };
    if format == Format::Json && args.lang.is_some() {
        let text = "--lang: JSON has no language; leave it out, or take another --format";
        return Err(Failure::Usage(text.to_owned()));
    }
    let language = match args.lang {
        None | Some(Lang::En) => Language::En,
        Some(Lang::Zh) => Language::Zh,
    };
    let out = args.out.as_deref();
    match format {
        Format::Text => {
            let color = out.is_none() && is_coloured(&io::stdout());
            let document = text::document(&args.recording.summarize()?, language);
            write(out, document.text(color).as_bytes())
        }
        Format::Markdown => markdown(args, language),
        Format::Html => {
            let analysis = args.recording.analyze()?;
            let drawn = charts::svg_all(
                &analysis.summary,
                &analysis.series,
                &ChartOptions::default(),
            )?;
            let charts = drawn.into_iter().map(|(name, light)| Chart {
                name: name.to_owned(),
                light,
                dark: None,
            });
            let charts: Vec<Chart> = charts.collect();
            let document = text::document(&analysis.summary, language);
            write(out, html::render(&document, &charts).as_bytes())
        }
        Format::Json => {
            let summary = args.recording.summarize()?;
            match out {
                None => print_json(io::stdout().lock(), &summary),
                Some(_) => {
                    let mut json = Vec::new();
                    print_json(&mut json, &summary)?;
                    write(out, &json)
                }
            }
        }
    }
}

/// With its charts where it is a file: images stand in files of their own.
fn markdown(args: &ReportArgs, language: Language) -> Result<(), Failure> {
    let Some(out) = &args.out else {
        let document = text::document(&args.recording.summarize()?, language);
        return write(None, markdown::render(&document, &[]).as_bytes());
    };
    let analysis = args.recording.analyze()?;
    let mut folder = OsString::from(out.file_stem().unwrap_or_default());
    folder.push("-charts");
    let options = ChartOptions {
        svg: true,
        ..ChartOptions::default()
    };
    let drawn = draw_all(
        &analysis.summary,
        &analysis.series,
        &out.with_file_name(&folder),
        &options,
    )?;
    let link = |file: &Path| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        format!("{}/{name}", folder.to_string_lossy())
    };
    let pngs = drawn
        .iter()
        .filter(|file| file.extension().is_some_and(|kind| kind == "png"));
    let charts: Vec<ChartFiles> = pngs
        .map(|png| ChartFiles {
            name: png
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            png: link(png),
            svg: link(&png.with_extension("svg")),
        })
        .collect();
    let document = text::document(&analysis.summary, language);
    write(Some(out), markdown::render(&document, &charts).as_bytes())
}

/// Writes the report to its file, or to the standard output.
fn write(out: Option<&Path>, report: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match out {
        None => stdout.write_all(report)?,
        Some(file) => {
            fs::write(file, report).map_err(|error| Failure::File(file.to_owned(), error))?;
            writeln!(stdout, "{}", file.display())?;
        }
    }
    Ok(stdout.flush()?)
}
