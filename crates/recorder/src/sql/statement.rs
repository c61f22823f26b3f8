//! A statement with its parameters.

use std::fmt::Write as _;
use std::ops::Range;

use postgres_protocol::escape::escape_literal;
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

    /// Writes it as a literal. A NUL, which no literal can hold, stays in a text, and the driver refuses to send the statement.
    fn push_to(self, out: &mut String) {
        // Writing to a String can't fail. A bare minus sign could become a part of an operator, or begin a comment.
        let _ = match self {
            Self::Int4(number @ ..0) => write!(out, "({number})"),
            Self::Int4(number) => write!(out, "{number}"),
            Self::Int8(number @ ..0) => write!(out, "({number})"),
            Self::Int8(number) => write!(out, "{number}"),
            Self::Text(text) => {
                out.push_str(&escape_literal(text));
                Ok(())
            }
        };
    }
}

/// A statement that each protocol can send.
#[derive(Debug)]
pub(crate) struct Statement {
    /// Its text, with `$1`, `$2`, ... for the parameters.
    pub(crate) text: String,
    /// Where the parameters stand, in the order of the text, and which they are, from 0.
    pub(super) parameters: Vec<(Range<usize>, usize)>,
}

impl Statement {
    /// `text` has no `$` followed by a digit but its parameters.
    pub(crate) fn new(text: String) -> Self {
        let parameters = text.match_indices('$').filter_map(|(start, _)| {
            let digits = text[start + 1..].bytes().take_while(u8::is_ascii_digit);
            let range = start..start + 1 + digits.count();
            let number: usize = text[start + 1..range.end].parse().ok()?;
            Some((range, number.checked_sub(1)?))
        });
        Self {
            parameters: parameters.collect(),
            text,
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
