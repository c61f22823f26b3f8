//! A table that is wider than its terminal: it is written in pieces, each with the columns that name a row, and long texts take several lines.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of text before each column of a table.
pub(super) const GAP: usize = 2;
/// A text is broken into lines that are no narrower, where there is another way.
const NARROWEST: usize = 24;

/// A column, as wide as its widest text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) width: usize,
    /// Its texts may be broken into lines: figures may not.
    pub(super) breaks: bool,
}

/// A column in a piece: its place in the table, and how wide it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) index: usize,
    pub(super) width: usize,
}

/// The pieces of a table: every column is in one of them, but the first `keys`, which are in all that have room for them.
pub(super) fn pieces(columns: &[Column], keys: usize, room: usize) -> Vec<Vec<Placed>> {
    let natural = |index: usize| Placed {
        index,
        width: columns[index].width,
    };
    let all: Vec<Placed> = (0..columns.len()).map(natural).collect();
    if taken(&all) <= room {
        return vec![all];
    }
    let mut keys = all[..keys.clamp(1, all.len())].to_vec();
    while keys.len() > 1 && taken(&keys) > room / 2 {
        keys.pop();
    }
    if let [only] = keys.as_mut_slice()
        && columns[only.index].breaks
    {
        only.width = only.width.min((room / 2).max(NARROWEST));
    }
    let mut pieces = vec![keys.clone()];
    for column in &all[keys.len()..] {
        let breaks = columns[column.index].breaks;
        // A text that is to be broken has the rest of the line, or all of the next piece.
        let fitting = |piece: &[Placed], least: usize| {
            let left = room.saturating_sub(taken(piece) + GAP);
            let width = match breaks {
                true if left >= least => column.width.min(left),
                _ => column.width,
            };
            (width <= left).then_some(Placed { width, ..*column })
        };
        let last = pieces.last().map_or(&keys, |piece| piece);
        let fits = fitting(last, NARROWEST);
        match (fits, pieces.last_mut()) {
            (Some(placed), Some(piece)) => piece.push(placed),
            (None, Some(piece)) if piece.len() == keys.len() => {
                piece.push(fitting(&keys, 1).unwrap_or(*column));
            }
            _ => {
                let mut piece = keys.clone();
                piece.push(fitting(&keys, 1).unwrap_or(*column));
                pieces.push(piece);
            }
        }
    }
    pieces
}

fn taken(columns: &[Placed]) -> usize {
    columns.iter().map(|column| GAP + column.width).sum()
}

/// The longest word of a text, which a heading is at least as wide as.
pub(super) fn longest_word(text: &str) -> usize {
    text.split(' ')
        .map(UnicodeWidthStr::width)
        .max()
        .unwrap_or(0)
}

/// A text in lines of at most `width` columns: broken at spaces, and a word that is longer within it.
pub(super) fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let is_begun = lines.last().is_some_and(|line| !line.is_empty());
        let used = lines.last().map_or(0, |line| line.width());
        match lines.last_mut() {
            Some(line) if is_begun && used + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => {
                if is_begun {
                    lines.push(String::new());
                }
                push_word(&mut lines, word, width);
            }
        }
    }
    lines
}

fn push_word(lines: &mut Vec<String>, word: &str, width: usize) {
    let mut used = 0;
    for c in word.chars() {
        let wide = c.width().unwrap_or(0);
        if used > 0 && used + wide > width {
            lines.push(String::new());
            used = 0;
        }
        used += wide;
        if let Some(line) = lines.last_mut() {
            line.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns(widths: &[(usize, bool)]) -> Vec<Column> {
        let column = |(width, breaks): &(usize, bool)| Column {
            width: *width,
            breaks: *breaks,
        };
        widths.iter().map(column).collect()
    }

    fn shown(widths: &[(usize, bool)], keys: usize, room: usize) -> Vec<Vec<(usize, usize)>> {
        let pieces = pieces(&columns(widths), keys, room);
        let piece = |piece: Vec<Placed>| piece.iter().map(|of| (of.index, of.width)).collect();
        pieces.into_iter().map(piece).collect()
    }

    #[test]
    fn what_has_room_is_one_piece() {
        let widths = [(10, true), (10, false), (10, true)];
        assert_eq!(shown(&widths, 1, 36), [[(0, 10), (1, 10), (2, 10)]]);
        assert_eq!(
            shown(&widths, 1, 35),
            [[(0, 10), (1, 10)], [(0, 10), (2, 10)]]
        );
    }

    #[test]
    fn a_long_text_has_the_rest_of_the_line() {
        let widths = [(10, true), (8, false), (90, true)];
        assert_eq!(shown(&widths, 1, 60), [[(0, 10), (1, 8), (2, 36)]]);
        // Of 20 columns it would not be read.
        assert_eq!(
            shown(&widths, 1, 44),
            [[(0, 10), (1, 8)], [(0, 10), (2, 30)]]
        );
    }

    #[test]
    fn keys_leave_half_of_the_line() {
        let widths = [(20, true), (20, true), (10, false), (30, false)];
        assert_eq!(
            shown(&widths, 2, 60),
            [
                [(0, 20), (1, 20), (2, 10)].to_vec(),
                [(0, 20), (3, 30)].to_vec()
            ]
        );
    }

    #[test]
    fn texts_are_broken_at_spaces_and_long_words_anywhere() {
        assert_eq!(broken("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(broken("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(broken("中文字", 5), ["中文", "字"]);
        assert_eq!(broken("", 5), [""]);
    }

    proptest! {
        #[test]
        fn every_column_is_there_and_only_what_cannot_be_broken_is_too_wide(
            widths in proptest::collection::vec((1_usize..90, any::<bool>()), 1..14), keys in 1_usize..5, room in 40_usize..200,
        ) {
            let pieces = shown(&widths, keys, room);
            let mut seen: Vec<usize> = pieces.iter().flatten().map(|(index, _)| *index).collect();
            seen.sort_unstable();
            seen.dedup();
            prop_assert_eq!(seen, (0..widths.len()).collect::<Vec<_>>());
            for piece in &pieces {
                let wide: usize = piece.iter().map(|(_, width)| GAP + width).sum();
                let has_figure = piece.iter().any(|(index, width)| !widths[*index].1 && *width > room / 4);
                prop_assert!(wide <= room || has_figure, "{:?} in {}", piece, room);
            }
        }

        #[test]
        fn a_broken_text_loses_nothing(text in "[a-z中 ]{0,80}", width in 2_usize..20) {
            let lines = broken(&text, width);
            prop_assert!(lines.iter().all(|line| line.width() <= width), "{:?}", lines);
            let without = |text: &str| text.replace(' ', "");
            prop_assert_eq!(without(&lines.concat()), without(&text));
        }
    }
}
