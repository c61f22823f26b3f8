//! What the query engine says, as a mistake at a word.

use std::ops::Range;

use polars::prelude::PolarsError;
use polars::sql::keywords::all_functions;

use crate::near::near;
use crate::query::catalogue::Names;
use crate::query::mistake::Mistake;
use crate::query::sql::Sql;

/// Characters of a message. The engine's own may hold a parsed statement.
const LONGEST: usize = 240;
/// What a query may hold that the engine does not do.
const OPERATIONS: [&str; 6] = ["INTERSECT", "EXCEPT", "DELETE", "INSERT", "UPDATE", "MERGE"];
/// Keywords that are in nearly every query, and so are not what is wrong.
const USUAL: [&str; 6] = ["SELECT", "FROM", "WHERE", "AND", "WITH", "SQL"];

/// What the query engine says about a query, in words that name what it is about.
pub(crate) fn in_words(error: PolarsError, sql: &Sql, names: &Names) -> Mistake {
    use PolarsError::{
        ColumnNotFound, Context, Duplicate, ExprContext, SQLInterface, SQLSyntax,
        SchemaFieldNotFound, StructFieldNotFound,
    };
    match error {
        Context { error, .. } | ExprContext { error, .. } => in_words(*error, sql, names),
        ColumnNotFound(text) | SchemaFieldNotFound(text) | StructFieldNotFound(text) => {
            match quoted(&text) {
                Some(name) => unknown("column", name, &names.columns(sql), sql),
                None => plain(&text, sql),
            }
        }
        Duplicate(text) => match quoted(&text) {
            Some(name) => {
                let text = format!("two columns of the result are named {name}: name one with AS");
                at_word(Mistake::new(text), name, sql)
            }
            None => plain(&text, sql),
        },
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
    // A name that is known all the same is one that this build of the engine lacks.
    let others = known.iter().copied().filter(|known| *known != name);
    let near = match near(name, others).as_slice() {
        [] if what == "table" => format!("; there are {}", known.join(", ")),
        [] => String::new(),
        [one] => format!("; did you mean {one}?"),
        [first @ .., last] => format!("; did you mean {} or {last}?", first.join(", ")),
    };
    at_word(
        Mistake::new(format!("no {what} {}{near}", cut(name))),
        name,
        sql,
    )
}

/// A mistake at the first place of a word.
fn at_word(mistake: Mistake, word: &str, sql: &Sql) -> Mistake {
    match sql.find(word) {
        Some(at) => mistake.at(at),
        None => mistake,
    }
}

/// The engine's own message, at the first word of it that is in the query.
fn plain(text: &str, sql: &Sql) -> Mistake {
    let lower = text.to_lowercase();
    let is_of_time = lower.contains("datetime");
    if let Some((keyword, at)) = unsupported(text, sql) {
        return Mistake::new(format!("{keyword} is not supported")).at(at);
    }
    let text = match (text.starts_with("expression "), is_of_time) {
        // A parsed statement follows.
        (true, _) => {
            let expression: Vec<&str> = text.split_whitespace().take(2).collect();
            format!("{} is not supported", expression.join(" "))
        }
        (false, true) => format!(
            "{}; a time is written '2026-11-22 20:43:00.5', in UTC",
            cut(text)
        ),
        (false, false) => cut(text),
    };
    let in_quotes = all_quoted(&text).find_map(|word| sql.find(word));
    // A keyword that is not supported is named without quotes, or in the whole statement.
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let mut keywords = words.filter(|word| word.len() > 2 && !USUAL.contains(word));
    let keyword = || keywords.find_map(|word| sql.find(word).filter(|_| is_keyword(word)));
    let date = || sql.find_date().filter(|_| is_of_time);
    let mistake = Mistake::new(text.clone());
    match in_quotes.or_else(keyword).or_else(date) {
        Some(at) => mistake.at(at),
        None => mistake,
    }
}

/// The operation of a message that quotes the whole statement.
fn unsupported(text: &str, sql: &Sql) -> Option<(&'static str, Range<usize>)> {
    let mut operations = OPERATIONS.into_iter();
    let of_word = |word: &'static str| Some((word, sql.find(word)?));
    operations
        .find_map(of_word)
        .filter(|_| text.ends_with("operation is currently unsupported"))
}

/// True for what is written as keywords are, or begins a message as `expression Exists` does.
fn is_keyword(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
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
    all_quoted(text).next()
}

/// The texts in quotes.
fn all_quoted(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find(['\'', '"', '`'])?;
            let quote = rest[start..].chars().next()?;
            let inner = &rest[start + 1..];
            let end = inner.find(quote)?;
            rest = &inner[end + 1..];
            if end > 0 {
                return Some(&inner[..end]);
            }
        }
    })
}
