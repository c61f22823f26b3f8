//! Lines for the user. `println!` and `eprintln!` panic on a closed pipe, and a reader that is gone (`| head`, a dropped terminal) must
//! not end a recording.

use std::fmt::Display;
use std::io::{ErrorKind, Write};

use crate::error::RecorderError;

/// A line on stderr, as good as it goes.
pub(crate) fn line(text: impl Display) {
    piece(&format!("{text}\n"));
}

/// Text on stderr in one piece, so that nothing flickers and lines of several threads do not mix.
pub(crate) fn piece(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

/// A line of the result, on stdout. A reader that has gone wanted no more of it.
///
/// # Errors
/// [`RecorderError::Failed`] where stdout is there and takes nothing, as on a full disk.
pub(crate) fn result(text: impl Display) -> Result<(), RecorderError> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(RecorderError::Failed(format!(
            "cannot write to stdout: {error}"
        ))),
        _ => Ok(()),
    }
}
