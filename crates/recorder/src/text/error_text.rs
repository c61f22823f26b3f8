//! Error texts for a recording: the whole chain of causes in one short line, without secrets.

use std::borrow::Cow;
use std::error::Error;

use crate::text::redact::redact;

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
    let told = without_ids(&redacted);
    let clean = told
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

/// The text without the ids that a proxy puts into each of its texts: they tell nothing that lasts, and make every text a kind of its
/// own. Odyssey names its client (`odyssey: c4b1e4f6d0c5e: failed to ...`) and its server (`... read/write error s0f3c...: ...`).
fn without_ids(text: &str) -> Cow<'_, str> {
    if !text.contains("odyssey: ") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end().trim_end_matches(':');
        if !is_id(bare) {
            out.push_str(word);
            continue;
        }
        let behind = &word[bare.len()..];
        // A colon behind it belongs to what stands before it.
        let kept = out.trim_end_matches([' ', ':']).len();
        let has_colon = out[kept..].contains(':') || behind.contains(':');
        out.truncate(kept);
        if has_colon {
            out.push(':');
        }
        out.push_str(behind.trim_start_matches(':'));
    }
    Cow::Owned(out)
}

/// `c` (client) or `s` (server), and twelve hexadecimal digits.
fn is_id(word: &str) -> bool {
    let digits = word.strip_prefix(['c', 's']);
    digits.is_some_and(|digits| {
        digits.len() == 12
            && digits
                .bytes()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
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

    #[test]
    fn ids_of_a_proxy_are_left_off() {
        for (text, expected) in [
            (
                "ERROR: odyssey: c4b1e4f6d0c5e: failed to get remote server connection",
                "ERROR: odyssey: failed to get remote server connection",
            ),
            (
                "FATAL: odyssey: c4b1e4f6d0c5e: failed to connect to remote server s0f3c2a9d8e71",
                "FATAL: odyssey: failed to connect to remote server",
            ),
            (
                "ERROR: odyssey: cc51e3f2ab359: remote server read/write error s0f3c2a9d8e71: Connection reset by peer",
                "ERROR: odyssey: remote server read/write error: Connection reset by peer",
            ),
            (
                "FATAL: odyssey: c4b1e4f6d0c5e: failed to connect to remote server s0f3c2a9d8e71\nHINT: wait",
                "FATAL: odyssey: failed to connect to remote server; HINT: wait",
            ),
            // No proxy's: a value of twelve digits stays.
            (
                "ERROR: no row c4b1e4f6d0c5e: found",
                "ERROR: no row c4b1e4f6d0c5e: found",
            ),
            (
                "FATAL: odyssey: c123: clients and servers stay",
                "FATAL: odyssey: c123: clients and servers stay",
            ),
        ] {
            assert_eq!(one_line(text), expected);
        }
    }
}
