//! The text of a query: its words and where they stand, and what is no query.

use std::ops::Range;

use recording::{Table, Timestamp};

use crate::query::mistake::Mistake;

/// Characters of a query.
const LONGEST: usize = 20_000;
/// Words of a query, but for what stands behind a comma: the query engine calls itself for each `||`, `IS NULL` or cast of a row of them, on
/// threads whose stack ends at some 700 of these.
const MOST_WORDS: usize = 1_000;

/// Words that a query begins with.
const BEGINNINGS: [&str; 4] = ["SELECT", "WITH", "VALUES", "TABLE"];

/// The views.
const VIEWS: [&str; 3] = ["outages", "episodes", "seconds"];

/// A query that is one as far as its first word says.
#[derive(Debug, Clone)]
pub struct Sql {
    text: String,
    words: Vec<Word>,
}

/// A word of a query.
#[derive(Debug, Clone)]
struct Word {
    /// Where it stands, bytes.
    range: Range<usize>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A keyword or a name.
    Name,
    /// A name in quotes.
    QuotedName,
    /// A text in quotes.
    Text,
    /// A number, or a sign.
    Other,
}

impl Sql {
    /// Splits a query into its words.
    ///
    /// # Errors
    /// Where it is empty, too long, no query but a statement that writes, or several queries.
    pub fn new(text: &str) -> Result<Self, Mistake> {
        let words = words(text);
        let sql = Self {
            text: text.to_owned(),
            words,
        };
        let length = text.chars().count();
        if length > LONGEST {
            let text = format!("the query has {length} characters; at most {LONGEST} are taken");
            return Err(Mistake::new(text));
        }
        let commas = sql.words.iter().filter(|word| sql.get(word) == ",");
        let count = sql.words.len().saturating_sub(2 * commas.count());
        if count > MOST_WORDS {
            let text = format!(
                "the query has {count} words, lists not counted; at most {MOST_WORDS} are taken"
            );
            return Err(Mistake::new(text));
        }
        let mut significant = sql.words.iter().skip_while(|word| sql.get(word) == "(");
        let Some(first) = significant.next() else {
            return Err(Mistake::new("the query is empty".to_owned()));
        };
        let begins = sql.get(first).to_uppercase();
        if !BEGINNINGS.contains(&begins.as_str()) {
            let text = format!(
                "only queries are run, which begin with SELECT or WITH; this begins with {begins}"
            );
            return Err(Mistake::new(text).at(first.range.clone()));
        }
        let mut rest = sql.words.iter().skip_while(|word| sql.get(word) != ";");
        if let Some(second) = rest.find(|word| sql.get(word) != ";") {
            let text = "one query at a time; a second one begins here".to_owned();
            return Err(Mistake::new(text).at(second.range.clone()));
        }
        sql.check_names()?;
        Ok(sql)
    }

    /// Refuses what would ask other machines, and a WITH that has the name of a table: the engine would take the table.
    fn check_names(&self) -> Result<(), Mistake> {
        for (at, word) in self.words.iter().enumerate() {
            let name = self.get(word).to_lowercase();
            let next = |after: usize| {
                self.words
                    .get(at + after)
                    .map(|word| self.get(word).to_lowercase())
            };
            let (first, second) = (next(1), next(2));
            let is_remote = second.as_deref().is_some_and(|text| text.contains("://"));
            if first.as_deref() == Some("(") && name.starts_with("read_") && is_remote {
                let text = format!("{name}: only files of this machine are read");
                return Err(Mistake::new(text).at(word.range.clone()));
            }
            let is_named = first.as_deref() == Some("as") && second.as_deref() == Some("(");
            let mut tables = Table::ALL.iter().map(|table| table.as_str());
            let is_table = VIEWS.contains(&name.as_str()) || tables.any(|table| table == name);
            if is_named && is_table {
                let text = format!("{name} is a table already: give what WITH makes another name");
                return Err(Mistake::new(text).at(word.range.clone()));
            }
        }
        Ok(())
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The query for the engine, which knows no `Z` at the end of a time: times are UTC. Every word stays where it is.
    pub(crate) fn for_engine(&self) -> String {
        let mut text = self.text.clone();
        for word in self.words.iter().filter(|word| self.is_time(word)) {
            text.replace_range(word.range.end - 2..word.range.end, "' ");
        }
        text
    }

    /// True for a time as [`Timestamp`] is written, in quotes.
    fn is_time(&self, word: &Word) -> bool {
        let text = self.get(word).trim_matches('\'');
        word.kind == Kind::Text && text.ends_with('Z') && text.parse::<Timestamp>().is_ok()
    }

    /// The first text that begins as a date does, else the first text.
    pub(crate) fn find_date(&self) -> Option<Range<usize>> {
        let is_date = |word: &&Word| {
            let text = self.get(word).trim_matches('\'');
            let mut letters = text.chars();
            let year = letters.by_ref().take(4).all(|c| c.is_ascii_digit());
            word.kind == Kind::Text && year && letters.next() == Some('-')
        };
        let is_text = |word: &&Word| word.kind == Kind::Text;
        let date = self.words.iter().find(is_date);
        let found = date.or_else(|| self.words.iter().find(is_text))?;
        Some(found.range.clone())
    }

    fn get(&self, word: &Word) -> &str {
        &self.text[word.range.clone()]
    }

    /// True where a name stands in it, as it is written.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.words.iter().any(|word| self.name(word) == Some(name))
    }

    /// The name that a word is, without its quotes.
    fn name(&self, word: &Word) -> Option<&str> {
        match word.kind {
            Kind::Name => Some(self.get(word)),
            Kind::QuotedName => self.get(word).get(1..word.range.len() - 1),
            Kind::Text | Kind::Other => None,
        }
    }

    /// Where a name stands first: as it is written, else in other letters of the same, else in a text or as a sign.
    pub(crate) fn find(&self, name: &str) -> Option<Range<usize>> {
        let mut words = self.words.iter();
        let exact = words.find(|word| self.name(word) == Some(name));
        let alike = || {
            let is_alike = |found: &str| found.eq_ignore_ascii_case(name);
            let mut words = self.words.iter();
            words.find(|word| self.name(word).is_some_and(is_alike))
        };
        let other = || {
            let mut words = self.words.iter();
            words.find(|word| self.get(word).trim_matches('\'') == name)
        };
        let found = exact.or_else(alike).or_else(other)?;
        Some(found.range.clone())
    }

    /// The word at a line and a column, both counted from 1, in characters; where none begins there, the last one.
    pub(crate) fn at(&self, line: usize, column: usize) -> Option<Range<usize>> {
        let before: usize = self
            .text
            .split_inclusive('\n')
            .take(line.checked_sub(1)?)
            .map(str::len)
            .sum();
        let rest = self.text.get(before..)?;
        let within = rest.char_indices().nth(column.checked_sub(1)?);
        let position = before + within.map_or(rest.len(), |(at, _)| at);
        let mut words = self.words.iter();
        let found = words.find(|word| word.range.end > position);
        found.or(self.words.last()).map(|word| word.range.clone())
    }
}

/// Splits a text into words; blanks and comments are none.
fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (length, kind) = match first {
            _ if first.is_whitespace() => (first.len_utf8(), None),
            '-' if rest.starts_with("--") => (rest.find('\n').unwrap_or(rest.len()), None),
            '/' if rest.starts_with("/*") => (comment(rest), None),
            '\'' => (quoted(rest, '\''), Some(Kind::Text)),
            '"' | '`' => (quoted(rest, first), Some(Kind::QuotedName)),
            _ if is_of_name(first) => {
                let kind = match first.is_ascii_digit() {
                    true => Kind::Other,
                    false => Kind::Name,
                };
                let length = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
                (length, Some(kind))
            }
            _ => (first.len_utf8(), Some(Kind::Other)),
        };
        if let Some(kind) = kind {
            let range = at..at + length;
            words.push(Word { range, kind });
        }
        at += length;
    }
    words
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The length of a comment, which may hold comments.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += next.len_utf8();
        }
    }
    at
}

/// The length of what stands in quotes, the quotes included; a doubled quote is one of the text.
fn quoted(text: &str, quote: char) -> usize {
    let mut at = 1;
    while let Some(found) = text[at..].find(quote) {
        at += found + 1;
        if !text[at..].starts_with(quote) {
            return at;
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(text: &str) -> String {
        Sql::new(text).unwrap_err().lines(text)
    }

    #[test]
    fn what_is_no_query() {
        assert_eq!(refused(" \n-- nothing"), "the query is empty");
        assert_eq!(
            refused("/* a */ DROP TABLE operations"),
            "only queries are run, which begin with SELECT or WITH; this begins with DROP\n  \
             /* a */ DROP TABLE operations\n          ^^^^"
        );
        assert_eq!(
            refused("SELECT ';' ; ; delete FROM operations"),
            "one query at a time; a second one begins here\n  SELECT ';' ; ; delete FROM operations\n                 ^^^^^^"
        );
        for statement in [
            "INSERT",
            "update",
            "CREATE TABLE x",
            "EXPLAIN SELECT 1",
            "(DELETE",
            "1",
            "'SELECT'",
        ] {
            assert!(
                refused(statement).starts_with("only queries are run"),
                "{statement}"
            );
        }
        assert!(refused(&format!("SELECT {}", "1".repeat(20_000))).contains("at most 20000"));
    }

    #[test]
    fn lists_are_long_and_expressions_are_not() {
        let list = format!("SELECT * FROM x WHERE n IN ({})", "1, ".repeat(2_000));
        assert!(Sql::new(&list).is_ok());
        let sum = format!("SELECT {} FROM x", "n + ".repeat(500));
        assert!(refused(&sum).contains("at most 1000"));
    }

    #[test]
    fn times_may_be_written_as_they_are_printed() {
        let sql =
            Sql::new("SELECT '2026-11-22T20:43:00.000001Z', 'Z' FROM \"2026-11-22T20:43:00Z\"")
                .unwrap();
        assert_eq!(
            sql.for_engine(),
            "SELECT '2026-11-22T20:43:00.000001' , 'Z' FROM \"2026-11-22T20:43:00Z\""
        );
        assert_eq!(sql.find_date(), Some(7..36));
    }

    #[test]
    fn what_is_a_query() {
        for query in [
            "SELECT 1",
            " (select 1)",
            "with x AS (SELECT 1) SELECT * FROM x;",
            "VALUES (1)",
        ] {
            assert!(Sql::new(query).is_ok(), "{query}");
        }
    }

    #[test]
    fn names_are_not_found_in_texts_and_comments() {
        let sql = Sql::new("SELECT 'outages', -- episodes\n\"seconds\" FROM operations").unwrap();
        let named = ["outages", "episodes", "seconds", "operations"].map(|name| sql.names(name));
        assert_eq!(named, [false, false, true, true]);
    }

    #[test]
    fn where_a_word_is() {
        let text = "SELECT 'path',\n  Path, \"path\" FROM x";
        let sql = Sql::new(text).unwrap();
        let at = |range: Option<Range<usize>>| range.map(|range| &text[range]);
        assert_eq!(at(sql.find("path")), Some("\"path\""));
        assert_eq!(at(sql.find("PATH")), Some("Path"));
        assert_eq!(at(sql.find("nowhere")), None);
        assert_eq!(at(sql.at(2, 3)), Some("Path"));
        assert_eq!(at(sql.at(2, 99)), Some("x"));
        assert_eq!(sql.at(0, 0), None);
    }

    proptest! {
        #[test]
        fn any_text_is_split(text in "(?s).{0,60}", line in 0_usize..4, column in 0_usize..70) {
            for query in [text.clone(), format!("SELECT {text}")] {
                if let Ok(sql) = Sql::new(&query) {
                    prop_assert_eq!(sql.for_engine().len(), query.len());
                    let _ = sql.find_date();
                    let _ = sql.at(line, column);
                    let _ = sql.find(&text);
                    for word in &sql.words {
                        let _ = Mistake::new(String::new()).at(word.range.clone()).lines(&query);
                    }
                }
            }
        }
    }
}
