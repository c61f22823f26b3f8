//! What the query engine says, as a mistake at a word.

use polars::prelude::PolarsError;
use polars::sql::keywords::all_functions;

use crate::query::catalogue::Names;
use crate::query::mistake::Mistake;
use crate::query::near::near;
use crate::query::sql::Sql;

/// Characters of a message. The engine's own may hold a parsed statement.
const LONGEST: usize = 240;

/// What the query engine says about a query, in words that name what it is about.
pub(crate) fn in_words(error: PolarsError, sql: &Sql, names: &Names) -> Mistake {
    use PolarsError::{
        ColumnNotFound, Context, ExprContext, SQLInterface, SQLSyntax, SchemaFieldNotFound,
        StructFieldNotFound,
    };
    match error {
        Context { error, .. } | ExprContext { error, .. } => in_words(*error, sql, names),
        ColumnNotFound(text) | SchemaFieldNotFound(text) | StructFieldNotFound(text) => {
            match quoted(&text) {
                Some(name) => unknown("column", name, &names.columns(sql), sql),
                None => plain(&text, sql),
            }
        }
        SQLInterface(text) | SQLSyntax(text) => of_sql(&text, sql, names),
        other => plain(&other.to_string(), sql),
    }
}

/// What the SQL reader says.
fn of_sql(text: &str, sql: &Sql, names: &Names) -> Mistake {
    if let Some(text) = text.strip_prefix("sql parser error: ") {
        return of_parser(text, sql);
    }
    let Some(name) = quoted(text) else {
        return plain(text, sql);
    };
    let starts = |start: &str| text.starts_with(start);
    if starts("relation ") || starts("no table ") {
        unknown("table", name, &names.tables(), sql)
    } else if starts("no column ") {
        unknown("column", name, &names.columns(sql), sql)
    } else if starts("unsupported function ") {
        unknown("function", name, &all_functions(), sql)
    } else {
        plain(text, sql)
    }
}

/// `Expected: ..., found: word at Line: 1, Column: 8`
fn of_parser(text: &str, sql: &Sql) -> Mistake {
    let (said, place) = text.rsplit_once(" at Line: ").unwrap_or((text, ""));
    let said = said
        .replace("Expected: ", "expected ")
        .replace("found: ", "found ");
    let mistake = Mistake::new(cut(&format!("the SQL can't be read: {said}")));
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
fn unknown(what: &str, name: &str, known: &[&str], sql: &Sql) -> Mistake {
    let near = match near(name, known.iter().copied()).as_slice() {
        [] if what == "table" => format!("; there are {}", known.join(", ")),
        [] => String::new(),
        [one] => format!("; did you mean {one}?"),
        [first @ .., last] => format!("; did you mean {} or {last}?", first.join(", ")),
    };
    let mistake = Mistake::new(format!("no {what} {}{near}", cut(name)));
    match sql.find(name) {
        Some(at) => mistake.at(at),
        None => mistake,
    }
}

/// The engine's own message, at the first word of it that is in the query.
fn plain(text: &str, sql: &Sql) -> Mistake {
    let mistake = Mistake::new(cut(text));
    match quoted(text).and_then(|word| sql.find(word)) {
        Some(at) => mistake.at(at),
        None => mistake,
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
