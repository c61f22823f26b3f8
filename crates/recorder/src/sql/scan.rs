//! What stands in the text of a statement: its first word, parameters, and what ends it, outside of quotes and comments; names of columns.

use std::ops::Range;

/// What stands in a statement.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// Where the parameters stand, in the order of the text, and which they are, from 0.
    pub(crate) parameters: Vec<(Range<usize>, usize)>,
    /// Where a semicolon stands.
    pub(crate) semicolon: Option<usize>,
    /// Where a quote or a comment begins that does not end.
    pub(crate) unclosed: Option<usize>,
}

/// Reads a statement as PostgreSQL's lexer does, with `standard_conforming_strings` on.
pub(crate) fn scan(text: &str) -> Scanned {
    let bytes = text.as_bytes();
    let mut found = Scanned::default();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = &text[at..];
        let mut closed = |length: Option<usize>| {
            if length.is_none() {
                found.unclosed = Some(at);
            }
            length.unwrap_or(rest.len())
        };
        at += match byte {
            b'\'' => closed(quoted(rest, is_escape_string(bytes, at))),
            b'"' => closed(quoted(rest, false)),
            b'-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*") => closed(comment(rest)),
            // Of a name: a$2.
            b'$' if at > 0 && is_of_name(bytes[at - 1]) => 1,
            b'$' => match digits(&bytes[at + 1..]) {
                0 => closed(dollar_quoted(rest)),
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

/// The length of a text in quotes; a doubled quote continues it. `None` where it does not end.
fn quoted(text: &str, has_escapes: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if has_escapes => at += 2,
            byte if *byte == bytes[0] => {
                if bytes.get(at + 1) != Some(&bytes[0]) {
                    return Some(at + 1);
                }
                at += 2;
            }
            _ => at += 1,
        }
    }
    None
}

/// The length of a comment; comments nest. `None` where it does not end.
fn comment(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (2, 1);
    while depth > 0 {
        at += text[at..].find(['/', '*'])?;
        let (step, change) = match text.get(at..at + 2) {
            Some("/*") => (2, 1),
            Some("*/") => (2, -1),
            _ => (1, 0),
        };
        at += step;
        depth += change;
    }
    Some(at)
}

/// The length of a text between `$tag$` and `$tag$`, or of the dollar sign alone. `None` where it does not end.
fn dollar_quoted(text: &str) -> Option<usize> {
    let tag = text[1..]
        .bytes()
        .take_while(|byte| is_of_name(*byte))
        .count()
        + 2;
    let Some(tag) = text.get(..tag).filter(|tag| tag.ends_with('$')) else {
        return Some(1);
    };
    let end = text[tag.len()..].find(tag)?;
    Some(tag.len() * 2 + end)
}

/// The word with which a statement begins, in small letters, behind comments and parentheses.
pub(crate) fn first_word(sql: &str) -> String {
    let mut rest = sql.trim_start();
    loop {
        let length = match rest {
            rest if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            rest if rest.starts_with("/*") => comment(rest).unwrap_or(rest.len()),
            rest if rest.starts_with('(') => 1,
            _ => break,
        };
        rest = rest[length..].trim_start();
    }
    let word = rest
        .split(|letter: char| !letter.is_ascii_alphabetic())
        .next();
    word.unwrap_or_default().to_ascii_lowercase()
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
