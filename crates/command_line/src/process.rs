//! How a child process ended, in words.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// `exited with code 3`, or `was killed by signal 9`: what follows the program's name in a message.
#[must_use]
pub fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with code {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_signals() {
        // A wait status: the exit code in the high byte, or the signal in the low one.
        assert_eq!(describe(ExitStatus::from_raw(3 << 8)), "exited with code 3");
        assert_eq!(describe(ExitStatus::from_raw(9)), "was killed by signal 9");
    }
}
