//! Who answered: address, role and age of the server behind a connection.

use recording::vocabulary::Path;
use recording::{Server, Timestamp};
use tokio_postgres::Client;

use crate::sql::STATEMENTS;
use crate::sql::question::Refused;

/// Asks the server who it is, with simple queries: they pin no session of a proxy. What it refuses to say is left out; `None` where
/// that is all by which it could be told from another.
pub(super) async fn identify(
    client: &Client,
    path: Path,
    refused: &Refused,
) -> Result<Option<Server>, tokio_postgres::Error> {
    let said = STATEMENTS.identity.ask(client, refused).await?;
    let aurora_instance_identifier = match said.is_true("is_aurora") {
        Some(true) => {
            let name = STATEMENTS.identity_aurora_name.ask(client, refused).await?;
            name.text("aurora_name")
        }
        _ => None,
    };
    let server = Server {
        path,
        address: said.text("address"),
        port: said.number("port"),
        version: said.text("version"),
        in_recovery: said.is_true("in_recovery"),
        postmaster_start_time: said.number("postmaster_start_us").map(Timestamp),
        timeline: said.number("timeline"),
        aurora_instance_identifier,
    };
    let is_told = server.address.is_some()
        || server.in_recovery.is_some()
        || server.postmaster_start_time.is_some()
        || server.aurora_instance_identifier.is_some();
    Ok(is_told.then_some(server))
}

/// A server by its name, or address and port.
pub(crate) fn name(server: &Server) -> String {
    match (
        &server.aurora_instance_identifier,
        &server.address,
        server.port,
    ) {
        (Some(instance), _, _) => instance.clone(),
        (None, Some(address), Some(port)) => format!("{address}:{port}"),
        _ => "a server without an address".to_owned(),
    }
}

/// A server in words.
pub(crate) fn describe(server: &Server) -> String {
    let name = name(server);
    let role = match server.in_recovery {
        Some(true) => "reader",
        Some(false) => "writer",
        None => "role unknown",
    };
    format!(
        "{name} ({role}, PostgreSQL {})",
        server.version.as_deref().unwrap_or("?")
    )
}
