//! `cargo xtask bench audit`: builds and runs `examples/audit`, and adds a row to the history in `docs/benchmarks.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use command_line::process::describe;

use super::origin::origin;
use crate::shell::{self, programs, workspace};
use crate::test::linted;

const BEGIN: &str = "<!-- audit: cargo xtask bench audit --write adds a row -->\n";
const END: &str = "<!-- audit ends -->";
const HEAD: &str = "| date | commit | cores | load before | writes | operations | lost | wall, s | recorder's CPU, s | its peak memory, MiB |\n\
                    | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
/// Names of the figures that the example prints, and decimals.
const FIGURES: [(&str, usize); 6] = [
    ("writes", 0),
    ("operations", 0),
    ("lost", 0),
    ("wall_s", 1),
    ("cpu_s", 1),
    ("memory_mib", 0),
];

pub(super) fn run(writes: u64, write: bool) -> Result<()> {
    shell::run(linted(&[
        "build",
        "--workspace",
        "--bins",
        "--example",
        "audit",
    ])?)?;
    let mut install = Command::new(programs()?.join("lab"));
    install.arg("install").current_dir(workspace()?);
    shell::run(install)?;
    let origin = origin()?;
    let mut bench = Command::new(programs()?.join("examples/audit"));
    bench
        .args(["--writes", &writes.to_string()])
        .stderr(Stdio::inherit());
    let output = bench.output().context("the bench of the audit")?;
    if !output.status.success() {
        bail!("the bench of the audit {}", describe(output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    if write {
        let path = workspace()?.join("docs/benchmarks.md");
        let page = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let page = with_row(&page, &row(&origin, &text)?)?;
        fs::write(&path, page).with_context(|| path.display().to_string())?;
        eprintln!("written to {}", path.display());
    }
    Ok(())
}

/// Where and when, then every figure.
fn row(origin: &[String; 4], text: &str) -> Result<String> {
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    let figures: BTreeMap<&str, &str> = lines.collect();
    let mut row = format!("| {} |", origin.join(" | "));
    for (name, decimals) in FIGURES {
        let value = figures
            .get(name)
            .and_then(|value| value.parse::<f64>().ok());
        let value = value.with_context(|| format!("the bench does not print {name}"))?;
        // Writing to a String can't fail.
        let _ = write!(row, " {value:.decimals$} |");
    }
    Ok(row)
}

/// The page with one more row.
fn with_row(page: &str, row: &str) -> Result<String> {
    let place = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (table, after) = rest.split_once(END)?;
        Some((before, table, after))
    });
    let (before, table, after) = place.context("docs/benchmarks.md has no table of the audit")?;
    let rows = table.strip_prefix(HEAD).unwrap_or_default();
    Ok(format!("{before}{BEGIN}{HEAD}{rows}{row}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "writes\t1000\noperations\t5000\nlost\t3\nwall_s\t4.25\ncpu_s\t0.5\nmemory_mib\t33.4\n";

    #[test]
    fn each_run_is_a_row() {
        let origin = ["2026-11-30", "abc", "2", "0.10"].map(str::to_owned);
        let row = row(&origin, TEXT).unwrap();
        assert_eq!(
            row,
            "| 2026-11-30 | abc | 2 | 0.10 | 1000 | 5000 | 3 | 4.2 | 0.5 | 33 |"
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
        assert!(row(&Default::default(), "writes\t1\n").is_err());
    }
}
