//! The questions to a server, and what its answers mean.

use recording::vocabulary::Path;
use recording::{Server, Timestamp};
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::connect::answer_of;
use crate::sql::STATEMENTS;

/// Who answered.
pub(super) struct Answer {
    pub server: Server,
    /// How far it is behind the writer, microseconds; `None` for a writer, and where it does not tell.
    pub replication_lag_us: Option<i64>,
}

/// Asks with simple queries: they pin no session of a proxy. `tells_lag` becomes false where the server refuses that question.
pub(super) async fn ask(
    client: &Client,
    path: Path,
    tells_lag: &mut bool,
) -> Result<Answer, tokio_postgres::Error> {
    let columns = ["address", "port", "in_recovery", "postmaster_start_us"];
    let [is_aurora, has_replica_status] = ["is_aurora", "has_replica_status"];
    let columns = [&columns[..], &[is_aurora, has_replica_status]].concat();
    let mut answer = row(client, &STATEMENTS.probe_server, &columns)
        .await?
        .into_iter();
    let mut next = || answer.next().flatten();
    let (address, port) = (next(), next());
    let in_recovery = next().map(|value| value == "t");
    let started_us: Option<i64> = next().and_then(|time| time.parse().ok());
    let is_aurora = next().is_some_and(|value| value == "t");
    let has_replica_status = next().is_some_and(|value| value == "t");
    let aurora_instance_identifier = match is_aurora {
        true => value(client, &STATEMENTS.probe_aurora_name, "name").await?,
        false => None,
    };
    let question = match (is_aurora, has_replica_status) {
        (false, _) => Some((&STATEMENTS.probe_lag, "lag_us", 1.0)),
        (true, true) => Some((&STATEMENTS.probe_aurora_lag, "lag_ms", 1_000.0)),
        (true, false) => None,
    };
    let mut replication_lag_us = None;
    if let (Some((statement, column, unit_us)), Some(true), true) =
        (question, in_recovery, *tells_lag)
    {
        match value(client, statement, column).await {
            Ok(lag) => replication_lag_us = lag.and_then(|lag| lag_us(&lag, unit_us)),
            // It is there and does not tell: asked again and again, it would fill its log with that.
            Err(error) if answer_of(&error).is_some_and(|answer| !answer.fatal) => {
                *tells_lag = false;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Answer {
        server: Server {
            path,
            address,
            port: port.and_then(|port| port.parse().ok()),
            version: None,
            in_recovery,
            postmaster_start_time: started_us.map(Timestamp),
            aurora_instance_identifier,
        },
        replication_lag_us,
    })
}

/// One column of a statement's first row.
async fn value(
    client: &Client,
    statement: &str,
    column: &str,
) -> Result<Option<String>, tokio_postgres::Error> {
    let mut columns = row(client, statement, &[column]).await?;
    Ok(columns.pop().flatten())
}

/// The columns of a statement's first row; without a row, none has a value.
async fn row(
    client: &Client,
    statement: &str,
    columns: &[&str],
) -> Result<Vec<Option<String>>, tokio_postgres::Error> {
    let messages = client.simple_query(statement).await?;
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let text = |column: &&str| row?.try_get(*column).ok().flatten().map(str::to_owned);
    Ok(columns.iter().map(text).collect())
}

/// A lag in some unit as whole microseconds. A commit's time is the writer's: a clock that is ahead makes it negative, which is
/// not behind.
fn lag_us(text: &str, unit_us: f64) -> Option<i64> {
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
