//! `cargo xtask bench sql`: the queries of `sql/analysis` in DuckDB over a recording of many operations, each next to its budget.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use command_line::process::describe;

use super::origin::origin;
use crate::python;
use crate::shell::{programs, workspace};

/// What every query must hold, at 10 million operations and 2 threads.
const CPU_SECONDS: f64 = 30.0;
const MEMORY_MIB: f64 = 2_048.0;

/// The plain query that `response_times.sql` is compared with.
const PLAIN: &str = "quantile_disc";
const QUERIES: [&str; 11] = [
    PLAIN,
    "response_times",
    "success",
    "errors",
    "recordings",
    "outages",
    "downtime",
    "service_outages",
    "service_downtime",
    "naive",
    "durability",
];

const BEGIN: &str = "<!-- sql: written by cargo xtask bench sql --write -->\n";
const END: &str = "<!-- sql ends -->";

/// What one query took, in a process of its own.
struct Taken {
    query: &'static str,
    cpu_seconds: f64,
    memory_mib: f64,
    rows: u64,
}

pub(super) fn run(rows: u64, write: bool) -> Result<()> {
    let interpreter = python::with_readers()?;
    let here = workspace()?.join("crates/xtask/src/bench/sql");
    let folder = programs()?.join("bench-sql");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    let script = |arguments: &[&str]| {
        let mut command = Command::new(&interpreter);
        command.arg("-B").arg(here.join("bench.py")).args(arguments);
        output_of(&mut command)
    };
    let text = |path: &Path| path.display().to_string();
    let recording = text(&folder.join("recording"));
    script(&[
        "make",
        &recording,
        &rows.to_string(),
        &text(&here.join("rows.sql")),
    ])?;
    let queries = text(&workspace()?.join("sql/analysis"));
    let mut all = Vec::new();
    for query in QUERIES {
        eprintln!("{query} ...");
        all.push(parse(
            query,
            &script(&["run", &queries, &recording, query])?,
        )?);
    }
    fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let table = table(&all);
    print!("{table}");
    if write {
        let path = workspace()?.join("docs/benchmarks.md");
        let page = fs::read_to_string(&path).with_context(|| text(&path))?;
        let page = with_table(&page, &origin()?, rows, &table)?;
        fs::write(&path, page).with_context(|| text(&path))?;
        eprintln!("written to {}", path.display());
    }
    Ok(())
}

fn output_of(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("the bench of the queries")?;
    if !output.status.success() {
        bail!("the bench of the queries {}", describe(output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// CPU seconds, peak memory in MiB, rows.
fn parse(query: &'static str, text: &str) -> Result<Taken> {
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let mut next = || {
        let number = numbers.next().context("too few numbers")?;
        number.with_context(|| format!("{query}: {text}"))
    };
    Ok(Taken {
        query,
        cpu_seconds: next()?,
        memory_mib: next()?,
        rows: next()? as u64,
    })
}

fn table(all: &[Taken]) -> String {
    let mut table = format!(
        "{:16} {:>8} {:>8} {:>8}  budget {CPU_SECONDS} s, {MEMORY_MIB} MiB\n",
        "query", "CPU s", "MiB", "rows"
    );
    let plain = all.iter().find(|taken| taken.query == PLAIN);
    for taken in all {
        let holds = taken.cpu_seconds <= CPU_SECONDS && taken.memory_mib <= MEMORY_MIB;
        let verdict = if holds { "ok" } else { "over" };
        let ratio = plain.filter(|_| taken.query == "response_times");
        let ratio = ratio.map_or_else(String::new, |plain| {
            let ratio = taken.cpu_seconds / plain.cpu_seconds;
            format!(", {ratio:.1} times {PLAIN}")
        });
        // Writing to a String can't fail.
        let _ = writeln!(
            table,
            "{:16} {:8.2} {:8.0} {:8}  {verdict}{ratio}",
            taken.query, taken.cpu_seconds, taken.memory_mib, taken.rows
        );
    }
    table
}

/// The page with this run's table instead of the last one's.
fn with_table(page: &str, origin: &[String; 4], rows: u64, text: &str) -> Result<String> {
    let place = page
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = place else {
        bail!("docs/benchmarks.md has no place for the table of the queries");
    };
    let [date, commit, cores, load] = origin;
    Ok(format!(
        "{before}{BEGIN}{date}, commit {commit}, {cores} cores, load {load} after it ended, {rows} operations:\n\n```text\n{}\n```\n{END}{after}",
        text.trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_query_stands_next_to_its_budget() {
        let all = [
            parse(PLAIN, "1.0 246.5 2\n").unwrap(),
            parse("response_times", "1.9 126 8").unwrap(),
            parse("outages", "30.1 900 277").unwrap(),
            parse("naive", "3 2048.5 20").unwrap(),
        ];
        let table = table(&all);
        let line = |query: &str| table.lines().find(|line| line.starts_with(query)).unwrap();
        assert!(line(PLAIN).ends_with(" ok"));
        assert!(line("response_times").ends_with(" ok, 1.9 times quantile_disc"));
        assert!(line("outages").ends_with(" 277  over"));
        assert!(line("naive").ends_with(" over"));
        assert!(parse("naive", "3 4").is_err() && parse("naive", "a 4 5").is_err());
    }

    #[test]
    fn every_query_is_measured() {
        let folder = workspace().unwrap().join("sql/analysis");
        let names = fs::read_dir(folder).unwrap().map(|entry| {
            let name = entry.unwrap().file_name();
            name.to_string_lossy().trim_end_matches(".sql").to_owned()
        });
        let mut names: Vec<_> = names.filter(|name| !name.starts_with("setup.")).collect();
        names.sort();
        let mut measured = QUERIES.to_vec();
        measured.retain(|query| *query != PLAIN);
        measured.sort_unstable();
        assert_eq!(names, measured);
    }

    #[test]
    fn the_page_holds_the_last_table_only() {
        let page = fs::read_to_string(workspace().unwrap().join("docs/benchmarks.md")).unwrap();
        let origin = ["2026-11-30", "abc", "2", "0.10"].map(str::to_owned);
        let once = with_table(&page, &origin, 5, "query one\n").unwrap();
        assert!(once.contains("load 0.10 after it ended, 5 operations"));
        let twice = with_table(&once, &origin, 5, "query two\n").unwrap();
        assert!(twice.contains("query two\n```") && !twice.contains("query one\n"));
        assert!(with_table("no place", &origin, 5, "").is_err());
    }
}
