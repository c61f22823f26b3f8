//! Operations that may be evidence of an outage, and what each can tell of the service (`docs/definitions.md`, Downtime).

use recording::vocabulary::{ErrorClass, OperationType, Outcome, Path};

use crate::summary::{Group, Word};

/// SQLSTATE classes of statements that are wrong while the server is there.
const STATEMENT_ERRORS: [&str; 6] = ["0A", "21", "22", "42", "44", "P0"];
/// Of these, what a service that serves nothing else answers with: the statement was as right before.
const REFUSED_STATEMENTS: [&str; 3] = ["0A", "42", "P0"];
/// A lock that could not be had in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// The class of an acknowledged write that the audit found lost. No server and no client gave it, so it is no word of a recording: like any
/// class without a rule of its own it is an availability failure, which shows at its end that the service was down.
pub const LOST: &str = "lost";

/// An operation that failed, did not finish, or took so long that it may have waited or stalled.
#[derive(Debug, Clone)]
pub struct Suspect {
    pub operation_type: OperationType,
    pub operation_name: Word,
    /// What became of it within the recording: what ended after it is `Unfinished`.
    pub outcome: Outcome,
    /// Class of its failure, a word of [`ErrorClass`] or of a later version.
    pub class: Option<Word>,
    /// The server's code.
    pub sqlstate: Option<Word>,
    /// What the server or the client said of it.
    pub message: Option<Word>,
    /// The number of its connection.
    pub connection: Option<i64>,
    /// When it was to begin, UTC microseconds, within the recording.
    pub scheduled_us: i64,
    /// When a worker took it.
    pub start_us: Option<i64>,
    /// When it sent its first statement; `None` where it did not get that far.
    pub first_statement_us: Option<i64>,
    /// When its outcome was known, within the recording; the recording's end where it never was.
    pub end_us: i64,
    /// `end - scheduled` before both were clipped to the recording, microseconds.
    pub wall_us: i64,
    /// The same without the pauses of the recorder: what decides.
    pub response_us: i64,
    /// From its first statement to its end, without the pauses of the recorder, microseconds; `None` where it did not get that far.
    pub execute_us: Option<i64>,
    /// Where an earlier operation had used its connection, the start of the first one that did.
    pub connection_used_since_us: Option<i64>,
    /// A limit of the client's own, in whose time the recorder was paused: the limit tells nothing.
    pub is_paused_limit: bool,
}

impl Suspect {
    /// True where it says nothing about the service, however long it took: the server was there and answered, or was never reached.
    #[must_use]
    pub fn is_exempt(&self, group: Group) -> bool {
        match self.known_class() {
            Some(ErrorClass::Conflict | ErrorClass::Constraint | ErrorClass::Client) => true,
            Some(ErrorClass::Other) => self.has_code_of(&STATEMENT_ERRORS),
            Some(ErrorClass::ReadOnly) => group == Group::All,
            _ => false,
        }
    }

    /// A `failed` or `unknown` outcome that is not exempt. A statement that the server cancelled is none by itself: the server was
    /// there. But it waited as any other, and may be stalled.
    #[must_use]
    pub fn is_availability_failure(&self, group: Group) -> bool {
        self.has_failed()
            && !self.is_exempt(group)
            && !self.is_paused_limit
            && self.known_class() != Some(ErrorClass::StatementTimeout)
    }

    /// Ended without success.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed | Outcome::Unknown)
    }

    /// A write or a transaction that reached a reader.
    pub(crate) fn is_refused_write(&self) -> bool {
        self.has_failed()
            && self.operation_type != OperationType::Read
            && self.known_class() == Some(ErrorClass::ReadOnly)
    }

    /// The service was asked and refused, in a way that tells of the service where it serves nothing else.
    pub(crate) fn is_refusal(&self) -> bool {
        self.has_failed()
            && match self.known_class() {
                Some(ErrorClass::ReadOnly | ErrorClass::StatementTimeout) => true,
                Some(ErrorClass::Conflict) => self.lock_was_not_available(),
                Some(ErrorClass::Other) => self.has_code_of(&REFUSED_STATEMENTS),
                _ => false,
            }
    }

    /// A failure that counts among the five of a gap with nothing but refusals: neither what the data said, nor the client's own
    /// shortage or limit.
    pub(crate) fn counts_as_refused(&self, group: Group) -> bool {
        self.is_refusal() || self.is_availability_failure(group)
    }

    pub(crate) fn is_pool_timeout(&self) -> bool {
        self.known_class() == Some(ErrorClass::PoolTimeout)
    }

    /// The last moment at which a failure shows that the service was down, as it ended; `None` where it tells only of its connection,
    /// or asked nothing.
    pub(crate) fn failure_moment_us(&self, path: Path) -> Option<i64> {
        let used_since = self.connection_used_since_us;
        match self.known_class() {
            Some(ErrorClass::PoolTimeout) => None,
            Some(ErrorClass::ConnectionLost | ErrorClass::OperationTimeout)
                if used_since.is_some() =>
            {
                None
            }
            Some(ErrorClass::ConnectTimeout | ErrorClass::OperationTimeout) => {
                Some(self.asked_us())
            }
            // An attempt to connect that hung, and was cut later: it asked when it began.
            Some(ErrorClass::ConnectionLost | ErrorClass::Unreachable)
                if self.first_statement_us.is_none() =>
            {
                Some(self.asked_us())
            }
            Some(ErrorClass::StartingOrStopping)
                if path == Path::Direct && used_since.is_some() =>
            {
                None
            }
            // The name led to a reader when the connection was made.
            Some(ErrorClass::ReadOnly) if path == Path::Direct => used_since.or(Some(self.end_us)),
            _ => Some(self.end_us),
        }
    }

    /// The same for a refusal: what had waited for a lock, or until it was cancelled, was asked before that.
    pub(crate) fn refusal_moment_us(&self, path: Path) -> Option<i64> {
        let had_waited = self.lock_was_not_available()
            || self.known_class() == Some(ErrorClass::StatementTimeout);
        if had_waited {
            self.first_statement_us
        } else {
            self.failure_moment_us(path)
        }
    }

    /// The same for an operation that stalled: its first statement. A success, only where it waited for the answer itself.
    pub(crate) fn stall_moment_us(&self, is_late_by_execute: bool) -> Option<i64> {
        let cancelled = self.known_class() == Some(ErrorClass::StatementTimeout);
        let tells_nothing = (self.outcome.is_success() && !is_late_by_execute)
            || (cancelled && self.connection_used_since_us.is_some());
        self.first_statement_us.filter(|_| !tells_nothing)
    }

    fn asked_us(&self) -> i64 {
        self.start_us.unwrap_or(self.scheduled_us)
    }

    fn lock_was_not_available(&self) -> bool {
        self.sqlstate.as_deref() == Some(LOCK_NOT_AVAILABLE)
    }

    fn has_code_of(&self, classes: &[&str]) -> bool {
        let code = self.sqlstate.as_deref().unwrap_or_default();
        classes.iter().any(|class| code.starts_with(class))
    }

    fn known_class(&self) -> Option<ErrorClass> {
        self.class.as_deref().and_then(ErrorClass::parse)
    }
}

/// True for the limits that the client keeps itself: a pause of the recorder is in them.
pub(crate) fn is_own_limit(class: Option<&str>) -> bool {
    matches!(
        class.and_then(ErrorClass::parse),
        Some(ErrorClass::OperationTimeout | ErrorClass::ConnectTimeout | ErrorClass::PoolTimeout)
    )
}
