//! One transaction of `setup` or `cleanup`: says what it waits for, gives up a statement that hangs, leaves nothing half done.

use std::io::IsTerminal;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_postgres::{Client, Error};

use crate::connect::{Connector, Session};
use crate::database;
use crate::error::RecorderError;
use crate::output::terminal;

/// On a statement. Seed data of a hundred million rows take minutes; a lock that is held for ever must not hold us for ever.
const STATEMENT_LIMIT: Duration = Duration::from_secs(600);
/// On the question who answers.
const IDENTITY_LIMIT: Duration = Duration::from_secs(10);
/// What takes longer is said.
const PATIENCE: Duration = Duration::from_secs(2);

/// A transaction on one endpoint. Dropped before [`Transaction::commit`] it changes nothing.
pub(crate) struct Transaction {
    session: Session,
    endpoint: String,
    /// `set-up` or `clean-up`.
    name: &'static str,
    limit: Duration,
}

impl Transaction {
    /// Connects and begins.
    ///
    /// # Errors
    /// As [`database::connect`] and [`Transaction::step`].
    pub(crate) async fn begin(
        connector: &Connector,
        name: &'static str,
    ) -> Result<Self, RecorderError> {
        let (session, _) = database::connect(connector, IDENTITY_LIMIT).await?;
        let transaction = Self {
            session,
            endpoint: connector.endpoint().to_string(),
            name,
            limit: STATEMENT_LIMIT,
        };
        let begin = transaction.client().batch_execute("BEGIN");
        transaction.step("beginning", begin).await?;
        Ok(transaction)
    }

    /// For the statements of [`Transaction::step`].
    pub(crate) fn client(&self) -> &Client {
        &self.session.client
    }

    /// Runs one statement; `what` it does is said on a terminal where it takes long.
    ///
    /// # Errors
    /// [`RecorderError::Failed`]: the server's error, or that it did not answer in time.
    pub(crate) async fn step<T>(
        &self,
        what: &str,
        statement: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, RecorderError> {
        let done = self.within_limit(what, statement).await;
        done.map_err(|reason| {
            RecorderError::Failed(format!(
                "{} on {} failed at {what}: {reason}; nothing was changed",
                self.name, self.endpoint
            ))
        })
    }

    /// Makes it last.
    ///
    /// # Errors
    /// [`RecorderError::Failed`] where that is not certain.
    pub(crate) async fn commit(self) -> Result<(), RecorderError> {
        let commit = self.client().batch_execute("COMMIT");
        let done = self.within_limit("committing", commit).await;
        done.map_err(|reason| {
            RecorderError::Failed(format!(
                "{} on {}: COMMIT was not acknowledged, so the changes may or may not be there; run the command again: {reason}",
                self.name, self.endpoint
            ))
        })
    }

    async fn within_limit<T>(
        &self,
        what: &str,
        statement: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, String> {
        let deadline = Instant::now() + self.limit;
        let statement = async {
            tokio::pin!(statement);
            tokio::select! {
                done = &mut statement => return done,
                () = tokio::time::sleep(PATIENCE) => {}
            }
            if std::io::stderr().is_terminal() {
                terminal::line(format!("{what} ..."));
            }
            statement.await
        };
        match timeout_at(deadline, statement).await {
            Ok(done) => done.map_err(|error| self.session.explain(&error).message),
            Err(_) => Err(format!(
                "no answer within {:?}; check whether another session holds a lock",
                self.limit
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use lab::{Lab, LabOptions};
    use recording::vocabulary::Path;
    use tokio_postgres::NoTls;

    use super::*;
    use crate::connect::Resolver;
    use crate::endpoint::Endpoint;
    use crate::endpoint::environment::Environment;

    #[tokio::test]
    async fn a_statement_that_hangs_is_given_up_in_one_line() {
        let lab = Lab::start(LabOptions::default()).await.unwrap();
        let resolver = Resolver::new(Some(lab.dns_server()), PATIENCE).unwrap();
        let endpoint = Endpoint::parse(&lab.direct_url(), &Environment::of(&[])).unwrap();
        let connector = Connector::new(Path::Direct, endpoint, resolver, PATIENCE).unwrap();
        let admin_url = lab.admin_url(lab.writer());
        let (holder, connection) = tokio_postgres::connect(&admin_url, NoTls).await.unwrap();
        tokio::spawn(connection);
        for script in [
            "create table held (a int); grant select on held to app",
            "begin; lock held",
        ] {
            holder.batch_execute(script).await.unwrap();
        }

        let mut transaction = Transaction::begin(&connector, "clean-up").await.unwrap();
        transaction.limit = Duration::from_millis(300);
        let read = transaction.client().batch_execute("table held");
        let error = transaction.step("reading", read).await.unwrap_err();
        let text = error.to_string();
        assert_eq!(error.exit_code(), 1);
        assert!(
            text.ends_with(
                "failed at reading: no answer within 300ms; check whether another session holds a lock; nothing was changed"
            ),
            "{text}"
        );
        let error = transaction.commit().await.unwrap_err();
        assert!(error.to_string().contains("COMMIT was not acknowledged"));
    }
}
