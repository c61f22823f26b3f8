//! What went wrong, as the caller saw it.

use tokio_postgres::error::Severity;

/// An error answer, or a warning: its fields of the protocol that are the same in every language, and its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Field C: the five characters of its code.
    pub sqlstate: &'a str,
    /// Field V: PostgreSQL sends it since 9.6; pgbouncer, Odyssey and pgpool do not.
    pub severity: Option<Severity>,
    /// Field R: the function of PostgreSQL's source that said it. No proxy sends it for itself.
    pub routine: Option<&'a str>,
    /// Field M: its text.
    pub message: &'a str,
    /// It came while nothing was asked, and ended the connection: what was handed to the connection after it was never sent.
    pub unasked: bool,
}

/// What the client saw of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symptom<'a> {
    /// An error answer, from the server or from a proxy in its place.
    Answer(Answer<'a>),
    /// The connection ended without an answer.
    Lost {
        /// The code of a warning that came before, such as 57P01 of an immediate shutdown.
        warning: Option<&'a str>,
    },
    /// The client's own limit passed.
    TimedOut,
    /// The client itself failed, as on an answer that it can't read.
    Client,
}
