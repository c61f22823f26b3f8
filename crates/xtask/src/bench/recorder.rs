//! `cargo xtask bench recorder`: builds `recorder` as `cargo xtask dist` ships it and runs `examples/beside_pgbench`, which measures it beside pgbench; the
//! tables replace those in `docs/benchmarks.md`.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;
use command_line::process::describe;

use super::origin::origin;
use crate::dist::RECORDER_PROFILE as SHIPPED;
use crate::shell::{self, cargo, programs, workspace};
use crate::test::linted;

const BEGIN: &str = "<!-- recorder: written by cargo xtask bench recorder --write -->\n";
const END: &str = "<!-- recorder ends -->";
const FULL_HEAD: &str = "| load | protocol | clients | throughput to pgbench's | | CPU per operation to pgbench's | | operations/s | pgbench | CPU, µs | pgbench | peak, MiB |\n\
                         | --- | --- | ---: | ---: | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |\n";
const RATE_HEAD: &str = "| load | protocol | clients | operations/s | p50, ms | pgbench | more | p99, ms | pgbench | more | CPU per operation to pgbench's |\n\
                         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
/// The least throughput and the most CPU that hold the budget, to pgbench's.
const THROUGHPUT: f64 = 1.0;
const CPU: f64 = 1.3;

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct RecorderArgs {
    /// Runs of each client under each load, in turn
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: u32,
    /// Length of each run, seconds
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    seconds: u32,
    /// Replace the tables in docs/benchmarks.md
    #[arg(long)]
    write: bool,
}

pub(super) fn run(args: RecorderArgs) -> Result<()> {
    shell::run(cargo(&[
        "build",
        "--profile",
        SHIPPED,
        "--package",
        "recorder",
    ])?)?;
    shell::run(linted(&[
        "build",
        "--package",
        "lab",
        "--package",
        "xtask",
        "--bins",
        "--example",
        "beside_pgbench",
    ])?)?;
    let mut install = Command::new(programs()?.join("lab"));
    install.arg("install").current_dir(workspace()?);
    shell::run(install)?;
    let origin = origin()?;
    let mut bench = Command::new(programs()?.join("examples/beside_pgbench"));
    bench
        .arg("--recorder")
        // target/debug beside target/dist-small
        .arg(programs()?.with_file_name(SHIPPED).join("recorder"))
        .arg("--shop")
        .arg(workspace()?.join("sql/shop.toml"))
        .arg("--point-read")
        .arg(workspace()?.join("crates/xtask/examples/beside_pgbench/point_read.toml"))
        .args(["--rounds", &args.rounds.to_string()])
        .args(["--seconds", &args.seconds.to_string()])
        .stderr(Stdio::inherit());
    let output = bench.output().context("the bench beside pgbench")?;
    if !output.status.success() {
        bail!("the bench beside pgbench {}", describe(output.status));
    }
    let loads = parse(&String::from_utf8_lossy(&output.stdout))?;
    let tables = tables(&loads)?;
    print!("{tables}");
    if args.write {
        let path = workspace()?.join("docs/benchmarks.md");
        let page = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let page = with_tables(&page, &heading(&origin, args), &tables)?;
        fs::write(&path, page).with_context(|| path.display().to_string())?;
        eprintln!("written to {}", path.display());
    }
    Ok(())
}

/// Where, when and how it was measured.
fn heading([date, commit, cores, load]: &[String; 4], args: RecorderArgs) -> String {
    format!(
        "{date}, commit {commit}, {cores} cores, load {load} before it began, {} rounds of {} s each:",
        args.rounds, args.seconds
    )
}

/// A load, and every figure of it.
struct Load {
    /// Workload, protocol, clients, operations per second.
    words: [String; 4],
    figures: Vec<(String, Spread)>,
}

/// Of all rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spread {
    median: f64,
    low: f64,
    high: f64,
}

impl Load {
    fn has_rate(&self) -> bool {
        self.words[3] != "-"
    }

    fn figure(&self, name: &str) -> Result<Spread> {
        let mut figures = self.figures.iter();
        let figure = figures.find_map(|(of, spread)| (of == name).then_some(*spread));
        figure.with_context(|| format!("the bench does not print {name}"))
    }
}

/// Lines `workload<TAB>protocol<TAB>clients<TAB>rate<TAB>name<TAB>median<TAB>low<TAB>high`, those of a load together.
fn parse(text: &str) -> Result<Vec<Load>> {
    let mut loads: Vec<Load> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        let [workload, protocol, clients, rate, name, numbers @ ..] = words.as_slice() else {
            bail!("the bench prints: {line}");
        };
        let numbers: Result<Vec<f64>, _> = numbers.iter().map(|number| number.parse()).collect();
        let Ok([median, low, high]) = numbers.as_deref() else {
            bail!("the bench prints: {line}");
        };
        let (median, low, high) = (*median, *low, *high);
        let figure = ((*name).to_owned(), Spread { median, low, high });
        let words = [workload, protocol, clients, rate].map(|word| (*word).to_owned());
        match loads.last_mut().filter(|load| load.words == words) {
            Some(load) => load.figures.push(figure),
            None => loads.push(Load {
                words,
                figures: vec![figure],
            }),
        }
    }
    Ok(loads)
}

fn tables(loads: &[Load]) -> Result<String> {
    let (at_rate, full): (Vec<&Load>, Vec<&Load>) = loads.iter().partition(|load| load.has_rate());
    let mut text = FULL_HEAD.to_owned();
    for load in full {
        let [workload, protocol, clients, _] = &load.words;
        let (throughput, cpu) = (load.figure("throughput_ratio")?, load.figure("cpu_ratio")?);
        // Writing to a String can't fail.
        let _ = write!(
            text,
            "| {workload} | {protocol} | {clients} | {} | {} | {} | {} |",
            spread(throughput, 2),
            verdict(throughput.median >= THROUGHPUT),
            spread(cpu, 2),
            verdict(cpu.median <= CPU),
        );
        for (name, decimals) in [
            ("recorder_per_s", 0),
            ("pgbench_per_s", 0),
            ("recorder_cpu_us", 1),
            ("pgbench_cpu_us", 1),
            ("recorder_mib", 0),
        ] {
            let _ = write!(text, " {:.decimals$} |", load.figure(name)?.median);
        }
        text.push('\n');
    }
    text.push('\n');
    text.push_str(RATE_HEAD);
    for load in at_rate {
        let _ = write!(text, "| {} |", load.words.join(" | "));
        for name in [
            "recorder_p50_ms",
            "pgbench_p50_ms",
            "p50_more_ms",
            "recorder_p99_ms",
            "pgbench_p99_ms",
            "p99_more_ms",
            "cpu_ratio",
        ] {
            let _ = write!(text, " {} |", spread(load.figure(name)?, 2));
        }
        text.push('\n');
    }
    Ok(text)
}

fn spread(spread: Spread, decimals: usize) -> String {
    let Spread { median, low, high } = spread;
    format!("{median:.decimals$} ({low:.decimals$} to {high:.decimals$})")
}

fn verdict(holds: bool) -> &'static str {
    if holds { "ok" } else { "over" }
}

/// The page with these tables in place of the last ones.
fn with_tables(page: &str, heading: &str, tables: &str) -> Result<String> {
    let place = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = place.context("docs/benchmarks.md has no place for the recorder")?;
    Ok(format!("{before}{BEGIN}{heading}\n\n{tables}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: [&str; 5] = [
        "recorder_per_s",
        "pgbench_per_s",
        "recorder_cpu_us",
        "pgbench_cpu_us",
        "recorder_mib",
    ];
    const RATE: [&str; 6] = [
        "recorder_p50_ms",
        "pgbench_p50_ms",
        "p50_more_ms",
        "recorder_p99_ms",
        "pgbench_p99_ms",
        "p99_more_ms",
    ];

    fn printed(throughput: f64, cpu: f64) -> String {
        let mut lines = vec![
            format!("shop\textended\t3\t-\tthroughput_ratio\t{throughput}\t0.5\t1.5"),
            format!("shop\textended\t3\t-\tcpu_ratio\t{cpu}\t1\t2"),
        ];
        lines.extend(FULL.map(|name| format!("shop\textended\t3\t-\t{name}\t20.25\t1\t30")));
        lines.extend(RATE.map(|name| format!("shop\textended\t10\t500\t{name}\t0.5\t0.25\t0.75")));
        lines.push("shop\textended\t10\t500\tcpu_ratio\t1.5\t1.25\t1.75".to_owned());
        lines.join("\n")
    }

    #[test]
    fn each_load_is_a_row_with_its_budgets() {
        let tables = |throughput, cpu| tables(&parse(&printed(throughput, cpu)).unwrap()).unwrap();
        assert_eq!(
            tables(1.0, 1.301),
            format!(
                "{FULL_HEAD}| shop | extended | 3 | 1.00 (0.50 to 1.50) | ok | 1.30 (1.00 to 2.00) | over | 20 | 20 | 20.2 | 20.2 | 20 |\n\n\
                 {RATE_HEAD}| shop | extended | 10 | 500 |{} 1.50 (1.25 to 1.75) |\n",
                " 0.50 (0.25 to 0.75) |".repeat(6)
            )
        );
        assert!(
            tables(0.999, 1.3)
                .contains("| 1.00 (0.50 to 1.50) | over | 1.30 (1.00 to 2.00) | ok |")
        );
        for text in [FULL_HEAD, RATE_HEAD] {
            let columns: Vec<_> = text.lines().map(|line| line.matches('|').count()).collect();
            assert_eq!(columns[0], columns[1]);
        }
    }

    #[test]
    fn new_tables_replace_the_old_ones() {
        let page = fs::read_to_string(workspace().unwrap().join("docs/benchmarks.md")).unwrap();
        let once = with_tables(&page, "today:", "first\n").unwrap();
        let twice = with_tables(&once, "today:", "second\n").unwrap();
        assert!(once.contains("today:\n\nfirst\n"));
        assert!(twice.contains("today:\n\nsecond\n") && !twice.contains("first\n<!--"));
        assert!(with_tables("no place", "", "").is_err());
    }

    #[test]
    fn what_is_missing_or_no_number_is_an_error() {
        let lines = printed(1.0, 1.0);
        let (_, rest) = lines.split_once('\n').unwrap();
        assert!(tables(&parse(rest).unwrap()).is_err());
        assert!(parse("shop\textended\t3").is_err());
        assert!(parse("shop\textended\t3\t-\tcpu_ratio\tx\t1\t2").is_err());
    }
}
