//! The lab's own connections: short-lived, without TLS, each wait with a limit.

use std::{future::Future, net::Ipv4Addr, time::Duration};

use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::{error::LabError, node_name::NodeName, site::Site};

/// The limit of a statement that waits for nothing.
pub(crate) const STATEMENT_LIMIT: Duration = Duration::from_secs(10);

/// Runs `future` for `limit` at most; `what` is named in the error.
pub(crate) async fn within<T>(
    what: &str,
    limit: Duration,
    future: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, LabError> {
    match tokio::time::timeout(limit, future).await {
        Ok(result) => result.map_err(LabError::sql(what)),
        Err(_) => Err(LabError::Timeout {
            what: what.to_owned(),
            after: limit,
        }),
    }
}

/// Connects as superuser to `database` at `host`:`port`.
pub(crate) async fn connect(
    site: &Site,
    host: Ipv4Addr,
    port: u16,
    database: &str,
    limit: Duration,
) -> Result<Client, LabError> {
    let mut config = Config::new();
    config
        .host(host.to_string())
        .port(port)
        .user("postgres")
        .password(&site.superuser_password)
        .dbname(database);
    config.application_name("lab");
    let (client, connection) = within(
        &format!("connecting to {host}:{port}"),
        limit,
        config.connect(NoTls),
    )
    .await?;
    // The task ends with the client; an error in it is the client's next error too.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(client)
}

/// Connects as superuser to a node, past its relay.
pub(crate) async fn connect_node(site: &Site, node: NodeName) -> Result<Client, LabError> {
    let address = site.server_address(node);
    connect(site, address, site.port, "postgres", STATEMENT_LIMIT).await
}

/// Runs statements one after the other, each a transaction of its own.
pub(crate) async fn execute(
    client: &Client,
    what: &str,
    statements: &[&str],
) -> Result<(), LabError> {
    for statement in statements {
        within(what, STATEMENT_LIMIT, client.batch_execute(statement)).await?;
    }
    Ok(())
}

/// The first column of the first row, as text.
pub(crate) async fn scalar(
    client: &Client,
    what: &str,
    query: &str,
) -> Result<Option<String>, LabError> {
    let messages = within(what, STATEMENT_LIMIT, client.simple_query(query)).await?;
    Ok(messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}
