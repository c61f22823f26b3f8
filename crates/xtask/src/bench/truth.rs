//! `cargo xtask bench truth`: builds and runs `examples/truth`, and puts its table into `docs/benchmarks.md`. Time without a fault comes in
//! pieces: each is a row of its own there, and their sum stands below.

use std::fs;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use command_line::process::describe;

use super::origin::origin;
use super::truth_args::TruthArgs;
use crate::shell::{self, programs, workspace};
use crate::test::linted;

const BEGIN: &str = "<!-- truth: written by cargo xtask bench truth --write -->\n";
const END: &str = "<!-- truth ends -->";
const STEADY_BEGIN: &str =
    "<!-- truth, without a fault: cargo xtask bench truth --write adds a row -->\n";
const STEADY_END: &str = "<!-- truth, without a fault, ends -->";
const STEADY_HEAD: &str = "| date | commit | cores | load before | length, s | outages reported | seen by the witness too | of the service |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n";
/// The line of the bench's text that says so, and what stands before each of its numbers.
const STEADY: [&str; 4] = [
    "steady:   ",
    " s without a fault; outages reported: ",
    ", seen by the witness too: ",
    "; of the service: ",
];

/// Exit code 1 where a figure is wrong.
pub(super) fn run(args: &TruthArgs, write: bool) -> Result<ExitCode> {
    shell::run(linted(&[
        "build",
        "--workspace",
        "--bins",
        "--example",
        "truth",
    ])?)?;
    let mut install = Command::new(programs()?.join("lab"));
    install.arg("install").current_dir(workspace()?);
    shell::run(install)?;
    let origin = origin()?;
    let mut truth = Command::new(programs()?.join("examples/truth"));
    truth.args(args.words()).stderr(Stdio::inherit());
    // Ctrl-C is for it: it stops its lab.
    let output = truth.output().context("the truth bench")?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    let code = output
        .status
        .code()
        .and_then(|code| u8::try_from(code).ok());
    let Some(code) = code else {
        bail!("the truth bench {}", describe(output.status));
    };
    if write && !text.is_empty() {
        let path = workspace()?.join("docs/benchmarks.md");
        let page = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut page = page;
        if args.outages > 0 {
            page = with_table(&page, &origin, &text)?;
        }
        if let Some(numbers) = text.lines().find_map(steady) {
            page = with_steady(&page, &origin, numbers)?;
        }
        fs::write(&path, page).with_context(|| path.display().to_string())?;
        eprintln!("written to {}", path.display());
    }
    Ok(ExitCode::from(code))
}

/// The page with this run's table instead of the last one's.
fn with_table(page: &str, origin: &[String; 4], text: &str) -> Result<String> {
    let (before, _, after) = place(page, BEGIN, END)?;
    let [date, commit, cores, load] = origin;
    Ok(format!(
        "{before}{BEGIN}{date}, commit {commit}, {cores} cores, load {load} before it began:\n\n```text\n{}\n```\n{END}{after}",
        text.trim_end()
    ))
}

/// Length in seconds, outages reported, those that the witness saw too, and outages of the service, where this line says so.
fn steady(line: &str) -> Option<[u64; 4]> {
    let mut rest = line;
    let mut number = |before: &str| {
        let (skipped, after) = rest.split_once(before)?;
        let end = after.find(|c: char| !c.is_ascii_digit());
        let (digits, after) = after.split_at(end.unwrap_or(after.len()));
        rest = after;
        skipped.is_empty().then(|| digits.parse().ok()).flatten()
    };
    let [seconds, reported, seen, of_service] = STEADY;
    Some([
        number(seconds)?,
        number(reported)?,
        number(seen)?,
        number(of_service)?,
    ])
}

/// The page with one more piece, and the sum of all pieces.
fn with_steady(page: &str, origin: &[String; 4], numbers: [u64; 4]) -> Result<String> {
    let (before, pieces, after) = place(page, STEADY_BEGIN, STEADY_END)?;
    let is_row = |line: &&str| line.starts_with("| ") && line.chars().any(|c| c.is_ascii_digit());
    let mut rows: Vec<String> = pieces.lines().filter(is_row).map(str::to_owned).collect();
    rows.push(format!(
        "| {} | {} |",
        origin.join(" | "),
        numbers.map(|number| number.to_string()).join(" | ")
    ));
    let sum = |column: usize| -> u64 {
        let cells = rows.iter().map(|row| row.split('|').nth(column));
        cells
            .filter_map(|cell| cell?.trim().parse::<u64>().ok())
            .sum()
    };
    let (seconds, reported, seen, of_service) = (sum(5), sum(6), sum(7), sum(8));
    // Older pieces were recorded without availability probes.
    let is_probed = |row: &&String| !row.ends_with("| - |");
    let probed = rows.iter().filter(is_probed);
    let probed: u64 = probed
        .filter_map(|row| row.split('|').nth(5)?.trim().parse::<u64>().ok())
        .sum();
    let rows = rows.join("\n");
    Ok(format!(
        "{before}{STEADY_BEGIN}{STEADY_HEAD}{rows}\n\nTogether {seconds} s: {reported} outages reported, {seen} of them seen by the witness too. In {probed} s of these the service was probed: {of_service} service outages.\n{STEADY_END}{after}"
    ))
}

/// What stands before, between and after two marks.
fn place<'a>(page: &'a str, begin: &str, end: &str) -> Result<(&'a str, &'a str, &'a str)> {
    let found = page.split_once(begin).and_then(|(before, rest)| {
        let (between, after) = rest.split_once(end)?;
        Some((before, between, after))
    });
    found.with_context(|| format!("docs/benchmarks.md has no {}", begin.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_the_last_table_only() {
        let page = fs::read_to_string(workspace().unwrap().join("docs/benchmarks.md")).unwrap();
        let origin = ["2026-11-26", "abc", "2", "0.10"].map(str::to_owned);
        let once = with_table(&page, &origin, "kind  path\n").unwrap();
        assert!(once.contains("2026-11-26, commit abc, 2 cores"), "{once}");
        let twice = with_table(&once, &origin, "kind  group\n").unwrap();
        assert!(twice.contains("kind  group\n```") && !twice.contains("kind  path\n"));
        assert!(with_table("no place", &origin, "").is_err());
    }

    #[test]
    fn pieces_without_a_fault_add_up() {
        let text = |seconds, reported, seen, of_service| {
            let [before, then, next, last] = STEADY;
            format!("{before}{seconds}{then}{reported}{next}{seen}{last}{of_service}")
        };
        assert_eq!(steady(&text(1200, 2, 1, 3)), Some([1_200, 2, 1, 3]));
        assert_eq!(steady("outages:  98 of 100 with every figure right"), None);
        let origin = ["2026-11-30", "abc", "2", "0.10"].map(str::to_owned);
        let older = "| 2026-11-29 | ab | 2 | - | 300 | 0 | 0 | - |";
        let page = format!("above\n{STEADY_BEGIN}{STEADY_HEAD}{older}\n{STEADY_END}\nbelow\n");
        let once = with_steady(&page, &origin, [1_200, 2, 1, 1]).unwrap();
        assert!(once.contains("| 2026-11-30 | abc | 2 | 0.10 | 1200 | 2 | 1 | 1 |\n"));
        let twice = with_steady(&once, &origin, [600, 1, 0, 0]).unwrap();
        let sum = "Together 2100 s: 3 outages reported, 1 of them seen by the witness too. In 1800 s of these the service was probed: 1 service outages.";
        assert!(twice.contains(sum), "{twice}");
        assert_eq!(twice.matches("2026-11-30").count(), 2);
        assert!(twice.starts_with("above\n") && twice.ends_with("\nbelow\n"));
        let page = fs::read_to_string(workspace().unwrap().join("docs/benchmarks.md")).unwrap();
        assert!(with_steady(&page, &origin, [1, 0, 0, 0]).is_ok());
    }
}
