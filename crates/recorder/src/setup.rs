//! `recorder setup`: tables, indexes and seed data, as much as is missing.

use std::io::IsTerminal;

use tokio_postgres::types::{ToSql, Type};

use crate::cli::{EndpointArgs, SetupArgs};
use crate::config::maintenance_connector;
use crate::connect::Session;
use crate::database;
use crate::error::RecorderError;
use crate::sql;
use crate::text::thousands;

/// Makes what is missing and says of each table what it did.
///
/// # Errors
/// [`RecorderError::Usage`] where it can't connect as asked, [`RecorderError::Failed`] with the server's error; then nothing
/// is changed.
pub(crate) async fn run(endpoints: &EndpointArgs, args: &SetupArgs) -> Result<(), RecorderError> {
    let connector = maintenance_connector(endpoints)?;
    let (session, _) = database::connect(&connector).await?;
    let done = set_up(&session, args).await.map_err(|error| {
        let reason = session.explain(&error).message;
        RecorderError::Failed(format!(
            "set-up on {} failed, nothing was changed: {reason}",
            connector.endpoint()
        ))
    })?;
    println!("set up {}", connector.endpoint());
    done.iter().for_each(|line| println!("{line}"));
    Ok(())
}

async fn set_up(session: &Session, args: &SetupArgs) -> Result<Vec<String>, tokio_postgres::Error> {
    let client = &session.client;
    // One transaction: a set-up that fails half-way leaves nothing. The lock lets a second one wait for the first.
    client
        .batch_execute("BEGIN; SELECT pg_advisory_xact_lock(hashtext('pgoutage setup'))")
        .await?;
    let missing = client.query_typed(sql::MISSING_TABLES, &[]).await?.len();
    client.batch_execute(sql::SCHEMA).await?;
    client.batch_execute(sql::INDEXES).await?;
    let categories: &[&str] = &sql::CATEGORIES;
    let mut done = vec![match missing {
        0 => "tables: there already".to_owned(),
        made => format!("tables: {made} made, {} there", sql::TABLES.len() - made),
    }];
    for (name, asked, statement) in [
        ("users", args.users, sql::SEED_USERS),
        ("products", args.products, sql::SEED_PRODUCTS),
        ("orders", args.orders, sql::SEED_ORDERS),
        ("logs", args.logs, sql::SEED_LOGS),
    ] {
        let there: i64 = client
            .query_typed_one(&format!("SELECT count(*) FROM business_{name}"), &[])
            .await?
            .try_get(0)?;
        let add = asked - there;
        if add > 0 {
            if std::io::stderr().is_terminal() {
                eprintln!("adding {} {name} ...", thousands(add));
            }
            let mut params: Vec<(&(dyn ToSql + Sync), Type)> = vec![(&add, Type::INT8)];
            if name == "products" {
                params.push((&categories, Type::TEXT_ARRAY));
            }
            client.execute_typed(statement, &params).await?;
        }
        done.push(format!("{name}: {}", outcome(there, asked)));
    }
    client.batch_execute(sql::ANALYZE).await?;
    client.batch_execute("COMMIT").await?;
    Ok(done)
}

fn outcome(there: i64, asked: i64) -> String {
    match asked - there {
        0 => format!("{} there, as asked", thousands(there)),
        add if add > 0 => format!("{} there, {} added", thousands(there), thousands(add)),
        _ => format!(
            "{} there, {} asked: left as they are",
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
        assert_eq!(outcome(0, 1_000), "0 there, 1,000 added");
        assert_eq!(outcome(1_000, 1_500), "1,000 there, 500 added");
        assert_eq!(outcome(1_000, 1_000), "1,000 there, as asked");
        assert_eq!(
            outcome(1_500, 1_000),
            "1,500 there, 1,000 asked: left as they are"
        );
    }
}
