//! Aligned text: tables and lists of labelled values. Widths are those of a terminal, where a Chinese character takes two.

use unicode_width::UnicodeWidthStr;

use crate::text::narrow::{self, Column, GAP, Placed};

/// What a colour means; nothing else is coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Good,
    Bad,
    Detail,
}

/// What text is written for: colours or none, and the columns of the terminal, where it is one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Paint {
    pub(crate) color: bool,
    pub(crate) columns: Option<usize>,
}

/// No terminal is taken to be narrower.
const NARROWEST: usize = 40;

impl Paint {
    /// Columns that a line may take.
    pub(crate) fn room(self) -> usize {
        self.columns
            .map_or(usize::MAX, |columns| columns.max(NARROWEST))
    }

    /// `text` in the colour of `tone`.
    pub(crate) fn apply(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            _ if !self.color || text.is_empty() => return text.to_owned(),
            Tone::Plain => return text.to_owned(),
            Tone::Good => 32,
            Tone::Bad => 31,
            Tone::Detail => 2,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Columns of text that it takes.
    pub(crate) fn width(&self) -> usize {
        self.text.width()
    }

    pub(crate) fn tone(&self) -> Tone {
        self.tone
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// On which side a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A row, and the lines of detail under it, which take no part in the widths.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) cells: Vec<Cell>,
    /// So many first cells repeat the row above, and so are left blank.
    pub(crate) repeated: usize,
    pub(crate) notes: Vec<String>,
}

/// A table with a heading per column.
pub(crate) struct Table {
    caption: Option<String>,
    sides: Vec<Side>,
    headings: Vec<Cell>,
    /// So many first columns are left blank where they repeat the row above.
    grouped: usize,
    /// The columns that name a row, where these are not its first ones.
    keys: Option<Vec<usize>>,
    /// What stands behind a figure in brackets may stand below it.
    in_parts: bool,
    rows: Vec<Row>,
}

impl Table {
    pub(crate) fn new(columns: &[(&str, Side)], grouped: usize) -> Self {
        Self {
            caption: None,
            sides: columns.iter().map(|(_, side)| *side).collect(),
            headings: columns
                .iter()
                .map(|(heading, _)| Cell::new(*heading, Tone::Detail))
                .collect(),
            grouped,
            keys: None,
            in_parts: false,
            rows: Vec::new(),
        }
    }

    /// With the columns at these places to name a row.
    pub(crate) fn named_by(mut self, keys: Vec<usize>) -> Self {
        self.keys = Some(keys);
        self
    }

    /// With what stands behind a figure in brackets below it, where there is no room: figures that are compared have to stand beside each other.
    pub(crate) fn in_parts(mut self) -> Self {
        self.in_parts = true;
        self
    }

    /// With a line that says what it is of, where a section has several tables.
    pub(crate) fn captioned(mut self, caption: String) -> Self {
        self.caption = Some(caption);
        self
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        let mut row = Row {
            cells,
            ..Row::default()
        };
        let above = self.rows.last();
        row.repeated = above.map_or(0, |above| row.repeats(above, self.grouped));
        self.rows.push(row);
    }

    /// A line of detail under the last row.
    pub(crate) fn note(&mut self, text: String) {
        if self.rows.is_empty() {
            self.rows.push(Row::default());
        }
        if let Some(row) = self.rows.last_mut() {
            row.notes.push(text);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.caption.is_none()
    }

    pub(crate) fn caption(&self) -> Option<&str> {
        self.caption.as_deref()
    }

    /// The heading and the side of each column.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&Cell, Side)> {
        self.headings.iter().zip(self.sides.iter().copied())
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Columns of text that it takes where a cell takes at most so many, without what is between them.
    pub(crate) fn width(&self, most: usize) -> usize {
        self.widths().iter().map(|width| *width.min(&most)).sum()
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.headings.iter().map(|cell| cell.text.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(&row.cells) {
                *width = cell.text.width().max(*width);
            }
        }
        widths
    }

    /// The headings and the rows, indented by two, a line break after each. What has no room on the terminal stands in further pieces below.
    pub(crate) fn render(&self, paint: Paint) -> String {
        let mut text = String::new();
        for line in self
            .caption
            .iter()
            .flat_map(|caption| wrapped(caption, paint.room() - GAP))
        {
            text.push_str(&format!("  {line}\n"));
        }
        for (number, piece) in self.pieces(paint).iter().enumerate() {
            if number > 0 {
                text.push('\n');
            }
            if !self.rows.is_empty() {
                push_headings(&mut text, self, piece, paint);
            }
            self.push_rows(&mut text, piece, number == 0, paint);
        }
        text
    }

    /// The rows without headings, for cells that need none. Cells that have no room stand under those before them.
    pub(crate) fn render_rows(&self, paint: Paint) -> String {
        let widths = self.widths();
        let taken: usize = widths.iter().map(|width| GAP + width).sum();
        let mut text = String::new();
        if taken <= paint.room() {
            self.push_rows(&mut text, &natural(&widths), true, paint);
            return text;
        }
        for row in &self.rows {
            self.push_flowing(&mut text, row, &widths, paint);
        }
        text
    }

    fn pieces(&self, paint: Paint) -> Vec<Vec<Placed>> {
        let widths = self.widths();
        let taken: usize = widths.iter().map(|width| GAP + width).sum();
        if taken <= paint.room() {
            return vec![natural(&widths)];
        }
        let columns: Vec<Column> = (0..widths.len())
            .map(|index| {
                let cells = self.rows.iter().filter_map(|row| row.cells.get(index));
                let takes_apart = self.in_parts && self.sides[index] == Side::Right;
                let width = |cell: &Cell| match takes_apart {
                    true => narrow::parts(&cell.text)
                        .iter()
                        .map(|part| part.width())
                        .max(),
                    false => Some(cell.width()),
                };
                let cells = cells.filter_map(width).max().unwrap_or(0);
                let heading = narrow::longest_word(self.headings[index].text());
                Column {
                    width: cells.max(heading),
                    breaks: self.sides[index] == Side::Left,
                }
            })
            .collect();
        narrow::pieces(&columns, &self.keys(), paint.room())
    }

    /// The columns that name a row: those that are left blank where they repeat the one above, and the next; and all before the first figure. A
    /// number may stand before them.
    fn keys(&self) -> Vec<usize> {
        if let Some(keys) = &self.keys {
            return keys.clone();
        }
        let sides = self.sides.iter().skip(1);
        let before_figures = 1 + sides.take_while(|side| **side == Side::Left).count();
        let keys = before_figures.max(self.grouped + 1);
        (0..keys.min(self.sides.len())).collect()
    }

    /// The rows of a piece. The first has the notes; those after it leave out rows of which they have nothing.
    fn push_rows(&self, text: &mut String, piece: &[Placed], is_first: bool, paint: Paint) {
        let mut above: Option<&Row> = None;
        let keys = self.keys();
        for row in &self.rows {
            let own = piece.iter().filter(|column| !keys.contains(&column.index));
            let mut own = own.filter_map(|column| row.cells.get(column.index));
            let is_shown = is_first || own.any(|cell| !cell.text.is_empty());
            if !row.cells.is_empty() && is_shown {
                let blank = above.map_or(0, |above| row.repeats(above, self.grouped));
                push_lines(
                    text,
                    (&row.cells, &self.sides),
                    (piece, blank),
                    false,
                    paint,
                );
                above = Some(row);
            }
            if is_first {
                push_notes(text, row, paint);
            }
        }
    }

    /// A row whose cells, after the first, fill lines below each other.
    fn push_flowing(&self, text: &mut String, row: &Row, widths: &[usize], paint: Paint) {
        let indent = 2 * GAP + widths.first().copied().unwrap_or(0);
        let mut cells = row.cells.iter();
        let name = cells.next().cloned().unwrap_or_default();
        let fill = indent - 2 * GAP - name.width();
        text.push_str(&format!(
            "  {}{}",
            paint.apply(name.tone, &name.text),
            " ".repeat(fill)
        ));
        let mut used = indent - GAP;
        for cell in cells.filter(|cell| !cell.text.is_empty()) {
            if used >= indent && used + GAP + cell.width() > paint.room() {
                text.push_str(&format!("\n{}", " ".repeat(indent - GAP)));
                used = indent - GAP;
            }
            text.push_str(&format!("  {}", paint.apply(cell.tone, &cell.text)));
            used += GAP + cell.width();
        }
        text.push('\n');
        push_notes(text, row, paint);
    }
}

impl Row {
    /// How many of the first `grouped` cells repeat those of a row above.
    fn repeats(&self, above: &Self, grouped: usize) -> usize {
        let cells = self.cells.iter().zip(&above.cells).take(grouped);
        cells
            .take_while(|(cell, above)| cell.text == above.text)
            .count()
    }
}

fn natural(widths: &[usize]) -> Vec<Placed> {
    let widths = widths.iter().enumerate();
    widths
        .map(|(index, width)| Placed {
            index,
            width: *width,
        })
        .collect()
}

fn push_headings(text: &mut String, table: &Table, piece: &[Placed], paint: Paint) {
    push_lines(
        text,
        (&table.headings, &table.sides),
        (piece, 0),
        true,
        paint,
    );
}

fn push_notes(text: &mut String, row: &Row, paint: Paint) {
    for note in &row.notes {
        for line in fitted(note, paint.room() - 4, paint) {
            text.push_str(&format!("    {}\n", paint.apply(Tone::Detail, &line)));
        }
    }
}

/// Cells of a row in the columns of a piece, the first `blank` left out: in as many lines as the longest takes, the shorter ones at the top
/// or the bottom.
fn push_lines(
    text: &mut String,
    (cells, sides): (&[Cell], &[Side]),
    (piece, blank): (&[Placed], usize),
    at_bottom: bool,
    paint: Paint,
) {
    let texts: Vec<Vec<String>> = piece
        .iter()
        .map(|column| match cells.get(column.index) {
            Some(cell) if column.index >= blank => {
                let is_figure = !at_bottom && sides.get(column.index) == Some(&Side::Right);
                match cell.width() > column.width {
                    true if is_figure => narrow::parts(&cell.text),
                    true => narrow::broken(&cell.text, column.width),
                    false => vec![cell.text.clone()],
                }
            }
            _ => Vec::new(),
        })
        .collect();
    let height = texts.iter().map(Vec::len).max().unwrap_or(0);
    for line in 0..height {
        let mut pending = 0;
        for (column, lines) in piece.iter().zip(&texts) {
            let line = match at_bottom {
                true => (line + lines.len()).checked_sub(height),
                false => Some(line),
            };
            let shown = line
                .and_then(|line| lines.get(line))
                .map_or("", String::as_str);
            let fill = column.width.saturating_sub(shown.width());
            let (before, after) = match sides.get(column.index) {
                Some(Side::Right) => (fill, 0),
                _ => (0, fill),
            };
            // Spaces are written only before text: no line ends with them.
            pending += GAP + before;
            if !shown.is_empty() {
                let tone = cells
                    .get(column.index)
                    .map_or(Tone::Plain, |cell| cell.tone);
                text.push_str(&" ".repeat(pending));
                text.push_str(&paint.apply(tone, shown));
                pending = 0;
            }
            pending += after;
        }
        text.push('\n');
    }
}

/// Lines of a label and a value.
pub(crate) type Items = Vec<(String, Cell)>;

/// A line of a label and a value.
pub(crate) fn item(label: impl Into<String>, value: impl Into<Cell>) -> (String, Cell) {
    (label.into(), value.into())
}

/// How a language writes a list of labelled values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// Labels and values in two columns.
    Columns,
    /// `- label: value`, as the original design's sample has it.
    Dashes,
}

impl List {
    /// Lines with a line break each.
    pub(crate) fn render(self, items: &[(String, Cell)], paint: Paint) -> String {
        let width = items
            .iter()
            .map(|(label, _)| label.width())
            .max()
            .unwrap_or(0);
        let mut text = String::new();
        for (label, cell) in items {
            let before = match self {
                Self::Columns => format!("  {label}{}  ", " ".repeat(width - label.width())),
                Self::Dashes => format!("- {label}: "),
            };
            let indent = match self {
                Self::Columns => before.width(),
                Self::Dashes => GAP,
            };
            text.push_str(&before);
            for (number, line) in value_lines(cell, before.width(), paint).iter().enumerate() {
                if number > 0 {
                    text.push_str(&" ".repeat(indent));
                }
                text.push_str(&format!("{}\n", paint.apply(cell.tone, line)));
            }
        }
        text
    }
}

/// A value in as many lines as it takes behind its label.
fn value_lines(cell: &Cell, before: usize, paint: Paint) -> Vec<String> {
    let room = paint.room().saturating_sub(before);
    match cell.width() > room {
        true => narrow::broken(&cell.text, room.max(NARROWEST / 2)),
        false => vec![cell.text.clone()],
    }
}

/// A text in lines of at most `width` columns, those after the first indented by two. On a terminal a word that is longer is broken too.
pub(crate) fn fitted(text: &str, width: usize, paint: Paint) -> Vec<String> {
    if paint.columns.is_none() {
        return wrapped(text, width);
    }
    let lines = wrapped(text, width).into_iter();
    let broken = |line: String| match line.width() <= width {
        true => vec![line],
        false => narrow::broken(&line, width.max(1)),
    };
    lines.flat_map(broken).collect()
}

/// Prose in lines of at most `width` columns, broken at spaces; the lines after the first are indented by two.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.trim_start().is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(format!("  {word}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_chinese_text_align() {
        let mut table = Table::new(
            &[
                ("类型", Side::Left),
                ("操作数", Side::Right),
                ("note", Side::Left),
            ],
            1,
        );
        table.row(vec!["事务操作".into(), "1,250".into(), "a".into()]);
        table.row(vec!["事务操作".into(), "7".into(), "中".into()]);
        table.note("detail".to_owned());
        table.row(vec!["all".into(), "12".into(), "".into()]);
        insta::assert_snapshot!(table.render(Paint::default()).replace(' ', "."), @r"
        ..类型......操作数..note
        ..事务操作...1,250..a
        .................7..中
        ....detail
        ..all...........12
        ");
    }

    #[test]
    fn prose_is_broken_at_spaces_by_columns() {
        assert_eq!(wrapped("aa bb cc", 5), ["aa bb", "  cc"]);
        assert_eq!(wrapped("中文 中文 a", 9), ["中文 中文", "  a"]);
        assert_eq!(
            wrapped("longer than that", 3),
            ["longer", "  than", "  that"]
        );
    }

    #[test]
    fn colour_does_not_move_anything() {
        let mut table = Table::new(&[("a", Side::Right), ("b", Side::Left)], 0);
        table.row(vec![Cell::new("1", Tone::Bad), Cell::new("x", Tone::Good)]);
        table.row(vec!["100".into(), "y".into()]);
        let coloured = table.render(Paint {
            color: true,
            columns: None,
        });
        assert!(
            coloured.contains("\u{1b}[31m1\u{1b}[0m") && coloured.contains("\u{1b}[32mx\u{1b}[0m")
        );
        let mut stripped = coloured;
        for code in ["\u{1b}[31m", "\u{1b}[32m", "\u{1b}[2m", "\u{1b}[0m"] {
            stripped = stripped.replace(code, "");
        }
        assert_eq!(stripped, table.render(Paint::default()));
    }
}
