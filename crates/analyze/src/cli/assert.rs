//! `analyze assert`.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use command_line::terminal::is_coloured;
use command_line::text::one_line;
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::cli::arguments::{ThresholdArgs, print_json};
use crate::cli::failure::{Failure, report};
use crate::cli::output::Lang;
use crate::cli::query::{OF_A_RECORDING, terminal_width};
use crate::cli::runs::{Folders, folders};
use crate::error::AnalyzeError;
use crate::figures::{Bounded, Figure, of_summary};
use crate::query::{is_recorded, other_than_a_file};
use crate::rules::junit::{self, Case, Suite};
use crate::rules::{Judged, Rule, Verdict, parse_file};
use crate::summarize;
use crate::summary::{Thresholds, Unit};
use crate::text::{self, TextOptions};

pub(super) const EXAMPLES: &str = "Examples:
  analyze assert data/runs/20261122T204300Z-7f3a --rule 'proxy.writer.downtime <= 5s' --rule 'lost == 0'
  analyze assert data/runs/* --rules gate.toml --junit verdicts.xml
  analyze assert data/runs/20261122T204300Z-7f3a --rule 'direct.read.p99_steady <= 50ms or absent'
  analyze assert --figures data/runs/20261122T204300Z-7f3a

A file of rules:
  [[rule]]
  name = \"writes are back soon\"
  rule = \"proxy.writer.downtime <= 5s\"

What the figures are: docs/figures.md
Exit codes: 0 every rule holds, 1 a recording can't be analyzed, 2 wrong usage or not a recording, 4 a rule fails";

/// A rule fails.
const FAILED: u8 = 4;

#[derive(Debug, Args)]
pub(super) struct AssertArgs {
    /// Folders of the recordings; every rule is held against each of them
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// A rule: FIGURE OP VALUE [or absent]
    ///
    /// OP is one of <= < >= > == !=. VALUE is a time (5s, 50ms, 2m), a fraction (99.95%, 0.9995), a rate (200/s) or a count. The whole of a
    /// figure has to be so, its resolution included: a lower bound never passes <=. A figure that can't be given fails, unless the rule ends
    /// with "or absent".
    #[arg(long = "rule", value_name = "RULE")]
    rules: Vec<String>,
    /// File of rules, TOML: [[rule]] tables with rule = "..." and, if you like, name = "..."
    #[arg(long = "rules", value_name = "FILE")]
    file: Option<PathBuf>,
    /// Write the verdicts to this file too, as JUnit XML: a suite for each recording
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// List the figures of the recordings by their names, each with its value and between which ones the truth is
    #[arg(long, conflicts_with_all = ["rules", "file", "junit"])]
    figures: bool,
    #[command(flatten)]
    thresholds: ThresholdArgs,
    /// Print the verdicts, or the figures, as JSON: times in microseconds
    #[arg(long, conflicts_with = "lang")]
    json: bool,
    /// Language of the tables
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
}

/// Holds every rule against every recording that can be analyzed; one line on stderr for each that can't.
pub(super) fn run(args: &AssertArgs) -> Result<(), Failure> {
    let thresholds = args.thresholds.thresholds()?;
    let rules = args.read_rules()?;
    if rules.is_empty() && !args.figures {
        return Err(Failure::Usage(
            "no rule is given; write --rule, --rules, or --figures for the names of what there is"
                .to_owned(),
        ));
    }
    // Before the work, as it may take long.
    let junit = args.junit.as_deref().map(open).transpose()?;
    let mut recordings = Vec::new();
    let mut code = 0;
    for folder in args.folders() {
        let found = args.figures_of(&folder, thresholds);
        if let Err(error) = &found {
            // A failure of the analysis weighs more than a folder that is not a recording.
            let of_error = report(error);
            code = if code == 0 {
                of_error
            } else {
                code.min(of_error)
            };
        }
        let folder = folder.display().to_string();
        recordings.push(Recording { folder, found });
    }
    if args.figures {
        args.print_figures(&recordings)?;
    } else {
        let failed = args.judge(&rules, &recordings, junit)?;
        if failed && code == 0 {
            code = FAILED;
        }
    }
    match code {
        0 => Ok(()),
        code => Err(Failure::Reported(code)),
    }
}

/// The most that is read of a file of rules, bytes.
const LONGEST_RULES: u64 = 1 << 20;

/// A recording and its figures, or why it has none.
struct Recording {
    folder: String,
    found: Result<Vec<Figure>, AnalyzeError>,
}

/// The text of a file of rules. A longer one is none.
fn read_rules_file(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = fs::File::open(file)?
        .take(LONGEST_RULES + 1)
        .read_to_string(&mut text)?;
    match read as u64 > LONGEST_RULES {
        true => Err(io::Error::other("it is longer than 1 MiB")),
        false => Ok(text),
    }
}

impl AssertArgs {
    /// The recordings at and below what the user named; what holds none is itself, so that opening it says why.
    fn folders(&self) -> Vec<PathBuf> {
        let found = |root: &PathBuf| match folders(root) {
            Ok(Folders { found, complaints }) if complaints.is_empty() => found,
            _ => vec![root.clone()],
        };
        self.runs.iter().flat_map(found).collect()
    }

    fn read_rules(&self) -> Result<Vec<Rule>, Failure> {
        let read = |text: &String| {
            Rule::new(None, text).map_err(|mistake| Failure::Usage(format!("--rule: {mistake}")))
        };
        let mut rules = self.rules.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if let Some(file) = &self.file {
            let name = one_line(&file.display().to_string());
            let text = read_rules_file(file)
                .map_err(|error| Failure::Usage(format!("--rules {name}: {error}")))?;
            let read = parse_file(&text);
            rules.extend(read.map_err(|error| Failure::Usage(format!("--rules {name}: {error}")))?);
        }
        Ok(rules)
    }

    fn figures_of(
        &self,
        folder: &Path,
        thresholds: Thresholds,
    ) -> Result<Vec<Figure>, AnalyzeError> {
        let loaded = self.thresholds.open(folder)?;
        let summary = summarize(&loaded, thresholds)?;
        for part in &summary.recording.damaged_parts {
            let (folder, file, reason) = (folder.display(), &part.file, &part.reason);
            let text = format!("{folder}: left out {file}: {reason}");
            eprintln!("analyze: {}", one_line(&text));
        }
        Ok(of_summary(&summary))
    }

    fn options(&self) -> TextOptions {
        TextOptions {
            language: self.lang.language(),
            color: is_coloured(&io::stdout()),
            columns: terminal_width(),
        }
    }

    fn print_figures(&self, recordings: &[Recording]) -> Result<(), Failure> {
        let found = recordings.iter().filter_map(|recording| {
            let figures = recording.found.as_ref().ok()?;
            Some((recording.folder.as_str(), figures))
        });
        if self.json {
            let found = found.map(|(recording, figures)| FiguresJson { recording, figures });
            return print_json(io::stdout().lock(), &found.collect::<Vec<_>>());
        }
        let options = self.options();
        let tables = found.map(|(folder, figures)| text::rules::figures(folder, figures, &options));
        print(&tables.collect::<Vec<_>>())
    }

    /// Prints the verdicts, and returns whether a rule fails.
    fn judge(
        &self,
        rules: &[Rule],
        recordings: &[Recording],
        junit: Option<Junit<'_>>,
    ) -> Result<bool, Failure> {
        let all = recordings
            .iter()
            .filter_map(|recording| recording.found.as_ref().ok());
        let all: Vec<&[Figure]> = all.map(Vec::as_slice).collect();
        for rule in rules.iter().filter(|_| !all.is_empty()) {
            let checked = rule.check_operation(&all);
            checked.map_err(|mistake| Failure::Usage(format!("rule: {mistake}")))?;
        }
        let judged: Vec<(&Recording, Result<Vec<Judged<'_>>, &AnalyzeError>)> = recordings
            .iter()
            .map(|recording| {
                let judged = recording.found.as_ref().map(|figures| {
                    let judged = rules.iter().map(|rule| Judged::new(rule, figures));
                    judged.collect::<Vec<_>>()
                });
                (recording, judged)
            })
            .collect();
        let options = self.options();
        if let Some(junit) = junit {
            junit.write(&suites(&judged, &options))?;
        }
        let judged = judged
            .iter()
            .filter_map(|(recording, judged)| Some((*recording, judged.as_ref().ok()?)));
        let judged: Vec<(&Recording, &Vec<Judged<'_>>)> = judged.collect();
        let printed = if self.json {
            let json = judged
                .iter()
                .map(|(recording, judged)| verdicts_json(recording, judged));
            print_json(io::stdout().lock(), &json.collect::<Vec<_>>())
        } else {
            let tables = judged.iter().map(|(recording, judged)| {
                text::rules::verdicts(&recording.folder, judged, &options)
            });
            print(&tables.collect::<Vec<_>>())
        };
        match printed {
            // A table that is not read to its end is no rule that holds.
            Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {}
            printed => printed?,
        }
        let mut all = judged.iter().flat_map(|(_, judged)| judged.iter());
        Ok(all.any(|judged| !judged.verdict.is_pass()))
    }
}

fn print(tables: &[String]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(tables.join("\n").as_bytes())?;
    Ok(stdout.flush()?)
}

#[derive(Serialize)]
struct FiguresJson<'a> {
    recording: &'a str,
    figures: &'a [Figure],
}

#[derive(Serialize)]
struct VerdictsJson<'a> {
    recording: &'a str,
    /// Every rule holds.
    holds: bool,
    rules: Vec<RuleJson<'a>>,
}

#[derive(Serialize)]
struct RuleJson<'a> {
    name: Option<&'a str>,
    rule: String,
    figure: &'a str,
    unit: Option<Unit>,
    /// What the figure is compared with, in its unit.
    limit: f64,
    value: Option<Bounded>,
    verdict: Verdict,
    holds: bool,
}

fn verdicts_json<'a>(recording: &'a Recording, judged: &'a [Judged<'_>]) -> VerdictsJson<'a> {
    let rule = |one: &'a Judged<'_>| RuleJson {
        name: one.rule.name.as_deref(),
        rule: one.rule.expression.to_string(),
        figure: &one.rule.expression.figure,
        unit: one.figure().map(|figure| figure.unit),
        limit: one.rule.limit,
        value: one.value,
        verdict: one.verdict,
        holds: one.verdict.is_pass(),
    };
    VerdictsJson {
        recording: &recording.folder,
        holds: judged.iter().all(|one| one.verdict.is_pass()),
        rules: judged.iter().map(rule).collect(),
    }
}

fn suites(
    judged: &[(&Recording, Result<Vec<Judged<'_>>, &AnalyzeError>)],
    options: &TextOptions,
) -> Vec<Suite> {
    let case = |one: &Judged<'_>| {
        let rule = one.rule.expression.to_string();
        Case {
            name: match &one.rule.name {
                Some(name) => format!("{name}: {rule}"),
                None => rule,
            },
            value: text::rules::value_text(one, options),
            failure: text::rules::failure(one, options),
        }
    };
    let suite =
        |(recording, judged): &(&Recording, Result<Vec<Judged<'_>>, &AnalyzeError>)| Suite {
            name: recording.folder.clone(),
            cases: match judged {
                Ok(judged) => Ok(judged.iter().map(case).collect()),
                Err(error) => Err(error.to_string()),
            },
        };
    judged.iter().map(suite).collect()
}

/// The file for the verdicts, which takes its name once it is whole.
struct Junit<'a> {
    file: &'a Path,
    written: NamedTempFile,
}

fn open(file: &Path) -> Result<Junit<'_>, Failure> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    // With the permissions of any new file: a CI server may read it as another user.
    if is_recorded(file) {
        return Err(junit_failure(file, OF_A_RECORDING));
    }
    let written = tempfile::Builder::new().make_in(folder, |path| File::create_new(path));
    match written {
        Ok(written) if !file.is_dir() => Ok(Junit { file, written }),
        Ok(_) => Err(junit_failure(file, "it is a folder")),
        Err(error) => Err(junit_failure(file, error)),
    }
}

fn junit_failure(file: &Path, error: impl std::fmt::Display) -> Failure {
    let file = file.display().to_string();
    Failure::Usage(format!("--junit {}: {error}", one_line(&file)))
}

impl Junit<'_> {
    fn write(mut self, suites: &[Suite]) -> Result<(), Failure> {
        let text = junit::render(suites).map_err(|error| junit_failure(self.file, error))?;
        let written = self.written.write_all(text.as_bytes());
        let synced = written.and_then(|()| self.written.as_file().sync_all());
        synced.map_err(|error| junit_failure(self.file, error))?;
        // A device or a pipe is written to, and a link leads to the file.
        if let Some(mut other) = other_than_a_file(self.file) {
            let written = other.write_all(text.as_bytes());
            return written.map_err(|error| junit_failure(self.file, error));
        }
        let place = fs::canonicalize(self.file).unwrap_or_else(|_| self.file.to_path_buf());
        let persisted = self.written.persist(place);
        persisted.map_err(|error| junit_failure(self.file, error.error))?;
        Ok(())
    }
}
