//! What is wrong with a workload file, and where.

use std::ops::Range;

/// One line: the file, the line, the column, what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {what}")]
pub struct DefinitionError {
    file: String,
    /// From 1.
    line: usize,
    /// In characters, from 1.
    column: usize,
    what: String,
}

impl DefinitionError {
    /// At a place of `text`, in bytes.
    pub(super) fn at(file: &str, text: &str, place: &Range<usize>, what: String) -> Self {
        let before = before(text, place);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: file.to_owned(),
            line: line(text, place),
            column: before[line_start..].chars().count() + 1,
            // The parser's texts may have several lines.
            what: what.split('\n').collect::<Vec<_>>().join("; "),
        }
    }
}

fn before<'t>(text: &'t str, place: &Range<usize>) -> &'t str {
    text.get(..place.start).unwrap_or(text)
}

/// Of a place of `text`, in bytes; from 1.
pub(super) fn line(text: &str, place: &Range<usize>) -> usize {
    before(text, place).matches('\n').count() + 1
}

/// What the parser of TOML says, in the words of this format.
pub(super) fn in_plain_words(message: &str) -> String {
    // What it says of a value that is of no kind, and of a choice, names the types of a program.
    const WHOLE: [(&str, &str); 3] = [
        (
            "data did not match any variant of untagged enum",
            "a choice is of texts, numbers, true and false",
        ),
        (
            "wanted exactly 1 element",
            "write one kind of value, such as { uniform = [1, 10] }",
        ),
        (
            "wanted string or table",
            "write a kind of value, such as \"uuid\" or { uniform = [1, 10] }",
        ),
    ];
    const WORDS: [(&str, &str); 12] = [
        ("missing field", "missing key"),
        ("unknown field", "unknown key"),
        ("unknown variant", "unknown word"),
        ("invalid type: ", "found "),
        ("invalid value: ", "found "),
        ("invalid length ", "found a list of "),
        (", expected ", ", wanted "),
        ("sequence", "list"),
        ("map", "table"),
        ("f64", "a number"),
        ("i64", "a whole number"),
        ("usize", "a whole number from 0"),
    ];
    if let Some((_, words)) = WHOLE.iter().find(|(from, _)| message.starts_with(from)) {
        return (*words).to_owned();
    }
    // What stands in quotes is the file's, or a word of the format.
    let parts = message.split('`').enumerate().map(|(at, part)| {
        let own = |part: &str, words: &[(&str, &str)]| {
            let replace = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
            words.iter().fold(part.to_owned(), replace)
        };
        own(part, if at % 2 == 0 { &WORDS } else { &[] })
    });
    parts.collect::<Vec<_>>().join("`")
}
