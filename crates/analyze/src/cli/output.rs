//! In which form a report is written, and where to.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use command_line::terminal::is_coloured;
use serde::Serialize;

use crate::Analysis;
use crate::campaign::Campaign;
use crate::charts::{self, ChartOptions, Theme};
use crate::cli::arguments::print_json;
use crate::cli::failure::Failure;
use crate::cli::query::{failure, terminal_width};
use crate::html::{self, Chart};
use crate::markdown::{self, ChartFiles};
use crate::query::{self, QueryError};
use crate::text::{Document, Language};
use crate::zone::Zone;

/// What the charts of a report are drawn from.
#[derive(Clone, Copy)]
pub(super) enum Charted<'a> {
    One(&'a Analysis),
    Several(&'a Campaign),
}

/// A document as text for the standard output, in its colours and its width where it is a terminal.
pub(super) fn on_stdout(document: &Document) -> String {
    document.text_within(is_coloured(&io::stdout()), terminal_width())
}

#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// Form of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Short for --format json
    #[arg(long, conflicts_with_all = ["format", "lang", "timezone"])]
    json: bool,
    /// Language of the report [default: en]
    #[arg(long, value_enum)]
    lang: Option<Lang>,
    /// File for the report [default: standard output]
    ///
    /// With Markdown, the charts are drawn into a folder next to it: report-charts for report.md.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Time zone of the times of day [default: UTC]
    ///
    /// A name of the IANA database, such as Asia/Shanghai.
    #[arg(long, value_name = "ZONE")]
    timezone: Option<Zone>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Aligned text, for a terminal
    Text,
    /// Markdown, for GitHub and Confluence
    Markdown,
    /// One HTML page that loads nothing, fit for a mail's attachment; a report's charts are in it
    Html,
    /// The same figures, durations in microseconds
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Lang {
    /// English
    En,
    /// Chinese
    Zh,
}

impl Lang {
    pub(super) const fn language(self) -> Language {
        match self {
            Self::En => Language::En,
            Self::Zh => Language::Zh,
        }
    }
}

impl OutputArgs {
    pub(super) fn format(&self) -> Result<Format, Failure> {
        let format = match self.json {
            true => Format::Json,
            false => self.format,
        };
        if format == Format::Json && (self.lang.is_some() || self.timezone.is_some()) {
            let text = "--lang and --timezone: JSON has no language, and its times are UTC; leave them out, or take another --format";
            return Err(Failure::Usage(text.to_owned()));
        }
        Ok(format)
    }

    pub(super) fn language(&self) -> Language {
        self.lang.map_or_else(Language::default, Lang::language)
    }

    pub(super) fn zone(&self) -> Zone {
        self.timezone.unwrap_or_default()
    }

    /// Writes a document without charts, or the same as JSON.
    pub(super) fn write(&self, document: &Document, json: &impl Serialize) -> Result<(), Failure> {
        match self.format()? {
            Format::Text => {
                let text = match self.out {
                    None => on_stdout(document),
                    Some(_) => document.text(false),
                };
                self.write_bytes(text.as_bytes())
            }
            Format::Markdown => self.write_bytes(markdown::render(document, &[]).as_bytes()),
            Format::Html => self.write_bytes(html::render(document, &[]).as_bytes()),
            Format::Json => {
                if self.out.is_none() {
                    return print_json(io::stdout().lock(), json);
                }
                let mut bytes = Vec::new();
                print_json(&mut bytes, json)?;
                self.write_bytes(&bytes)
            }
        }
    }

    /// True where the form of the report has charts.
    pub(super) fn has_charts(&self) -> Result<bool, Failure> {
        Ok(match self.format()? {
            Format::Text | Format::Json => false,
            // Images stand in files of their own.
            Format::Markdown => self.out.is_some(),
            Format::Html => true,
        })
    }

    /// Writes a document with its charts.
    pub(super) fn write_with_charts(
        &self,
        document: &Document,
        charted: Charted<'_>,
    ) -> Result<(), Failure> {
        // Before its charts are drawn beside it.
        if let Some(out) = self.out.as_ref().filter(|out| query::is_recorded(out)) {
            return Err(failure(QueryError::Recorded(out.clone()), ""));
        }
        let report = match (self.format()?, &self.out) {
            (Format::Markdown, Some(out)) => {
                markdown::render(document, &self.draw_beside(out, charted)?)
            }
            _ => html::render(document, &self.svgs(charted)?),
        };
        self.write_bytes(report.as_bytes())
    }

    /// In English, whose letters the built-in font has.
    fn chart_options(&self, theme: Theme) -> ChartOptions {
        ChartOptions {
            theme,
            zone: self.timezone,
            ..ChartOptions::default()
        }
    }

    /// The charts of a page, for light and for dark screens. They are set in the viewer's fonts, so they speak the page's language.
    fn svgs(&self, charted: Charted<'_>) -> Result<Vec<Chart>, Failure> {
        let drawn = |theme| {
            let options = ChartOptions {
                language: self.language(),
                ..self.chart_options(theme)
            };
            match charted {
                Charted::One(of) => charts::svg_all(&of.summary, &of.series, &options),
                Charted::Several(of) => charts::svgs_of_runs(of, &options),
            }
        };
        let (light, dark) = (drawn(Theme::Light)?, drawn(Theme::Dark)?);
        let both = light.into_iter().zip(dark);
        let chart = |((name, light), (_, dark)): ((&str, String), (&str, String))| Chart {
            name: name.to_owned(),
            light,
            dark: Some(dark),
        };
        Ok(both.map(chart).collect())
    }

    /// Draws the charts into a folder next to a file.
    fn draw_beside(&self, out: &Path, charted: Charted<'_>) -> Result<Vec<ChartFiles>, Failure> {
        let mut folder = OsString::from(out.file_stem().unwrap_or_default());
        folder.push("-charts");
        let options = ChartOptions {
            svg: true,
            ..self.chart_options(Theme::Light)
        };
        let beside = out.with_file_name(&folder);
        let drawn = match charted {
            Charted::One(of) => charts::draw_all(&of.summary, &of.series, &beside, &options)?,
            Charted::Several(of) => charts::draw_runs(of, &beside, &options)?,
        };
        let link = |file: &Path| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            format!("{}/{name}", folder.to_string_lossy())
        };
        let is_png = |file: &&PathBuf| file.extension().is_some_and(|kind| kind == "png");
        let files = |png: &PathBuf| ChartFiles {
            name: png
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            png: link(png),
            svg: link(&png.with_extension("svg")),
        };
        Ok(drawn.iter().filter(is_png).map(files).collect())
    }

    fn write_bytes(&self, report: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        match &self.out {
            None => stdout.write_all(report)?,
            Some(file) => {
                let write = |mut to: &fs::File| to.write_all(report).map_err(QueryError::Output);
                query::replace(file, write).map_err(|error| match error {
                    QueryError::File { path, source } => Failure::File(path, source),
                    error => failure(error, ""),
                })?;
                writeln!(stdout, "{}", file.display())?;
            }
        }
        Ok(stdout.flush()?)
    }
}
