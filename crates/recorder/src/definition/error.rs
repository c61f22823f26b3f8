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
        let before = text.get(..place.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            // The parser's texts may have several lines.
            what: what.split('\n').collect::<Vec<_>>().join("; "),
        }
    }
}
