//! What is wrong with a query, with the word that it is about.

use std::ops::Range;

use command_line::text::one_line;
use unicode_width::UnicodeWidthStr;

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
    let end = line
        .char_indices()
        .nth(before + word.chars().count() + SHOWN / 2);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(query: &str, word: &str) -> String {
        let start = query.find(word).unwrap();
        let mistake = Mistake::new("no such word".to_owned());
        mistake.at(start..start + word.len()).lines(query)
    }

    #[test]
    fn the_mark_is_under_the_word() {
        assert_eq!(
            lines("SELECT a\nFROM\tb\nLIMIT 1", "b"),
            "no such word\n  FROM b\n       ^"
        );
        assert_eq!(
            lines("SELECT '\u{5927}\u{5927}', wrong", "wrong"),
            "no such word\n  SELECT '\u{5927}\u{5927}', wrong\n                 ^^^^^"
        );
        let nowhere = Mistake::new("two\nlines \u{1b}[2J".to_owned());
        assert_eq!(nowhere.lines("SELECT 1"), "two lines [2J");
    }

    #[test]
    fn a_long_line_is_cut_around_the_word() {
        let query = format!("SELECT {} wrong {}", "a, ".repeat(100), ", b".repeat(100));
        let lines = lines(&query, "wrong");
        let lines: Vec<&str> = lines.lines().collect();
        let mark = lines[2].find('^').unwrap();
        assert_eq!(&lines[1][mark..mark + 5], "wrong");
        assert!(
            lines[1].len() < 160 && lines[1].starts_with("  ... "),
            "{lines:?}"
        );
        assert!(lines[1].ends_with(" ..."), "{lines:?}");
    }
}
