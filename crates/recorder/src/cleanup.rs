//! `recorder cleanup`: drops what `recorder setup` made.

use std::io::{BufRead, IsTerminal, Write};

use crate::cli::{CleanupArgs, EndpointArgs};
use crate::config::maintenance_connector;
use crate::database;
use crate::error::RecorderError;
use crate::sql;

/// Drops the tables, after asking on a terminal unless `--yes`.
///
/// # Errors
/// [`RecorderError::Usage`] where nobody can be asked or the endpoint is wrong, [`RecorderError::Failed`] with the server's error.
pub(crate) async fn run(endpoints: &EndpointArgs, args: &CleanupArgs) -> Result<(), RecorderError> {
    let connector = maintenance_connector(endpoints)?;
    let endpoint = connector.endpoint();
    if !args.yes {
        if !std::io::stdin().is_terminal() {
            return Err(RecorderError::Usage(
                "cleanup drops tables and asks first, and there is no terminal to ask on: give --yes"
                    .to_owned(),
            ));
        }
        if !confirmed(&format!(
            "Drop {} on {endpoint}, with all rows? [y/N] ",
            sql::TABLES.join(", ")
        )) {
            eprintln!("nothing was dropped");
            return Ok(());
        }
    }
    let (session, _) = database::connect(&connector).await?;
    // Several statements in one simple query are one transaction: all tables go, or none.
    session
        .client
        .batch_execute(sql::CLEANUP)
        .await
        .map_err(|error| {
            let reason = session.explain(&error).message;
            RecorderError::Failed(format!(
                "clean-up on {endpoint} failed, nothing was dropped: {reason}"
            ))
        })?;
    println!("dropped {} on {endpoint}", sql::TABLES.join(", "));
    Ok(())
}

fn confirmed(question: &str) -> bool {
    eprint!("{question}");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}
