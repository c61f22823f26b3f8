//! The read and the write of a path's own row, and who answered them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use recording::Server;
use recording::vocabulary::Path;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use crate::probe::answer::{lag_us, server};
use crate::sql::STATEMENTS;
use crate::sql::question::{ColumnValues, Refused, is_refused};

/// `Refused` has this name where the server refuses to say who it is in the answer to a write.
const RETURNING: &str = "returning";
const AURORA_NAME: &str = "aurora_name";

/// Between two reads that ask for the waits for a synchronous standby: for these the server copies the state of all its sessions.
const WAITS_EVERY: Duration = Duration::from_millis(500);

/// What a question came to.
pub(super) struct Answer {
    /// There was a row for it.
    pub(super) has_row: bool,
    /// Who answered, where it says so.
    pub(super) server: Option<Server>,
    /// How far it is behind the writer, microseconds; `None` for a writer, and where it does not tell.
    pub(super) replication_lag_us: Option<i64>,
    /// How many sessions wait for a synchronous standby; `None` where it was not asked, and where it does not tell.
    pub(super) sync_rep_waits: Option<i32>,
}

/// The statements of one path. Simple queries, each a statement of its own: they pin no session of a proxy.
pub(super) struct Statements {
    path: Path,
    from: String,
    write: String,
    /// What the servers refuse to say: asked for with every probe, it would fill their logs.
    refused: Refused,
    is_aurora: AtomicBool,
    /// When the waits were asked for last.
    waits_asked: Mutex<Option<Instant>>,
}

impl Statements {
    pub(super) fn new(path: Path) -> Self {
        let sql = &STATEMENTS.availability;
        let of_path = |statement: &str| of_path(statement, path);
        Self {
            path,
            from: of_path(&sql.from),
            write: of_path(&sql.write),
            refused: Refused::default(),
            is_aurora: AtomicBool::new(false),
            waits_asked: Mutex::default(),
        }
    }

    /// # Errors
    /// The driver's, where the row can't be read.
    pub(super) async fn read(&self, client: &Client) -> Result<Answer, Error> {
        let on_aurora = self.is_aurora.load(Ordering::Relaxed);
        let question = STATEMENTS.availability.read(on_aurora, self.asks_waits());
        let said = question.ask_of_row(client, &self.from, &self.refused);
        let Some(said) = said.await? else {
            return Ok(NO_ROW);
        };
        self.answer(client, said).await
    }

    /// True for the first read, and for one in each [`WAITS_EVERY`].
    fn asks_waits(&self) -> bool {
        let now = Instant::now();
        let mut asked = self.waits_asked.lock();
        let is_due = asked.is_none_or(|asked| now.duration_since(asked) >= WAITS_EVERY);
        if is_due {
            *asked = Some(now);
        }
        is_due
    }

    /// # Errors
    /// The driver's, where the row can't be written.
    pub(super) async fn write(&self, client: &Client) -> Result<Answer, Error> {
        let sql = &STATEMENTS.availability;
        // From the one that says most, to the update alone.
        let mut suffixes = Vec::with_capacity(3);
        if !self.refused.has(RETURNING) {
            if self.is_aurora.load(Ordering::Relaxed) && !self.refused.has(AURORA_NAME) {
                suffixes.push((AURORA_NAME, [&sql.returning[..], &sql.aurora_name].concat()));
            }
            suffixes.push((RETURNING, sql.returning.clone()));
        }
        let mut refused = Vec::new();
        for (name, suffix) in suffixes {
            let statement = format!("{} {suffix}", self.write);
            match client.simple_query(&statement).await {
                Err(error) if is_refused(&error) => refused.push(name),
                done => {
                    refused.iter().for_each(|name| self.refused.add(name));
                    return match ColumnValues::of_answer(&done?) {
                        Some(said) => self.answer(client, said).await,
                        None => Ok(NO_ROW),
                    };
                }
            }
        }
        let done = client.simple_query(&self.write).await?;
        // It was not the update that was refused.
        refused.iter().for_each(|name| self.refused.add(name));
        let changed = done.iter().any(|message| match message {
            SimpleQueryMessage::CommandComplete(rows) => *rows > 0,
            _ => false,
        });
        Ok(Answer {
            has_row: changed,
            ..NO_ROW
        })
    }

    async fn answer(&self, client: &Client, mut said: ColumnValues) -> Result<Answer, Error> {
        if said.is_true("is_aurora") == Some(true) && !self.is_aurora.swap(true, Ordering::Relaxed)
        {
            // Once: from now on it is asked for in the same statement.
            let name = &STATEMENTS.probe_aurora_name;
            said.add(name.ask(client, &self.refused).await?);
        }
        let lag = said.text("lag_us").map(|lag| (lag, 1.0));
        let lag = lag.or_else(|| Some((said.text("aurora_lag_ms")?, 1_000.0)));
        Ok(Answer {
            has_row: true,
            server: Some(server(self.path, &said)),
            replication_lag_us: lag.and_then(|(lag, unit_us)| lag_us(&lag, unit_us)),
            sync_rep_waits: said.number("sync_rep_waits"),
        })
    }
}

const NO_ROW: Answer = Answer {
    has_row: false,
    server: None,
    replication_lag_us: None,
    sync_rep_waits: None,
};

/// The statement with the path's name in it, which is a word of ours.
pub(crate) fn of_path(statement: &str, path: Path) -> String {
    statement.replace("$1", &format!("'{path}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statements_of_a_path() {
        let statements = Statements::new(Path::Proxy);
        assert_eq!(
            statements.write,
            "UPDATE business_availability SET written_at = clock_timestamp() WHERE (path, slot) =\n    \
             (SELECT path, slot FROM business_availability WHERE path = 'proxy' FOR NO KEY UPDATE SKIP LOCKED LIMIT 1)"
        );
        assert_eq!(
            statements.from,
            "FROM business_availability WHERE path = 'proxy' AND slot = 0"
        );
    }
}
