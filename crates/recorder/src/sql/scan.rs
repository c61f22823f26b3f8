//! What stands in the text of a statement: parameters, and what ends it, outside of quotes and comments; names of columns.

use std::ops::Range;

/// What stands in a statement.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// Where the parameters stand, in the order of the text, and which they are, from 0.
    pub(crate) parameters: Vec<(Range<usize>, usize)>,
    /// Where a semicolon stands.
    pub(crate) semicolon: Option<usize>,
}

/// Reads a statement as PostgreSQL's lexer does, with `standard_conforming_strings` on.
pub(crate) fn scan(text: &str) -> Scanned {
    let bytes = text.as_bytes();
    let mut found = Scanned::default();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = &text[at..];
        at += match byte {
            b'\'' => quoted(rest, is_escape_string(bytes, at)),
            b'"' => quoted(rest, false),
            b'-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*") => comment(rest),
            b'$' => match digits(&bytes[at + 1..]) {
                0 => dollar_quoted(rest),
                count => {
                    let range = at..at + 1 + count;
                    let number = text[at + 1..range.end].parse::<usize>().ok();
                    let number = number.and_then(|number| number.checked_sub(1));
                    found
                        .parameters
                        .extend(number.map(|number| (range.clone(), number)));
                    range.len()
                }
            },
            b';' => {
                found.semicolon = found.semicolon.or(Some(at));
                1
            }
            // All that is looked for is ASCII; the next character begins behind this one's bytes.
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
    }
    found
}

fn digits(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_escape_string(bytes: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| bytes[before]);
    let has_name = at
        .checked_sub(2)
        .is_some_and(|before| is_of_name(bytes[before]));
    matches!(before, Some(b'e' | b'E')) && !has_name
}

/// The length of a text in quotes; a doubled quote continues it.
fn quoted(text: &str, has_escapes: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if has_escapes => at += 2,
            byte if *byte == bytes[0] => {
                if bytes.get(at + 1) != Some(&bytes[0]) {
                    return at + 1;
                }
                at += 2;
            }
            _ => at += 1,
        }
    }
    text.len()
}

/// The length of a comment; comments nest.
fn comment(text: &str) -> usize {
    let (mut at, mut depth) = (2, 1);
    while depth > 0 {
        let Some(found) = text[at..].find(['/', '*']) else {
            return text.len();
        };
        at += found;
        let (step, change) = match text.get(at..at + 2) {
            Some("/*") => (2, 1),
            Some("*/") => (2, -1),
            _ => (1, 0),
        };
        at += step;
        depth += change;
    }
    at
}

/// The length of a text between `$tag$` and `$tag$`, or of the dollar sign alone.
fn dollar_quoted(text: &str) -> usize {
    let tag = text[1..]
        .bytes()
        .take_while(|byte| is_of_name(*byte))
        .count()
        + 2;
    let Some(tag) = text.get(..tag).filter(|tag| tag.ends_with('$')) else {
        return 1;
    };
    match text[tag.len()..].find(tag) {
        Some(end) => tag.len() * 2 + end,
        None => text.len(),
    }
}

/// True for `table.column` and `schema.table.column` in small letters, digits and `_`: nothing else comes into a statement.
pub(crate) fn is_column(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let is_name = |part: &&str| {
        let is_letter = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        part.starts_with(is_letter)
            && part
                .chars()
                .all(|letter| is_letter(letter) || letter.is_ascii_digit())
    };
    matches!(parts.len(), 2 | 3) && parts.iter().all(is_name)
}
