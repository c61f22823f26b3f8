//! `recorder cleanup`: drops what `recorder setup` made.

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal};

use tokio_postgres::{Client, Error};

use crate::check::columns;
use crate::cli::{CleanupArgs, EndpointArgs};
use crate::config::maintenance_connector;
use crate::connect::Connector;
use crate::database::transaction::Transaction;
use crate::error::RecorderError;
use crate::output::terminal;
use crate::sql::{self, STATEMENTS};

/// Runs that are named in a line; of more it says how many.
const NAMED: usize = 5;

/// Drops the tables, after asking on a terminal unless `--yes`. The rows of runs that were not audited go only where that was said.
///
/// # Errors
/// [`RecorderError::Usage`] where there is no terminal to ask on, where runs were not audited or the endpoint is wrong,
/// [`RecorderError::Failed`] with the server's error.
pub(crate) async fn run(endpoints: &EndpointArgs, args: &CleanupArgs) -> Result<(), RecorderError> {
    let connector = maintenance_connector(endpoints, "cleanup")?;
    let endpoint = connector.endpoint();
    let mut agreed = Vec::new();
    if !args.yes {
        if !std::io::stdin().is_terminal() {
            return Err(RecorderError::Usage(
                "cleanup asks before it drops tables, and there is no terminal: use --yes"
                    .to_owned(),
            ));
        }
        // In a transaction of its own: none is to wait for the user.
        let (_, unaudited) = look(&connector).await?;
        if !unaudited.is_empty() && !args.drop_unaudited {
            let runs = named(&unaudited);
            terminal::line(format!(
                "not audited: {runs}; without these tables they never will be (to audit: recorder audit RUN)"
            ));
        }
        if !confirmed(&format!(
            "Drop {} on {endpoint}, with all rows? [y/N] ",
            sql::TABLES.join(", ")
        )) {
            terminal::line("nothing was dropped");
            return Ok(());
        }
        agreed = unaudited;
    }
    let (transaction, mut unaudited) = look(&connector).await?;
    unaudited.retain(|run| !agreed.contains(run));
    if !unaudited.is_empty() && !args.drop_unaudited {
        return Err(RecorderError::Usage(format!(
            "nothing was dropped on {endpoint}: not audited: {}; audit with: recorder audit RUN, or give --drop-unaudited",
            named(&unaudited)
        )));
    }
    let drop_tables = transaction.client().batch_execute(sql::CLEANUP);
    transaction.step("dropping the tables", drop_tables).await?;
    transaction.commit().await?;
    terminal::result(format!("dropped {} on {endpoint}", sql::TABLES.join(", ")))
}

/// Begins a transaction, makes sure that the tables are ours, and reads which runs were not audited.
async fn look(connector: &Connector) -> Result<(Transaction, Vec<String>), RecorderError> {
    let transaction = Transaction::begin(connector, "clean-up").await?;
    let client = transaction.client();
    let difference = columns::difference(client, true);
    let difference = transaction
        .step("looking at the tables", difference)
        .await?;
    if let Some(difference) = difference {
        return Err(RecorderError::Usage(format!(
            "nothing was dropped on {}: {difference}. These tables may belong to another application; if not, drop them by hand",
            connector.endpoint()
        )));
    }
    let missing = client.query_typed(sql::MISSING_TABLES, &[]);
    let missing = transaction.step("looking for the tables", missing).await?;
    let missing: Vec<&str> = missing.iter().map(|row| row.get(0)).collect();
    let runs = transaction.step("looking for runs", unaudited(client, &missing));
    let runs = runs.await?;
    Ok((transaction, runs))
}

/// The runs that left rows and that no audit was noted of since their last log, in order.
async fn unaudited(client: &Client, missing: &[&str]) -> Result<Vec<String>, Error> {
    let (mut unaudited, mut audited) = (BTreeSet::new(), BTreeSet::new());
    if !missing.contains(&"business_logs") {
        for row in client
            .query_typed(&STATEMENTS.audit_runs_of_logs, &[])
            .await?
        {
            let runs = match row.try_get("is_audited")? {
                true => &mut audited,
                false => &mut unaudited,
            };
            runs.insert(row.try_get("run_id")?);
        }
    }
    if !missing.contains(&"business_orders") {
        let rows = client.query_typed(&STATEMENTS.audit_runs_of_orders, &[]);
        for row in rows.await? {
            unaudited.insert(row.try_get("run_id")?);
        }
    }
    Ok(unaudited.difference(&audited).cloned().collect())
}

fn named(runs: &[String]) -> String {
    let names = runs.iter().take(NAMED).map(String::as_str);
    let names = names.collect::<Vec<_>>().join(", ");
    match runs.len() {
        0..=NAMED => names,
        more => format!("{names} and {} more", more - NAMED),
    }
}

fn confirmed(question: &str) -> bool {
    terminal::piece(question);
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_runs_are_some_names_and_a_number() {
        let runs: Vec<String> = (1..=7).map(|run| format!("run-{run}")).collect();
        assert_eq!(named(&runs[..2]), "run-1, run-2");
        assert_eq!(named(&runs), "run-1, run-2, run-3, run-4, run-5 and 2 more");
    }
}
