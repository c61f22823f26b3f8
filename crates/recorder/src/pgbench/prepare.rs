//! Before the load: are its tables there, does pgbench get in, does the script run.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use command_line::process;
use recording::vocabulary::Path;

use crate::output::terminal;
use crate::pgbench::command::{Caller, single_arguments};
use crate::pgbench::error::PgbenchError;
use crate::pgbench::options::{GetPassword, LoadMode, LoadOptions, Target};
use crate::pgbench::output::{self, last_error};
use crate::pgbench::program::Program;

/// Longest that one transaction may take in a database without a fault.
const PROBE_LIMIT: Duration = Duration::from_secs(60);

/// What became of pgbench's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prepared {
    /// They were there, at the scale that is asked for.
    TablesThere,
    /// They were made.
    TablesMade,
    /// The user's script does not use them.
    TablesNotNeeded,
}

/// Makes pgbench's tables on the path of `target` if they are missing (those of another scale are an error), and runs one transaction of
/// the load. Says on stderr what it does. Tables other than pgbench's are never touched.
///
/// Call it for one path after the other: where both lead to the same database the second call finds the tables of the first.
///
/// # Errors
/// [`PgbenchError`] where pgbench does not get in, may not make its tables, or its script fails.
pub async fn prepare(
    program: &Program,
    options: &LoadOptions,
    target: &Target,
) -> Result<Prepared, PgbenchError> {
    let caller = Caller::new(program, target)?;
    let addresses = (target.resolve)().await;
    if addresses.is_empty() {
        return Err(PgbenchError::NotResolved {
            path: target.path,
            host: target.host.clone(),
        });
    }
    let preparation = Preparation {
        caller,
        addresses,
        path: target.path,
        password: Arc::clone(&target.password),
    };
    let LoadMode::Custom(script) = &options.mode else {
        return preparation
            .tables(options.scale, single_arguments(options))
            .await;
    };
    let text = std::fs::read(script).map_err(|source| PgbenchError::Script {
        script: script.clone(),
        source,
    })?;
    let prepared = if String::from_utf8_lossy(&text).contains("pgbench_") {
        let select_only = LoadOptions {
            mode: LoadMode::ReadOnly,
            ..options.clone()
        };
        preparation
            .tables(options.scale, single_arguments(&select_only))
            .await?
    } else {
        Prepared::TablesNotNeeded
    };
    let run = preparation
        .run(&single_arguments(options), Some(PROBE_LIMIT), |_| {})
        .await?;
    if run.succeeded {
        Ok(prepared)
    } else {
        Err(preparation.error(&run))
    }
}

/// One path's pgbench.
struct Preparation {
    caller: Caller,
    addresses: Vec<IpAddr>,
    path: Path,
    password: GetPassword,
}

/// A call of pgbench that has ended.
struct Run {
    succeeded: bool,
    status: String,
    lines: Vec<String>,
}

impl Preparation {
    /// Runs one built-in transaction, which tells the scale; makes the tables if it can't run for want of them.
    async fn tables(&self, scale: u32, probe: Vec<OsString>) -> Result<Prepared, PgbenchError> {
        let run = self.run(&probe, Some(PROBE_LIMIT), |_| {}).await?;
        let found = found_scale(&run.lines);
        if run.succeeded && found == Some(scale) {
            return Ok(Prepared::TablesThere);
        }
        if found.is_none() && !are_missing(&run.lines) {
            return Err(self.error(&run));
        }
        let why = match found {
            None => "creating its tables".to_owned(),
            Some(found) if found == scale => {
                "its tables are not usable; creating them anew".to_owned()
            }
            Some(found) => {
                return Err(PgbenchError::OtherScale {
                    path: self.path,
                    found,
                });
            }
        };
        self.make_tables(scale, &why).await?;
        let run = self.run(&probe, Some(PROBE_LIMIT), |_| {}).await?;
        if run.succeeded {
            Ok(Prepared::TablesMade)
        } else {
            Err(self.error(&run))
        }
    }

    async fn make_tables(&self, scale: u32, why: &str) -> Result<(), PgbenchError> {
        let what = format!(
            "pgbench on {}: {why}, scale {scale}, about {} MB",
            self.path,
            u64::from(scale) * 15
        );
        terminal::piece(&format!("{what}\n"));
        let scale = scale.to_string();
        // Primary keys before the data, unlike pgbench's default: the count of branches, which is looked at, is committed
        // last, so that tables of an interrupted call are never taken for whole.
        let arguments = ["-i", "-I", "dtpgv", "-q", "-s", &scale].map(OsString::from);
        let started = Instant::now();
        let terminal = std::io::stderr().is_terminal();
        let show = |line: &str| {
            if terminal && line.contains(" tuples (") {
                terminal::piece(&format!("\r{line}\x1b[K"));
            }
        };
        let run = self.run(&arguments, None, show).await?;
        if terminal {
            terminal::piece("\r\x1b[K");
        }
        if !run.succeeded {
            return Err(self.error(&run));
        }
        terminal::piece(&format!(
            "pgbench on {}: tables created in {:.1} s\n",
            self.path,
            started.elapsed().as_secs_f64()
        ));
        Ok(())
    }

    async fn run(
        &self,
        arguments: &[OsString],
        limit: Option<Duration>,
        mut on_line: impl FnMut(&str),
    ) -> Result<Run, PgbenchError> {
        let password = (self.password)()
            .await
            .map_err(|reason| PgbenchError::Run {
                path: self.path,
                reason,
            })?;
        let (mut command, _pass_file) =
            self.caller
                .command(&self.addresses, password.as_ref(), arguments)?;
        let mut child = command.spawn().map_err(PgbenchError::io("pgbench"))?;
        let mut received = output::lines(&mut child);
        let mut lines = Vec::new();
        let finish = async {
            while let Some(line) = received.recv().await {
                on_line(&line);
                lines.push(line);
            }
            child.wait().await
        };
        let status = match limit {
            None => finish.await,
            Some(limit) => {
                tokio::time::timeout(limit, finish)
                    .await
                    .map_err(|_| PgbenchError::Run {
                        path: self.path,
                        reason: format!("a transaction got no answer within {} s", limit.as_secs()),
                    })?
            }
        };
        let status = status.map_err(PgbenchError::io("pgbench"))?;
        Ok(Run {
            succeeded: status.success(),
            status: process::describe(status),
            lines,
        })
    }

    fn error(&self, run: &Run) -> PgbenchError {
        let reason = last_error(&run.lines).unwrap_or_else(|| run.status.clone());
        PgbenchError::Run {
            path: self.path,
            reason,
        }
    }
}

/// The count of `pgbench_branches`, which pgbench reports.
fn found_scale(lines: &[String]) -> Option<u32> {
    lines
        .iter()
        .find_map(|line| line.strip_prefix("scaling factor: ")?.parse().ok())
}

/// pgbench asks for `-i` exactly where the server said 42P01, whatever the server's language.
fn are_missing(lines: &[String]) -> bool {
    lines.iter().any(|line| {
        line.to_ascii_lowercase()
            .contains("perhaps you need to do initialization")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pgbench_says_of_its_tables() {
        let there = ["pgbench (15.18)".to_owned(), "scaling factor: 2".to_owned()];
        let missing = [
            "pgbench: error: could not count number of branches: ERROR:  relation \"pgbench_branches\" does not exist".to_owned(),
            "pgbench: hint: Perhaps you need to do initialization (\"pgbench -i\") in database \"postgres\".".to_owned(),
        ];
        assert_eq!((found_scale(&there), are_missing(&there)), (Some(2), false));
        assert_eq!((found_scale(&missing), are_missing(&missing)), (None, true));
    }
}
