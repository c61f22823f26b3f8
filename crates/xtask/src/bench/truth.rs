//! `cargo xtask bench truth`: builds and runs `examples/truth`, and puts its table into `docs/benchmarks.md`.

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
        fs::write(&path, with_table(&page, &origin, &text)?)
            .with_context(|| path.display().to_string())?;
        eprintln!("written to {}", path.display());
    }
    Ok(ExitCode::from(code))
}

/// The page with this run's table instead of the last one's.
fn with_table(page: &str, origin: &[String; 4], text: &str) -> Result<String> {
    let place = page
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = place else {
        bail!("docs/benchmarks.md has no place for the truth bench's table");
    };
    let [date, commit, cores, load] = origin;
    Ok(format!(
        "{before}{BEGIN}{date}, commit {commit}, {cores} cores, load {load} before it began:\n\n```text\n{}\n```\n{END}{after}",
        text.trim_end()
    ))
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
}
