//! `recorder setup`: tables, indexes and seed data, as much as is missing.

use tokio_postgres::types::{ToSql, Type};

use crate::check::columns;
use crate::cli::{EndpointArgs, SetupArgs};
use crate::config::{maintenance_connector, workload};
use crate::database::OTHER_TABLES;
use crate::database::transaction::Transaction;
use crate::definition::Definition;
use crate::error::RecorderError;
use crate::output::terminal;
use crate::sql;
use crate::sql::STATEMENTS;
use command_line::text::thousands;

/// Makes what is missing and says of each table what it did.
///
/// # Errors
/// [`RecorderError::Usage`] where it can't connect as asked, [`RecorderError::Failed`] with the server's error; then nothing
/// is changed.
pub(crate) async fn run(endpoints: &EndpointArgs, args: &SetupArgs) -> Result<(), RecorderError> {
    let connector = maintenance_connector(endpoints, "setup")?;
    // One transaction: a set-up that fails half-way leaves nothing.
    let transaction = Transaction::begin(&connector, "set-up").await?;
    let workload = workload(args.file.path())?;
    let done = match workload.is_shop() {
        true => set_up(&transaction, args).await?,
        false => set_up_own(&transaction, workload).await?,
    };
    transaction.commit().await?;
    terminal::result(format!(
        "setup done on {}\n{}",
        connector.endpoint(),
        done.join("\n")
    ))
}

/// The statements of the user's own workload, and the table of the availability probes.
async fn set_up_own(
    transaction: &Transaction,
    workload: &Definition,
) -> Result<Vec<String>, RecorderError> {
    let of_probes = [
        (
            "creating the table of the availability probes",
            sql::AVAILABILITY,
        ),
        ("adding the rows of the paths", sql::SEED_AVAILABILITY),
    ];
    let of_probes = of_probes.map(|(what, text)| (what.to_owned(), text));
    let own = workload.setup.iter().map(|statement| {
        let what = format!("{}: a set-up statement", statement.place);
        (what, statement.sql.as_str())
    });
    for (what, text) in of_probes.into_iter().chain(own) {
        let done = transaction.client().batch_execute(text);
        transaction.step(&what, done).await?;
    }
    Ok(vec![match workload.setup.len() {
        0 => format!("workload {}: it has no set-up statements", workload.name),
        1 => format!("workload {}: 1 set-up statement done", workload.name),
        count => format!("workload {}: {count} set-up statements done", workload.name),
    }])
}

async fn set_up(transaction: &Transaction, args: &SetupArgs) -> Result<Vec<String>, RecorderError> {
    let client = transaction.client();
    let script = |what, text| transaction.step(what, client.batch_execute(text));
    script(
        "waiting for another setup to finish",
        "SELECT pg_advisory_xact_lock(hashtext('pgoutage setup'))",
    )
    .await?;
    let missing = client.query_typed(sql::MISSING_TABLES, &[]);
    let missing = transaction.step("looking for the tables", missing).await?;
    let is_there = client.query_typed_one(&STATEMENTS.availability.is_there, &[]);
    let is_there = async { is_there.await?.try_get::<_, bool>(0) };
    let is_there = transaction.step("looking for the tables", is_there).await?;
    let made = missing.len() + usize::from(!is_there);
    let difference = columns::difference(client, false);
    let difference = transaction
        .step("looking at the tables", difference)
        .await?;
    if let Some(difference) = difference {
        let remedy = OTHER_TABLES;
        return Err(RecorderError::Usage(format!("{difference}; {remedy}")));
    }
    script("creating the tables", sql::SCHEMA).await?;
    script(
        "creating the table of the availability probes",
        sql::AVAILABILITY,
    )
    .await?;
    script("adding the rows of the paths", sql::SEED_AVAILABILITY).await?;
    script("creating the indexes", sql::INDEXES).await?;
    let tables = match made {
        0 => "tables: exist already".to_owned(),
        _ => format!(
            "tables: {made} created, {} exist already",
            sql::TABLES.len() - made
        ),
    };
    let mut done = vec![tables];
    done.extend(fill(transaction, args).await?);
    script("running ANALYZE", sql::ANALYZE).await?;
    Ok(done)
}

/// Adds the rows that are missing; a line of each table.
async fn fill(transaction: &Transaction, args: &SetupArgs) -> Result<Vec<String>, RecorderError> {
    let client = transaction.client();
    let categories: &[&str] = &sql::CATEGORIES;
    let mut done = Vec::new();
    for (name, asked, statement) in [
        ("users", args.users, sql::SEED_USERS),
        ("products", args.products, sql::SEED_PRODUCTS),
        ("orders", args.orders, sql::SEED_ORDERS),
        ("logs", args.logs, sql::SEED_LOGS),
    ] {
        let count = format!("SELECT count(*) FROM business_{name}");
        let count = async { client.query_typed_one(&count, &[]).await?.try_get(0) };
        let there: i64 = transaction
            .step(&format!("counting the {name}"), count)
            .await?;
        let add = asked - there;
        if add > 0 {
            let mut params: Vec<(&(dyn ToSql + Sync), Type)> = vec![(&add, Type::INT8)];
            if name == "products" {
                params.push((&categories, Type::TEXT_ARRAY));
            }
            let what = format!("adding {} {name}", thousands(add));
            let insert = client.execute_typed(statement, &params);
            transaction.step(&what, insert).await?;
        }
        done.push(format!("{name}: {}", outcome(there, asked)));
    }
    Ok(done)
}

fn outcome(there: i64, asked: i64) -> String {
    match asked - there {
        0 => format!("{} exist, as requested", thousands(there)),
        add if add > 0 => format!("{} existed, {} added", thousands(there), thousands(add)),
        _ => format!(
            "{} exist, more than the {} requested: not changed",
            thousands(there),
            thousands(asked)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done() {
        assert_eq!(outcome(0, 1_000), "0 existed, 1,000 added");
        assert_eq!(outcome(1_000, 1_500), "1,000 existed, 500 added");
        assert_eq!(outcome(1_000, 1_000), "1,000 exist, as requested");
        assert_eq!(
            outcome(1_500, 1_000),
            "1,500 exist, more than the 1,000 requested: not changed"
        );
    }
}
