//! Error texts for a recording: the whole chain of causes in one short line, without secrets.

use std::error::Error;

use crate::redact::redact;

/// Longer texts are cut: the class and the SQLSTATE stand apart.
const MAX_CHARS: usize = 300;

/// The error and its causes, joined by `: `; a cause that its error already quotes is not said twice.
#[must_use]
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = error.source();
    }
    // The driver's word for "the server said", which the server's own text needs not.
    one_line(text.strip_prefix("db error: ").unwrap_or(&text))
}

/// One line of at most 300 characters without passwords.
#[must_use]
pub(crate) fn one_line(text: &str) -> String {
    // Before the lines are joined: a secret's quotes may span them.
    let redacted = redact(text);
    let clean = redacted
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ");
    if clean.chars().count() <= MAX_CHARS {
        return clean;
    }
    clean
        .chars()
        .take(MAX_CHARS - 3)
        .chain("...".chars())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("can't connect")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn causes_follow_their_error() {
        let error = Outer(std::io::Error::other("DETAIL\nmore"));
        assert_eq!(chain(&error), "can't connect: DETAIL; more");
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let text = "ü".repeat(1_000);
        let line = one_line(&text);
        assert_eq!(line.chars().count(), 300);
        assert!(line.ends_with("ü..."));
    }
}
