//! A statement with its parameters.

use std::fmt::Write as _;
use std::ops::Range;

use tokio_postgres::types::{ToSql, Type};

/// A parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Int4(i32),
    Int8(i64),
    Text(&'a str),
}

impl Value<'_> {
    pub(super) const fn type_(&self) -> Type {
        match self {
            Self::Int4(_) => Type::INT4,
            Self::Int8(_) => Type::INT8,
            Self::Text(_) => Type::TEXT,
        }
    }

    pub(super) fn as_sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Int4(number) => number,
            Self::Int8(number) => number,
            Self::Text(text) => text,
        }
    }

    /// Writes it as a literal.
    fn push_to(self, out: &mut String) {
        // Writing to a String can't fail. A bare minus sign could become a part of an operator, or begin a comment.
        let _ = match self {
            Self::Int4(number @ ..0) => write!(out, "({number})"),
            Self::Int4(number) => write!(out, "{number}"),
            Self::Int8(number @ ..0) => write!(out, "({number})"),
            Self::Int8(number) => write!(out, "{number}"),
            Self::Text(text) => {
                push_quoted(text, out);
                Ok(())
            }
        };
    }
}

/// Quotes a text as libpq's `PQescapeLiteral` does: right whatever `standard_conforming_strings` is. A NUL, which no literal can
/// hold, stays, and the driver refuses to send the statement.
fn push_quoted(text: &str, out: &mut String) {
    if text.contains('\\') {
        // The blank keeps it from the word before.
        out.push_str(" E");
    }
    out.push('\'');
    for character in text.chars() {
        if matches!(character, '\'' | '\\') {
            out.push(character);
        }
        out.push(character);
    }
    out.push('\'');
}

/// A statement that each protocol can send.
#[derive(Debug)]
pub(crate) struct Statement {
    /// Its text, with `$1`, `$2`, ... for the parameters.
    pub(crate) text: String,
    /// Where the parameters stand, in the order of the text, and which they are, from 0.
    pub(super) parameters: Vec<(Range<usize>, usize)>,
    /// Its place among the statements that a connection has prepared.
    pub(super) slot: usize,
}

impl Statement {
    /// `text` has no `$` followed by a digit but its parameters; `slot` is below [`super::PREPARED`] and its own.
    pub(crate) fn new(text: String, slot: usize) -> Self {
        let parameters = text.match_indices('$').filter_map(|(start, _)| {
            let digits = text[start + 1..].bytes().take_while(u8::is_ascii_digit);
            let range = start..start + 1 + digits.count();
            let number: usize = text[start + 1..range.end].parse().ok()?;
            Some((range, number.checked_sub(1)?))
        });
        Self {
            parameters: parameters.collect(),
            text,
            slot,
        }
    }

    /// The statement with its values in it; replaces what `out` holds.
    pub(super) fn write(&self, values: &[Value<'_>], out: &mut String) {
        out.clear();
        let mut rest = 0;
        for (range, index) in &self.parameters {
            out.push_str(&self.text[rest..range.start]);
            match values.get(*index) {
                Some(value) => value.push_to(out),
                // The server says that there is no such parameter, as it does in the other protocols.
                None => out.push_str(&self.text[range.clone()]),
            }
            rest = range.end;
        }
        out.push_str(&self.text[rest..]);
    }
}
