//! A live connection: the driver's client, and what the server said outside of answers.

use parking_lot::Mutex;
use std::future::poll_fn;
use std::sync::Arc;

use deadpool_postgres::ClientWrapper;
use tokio::task::JoinHandle;
use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::{AsyncMessage, Client, Connection};

use crate::classify::{self, Answer, Symptom};
use crate::connect::stream::Stream;
use crate::text::error_text;

/// An error answer or a warning.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The five characters of its code.
    pub sqlstate: String,
    /// Its text.
    pub message: String,
    /// True where the server closes the connection after it.
    pub fatal: bool,
    /// In no language: proxies leave it off.
    severity: Option<Severity>,
    /// The function of PostgreSQL's source that said it.
    routine: Option<String>,
    /// It came while nothing was asked.
    unasked: bool,
}

impl Notice {
    /// For the rules of [`classify`].
    #[must_use]
    pub fn answer(&self) -> Answer<'_> {
        Answer {
            sqlstate: &self.sqlstate,
            severity: self.severity,
            routine: self.routine.as_deref(),
            message: &self.message,
            unasked: self.unasked,
        }
    }
}

/// What came outside of answers.
#[derive(Debug, Default)]
struct Received {
    /// A commit that no standby confirmed.
    unreplicated: Option<Notice>,
    /// A warning that the server goes down.
    shutdown: Option<Notice>,
    /// How the connection ended: the server's last message, or the operating system's.
    end: Option<End>,
}

#[derive(Debug)]
struct End {
    answer: Option<Notice>,
    text: String,
}

/// Why a statement failed, as this connection saw it.
#[derive(Debug)]
pub struct Failed {
    /// An error answer, where one came.
    pub answer: Option<Notice>,
    /// True where the connection ended, or is about to.
    pub lost: bool,
    /// The code of a warning before the end.
    pub warning: Option<String>,
    /// The chain of causes.
    pub message: String,
}

impl Failed {
    /// For the rules of [`classify`].
    #[must_use]
    pub fn symptom(&self) -> Symptom<'_> {
        match &self.answer {
            Some(answer) => Symptom::Answer(answer.answer()),
            None if self.lost => Symptom::Lost {
                warning: self.warning.as_deref(),
            },
            None => Symptom::Client,
        }
    }

    /// The code of the answer; where none came, that of the warning before the end.
    #[must_use]
    pub fn sqlstate(&self) -> Option<String> {
        let of_answer = self.answer.as_ref().map(|answer| &answer.sqlstate);
        of_answer.or(self.warning.as_ref()).cloned()
    }
}

/// A live connection. Dropped while in use, or [`Session::abandon`]ed, its socket closes at once.
pub struct Session {
    /// The driver's client, with the named statements that it has prepared.
    pub client: ClientWrapper,
    /// The row of `connections` that tells of it.
    pub connection_id: i64,
    /// True until the server is identified, and between the first statement of an operation and its known outcome: cut off
    /// there, the connection can't be used.
    pub in_use: bool,
    heard: Arc<Mutex<Received>>,
    driver: JoinHandle<()>,
}

impl Session {
    pub(super) fn new(
        client: Client,
        connection: Connection<Stream, Stream>,
        connection_id: i64,
    ) -> Self {
        let heard = Arc::new(Mutex::new(Received::default()));
        let driver = tokio::spawn(drive(connection, Arc::clone(&heard)));
        // The wrapper aborts the task that it is given once it is dropped. That would cut a connection at rest off before the driver
        // has sent Terminate, so the driver's task stays here, and the wrapper gets one that does nothing.
        let client = ClientWrapper::new(client, tokio::spawn(async {}));
        Self {
            client,
            connection_id,
            in_use: true,
            heard,
            driver,
        }
    }

    /// True where the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Forgets warnings of earlier statements.
    pub fn forget_warnings(&self) {
        let mut heard = self.heard.lock();
        heard.unreplicated = None;
        heard.shutdown = None;
    }

    /// The warning that the last commit is only local, if one came.
    #[must_use]
    pub fn unreplicated_commit(&self) -> Option<Notice> {
        self.heard.lock().unreplicated.take()
    }

    /// Explains a statement's error with what was heard besides.
    #[must_use]
    pub fn explain(&self, error: &tokio_postgres::Error) -> Failed {
        if let Some(answer) = answer_of(error) {
            let message = error_text::chain(error);
            return Failed {
                lost: answer.fatal,
                answer: Some(answer),
                warning: None,
                message,
            };
        }
        let heard = self.heard.lock();
        let (answer, mut message, lost) = match &heard.end {
            // An error that came while nothing was asked is the server's last message: it did none of what was sent after.
            Some(End { answer, text }) => (answer.clone(), text.clone(), true),
            None => (None, error_text::chain(error), error.is_closed()),
        };
        let warning = heard.shutdown.as_ref().map(|notice| {
            message = error_text::one_line(&format!("{message}, after: {}", notice.message));
            notice.sqlstate.clone()
        });
        Failed {
            answer,
            lost,
            warning,
            message,
        }
    }

    /// Closes the socket now, whatever the server does.
    pub fn abandon(mut self) {
        self.in_use = true;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Without this the driver would wait for a hanging server's answers. A connection at rest sends Terminate instead.
        if self.in_use {
            self.driver.abort();
        }
    }
}

/// The error answer in a driver's error.
pub(crate) fn answer_of(error: &tokio_postgres::Error) -> Option<Notice> {
    error.as_db_error().map(notice)
}

fn notice(answer: &DbError) -> Notice {
    let severity = answer.parsed_severity();
    Notice {
        sqlstate: answer.code().code().to_owned(),
        message: answer.message().to_owned(),
        fatal: match severity {
            Some(severity) => matches!(severity, Severity::Fatal | Severity::Panic),
            // A proxy's, which says it in English only.
            None => answer.severity() == "FATAL",
        },
        severity,
        routine: answer.routine().map(str::to_owned),
        unasked: false,
    }
}

async fn drive(mut connection: Connection<Stream, Stream>, heard: Arc<Mutex<Received>>) {
    while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
        match message {
            Ok(AsyncMessage::Notice(warning)) => {
                let warning = notice(&warning);
                let mut heard = heard.lock();
                // One warning can be both: a server that is stopped while a commit waits for the standby.
                if matches!(warning.sqlstate.as_str(), "57P01" | "57P02" | "57P03") {
                    heard.shutdown = Some(warning.clone());
                }
                if classify::is_unconfirmed_commit(warning.answer()) {
                    heard.unreplicated = Some(warning);
                }
            }
            Ok(_) => {}
            Err(error) => {
                // Noted before the connection is dropped: only that wakes those who wait for an answer.
                let end = End {
                    // What is asked gets its answer itself: this one came unasked, and the driver sends nothing after it.
                    answer: answer_of(&error).map(|answer| Notice {
                        unasked: true,
                        ..answer
                    }),
                    text: error_text::chain(&error),
                };
                heard.lock().end = Some(end);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use recording::vocabulary::Path;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use crate::connect::{ConnectProgress, Connector, Resolver};
    use crate::endpoint::Endpoint;
    use crate::endpoint::environment::Environment;

    /// What a server gets, after the start-up, of a connection that is dropped.
    async fn sent_at_the_end(in_use: bool) -> Vec<u8> {
        let limit = Duration::from_secs(20);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("postgres://app@{address}/d?sslmode=disable");
        let endpoint = Endpoint::parse(&url, &Environment::of(&[])).unwrap();
        let resolver = Resolver::new(Some(([127, 0, 0, 1], 53).into()), limit).unwrap();
        let connector = Connector::new(Path::Direct, endpoint, resolver, limit).unwrap();
        let server = async {
            let (mut socket, _) = listener.accept().await.unwrap();
            let length = socket.read_u32().await.unwrap();
            let mut startup = vec![0; length as usize - 4];
            socket.read_exact(&mut startup).await.unwrap();
            // AuthenticationOk and ReadyForQuery.
            let answer = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
            socket.write_all(answer).await.unwrap();
            socket
        };
        let mut progress = ConnectProgress::default();
        let (session, mut socket) = tokio::join!(connector.connect(0, &mut progress), server);
        let mut session = session.unwrap();
        session.in_use = in_use;
        drop(session);
        let mut sent = Vec::new();
        socket.read_to_end(&mut sent).await.unwrap();
        sent
    }

    #[tokio::test]
    async fn only_a_connection_at_rest_says_that_it_ends() {
        assert_eq!(sent_at_the_end(false).await, b"X\0\0\0\x04");
        assert_eq!(sent_at_the_end(true).await, b"");
    }
}
