//! Rows as a table for people.

use std::io::{self, Write};

use command_line::text::{one_line, thousands};
use polars::prelude::{AnyValue, DataFrame, DataType, Schema};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::query::output::sink::{Enough, Output};
use crate::query::value;

/// Rows of a table: more are not read by a person.
const MOST_ROWS: usize = 1_000;
/// A text takes no more columns where the table is to fit a terminal.
const WIDEST_TEXT: usize = 60;
/// Digits after the point.
const DECIMALS: usize = 6;
/// A text is cut to what is left of a line, if that is so much.
const LEAST_TEXT: usize = 12;
const GAP: &str = "  ";
/// What stands for null.
const NONE: &str = "-";
const CUT: &str = "...";

/// A table of at most 1,000 rows, cut to the width of a terminal. What is left out is said below it.
pub struct TextTable<W: Write> {
    to: W,
    /// Columns of the terminal; `None` where it is none.
    width: Option<usize>,
    columns: Vec<TextColumn>,
    rows: usize,
    has_more: bool,
}

struct TextColumn {
    name: String,
    is_number: bool,
    is_text: bool,
    cells: Vec<String>,
    is_cut: bool,
}

impl<W: Write> TextTable<W> {
    pub const fn new(to: W, width: Option<usize>) -> Self {
        Self {
            to,
            width,
            columns: Vec::new(),
            rows: 0,
            has_more: false,
        }
    }
}

impl<W: Write> Output for TextTable<W> {
    fn begin(&mut self, schema: &Schema) -> io::Result<()> {
        let column = |(name, kind): (_, &DataType)| TextColumn {
            name: one_line(&format!("{name}")),
            is_number: kind.is_primitive_numeric() || matches!(kind, DataType::Duration(_)),
            is_text: *kind == DataType::String,
            cells: Vec::new(),
            is_cut: false,
        };
        self.columns = schema.iter().map(column).collect();
        Ok(())
    }

    fn add(&mut self, rows: &DataFrame) -> io::Result<Enough> {
        let taken = rows.height().min(MOST_ROWS - self.rows);
        for (column, values) in self.columns.iter_mut().zip(rows.columns()) {
            for row in 0..taken {
                column
                    .cells
                    .push(cell(values.get(row).map_err(io::Error::other)?));
            }
        }
        self.rows += taken;
        self.has_more = rows.height() > taken;
        Ok(match self.has_more {
            true => Enough::Yes,
            false => Enough::No,
        })
    }

    fn end(&mut self) -> io::Result<()> {
        let shown = self.fitting();
        let (columns, left_out) = self.columns.split_at(shown);
        let widths: Vec<usize> = columns.iter().map(TextColumn::width).collect();
        let mut text = line(columns, &widths, |column| &column.name);
        for row in 0..self.rows {
            text += &line(columns, &widths, |column| &column.cells[row]);
        }
        text += &match self.rows {
            _ if self.has_more => format!(
                "(the first {} rows; there are more: --format csv, json or parquet has all)\n",
                thousands(MOST_ROWS)
            ),
            1 => "(1 row)\n".to_owned(),
            rows => format!("({} rows)\n", thousands(rows)),
        };
        if !left_out.is_empty() {
            let names: Vec<&str> = left_out.iter().map(|column| column.name.as_str()).collect();
            text += &format!(
                "(cut to the terminal's width; without the columns {}: --format csv has all)\n",
                names.join(", ")
            );
        }
        if columns.iter().any(|column| column.is_cut) {
            text += &format!("(texts that end in {CUT} are cut: --format csv has them whole)\n");
        }
        self.to.write_all(text.as_bytes())?;
        self.to.flush()
    }
}

impl<W: Write> TextTable<W> {
    /// How many columns fit the terminal, at least one; their texts are cut.
    fn fitting(&mut self) -> usize {
        let Some(width) = self.width else {
            return self.columns.len();
        };
        let mut used = 0;
        for (at, column) in self.columns.iter_mut().enumerate() {
            column.cut(WIDEST_TEXT.min(width));
            used += if at > 0 { GAP.len() } else { 0 };
            let room = width.saturating_sub(used);
            if column.is_text && room >= LEAST_TEXT {
                column.cut(room);
            }
            used += column.width();
            if used > width && at > 0 {
                return at;
            }
        }
        self.columns.len()
    }
}

impl TextColumn {
    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.width());
        cells.chain([self.name.width()]).max().unwrap_or(0)
    }

    fn cut(&mut self, most: usize) {
        for cell in self.cells.iter_mut().chain([&mut self.name]) {
            if cell.width() > most {
                *cell = cut(cell, most);
                self.is_cut = true;
            }
        }
    }
}

fn cut(text: &str, most: usize) -> String {
    let mut kept = String::new();
    let mut used = CUT.len();
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > most {
            break;
        }
        kept.push(c);
    }
    kept + CUT
}

/// A line of the table, with a text of each column.
fn line<'c>(
    columns: &'c [TextColumn],
    widths: &[usize],
    text: impl Fn(&'c TextColumn) -> &'c String,
) -> String {
    let padded = columns.iter().zip(widths).map(|(column, width)| {
        let text = text(column);
        let blanks = " ".repeat(width.saturating_sub(text.width()));
        match column.is_number {
            true => format!("{blanks}{text}"),
            false => format!("{text}{blanks}"),
        }
    });
    let line = padded.collect::<Vec<_>>().join(GAP);
    format!("{}\n", line.trim_end())
}

fn cell(value: AnyValue<'_>) -> String {
    let number = match value {
        AnyValue::Float64(number) => number,
        AnyValue::Float32(number) => f64::from(number),
        value => {
            let text = value::text(value);
            return text.map_or_else(|| NONE.to_owned(), |text| one_line(&text));
        }
    };
    let is_small = number != 0.0 && number.abs() < 0.001;
    if !number.is_finite() {
        return number.to_string();
    }
    if is_small || number.abs() >= 1e15 {
        return format!("{number:.DECIMALS$e}");
    }
    let text = format!("{number:.DECIMALS$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
