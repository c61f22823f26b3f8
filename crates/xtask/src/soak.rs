//! `cargo xtask soak`: tests that `cargo xtask test` runs a few times, run for long.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use crate::shell::{self, workspace};
use crate::test::linted;

#[derive(Debug, Args)]
pub(crate) struct SoakArgs {
    /// Times that a recorder is killed with SIGKILL, with a database and without; 0 for none
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    kills: u32,
    /// Damaged recordings that `analyze` reads; 0 for none
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    mutations: u32,
    /// Minutes at the highest rate, with a failover every three; 0 for none
    #[arg(long, value_name = "MINUTES", default_value_t = 30)]
    endurance: u32,
    /// Run this part only: killed, garbage, campaign, audit_truth or endurance
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// Failovers of one campaign, about 15 s each; 0 for none
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    failovers: u32,
    /// Failovers whose audit is compared with the servers' own data, with each kind of replication, about 10 s each; 0 for none
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    audits: u32,
}

/// A module of tests, and the environment variable that makes it long.
struct Part {
    /// Its name in the test binary of one or more crates (`tests/it`).
    module: &'static str,
    what: String,
    variable: &'static str,
    times: u32,
}

fn parts(args: &SoakArgs) -> [Part; 5] {
    [
        Part {
            module: "killed",
            what: format!(
                "{} kills with SIGKILL, with a database and without",
                args.kills
            ),
            variable: "PGOUTAGE_KILLS",
            times: args.kills,
        },
        Part {
            module: "garbage",
            what: format!("{} damaged recordings", args.mutations),
            variable: "PGOUTAGE_MUTATIONS",
            times: args.mutations,
        },
        Part {
            module: "campaign",
            what: format!("{} failovers in one recording", args.failovers),
            variable: "PGOUTAGE_FAILOVERS",
            times: args.failovers,
        },
        Part {
            module: "audit_truth",
            what: format!(
                "audits of {} failovers that lose commits and {} that lose none",
                args.audits, args.audits
            ),
            variable: "PGOUTAGE_AUDITS",
            times: args.audits,
        },
        Part {
            module: "endurance",
            what: format!("{} minutes at the highest rate", args.endurance),
            variable: "PGOUTAGE_ENDURANCE",
            times: args.endurance * 60,
        },
    ]
}

pub(crate) fn run(args: &SoakArgs) -> Result<()> {
    let only = args.only.as_deref();
    let mut parts = Vec::from(parts(args));
    parts.retain(|part| part.times > 0 && only.is_none_or(|only| only == part.module));
    if parts.is_empty() {
        bail!(
            "nothing to do: --only takes killed, garbage, campaign, audit_truth or endurance, and 0 leaves a part out"
        );
    }
    shell::run(linted(&["build", "--workspace", "--bins"])?)?;
    shell::run(install()?)?;
    let mut took: Vec<(String, Duration)> = Vec::new();
    for part in parts {
        let module = format!("{}::", part.module);
        // The figures of a test are on its stderr.
        let arguments = [
            "test",
            "--workspace",
            "--test",
            "it",
            &module,
            "--",
            "--nocapture",
        ];
        let mut test = linted(&arguments)?;
        test.env(part.variable, part.times.to_string());
        let begun = Instant::now();
        shell::run(test)?;
        took.push((part.what, begun.elapsed()));
    }
    for (what, time) in took {
        println!("{what}: {:.0} s", time.as_secs_f64());
    }
    Ok(())
}

fn install() -> Result<Command> {
    let mut install = Command::new(shell::programs()?.join("lab"));
    install.arg("install").current_dir(workspace()?);
    Ok(install)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Is there a module of this name below the folder?
    fn holds(folder: &Path, module: &str) -> bool {
        let entries = folder.read_dir().into_iter().flatten().flatten();
        let mut paths = entries.map(|entry| entry.path());
        paths
            .any(|path| path.file_stem().is_some_and(|stem| stem == module) || holds(&path, module))
    }

    /// Cargo runs no test, and succeeds, where a module is not found.
    #[test]
    fn every_part_is_a_module_of_tests() {
        let args = SoakArgs {
            kills: 1,
            mutations: 1,
            endurance: 1,
            only: None,
            failovers: 1,
            audits: 1,
        };
        let crates = workspace().unwrap().join("crates");
        let folders: Vec<_> = crates.read_dir().unwrap().flatten().collect();
        for part in parts(&args) {
            let has_it =
                |folder: &std::fs::DirEntry| holds(&folder.path().join("tests"), part.module);
            assert!(folders.iter().any(has_it), "{}", part.module);
        }
    }
}
