//! A document on a terminal.

use std::collections::BTreeSet;

use analyze::text::Document;
use unicode_width::UnicodeWidthStr;

/// Words longer than this may be broken within.
const LONG_WORD: usize = 23;

/// Asserts that no line is wider than a terminal of these columns, and that every word is there.
pub(crate) fn assert_fits(name: &str, document: &Document, columns: usize) {
    let narrow = document.text_within(false, Some(columns));
    for line in narrow.lines() {
        assert!(
            line.width() <= columns,
            "{name}: {} columns: {line}\n{narrow}",
            line.width()
        );
        assert_eq!(line.trim_end(), line, "{name}");
    }
    let words = |text: &str| -> BTreeSet<String> {
        let words = text
            .split_whitespace()
            .filter(|word| word.width() <= LONG_WORD);
        words.map(str::to_owned).collect()
    };
    let (wide, narrow) = (words(&document.text(false)), words(&narrow));
    let lost: Vec<&String> = wide.difference(&narrow).collect();
    assert!(lost.is_empty(), "{name}: {lost:?}");
}
