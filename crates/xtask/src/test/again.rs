//! A second run, alone, for a test that failed beside all others.
//!
//! Tests with real servers wait for them, each with a limit. Where other programs hold the machine for so long that a limit passes, the
//! test says nothing of the code; one that fails alone too does.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::shell;

/// More tests than this don't fail by coincidence.
const AT_MOST: usize = 3;

/// What a run of tests printed, as far as it matters here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    failed: Vec<String>,
    begun: usize,
    ended: usize,
}

/// Runs the tests, and what failed once more by itself. `command` makes the run from what follows its `--`.
pub(super) fn run(command: impl Fn(&[&str]) -> Result<Command>) -> Result<()> {
    let first = command(&[])?;
    let shown = shell::shown(&first);
    let (is_success, outcome) = printed(first)?;
    if is_success {
        return Ok(());
    }
    let failed = &outcome.failed;
    // Without a name of a test, or with a binary that did not come to its end, something else failed.
    if failed.is_empty() || failed.len() > AT_MOST || outcome.begun != outcome.ended {
        bail!("{shown} failed");
    }
    let names = failed.iter().map(String::as_str);
    let only: Vec<&str> = ["--exact", "--test-threads", "1"]
        .into_iter()
        .chain(names)
        .collect();
    shell::run(command(&only)?)?;
    let failed = failed.join(", ");
    eprintln!("\nFailed beside the other tests, and passed alone: {failed}.");
    Ok(())
}

/// Runs a command whose output is printed as it comes, and read.
fn printed(mut command: Command) -> Result<(bool, Outcome)> {
    let shown = shell::shown(&command);
    eprintln!("\n==> {shown}");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| shown.clone())?;
    let stdout = child.stdout.take().context("no pipe")?;
    let mut outcome = Outcome::default();
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line.with_context(|| shown.clone())?;
        let line = String::from_utf8_lossy(&line);
        writeln!(std::io::stdout(), "{line}")?;
        outcome.add(&line);
    }
    let status = child.wait().with_context(|| shown.clone())?;
    Ok((status.success(), outcome))
}

impl Outcome {
    fn add(&mut self, line: &str) {
        if line.starts_with("test result: ") {
            self.ended += 1;
        } else if line.starts_with("running ") && line.contains(" test") {
            self.begun += 1;
        } else if let Some(name) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            let name = name.strip_suffix(" - should panic").unwrap_or(name);
            self.failed.push(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_failed_tests_are_read() {
        let mut outcome = Outcome::default();
        let lines = "running 3 tests\n\
                     test disk::full ... FAILED\n\
                     test disk::removed ... ok\n\
                     test pool::is_limited - should panic ... FAILED\n\
                     test result: FAILED. 1 passed; 2 failed\n\
                     running 1 test";
        lines.lines().for_each(|line| outcome.add(line));
        let failed = vec!["disk::full".to_owned(), "pool::is_limited".to_owned()];
        let expected = Outcome {
            failed,
            begun: 2,
            ended: 1,
        };
        assert_eq!(outcome, expected);
    }
}
