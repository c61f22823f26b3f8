//! The questions to a server, and what its answers mean.

use recording::vocabulary::Path;
use recording::{Server, Timestamp};
use tokio_postgres::Client;

use crate::connect::answer_of;
use crate::sql::STATEMENTS;
use crate::sql::question::{ColumnValues, Refused};

/// Who answered.
pub(super) struct ServerAnswer {
    pub server: Server,
    /// How far it is behind the writer, microseconds; `None` for a writer, and where it does not tell.
    pub replication_lag_us: Option<i64>,
}

/// Asks with simple queries: they pin no session of a proxy. `refused` remembers what the server refuses to say: asked for with every
/// probe, it would fill the server's log.
pub(super) async fn ask(
    client: &Client,
    path: Path,
    refused: &Refused,
) -> Result<ServerAnswer, tokio_postgres::Error> {
    let sql = &*STATEMENTS;
    let said = sql.probe_server.ask(client, refused).await?;
    let in_recovery = said.is_true("in_recovery");
    let is_aurora = said.is_true("is_aurora") == Some(true);
    let aurora_instance_identifier = match is_aurora {
        true => {
            let name = sql.probe_aurora_name.ask(client, refused).await?;
            name.text("aurora_name")
        }
        false => None,
    };
    let has_replica_status = said.is_true("has_replica_status") == Some(true);
    let question = match (is_aurora, has_replica_status) {
        (false, _) => Some((&sql.probe_lag, "lag_us", 1.0)),
        (true, true) => Some((&sql.probe_aurora_lag, "aurora_lag_ms", 1_000.0)),
        (true, false) => None,
    };
    let mut replication_lag_us = None;
    if let (Some((question, column, unit_us)), Some(true)) = (question, in_recovery) {
        match question.ask(client, refused).await {
            Ok(said) => {
                let lag = said.text(column);
                replication_lag_us = lag.and_then(|lag| lag_us(&lag, unit_us));
            }
            // It is there and does not tell, for whatever reason.
            Err(error) if answer_of(&error).is_some_and(|answer| !answer.fatal) => {
                refused.add(column);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(ServerAnswer {
        server: Server {
            aurora_instance_identifier,
            ..server(path, &said)
        },
        replication_lag_us,
    })
}

/// Who said that.
pub(crate) fn server(path: Path, said: &ColumnValues) -> Server {
    Server {
        path,
        address: said.text("address"),
        port: said.number("port"),
        version: None,
        in_recovery: said.is_true("in_recovery"),
        postmaster_start_time: said.number("postmaster_start_us").map(Timestamp),
        timeline: None,
        aurora_instance_identifier: said.text("aurora_name"),
    }
}

/// A lag in some unit as whole microseconds. A commit's time is the writer's: a clock that is ahead makes it negative, which is
/// not behind.
pub(crate) fn lag_us(text: &str, unit_us: f64) -> Option<i64> {
    /// Ten thousand years: what is longer is no lag.
    const MOST_US: f64 = 3.2e17;
    let lag: f64 = text.trim().parse().ok()?;
    let lag = (lag * unit_us).round().max(0.0);
    // `max` makes 0 of what is no number.
    let is_lag = !text.to_ascii_lowercase().contains("nan") && lag < MOST_US;
    is_lag.then_some(lag as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_of_every_unit() {
        for (text, unit_us, expected) in [
            ("0", 1.0, Some(0)),
            ("1500", 1.0, Some(1_500)),
            ("12.5", 1_000.0, Some(12_500)),
            ("17", 1_000.0, Some(17_000)),
            (" 0.0004 ", 1_000.0, Some(0)),
            ("0.0006", 1_000.0, Some(1)),
            ("-250000", 1.0, Some(0)),
            ("", 1.0, None),
            ("infinity", 1.0, None),
            ("NaN", 1.0, None),
            ("-NaN", 1.0, None),
            ("1e300", 1_000.0, None),
            ("00:00:01", 1.0, None),
        ] {
            assert_eq!(lag_us(text, unit_us), expected, "{text:?}");
        }
    }
}
