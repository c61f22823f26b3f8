//! A document as Markdown, for GitHub and Confluence: headings, pipe tables, lists, images of charts.

mod escape;

use crate::markdown::escape::{cell, inline, link};
use crate::text::document::{Block, Document, Section};
use crate::text::language::Words;
use crate::text::table::{Cell, Row, Side, Table, Tone};

/// A chart in files, as the Markdown's reader finds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartFiles {
    /// Of the file, without its ending.
    pub name: String,
    /// Path from the Markdown's folder.
    pub png: String,
    pub svg: String,
}

/// The whole document, its lines ended by `\n`. Without charts, it has no place for them.
#[must_use]
pub fn render(document: &Document, charts: &[ChartFiles]) -> String {
    let mut parts = vec![format!("# {}\n", inline(&document.title))];
    for section in &document.sections {
        let body = section.blocks.iter().map(|block| match block {
            Block::Charts => images(document, charts),
            block => self::block(block, document.words),
        });
        let body: Vec<String> = body.filter(|text| !text.is_empty()).collect();
        if !body.is_empty() {
            parts.extend(heading(section));
            parts.extend(body);
        }
    }
    parts.join("\n")
}

fn heading(section: &Section) -> Option<String> {
    (!section.heading.is_empty()).then(|| format!("## {}\n", inline(&section.heading)))
}

fn images(document: &Document, charts: &[ChartFiles]) -> String {
    let of_chart = |chart: &ChartFiles| {
        let alt = document.chart_text(&chart.name);
        let (png, svg) = (link(&chart.png), link(&chart.svg));
        format!("[![{}]({png})]({svg})\n", inline(&alt))
    };
    let images: Vec<String> = charts.iter().map(of_chart).collect();
    images.join("\n")
}

fn block(block: &Block, words: &Words) -> String {
    match block {
        Block::Table(table) => self::table(table),
        Block::Rows(rows) => rows.rows().iter().map(|row| line(row, words)).collect(),
        Block::List(items) => {
            let line = |(label, value): &(String, Cell)| {
                format!("- {}: {}\n", strong(label), toned(value, cell))
            };
            items.iter().map(line).collect()
        }
        Block::Sentence(text, tone) => {
            format!("{}\n", toned(&Cell::new(text.as_str(), *tone), inline))
        }
        Block::Prose(notes) => notes
            .iter()
            .map(|note| format!("- {}\n", inline(note)))
            .collect(),
        Block::Charts => String::new(),
    }
}

/// A row of a table without headings as a point of a list; one whose first cell is empty belongs to the point above.
fn line(row: &Row, words: &Words) -> String {
    let cells = row.cells.iter().skip(1);
    let cells = cells.filter(|cell| !cell.text().is_empty());
    let cells: Vec<String> = cells.map(|of| toned(of, cell)).collect();
    let text = cells.join(words.separator);
    match row.cells.first().map(Cell::text) {
        None | Some("") => format!("  - {text}\n"),
        Some(name) => format!("- {}: {text}\n", strong(name)),
    }
}

/// The caption, the rows, and the notes under them, which a row names by their number.
fn table(table: &Table) -> String {
    let mut text = String::new();
    if let Some(caption) = table.caption() {
        text.push_str(&format!("{}\n", strong(caption)));
    }
    if table.rows().is_empty() {
        return text;
    }
    if table.caption().is_some() {
        text.push('\n');
    }
    let headings = table.columns().map(|(heading, _)| cell(heading.text()));
    text.push_str(&pipes(headings));
    let sides = table.columns().map(|(_, side)| match side {
        Side::Left => ":---".to_owned(),
        Side::Right => "---:".to_owned(),
    });
    text.push_str(&pipes(sides));
    let mut notes: Vec<String> = Vec::new();
    for row in table.rows() {
        let mut cells: Vec<String> = row.cells.iter().map(|of| toned(of, cell)).collect();
        for note in &row.notes {
            notes.push(inline(note));
            if let Some(first) = cells.first_mut() {
                first.push_str(&format!(" {}", reference(notes.len())));
            }
        }
        if !cells.is_empty() {
            text.push_str(&pipes(cells.into_iter()));
        }
    }
    if !notes.is_empty() {
        text.push('\n');
    }
    for (index, note) in notes.iter().enumerate() {
        text.push_str(&format!("- {} {note}\n", reference(index + 1)));
    }
    text
}

fn pipes(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.collect();
    format!("| {} |\n", cells.join(" | "))
}

fn reference(number: usize) -> String {
    format!("\\[{number}\\]")
}

fn strong(text: &str) -> String {
    format!("**{}**", inline(text))
}

/// What is bad stands out; Markdown has no colours.
fn toned(cell: &Cell, escape: fn(&str) -> String) -> String {
    let text = escape(cell.text());
    match cell.tone() {
        Tone::Bad if !text.is_empty() => format!("**{text}**"),
        _ => text,
    }
}

#[cfg(test)]
mod tests;
