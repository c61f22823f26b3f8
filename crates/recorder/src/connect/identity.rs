//! Who answered: address, role and age of the server behind a connection.

use recording::vocabulary::Path;
use recording::{Server, Timestamp};
use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

const IDENTITY: &str = include_str!("../../../../sql/identity.sql");

/// Asks the server who it is, with simple queries: they pin no session of a proxy.
pub(super) async fn identify(client: &Client, path: Path) -> Result<Server, tokio_postgres::Error> {
    let rows = client.simple_query(IDENTITY).await?;
    let Some(row) = first_row(&rows) else {
        return Ok(nobody(path));
    };
    let text = |column: &str| row.try_get(column).ok().flatten().map(str::to_owned);
    let is_true = |column: &str| text(column).map(|value| value == "t");
    let aurora_instance_identifier = if is_true("is_aurora") == Some(true) {
        let rows = client
            .simple_query("SELECT aurora_db_instance_identifier() AS name")
            .await?;
        first_row(&rows).and_then(|row| row.try_get("name").ok().flatten().map(str::to_owned))
    } else {
        None
    };
    Ok(Server {
        path,
        address: text("address"),
        port: text("port").and_then(|port| port.parse().ok()),
        version: text("version"),
        in_recovery: is_true("in_recovery"),
        postmaster_start_time: text("postmaster_start_us")
            .and_then(|time| time.parse().ok())
            .map(Timestamp),
        aurora_instance_identifier,
    })
}

fn first_row(messages: &[SimpleQueryMessage]) -> Option<&SimpleQueryRow> {
    messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    })
}

const fn nobody(path: Path) -> Server {
    Server {
        path,
        address: None,
        port: None,
        version: None,
        in_recovery: None,
        postmaster_start_time: None,
        aurora_instance_identifier: None,
    }
}
