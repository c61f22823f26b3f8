//! Whether a transaction gets through: a pooler that hands on single statements only refuses it.

use recording::vocabulary::{ErrorClass, Path};
use tokio::time::timeout;
use tokio_postgres::Error;

use crate::check::examine::{End, Examination};
use crate::check::questions;
use crate::check::row::Check;
use crate::classify;
use crate::connect::{ConnectProgress, Session};
use crate::database::{self, Trouble};
use crate::sql::STATEMENTS;
use crate::sql::protocol::{Executor, Protocol};

impl Examination {
    /// Sends BEGIN, a SELECT and ROLLBACK as a purchase would. The session, or another one where this ended it: what comes after is
    /// asked all the same.
    pub(super) async fn transaction(&mut self, session: Session) -> Result<Session, End> {
        if !self.sizing.transactions || self.rows.connector.is_reader() {
            return Ok(session);
        }
        let limit = self.sizing.limit;
        let sent = timeout(limit, send(&session, self.sizing.protocol)).await;
        let error = match sent {
            Ok(Ok(())) => {
                self.rows
                    .ok(Check::Transaction, "BEGIN, SELECT and ROLLBACK work");
                return Ok(session);
            }
            Ok(Err(error)) => error,
            Err(_) => {
                let trouble = database::no_answer("a transaction", limit);
                return Err(self.rows.fail(Check::Transaction, trouble));
            }
        };
        let failed = session.explain(&error);
        let class = classify::class(failed.symptom());
        let trouble = database::from_answer(&session, &error);
        let may_be_mode = matches!(
            class,
            ErrorClass::ConnectionLost | ErrorClass::Proxy | ErrorClass::Other
        );
        let other = match may_be_mode {
            true => self.session_that_serves().await,
            false => None,
        };
        let Some(other) = other else {
            return Err(self.rows.fail(Check::Transaction, trouble));
        };
        // A statement alone is served, before and after: it is the transaction that is refused.
        let is_proxied = self.is_proxied || self.rows.connector.path() == Path::Proxy;
        let remedy = match is_proxied {
            true => {
                "the pooler's mode does not allow transactions: set it to transaction or session (pgbouncer: pool_mode = transaction)"
            }
            false => {
                "if a pooler stands in between, set its mode to transaction or session (pgbouncer: pool_mode)"
            }
        };
        let what = match is_proxied {
            true => "single statements work, a transaction does not: statement pooling",
            false => "single statements work, a transaction does not",
        };
        let trouble = Trouble {
            found: format!("{what} ({})", failed.message),
            remedy: remedy.to_owned(),
            is_mistake: true,
        };
        let End = self.rows.fail(Check::Transaction, trouble);
        Ok(other)
    }

    /// A connection on which a statement alone is answered.
    async fn session_that_serves(&self) -> Option<Session> {
        let served = async {
            let mut progress = ConnectProgress::default();
            let connected = self.rows.connector.connect(0, &mut progress).await;
            let mut session = connected.ok()?;
            questions::round_trip(&session).await.ok()?;
            session.in_use = false;
            Some(session)
        };
        timeout(self.sizing.limit, served).await.ok().flatten()
    }
}

async fn send(session: &Session, protocol: Protocol) -> Result<(), Error> {
    session.client.batch_execute("BEGIN").await?;
    let mut executor = Executor {
        client: &session.client,
        protocol,
        text: &mut String::new(),
    };
    let answered = executor.query(&STATEMENTS.idle_check, &[]).await;
    // A named statement is closed before ROLLBACK: behind a pooler it would stay on a connection that others get.
    session.client.statement_cache.clear();
    answered?;
    session.client.batch_execute("ROLLBACK").await
}
