//! A statement with its parameters.

use std::error::Error;
use std::ops::Range;

use bytes::BytesMut;
use postgres_protocol::escape::escape_literal;
use tokio_postgres::types::{Format, FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::sql::scan::scan;

/// A parameter. A text has no type: the server takes the one that its place in the statement asks for, in every protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Text(&'a str),
    /// As a server sent it.
    Field(&'a Field),
}

/// A field of a row, to be sent again as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    Null,
    Text(String),
    Binary(Type, Vec<u8>),
}

impl Field {
    /// True where a text is in it, in either format.
    pub(crate) fn contains(&self, text: &str) -> bool {
        match self {
            Self::Null => false,
            Self::Text(of) => of.contains(text),
            Self::Binary(_, bytes) => String::from_utf8_lossy(bytes).contains(text),
        }
    }
}

impl<'a> FromSql<'a> for Field {
    fn from_sql(type_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Binary(type_.clone(), raw.to_vec()))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null | Self::Field(Field::Null) => return Ok(IsNull::Yes),
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Field(Field::Text(text)) => out.extend_from_slice(text.as_bytes()),
            Self::Field(Field::Binary(_, bytes)) => out.extend_from_slice(bytes),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        match self {
            Self::Field(Field::Binary(..)) => Format::Binary,
            _ => Format::Text,
        }
    }

    to_sql_checked!();
}

impl Value<'_> {
    /// `unknown`: the server infers the type.
    pub(super) fn type_(&self) -> Type {
        match self {
            Self::Field(Field::Binary(type_, _)) => type_.clone(),
            _ => Type::UNKNOWN,
        }
    }

    /// Writes it as a literal. A NUL, which no literal can hold, stays in a text, and the driver refuses to send the statement.
    fn push_to(self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(&escape_literal(text)),
            Self::Field(Field::Text(text)) => out.push_str(&escape_literal(text)),
            // Answers to simple queries have no binary fields.
            Self::Null | Self::Field(Field::Null | Field::Binary(..)) => out.push_str("NULL"),
        }
    }
}

/// A statement that each protocol can send.
#[derive(Debug, PartialEq)]
pub(crate) struct Statement {
    /// Its text, with `$1`, `$2`, ... for the parameters.
    pub(crate) text: String,
    /// Where the parameters stand, in the order of the text, and which they are, from 0.
    pub(super) parameters: Vec<(Range<usize>, usize)>,
}

impl Statement {
    /// The parameters are those outside of quotes and comments.
    pub(crate) fn new(text: String) -> Self {
        Self {
            parameters: scan(&text).parameters,
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
