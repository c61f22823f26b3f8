//! What is wrong with a query, with the word that it is about.

use std::ops::Range;

use command_line::text::one_line;
use polars::prelude::PolarsError;
use polars::sql::keywords::all_functions;
use unicode_width::UnicodeWidthStr;

use crate::query::catalogue::Names;
use crate::query::near::near;
use crate::query::sql::Sql;

/// Characters of a message. The engine's own may hold a parsed statement.
const LONGEST: usize = 240;
/// Columns of a query's line that are shown around the word.
const SHOWN: usize = 100;

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    text: String,
    /// Where the word stands, bytes of the query.
    at: Option<Range<usize>>,
}

impl Mistake {
    pub(crate) const fn new(text: String) -> Self {
        Self { text, at: None }
    }

    pub(crate) fn at(self, range: Range<usize>) -> Self {
        Self {
            at: Some(range),
            ..self
        }
    }

    /// One line that says what is wrong and, where it is known which word it is about, the query's line with a mark under the word.
    #[must_use]
    pub fn lines(&self, query: &str) -> String {
        let text = one_line(&self.text);
        let Some((line, before, word)) = self.at.clone().and_then(|at| shown(query, at)) else {
            return text;
        };
        let mark = "^".repeat(word.max(1));
        format!("{text}\n  {line}\n  {}{mark}", " ".repeat(before))
    }

    /// What the query engine says about a query.
    pub(crate) fn of_engine(error: PolarsError, sql: &Sql, names: &Names) -> Self {
        use PolarsError::{
            ColumnNotFound, Context, ExprContext, SQLInterface, SQLSyntax, SchemaFieldNotFound,
            StructFieldNotFound,
        };
        match error {
            Context { error, .. } | ExprContext { error, .. } => Self::of_engine(*error, sql, names),
            ColumnNotFound(text) | SchemaFieldNotFound(text) | StructFieldNotFound(text) => {
                match quoted(&text) {
                    Some(name) => Self::unknown("column", name, &names.columns(sql), sql),
                    None => Self::plain(&text, sql),
                }
            }
            SQLInterface(text) | SQLSyntax(text) => Self::of_sql(&text, sql, names),
            other => Self::plain(&other.to_string(), sql),
        }
    }

    /// What the SQL reader says.
    fn of_sql(text: &str, sql: &Sql, names: &Names) -> Self {
        if let Some(text) = text.strip_prefix("sql parser error: ") {
            return Self::of_parser(text, sql);
        }
        let Some(name) = quoted(text) else {
            return Self::plain(text, sql);
        };
        let starts = |start: &str| text.starts_with(start);
        if starts("relation ") || starts("no table ") {
            Self::unknown("table", name, &names.tables(), sql)
        } else if starts("no column ") {
            Self::unknown("column", name, &names.columns(sql), sql)
        } else if starts("unsupported function ") {
            Self::unknown("function", name, &all_functions(), sql)
        } else {
            Self::plain(text, sql)
        }
    }

    /// `Expected: ..., found: word at Line: 1, Column: 8`
    fn of_parser(text: &str, sql: &Sql) -> Self {
        let (said, place) = text.rsplit_once(" at Line: ").unwrap_or((text, ""));
        let said = said.replace("Expected: ", "expected ").replace("found: ", "found ");
        let mistake = Self::new(cut(&format!("the SQL can't be read: {said}")));
        let at = place.split_once(", Column: ").and_then(|(line, column)| {
            let (line, column) = (line.parse().ok()?, column.trim().parse().ok()?);
            sql.at(line, column)
        });
        match at {
            Some(at) => mistake.at(at),
            None => mistake,
        }
    }

    /// A name that there is not.
    fn unknown(what: &str, name: &str, known: &[&str], sql: &Sql) -> Self {
        let near = match near(name, known.iter().copied()).as_slice() {
            [] if what == "table" => format!("; there are {}", known.join(", ")),
            [] => String::new(),
            [one] => format!("; did you mean {one}?"),
            [first @ .., last] => format!("; did you mean {} or {last}?", first.join(", ")),
        };
        let mistake = Self::new(format!("no {what} {}{near}", cut(name)));
        match sql.find(name) {
            Some(at) => mistake.at(at),
            None => mistake,
        }
    }

    /// The engine's own message, at the first word of it that is in the query.
    fn plain(text: &str, sql: &Sql) -> Self {
        let mistake = Self::new(cut(text));
        match quoted(text).and_then(|word| sql.find(word)) {
            Some(at) => mistake.at(at),
            None => mistake,
        }
    }
}

/// The first paragraph of a message, and not too much of it.
fn cut(text: &str) -> String {
    let first = text.split("\n\n").next().unwrap_or_default();
    match first.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", &first[..at]),
        None => first.to_owned(),
    }
}

/// The first text in quotes.
fn quoted(text: &str) -> Option<&str> {
    let start = text.find(['\'', '"', '`'])?;
    let quote = text[start..].chars().next()?;
    let rest = &text[start + 1..];
    let name = &rest[..rest.find(quote)?];
    (!name.is_empty()).then_some(name)
}

/// The line of a query in which a word stands, how many columns are before the word, and how many it has.
fn shown(query: &str, at: Range<usize>) -> Option<(String, usize, usize)> {
    let before = query.get(..at.start)?;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let plain = |text: &str| text.replace(char::is_control, " ");
    let line = query[start..].lines().next().unwrap_or_default();
    let before = plain(&before[start..]);
    // A word in quotes may go on in the next line.
    let word = plain(query.get(at)?.lines().next().unwrap_or_default());
    let (line, before) = match before.width() > SHOWN {
        false => (plain(line), before.width()),
        true => {
            let skipped = before.char_indices().rev().nth(SHOWN / 2);
            let kept = &before[skipped.map_or(0, |(at, _)| at)..];
            let after = plain(&line[at_char(line, &before)..]);
            (format!("... {kept}{after}"), kept.width() + 4)
        }
    };
    let end = line.char_indices().nth(before + word.chars().count() + SHOWN / 2);
    let line = match end {
        Some((at, _)) => format!("{} ...", &line[..at]),
        None => line,
    };
    Some((line.trim_end().to_owned(), before, word.width()))
}

/// Where the text before a word ends, bytes of its line: control characters were replaced by blanks of another length.
fn at_char(line: &str, before: &str) -> usize {
    let after = line.char_indices().nth(before.chars().count());
    after.map_or(line.len(), |(at, _)| at)
}
