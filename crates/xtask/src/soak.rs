//! `cargo xtask soak`: the tests that are run a few times in `cargo xtask test`, for long.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use crate::shell::{self, workspace};
use crate::test::linted;

/// How often.
#[derive(Debug, Args)]
pub(crate) struct SoakArgs {
    /// Times that a recorder is killed with SIGKILL, with a database and without
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    kills: u32,
    /// Damaged recordings that `analyze` is given
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    mutations: u32,
    /// Minutes at the highest rate with a failover every three; 0 for none
    #[arg(long, value_name = "MINUTES", default_value_t = 30)]
    endurance: u32,
    /// Only the test of this name: killed, garbage, campaign, endurance
    #[arg(long, value_name = "TEST")]
    only: Option<String>,
    /// Failovers of one campaign, some 15 s each
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    failovers: u32,
}

/// A test file, and the environment that makes it long.
struct Part {
    /// Its name in the `tests` of some crates.
    test: &'static str,
    what: String,
    variable: &'static str,
    times: u32,
}

pub(crate) fn run(args: &SoakArgs) -> Result<()> {
    let parts = [
        Part {
            test: "killed",
            what: format!(
                "{} kills with SIGKILL, with a database and without",
                args.kills
            ),
            variable: "PGOUTAGE_KILLS",
            times: args.kills,
        },
        Part {
            test: "garbage",
            what: format!("{} damaged recordings", args.mutations),
            variable: "PGOUTAGE_MUTATIONS",
            times: args.mutations,
        },
        Part {
            test: "campaign",
            what: format!("{} failovers in one recording", args.failovers),
            variable: "PGOUTAGE_FAILOVERS",
            times: args.failovers,
        },
        Part {
            test: "endurance",
            what: format!("{} minutes at the highest rate", args.endurance),
            variable: "PGOUTAGE_ENDURANCE",
            times: args.endurance * 60,
        },
    ];
    let is_wanted = |part: &&Part| {
        let only = args.only.as_deref();
        part.times > 0 && only.is_none_or(|only| only == part.test)
    };
    let parts: Vec<&Part> = parts.iter().filter(is_wanted).collect();
    if parts.is_empty() {
        bail!(
            "nothing to do: --only takes killed, garbage, campaign or endurance, and 0 times is not at all"
        );
    }
    shell::run(linted(&["build", "--workspace", "--bins"])?)?;
    shell::run(install()?)?;
    let mut took: Vec<(String, Duration)> = Vec::new();
    for part in parts {
        // The figures of a test are on its stderr.
        let arguments = [
            "test",
            "--workspace",
            "--test",
            part.test,
            "--",
            "--nocapture",
        ];
        let mut test = linted(&arguments)?;
        test.env(part.variable, part.times.to_string());
        let begun = Instant::now();
        shell::run(test)?;
        took.push((part.what.clone(), begun.elapsed()));
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
