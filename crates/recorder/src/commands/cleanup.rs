//! `recorder cleanup`: drops what `recorder setup` made.

use std::io::{BufRead, IsTerminal};

use crate::check::columns;
use crate::cli::{CleanupArgs, EndpointArgs};
use crate::config::maintenance_connector;
use crate::database::transaction::Transaction;
use crate::error::RecorderError;
use crate::output::terminal;
use crate::sql;

/// Drops the tables, after asking on a terminal unless `--yes`.
///
/// # Errors
/// [`RecorderError::Usage`] where there is no terminal to ask on or the endpoint is wrong, [`RecorderError::Failed`] with the server's error.
pub(crate) async fn run(endpoints: &EndpointArgs, args: &CleanupArgs) -> Result<(), RecorderError> {
    let connector = maintenance_connector(endpoints, "cleanup")?;
    let endpoint = connector.endpoint();
    if !args.yes {
        if !std::io::stdin().is_terminal() {
            return Err(RecorderError::Usage(
                "cleanup asks before it drops tables, and there is no terminal: use --yes"
                    .to_owned(),
            ));
        }
        if !confirmed(&format!(
            "Drop {} on {endpoint}, with all rows? [y/N] ",
            sql::TABLES.join(", ")
        )) {
            terminal::line("nothing was dropped");
            return Ok(());
        }
    }
    let transaction = Transaction::begin(&connector, "clean-up").await?;
    let difference = columns::difference(transaction.client(), true);
    let difference = transaction
        .step("looking at the tables", difference)
        .await?;
    if let Some(difference) = difference {
        return Err(RecorderError::Usage(format!(
            "nothing was dropped on {endpoint}: {difference}. These tables may belong to another application; if not, drop them by hand"
        )));
    }
    let drop_tables = transaction.client().batch_execute(sql::CLEANUP);
    transaction.step("dropping the tables", drop_tables).await?;
    transaction.commit().await?;
    terminal::result(format!("dropped {} on {endpoint}", sql::TABLES.join(", ")))
}

fn confirmed(question: &str) -> bool {
    terminal::piece(question);
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}
