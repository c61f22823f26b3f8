//! `cargo xtask bench analyze`: `analyze report` and `analyze charts` over recordings from small to large, beside DuckDB over the same files.

mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use command_line::process::describe;

use super::origin::origin;
use crate::python;
use crate::shell::{self, cargo, programs, workspace};
use table::{Size, Taken};

/// Rounds of the two programs in turn; the median counts.
const ROUNDS: usize = 3;

/// Measures recordings of so many operations, from small to large.
pub(super) fn run(rows: &[u64], write: bool) -> Result<()> {
    let interpreter = python::with_readers()?;
    shell::run(cargo(&["build", "--release", "--package", "analyze"])?)?;
    // target/debug beside target/release
    let release = programs()?.with_file_name("release");
    let kept = programs()?.join("bench-analyze");
    fs::create_dir_all(&kept).with_context(|| text(&kept))?;
    let bench = Bench {
        interpreter,
        here: workspace()?.join("crates/xtask/src/bench/analyze"),
        analyze: text(&release.join("analyze")),
        queries: text(&workspace()?.join("sql/analysis")),
        charts: text(&kept.join("charts")),
    };
    let mut sizes = Vec::new();
    for rows in rows {
        let recording = made(&kept, *rows)?;
        sizes.push(bench.size(*rows, &text(&recording))?);
    }
    let table = table::table(&sizes);
    print!("{table}");
    if write {
        let path = workspace()?.join("docs/benchmarks.md");
        let page = fs::read_to_string(&path).with_context(|| text(&path))?;
        let page = table::with_table(&page, &origin()?, &table)?;
        fs::write(&path, page).with_context(|| text(&path))?;
        eprintln!("written to {}", path.display());
    }
    Ok(())
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The recording of so many operations, made where it is not there yet.
fn made(kept: &Path, rows: u64) -> Result<PathBuf> {
    let folder = kept.join(rows.to_string());
    if folder.exists() {
        return Ok(folder);
    }
    eprintln!("making a recording of {rows} operations ...");
    // Under another name until it is whole.
    let begun = kept.join("begun");
    if begun.exists() {
        fs::remove_dir_all(&begun).with_context(|| text(&begun))?;
    }
    let (rows, into) = (rows.to_string(), text(&begun));
    shell::run(cargo(&[
        "bench",
        "--package",
        "recording",
        "--bench",
        "recording",
        "--",
        "--rows",
        &rows,
        "--make",
        &into,
    ])?)?;
    fs::rename(&begun, &folder).with_context(|| text(&folder))?;
    Ok(folder)
}

struct Bench {
    interpreter: PathBuf,
    here: PathBuf,
    analyze: String,
    queries: String,
    /// Where charts are drawn.
    charts: String,
}

impl Bench {
    fn size(&self, rows: u64, recording: &str) -> Result<Size> {
        let (mut report, mut duckdb) = (Vec::new(), Vec::new());
        for round in 1..=ROUNDS {
            eprintln!("{rows} operations, round {round} of {ROUNDS} ...");
            report.push(self.measure(&["report", &self.analyze, recording])?);
            duckdb.push(self.measure(&["duckdb", &self.queries, recording])?);
        }
        let charts = self.measure(&["charts", &self.analyze, recording, &self.charts])?;
        Ok(Size {
            rows,
            report: table::median(report),
            duckdb: table::median(duckdb),
            charts,
        })
    }

    fn measure(&self, arguments: &[&str]) -> Result<Taken> {
        let mut command = Command::new(&self.interpreter);
        command.arg("-B").arg(self.here.join("bench.py"));
        let output = command
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("the bench of analyze")?;
        if !output.status.success() {
            bail!("the bench of analyze {}", describe(output.status));
        }
        Taken::parse(&String::from_utf8_lossy(&output.stdout))
    }
}
