//! `cargo xtask bench recording`: figures with their budgets, and their history in `docs/benchmarks.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use command_line::process::describe;

use super::origin::origin;
use crate::shell::{cargo, workspace};

/// A figure of the benchmark, its name in the table, and its budget.
struct Figure {
    name: &'static str,
    label: &'static str,
    decimals: usize,
    budget: Budget,
}

enum Budget {
    AtMost(f64),
    AtLeast(f64),
    /// For orientation.
    None,
}

const fn figure(
    name: &'static str,
    label: &'static str,
    decimals: usize,
    budget: Budget,
) -> Figure {
    Figure {
        name,
        label,
        decimals,
        budget,
    }
}

const RECORDING: [Figure; 13] = [
    figure("rows", "operations recorded", 0, Budget::None),
    figure(
        "sealed_bytes",
        "sealed, bytes per operation",
        2,
        Budget::AtMost(12.7),
    ),
    figure(
        "sealed_bytes_to_bare_parquet",
        "  of those of default encodings",
        2,
        Budget::None,
    ),
    figure(
        "journal_bytes_at_5000",
        "journal, bytes per operation, 5,000 a flush",
        1,
        Budget::None,
    ),
    figure(
        "journal_bytes_at_500",
        "  500 a flush",
        1,
        Budget::AtMost(40.0),
    ),
    figure("journal_bytes_at_20", "  20 a flush", 1, Budget::None),
    figure(
        "journal_bytes_at_5",
        "  5 a flush, the default load",
        1,
        Budget::None,
    ),
    figure(
        "writer_rows_per_second",
        "writer, rows per CPU second",
        0,
        Budget::AtLeast(2e6),
    ),
    figure(
        "writer_cpu_to_bare_parquet",
        "  CPU against plain Parquet of the same rows",
        2,
        Budget::None,
    ),
    figure(
        "writer_memory_mib",
        "writer, memory, MiB",
        1,
        Budget::AtMost(56.0),
    ),
    figure(
        "hand_over_median_ns",
        "handing one operation over, ns, median",
        0,
        Budget::AtMost(1_000.0),
    ),
    figure(
        "hand_over_p99_ns",
        "  p99 of batches of 50",
        0,
        Budget::None,
    ),
    figure(
        "hand_over_allocations",
        "  allocations",
        2,
        Budget::AtMost(0.0),
    ),
];

pub(super) fn run(rows: u64, write: bool) -> Result<()> {
    let rows = rows.to_string();
    let mut command = cargo(&[
        "bench",
        "--package",
        "recording",
        "--bench",
        "recording",
        "--",
        "--rows",
        &rows,
    ])?;
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .context("cargo bench")?;
    if !output.status.success() {
        bail!("the benchmark {}", describe(output.status));
    }
    let figures = parse(&String::from_utf8_lossy(&output.stdout))?;
    print!("{}", table(&figures)?);
    if write {
        let path = workspace()?.join("docs/benchmarks.md");
        let page = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let page = with_row(&page, &history_row(&origin()?, &figures)?)?;
        fs::write(&path, page).with_context(|| path.display().to_string())?;
        eprintln!("appended to {}", path.display());
    }
    Ok(())
}

/// Lines `name<TAB>value`.
fn parse(text: &str) -> Result<BTreeMap<String, f64>> {
    let mut figures = BTreeMap::new();
    for line in text.lines().filter(|line| line.contains('\t')) {
        let (name, value) = line.split_once('\t').unwrap_or((line, ""));
        let value = value.parse().with_context(|| line.to_owned())?;
        figures.insert(name.to_owned(), value);
    }
    Ok(figures)
}

fn value(figures: &BTreeMap<String, f64>, figure: &Figure) -> Result<f64> {
    let value = figures.get(figure.name).copied();
    value.with_context(|| format!("the benchmark does not print {}", figure.name))
}

fn table(figures: &BTreeMap<String, f64>) -> Result<String> {
    let mut table = String::new();
    for figure in &RECORDING {
        let value = value(figures, figure)?;
        let (limit, holds) = match figure.budget {
            Budget::AtMost(limit) => (format!("<= {limit}"), Some(value <= limit)),
            Budget::AtLeast(limit) => (format!(">= {limit}"), Some(value >= limit)),
            Budget::None => (String::new(), None),
        };
        let verdict = holds.map_or("", |holds| if holds { "ok" } else { "over" });
        let line = format!(
            "{:46} {value:>12.*}  {limit:10} {verdict}",
            figure.label, figure.decimals
        );
        // Writing to a String can't fail.
        let _ = writeln!(table, "{}", line.trim_end());
    }
    Ok(table)
}

/// Where and when, then every figure, as a row of the history.
fn history_row(origin: &[String; 4], figures: &BTreeMap<String, f64>) -> Result<String> {
    let mut row = format!("| {} |", origin.join(" | "));
    for figure in &RECORDING {
        // Writing to a String can't fail.
        let _ = write!(row, " {:.*} |", figure.decimals, value(figures, figure)?);
    }
    Ok(row)
}

/// The history is the last table of the page that has this benchmark's columns.
fn with_row(page: &str, row: &str) -> Result<String> {
    let columns = |line: &str| line.matches('|').count();
    let is_like_it = |line: &&str| line.starts_with('|') && columns(line) == columns(row);
    let Some(last) = page.lines().rfind(is_like_it) else {
        bail!("docs/benchmarks.md: no table of it has the columns of this benchmark");
    };
    // There may be text after it.
    let at = page.rfind(last).unwrap_or(0) + last.len();
    Ok(format!("{}\n{row}{}", &page[..at], &page[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> BTreeMap<String, f64> {
        let lines = RECORDING.iter().map(|figure| match figure.name {
            "writer_rows_per_second" => format!("{}\t1999999.4", figure.name),
            name => format!("{name}\t0"),
        });
        let text: Vec<String> = lines.collect();
        parse(&format!("running\n{}\nother\t1\n", text.join("\n"))).unwrap()
    }

    #[test]
    fn every_figure_has_its_budget_in_its_line() {
        let table = table(&figures()).unwrap();
        let line = |label: &str| table.lines().find(|line| line.starts_with(label)).unwrap();
        assert!(line("writer, rows").ends_with("1999999  >= 2000000 over"));
        assert!(line("sealed").ends_with("0.00  <= 12.7    ok"));
        assert!(line("operations").ends_with(" 0"), "no budget, no verdict");
    }

    #[test]
    fn a_figure_that_is_missing_or_no_number_is_an_error() {
        let mut figures = figures();
        figures.remove("sealed_bytes");
        let error = table(&figures).unwrap_err().to_string();
        assert!(error.contains("sealed_bytes"), "{error}");
        assert!(parse("sealed_bytes\tmany").is_err());
    }

    #[test]
    fn a_row_goes_to_the_end_of_the_history_that_has_its_columns() {
        let page = "| other |\n\n| a | b |\n| - | - |\n";
        let longer = with_row(page, "| 1 | 2 |").unwrap();
        assert_eq!(longer, format!("{page}| 1 | 2 |\n"));
        let followed = with_row(&format!("{page}\nText.\n"), "| 1 | 2 |").unwrap();
        assert_eq!(followed, format!("{longer}\nText.\n"));
        let other_table = with_row(&format!("{page}\n| c |\n"), "| 1 | 2 |").unwrap();
        assert_eq!(other_table, format!("{longer}\n| c |\n"));
        assert!(with_row(page, "| 1 | 2 | 3 |").is_err());
    }

    #[test]
    fn the_page_has_the_columns_of_the_benchmark() {
        let page = fs::read_to_string(workspace().unwrap().join("docs/benchmarks.md")).unwrap();
        let row = history_row(&Default::default(), &figures()).unwrap();
        assert!(with_row(&page, &row).is_ok(), "{row}");
    }
}
