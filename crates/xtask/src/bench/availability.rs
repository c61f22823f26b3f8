//! `cargo xtask bench availability`: builds and runs `examples/availability`, and adds a row to the history in `docs/benchmarks.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;
use command_line::process::describe;

use super::origin::origin;
use crate::shell::{self, programs, workspace};
use crate::test::linted;

const BEGIN: &str = "<!-- availability: cargo xtask bench availability --write adds a row -->\n";
const END: &str = "<!-- availability ends -->";
const HEAD: &str = "| date | commit | cores | load before | pairs | length, s | operations/s without | with | ratio | CPU per operation, µs, without | with | ratio | sealed, bytes per row |\n\
                    | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";

/// A figure that the example prints, its label, decimals, and whether it holds its budget.
struct Figure {
    name: &'static str,
    label: &'static str,
    decimals: usize,
    budget: Option<Budget>,
}

/// Its text, and whether a figure holds it.
type Budget = (&'static str, fn(f64) -> bool);

const fn figure(name: &'static str, label: &'static str, decimals: usize) -> Figure {
    Figure {
        name,
        label,
        decimals,
        budget: None,
    }
}

impl Figure {
    const fn within(self, text: &'static str, holds: fn(f64) -> bool) -> Self {
        Self {
            budget: Some((text, holds)),
            ..self
        }
    }
}

const FIGURES: [Figure; 9] = [
    figure("pairs", "pairs of recordings", 0),
    figure("seconds", "length of each, s", 0),
    figure(
        "operations_per_s_without",
        "operations/s without the probes",
        0,
    ),
    figure("operations_per_s_with", "  with them", 0),
    figure("throughput_ratio", "  ratio", 3).within(">= 0.97", |ratio| ratio >= 0.97),
    figure(
        "cpu_us_without",
        "recorder's CPU per operation, µs, without",
        1,
    ),
    figure("cpu_us_with", "  with them", 1),
    figure("cpu_ratio", "  ratio", 3).within("<= 1.03", |ratio| ratio <= 1.03),
    figure("sealed_bytes", "sealed, bytes per row", 2).within("<= 6", |bytes| bytes <= 6.0),
];

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct AvailabilityArgs {
    /// Pairs of recordings, one with the probes and one without
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pairs: u32,
    /// Length of each recording, seconds
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    seconds: u32,
    /// Append the figures to the history in docs/benchmarks.md
    #[arg(long)]
    write: bool,
}

pub(super) fn run(args: AvailabilityArgs) -> Result<()> {
    shell::run(linted(&[
        "build",
        "--workspace",
        "--bins",
        "--example",
        "availability",
    ])?)?;
    let mut install = Command::new(programs()?.join("lab"));
    install.arg("install").current_dir(workspace()?);
    shell::run(install)?;
    let origin = origin()?;
    let mut bench = Command::new(programs()?.join("examples/availability"));
    bench
        .args(["--pairs", &args.pairs.to_string()])
        .args(["--seconds", &args.seconds.to_string()])
        .stderr(Stdio::inherit());
    let output = bench.output().context("the bench of availability probes")?;
    if !output.status.success() {
        bail!(
            "the bench of availability probes {}",
            describe(output.status)
        );
    }
    let figures = parse(&String::from_utf8_lossy(&output.stdout))?;
    print!("{}", table(&figures));
    if args.write {
        let path = workspace()?.join("docs/benchmarks.md");
        let page = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let page = with_row(&page, &row(&origin, &figures))?;
        fs::write(&path, page).with_context(|| path.display().to_string())?;
        eprintln!("written to {}", path.display());
    }
    Ok(())
}

/// Each of [`FIGURES`], from lines `name<TAB>value`.
fn parse(text: &str) -> Result<Vec<(&'static Figure, f64)>> {
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    let values: BTreeMap<&str, &str> = lines.collect();
    let value = |figure: &'static Figure| {
        let value = values.get(figure.name).and_then(|value| value.parse().ok());
        let value = value.with_context(|| format!("the bench does not print {}", figure.name))?;
        Ok((figure, value))
    };
    FIGURES.iter().map(value).collect()
}

fn table(figures: &[(&Figure, f64)]) -> String {
    let mut table = String::new();
    for (figure, value) in figures {
        let (limit, verdict) = figure.budget.map_or(("", ""), |(limit, holds)| {
            (limit, if holds(*value) { "ok" } else { "over" })
        });
        let line = format!(
            "{:44} {value:>10.*}  {limit:8} {verdict}",
            figure.label, figure.decimals
        );
        // Writing to a String can't fail.
        let _ = writeln!(table, "{}", line.trim_end());
    }
    table
}

/// Where and when, then every figure.
fn row(origin: &[String; 4], figures: &[(&Figure, f64)]) -> String {
    let mut row = format!("| {} |", origin.join(" | "));
    for (figure, value) in figures {
        // Writing to a String can't fail.
        let _ = write!(row, " {value:.*} |", figure.decimals);
    }
    row
}

/// The page with one more row.
fn with_row(page: &str, row: &str) -> Result<String> {
    let place = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (table, after) = rest.split_once(END)?;
        Some((before, table, after))
    });
    let (before, table, after) =
        place.context("docs/benchmarks.md has no table of the availability probes")?;
    let rows = table.strip_prefix(HEAD).unwrap_or_default();
    Ok(format!("{before}{BEGIN}{HEAD}{rows}{row}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(throughput: f64) -> Vec<(&'static Figure, f64)> {
        let lines = FIGURES.iter().map(|figure| match figure.name {
            "throughput_ratio" => format!("throughput_ratio\t{throughput}"),
            "cpu_ratio" => "cpu_ratio\t1.0301".to_owned(),
            name => format!("{name}\t5.25"),
        });
        parse(&lines.collect::<Vec<_>>().join("\n")).unwrap()
    }

    #[test]
    fn each_run_is_a_row_and_each_budget_stands_next_to_its_figure() {
        let figures = printed(0.9701);
        let table = table(&figures);
        let verdicts = table.lines().filter_map(|line| line.rsplit_once(' '));
        let verdicts: Vec<_> = verdicts
            .map(|(_, last)| last)
            .filter(|last| ["ok", "over"].contains(last))
            .collect();
        assert_eq!(verdicts, ["ok", "over", "ok"], "{table}");
        assert!(super::table(&printed(0.9699)).contains(">= 0.97  over"));
        let origin = ["2026-11-30", "abc", "2", "0.10"].map(str::to_owned);
        let row = row(&origin, &figures);
        assert_eq!(
            row,
            "| 2026-11-30 | abc | 2 | 0.10 | 5 | 5 | 5 | 5 | 0.970 | 5.2 | 5.2 | 1.030 | 5.25 |"
        );
        assert_eq!(
            HEAD.lines().next().unwrap().matches('|').count(),
            row.matches('|').count()
        );
        let page = fs::read_to_string(workspace().unwrap().join("docs/benchmarks.md")).unwrap();
        let once = with_row(&page, &row).unwrap();
        let twice = with_row(&once, &row).unwrap();
        assert_eq!(twice.len(), once.len() + row.len() + 1);
        assert_eq!(once.matches(HEAD).count(), 1);
        assert!(with_row("no place", &row).is_err());
    }

    #[test]
    fn a_figure_that_is_missing_is_an_error() {
        assert!(parse("pairs\t1\n").is_err());
    }
}
