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

/// The pieces of a table: every column is in one of them, but those at the places `keys`, which name a row, and are in all that have room for them.
pub(super) fn pieces(columns: &[Column], keys: &[usize], room: usize) -> Vec<Vec<Placed>> {
    let natural = |index: usize| Placed {
        index,
        width: columns[index].width,
    };
    let all: Vec<Placed> = (0..columns.len()).map(natural).collect();
    if taken(&all) <= room {
        return vec![all];
    }
    let keys = fitting_keys(columns, keys.iter().copied().map(natural).collect(), room);
    let mut pieces = vec![keys.clone()];
    for column in &all {
        if keys.iter().any(|key| key.index == column.index) {
            continue;
        }
        let left = |piece: &[Placed]| room.saturating_sub(taken(piece) + GAP);
        let fresh = left(&keys);
        let is_empty = pieces.last().is_some_and(|piece| piece.len() == keys.len());
        let here = pieces.last().map_or(0, |piece| left(piece));
        // A text that has no room in any piece is broken where it stands, if it can be read there.
        let is_broken = columns[column.index].breaks && column.width > fresh;
        let fits = column.width <= here || (is_broken && here >= NARROWEST);
        if !is_empty && !fits {
            pieces.push(keys.clone());
        }
        let room = if is_empty || !fits { fresh } else { here };
        let width = match is_broken {
            true => column.width.min(room.max(1)),
            false => column.width,
        };
        if let Some(piece) = pieces.last_mut() {
            piece.push(Placed { width, ..*column });
        }
    }
    for piece in &mut pieces {
        piece.sort_by_key(|column| column.index);
    }
    pieces
}

/// As many keys as leave a third of the line, and room for the widest figure; one at least, which is broken where it is too wide.
fn fitting_keys(columns: &[Column], mut keys: Vec<Placed>, room: usize) -> Vec<Placed> {
    let is_key = |index: usize| keys.iter().any(|key| key.index == index);
    let figures = columns.iter().enumerate();
    let figures = figures.filter(|(index, column)| !column.breaks && !is_key(*index));
    let widest = figures.map(|(_, column)| column.width).max().unwrap_or(0);
    let most = (room * 2 / 3).min(room.saturating_sub(GAP + widest));
    while keys.len() > 1 && taken(&keys) > most {
        keys.pop();
    }
    if let [only] = keys.as_mut_slice()
        && columns[only.index].breaks
    {
        only.width = only.width.min((room / 2).max(NARROWEST));
    }
    keys
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

/// A figure and what stands behind it in brackets, a line each: `12.31 s`, `(11.80 to 13.02,`, `of 4 runs)`.
pub(super) fn parts(figure: &str) -> Vec<String> {
    let lines = figure.replace(" (", "\n(").replace(", ", ",\n");
    lines.lines().map(str::to_owned).collect()
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
        let keys: Vec<usize> = (0..keys.min(widths.len())).collect();
        let pieces = pieces(&columns(widths), &keys, room);
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
    fn a_text_is_broken_only_where_no_line_has_room_for_it() {
        let widths = [(10, true), (8, false), (90, true)];
        assert_eq!(shown(&widths, 1, 60), [[(0, 10), (1, 8), (2, 36)]]);
        // Of 20 columns it would not be read.
        assert_eq!(
            shown(&widths, 1, 44),
            [[(0, 10), (1, 8)], [(0, 10), (2, 30)]]
        );
        let short = [(10, true), (8, false), (40, true)];
        assert_eq!(
            shown(&short, 1, 60),
            [[(0, 10), (1, 8)], [(0, 10), (2, 40)]]
        );
    }

    #[test]
    fn keys_leave_a_third_of_the_line() {
        let widths = [(20, true), (20, true), (10, false), (30, false)];
        let with_both = [(0, 20), (1, 20), (2, 10)];
        let wide = shown(&widths, 2, 80);
        assert_eq!(wide, [&with_both[..], &[(0, 20), (1, 20), (3, 30)]]);
        // The second is in one piece, as any other column.
        assert_eq!(shown(&widths, 2, 60), [&with_both[..], &[(0, 20), (3, 30)]]);
    }

    #[test]
    fn keys_stand_where_they_are_in_the_table() {
        let columns = columns(&[(10, true), (10, false), (6, true), (30, true)]);
        let pieces = pieces(&columns, &[0, 2], 54);
        let places = |piece: &Vec<Placed>| piece.iter().map(|of| of.index).collect::<Vec<_>>();
        let places: Vec<_> = pieces.iter().map(places).collect();
        assert_eq!(places, [[0, 1, 2], [0, 2, 3]]);
    }

    #[test]
    fn texts_are_broken_at_spaces_and_long_words_anywhere() {
        assert_eq!(broken("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(broken("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(broken("中文字", 5), ["中文", "字"]);
        assert_eq!(broken("", 5), [""]);
        assert_eq!(
            parts("12.31 s (11.80 to 13.02, of 4 runs)"),
            ["12.31 s", "(11.80 to 13.02,", "of 4 runs)"]
        );
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
