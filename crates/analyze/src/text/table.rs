//! Aligned text: tables and lists of labelled values. Widths are those of a terminal, where a Chinese character takes two.

use unicode_width::UnicodeWidthStr;

/// What a colour means; nothing else is coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Good,
    Bad,
    Detail,
}

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    pub(crate) color: bool,
}

impl Paint {
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
            rows: Vec::new(),
        }
    }

    /// With a line that says what it is of, where a section has several tables.
    pub(crate) fn captioned(mut self, caption: String) -> Self {
        self.caption = Some(caption);
        self
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        let above = self.rows.last().map_or(&[][..], |row| row.cells.as_slice());
        let repeated = cells.iter().zip(above).take(self.grouped);
        let repeated = repeated
            .take_while(|(cell, above)| cell.text == above.text)
            .count();
        self.rows.push(Row {
            cells,
            repeated,
            notes: Vec::new(),
        });
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

    /// The headings and the rows, indented by two, a line break after each.
    pub(crate) fn render(&self, paint: Paint) -> String {
        self.lines(paint, true)
    }

    /// The rows without headings, for cells that need none.
    pub(crate) fn render_rows(&self, paint: Paint) -> String {
        self.lines(paint, false)
    }

    fn lines(&self, paint: Paint, headed: bool) -> String {
        let widths = self.widths();
        let mut text = String::new();
        if let Some(caption) = &self.caption {
            text.push_str(&format!("  {caption}\n"));
        }
        if headed && !self.rows.is_empty() {
            self.push_row(&mut text, &self.headings, 0, &widths, paint);
        }
        for row in &self.rows {
            if !row.cells.is_empty() {
                self.push_row(&mut text, &row.cells, row.repeated, &widths, paint);
            }
            for note in &row.notes {
                text.push_str(&format!("    {}\n", paint.apply(Tone::Detail, note)));
            }
        }
        text
    }

    /// One row, its first `blank` cells left out.
    fn push_row(
        &self,
        text: &mut String,
        cells: &[Cell],
        blank: usize,
        widths: &[usize],
        paint: Paint,
    ) {
        let mut pending = 0;
        for (index, ((cell, side), width)) in cells.iter().zip(&self.sides).zip(widths).enumerate()
        {
            let shown = if index < blank {
                ""
            } else {
                cell.text.as_str()
            };
            let fill = width - shown.width();
            let (before, after) = if *side == Side::Left {
                (0, fill)
            } else {
                (fill, 0)
            };
            // Spaces are written only before text: no line ends with them.
            pending += 2 + before;
            if !shown.is_empty() {
                text.push_str(&" ".repeat(pending));
                text.push_str(&paint.apply(cell.tone, shown));
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
            let value = paint.apply(cell.tone, &cell.text);
            text.push_str(&match self {
                Self::Columns => {
                    format!("  {label}{}  {value}\n", " ".repeat(width - label.width()))
                }
                Self::Dashes => format!("- {label}: {value}\n"),
            });
        }
        text
    }
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
        insta::assert_snapshot!(table.render(Paint { color: false }).replace(' ', "."), @r"
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
        let coloured = table.render(Paint { color: true });
        assert!(
            coloured.contains("\u{1b}[31m1\u{1b}[0m") && coloured.contains("\u{1b}[32mx\u{1b}[0m")
        );
        let mut stripped = coloured;
        for code in ["\u{1b}[31m", "\u{1b}[32m", "\u{1b}[2m", "\u{1b}[0m"] {
            stripped = stripped.replace(code, "");
        }
        assert_eq!(stripped, table.render(Paint { color: false }));
    }
}
