//! Which answers to COMMIT, or to an autocommitted write, prove that nothing was committed.
//!
//! PostgreSQL answers with severity ERROR only where it has rolled the statement back, or will. What is raised *after* the commit
//! record was written (in the statistics, in notifications, on the way of the answer to the client) can be an ERROR all the
//! same, but then it tells of the machine: 53, 58, XX. So it takes the severity and a code that can only come before the commit.

use tokio_postgres::error::Severity;

use crate::classify::answer::Answer;

/// A code of five characters, or a class of two; of lines that fit the longest counts.
struct Line {
    code: &'static str,
    proves: bool,
}

const fn proves(code: &'static str) -> Line {
    Line { code, proves: true }
}

const fn proves_nothing(code: &'static str) -> Line {
    Line {
        code,
        proves: false,
    }
}

/// What is not here proves nothing. Left out on purpose:
///
/// - 01, 02: no errors; 03, 08: of the connection, 08007 says itself that the outcome is unknown.
/// - 24, 2D, 3B and other states of cursors, savepoints and nested transactions: the workload has none, so such an answer is of a
///   session that is not the one that we think.
/// - 28, 3D: of a log-in, which a proxy may have made anew for us after it passed the statement on to another server.
/// - 38, 39, 2F, HV: of foreign code and foreign servers, which may have committed on their side.
/// - 53, 58, F0, XX: of the machine (memory, disk, files, a bug); can be raised after the commit record was written, and are what
///   proxies say of themselves.
/// - 57: of the operator; 57P0x comes as FATAL, also between the commit and its answer.
const LINES: &[Line] = &[
    // A feature that is not there: the statement was refused before it ran.
    proves("0A"),
    // A subquery gave the wrong number of rows: raised while the statement runs.
    proves("21"),
    // A value that can't be: raised while the statement runs.
    proves("22"),
    // A constraint: checked while the statement runs, and deferred ones before the commit record is written.
    proves("23"),
    // The state of the transaction forbids it, on a reader (25006) or in one that has failed (25P02): it was not run.
    proves("25"),
    // A prepared statement that is not there: nothing was there to run.
    proves("26"),
    // A conflict with another transaction, found before the commit record is written.
    proves("40"),
    // Says itself that the outcome is unknown; databases that replicate by consensus say so at COMMIT.
    proves_nothing("40003"),
    // The statement is wrong, or not this user's to run: refused before it ran.
    proves("42"),
    // A row that the view does not hold (WITH CHECK OPTION): raised while the statement runs.
    proves("44"),
    // A limit of the program, such as transaction ids that are used up: no id, no commit.
    proves("54"),
    // An object is in use or in the wrong state, or a lock was not to be had in time: raised before the commit.
    proves("55"),
    // Cancelled by statement_timeout or a user. PostgreSQL does not look for it once the commit has begun (it ends the timeout
    // first), but for the wait for the standby: there it is a warning, and no error.
    proves("57014"),
    // Raised by PL/pgSQL, as in a trigger: while the statement runs, or before the commit record is written.
    proves("P0"),
];

/// True where the answer proves that the server rolled back. PostgreSQL sends its severity in field V since 9.6, and always the routine
/// that raised the error (field R). Without both the words may be a proxy's, whose ERROR says nothing of the server.
pub(super) fn rolled_back(answer: Answer<'_>) -> bool {
    let is_error = answer.severity == Some(Severity::Error) && answer.routine.is_some();
    let fits = LINES
        .iter()
        .filter(|line| answer.sqlstate.starts_with(line.code));
    let longest = fits.max_by_key(|line| line.code.len());
    is_error && longest.is_some_and(|line| line.proves)
}
