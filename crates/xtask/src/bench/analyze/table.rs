//! The table of the bench, each figure next to its budget, and its place in `docs/benchmarks.md`.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail};

const BEGIN: &str = "<!-- analyze: cargo xtask bench analyze --write adds a run -->\n";
const END: &str = "<!-- analyze ends -->";

/// What all figures of the largest recording may take.
const LARGEST: u64 = 100_000_000;
const CPU_SECONDS: f64 = 15.0;
const MEMORY_MIB: f64 = 512.0;
/// A report of a five-minute recording.
const SMALLEST: u64 = 10_000;
const WALL_SECONDS: f64 = 0.15;
/// CPU of `analyze` against DuckDB's.
const RATIO: f64 = 0.6;

/// What one process took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Taken {
    pub(super) wall_s: f64,
    pub(super) cpu_s: f64,
    pub(super) peak_mib: f64,
    /// Of the files that it wrote.
    pub(super) bytes: f64,
}

impl Taken {
    /// Four numbers.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let numbers: Result<Vec<f64>, _> = text.split_whitespace().map(str::parse).collect();
        match numbers.with_context(|| text.to_owned())?.as_slice() {
            &[wall_s, cpu_s, peak_mib, bytes] => Ok(Self {
                wall_s,
                cpu_s,
                peak_mib,
                bytes,
            }),
            _ => bail!("four numbers are expected, not {text}"),
        }
    }
}

/// The one in the middle by its CPU time.
pub(super) fn median(mut all: Vec<Taken>) -> Taken {
    all.sort_by(|one, other| one.cpu_s.total_cmp(&other.cpu_s));
    all[all.len() / 2]
}

/// The figures of one recording.
pub(super) struct Size {
    pub(super) rows: u64,
    pub(super) report: Taken,
    pub(super) duckdb: Taken,
    pub(super) charts: Taken,
}

/// A row per size, then what is over its budget.
pub(super) fn table(sizes: &[Size]) -> String {
    let mut table = String::from(
        "| operations | report: wall, s | CPU, s | peak, MiB | DuckDB: wall, s | CPU, s | peak, MiB | CPU to DuckDB | CPU to the size before | charts: wall, s | peak, MiB | PNG, kB |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut before: Option<&Size> = None;
    let mut over = Vec::new();
    for size in sizes {
        let Size {
            rows,
            report,
            duckdb,
            charts,
        } = size;
        let ratio = report.cpu_s / duckdb.cpu_s;
        let growth = before.map_or_else(
            || "-".to_owned(),
            |before| format!("{:.1} x", report.cpu_s / before.report.cpu_s),
        );
        // Writing to a String can't fail.
        let _ = writeln!(
            table,
            "| {rows} | {:.2} | {:.2} | {:.0} | {:.2} | {:.2} | {:.0} | {ratio:.2} | {growth} | {:.2} | {:.0} | {:.0} |",
            report.wall_s,
            report.cpu_s,
            report.peak_mib,
            duckdb.wall_s,
            duckdb.cpu_s,
            duckdb.peak_mib,
            charts.wall_s,
            charts.peak_mib,
            charts.bytes / 1e3,
        );
        let mut budget = |what: &str, value: f64, most: f64| {
            if value > most {
                over.push(format!(
                    "{rows} operations: {what} {value:.2}, budget {most}"
                ));
            }
        };
        if *rows == SMALLEST {
            budget("wall, s,", report.wall_s, WALL_SECONDS);
        }
        if *rows == LARGEST {
            budget("CPU, s,", report.cpu_s, CPU_SECONDS);
            budget("peak, MiB,", report.peak_mib, MEMORY_MIB);
            budget("CPU to DuckDB", ratio, RATIO);
        }
        before = Some(size);
    }
    match over.as_slice() {
        [] => table.push_str("\nAll budgets hold.\n"),
        over => {
            let _ = writeln!(table, "\nOver: {}.", over.join("; "));
        }
    }
    table
}

/// The page with one more run.
pub(super) fn with_table(page: &str, origin: &[String; 4], table: &str) -> Result<String> {
    let place = page.split_once(BEGIN);
    let Some((before, after)) = place.filter(|(_, after)| after.contains(END)) else {
        bail!("docs/benchmarks.md has no place for the runs of bench analyze");
    };
    let [date, commit, cores, load] = origin;
    Ok(format!(
        "{before}{BEGIN}{date}, commit {commit}, {cores} cores, load {load} after it ended:\n\n{table}\n{after}"
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::shell::workspace;

    fn size(rows: u64, report: &str, duckdb: &str) -> Size {
        Size {
            rows,
            report: Taken::parse(report).unwrap(),
            duckdb: Taken::parse(duckdb).unwrap(),
            charts: Taken::parse("0.5 0.6 99 120000").unwrap(),
        }
    }

    #[test]
    fn each_size_is_a_row_and_what_is_over_is_named() {
        let small = size(10_000, "0.1 0.1 90 0", "0.4 0.5 200 0");
        let large = size(100_000_000, "8 15 512 0", "20 40 4000 0");
        let text = table(&[small, large]);
        assert!(text.contains(
            "| 10000 | 0.10 | 0.10 | 90 | 0.40 | 0.50 | 200 | 0.20 | - | 0.50 | 99 | 120 |"
        ));
        assert!(text.contains("| 0.38 | 150.0 x |"));
        assert!(text.ends_with("All budgets hold.\n"));
        let slow = size(10_000, "0.16 0.2 90 0", "0.4 0.1 200 0");
        let large = size(100_000_000, "80 115 7100 0", "60 88 8800 0");
        let text = table(&[slow, large]);
        let over = text.lines().last().unwrap();
        assert_eq!(
            over,
            "Over: 10000 operations: wall, s, 0.16, budget 0.15; 100000000 operations: CPU, s, 115.00, budget 15; \
             100000000 operations: peak, MiB, 7100.00, budget 512; 100000000 operations: CPU to DuckDB 1.31, budget 0.6."
        );
    }

    #[test]
    fn the_median_counts_and_garbage_is_an_error() {
        let of = |cpu: &str| Taken::parse(&format!("1 {cpu} 2 3")).unwrap();
        assert_eq!(median(vec![of("3"), of("1"), of("2")]), of("2"));
        assert!(Taken::parse("1 2 3").is_err() && Taken::parse("a 2 3 4").is_err());
    }

    #[test]
    fn the_page_keeps_earlier_runs() {
        let page = fs::read_to_string(workspace().unwrap().join("docs/benchmarks.md")).unwrap();
        let origin = ["2026-11-30", "abc", "2", "0.10"].map(str::to_owned);
        let once = with_table(&page, &origin, "one\n").unwrap();
        let twice = with_table(&once, &origin, "two\n").unwrap();
        let (one, two) = (twice.find("\none\n"), twice.find("\ntwo\n"));
        assert!(two.is_some() && two < one);
        assert!(with_table("no place", &origin, "").is_err());
    }
}
