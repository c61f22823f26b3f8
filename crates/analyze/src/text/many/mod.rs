//! What is said of several recordings: over their failovers, of two sets of them, and as a list.

pub mod campaign;
mod columns;
pub mod compare;
pub mod list;
mod runs;

use unicode_width::UnicodeWidthStr;

use crate::text::language::Words;
use crate::text::table::{Items, Paint, Table, Tone, wrapped};

/// Columns of a line of prose.
const WIDTH: usize = 100;

/// Blocks under a heading.
struct Section {
    heading: String,
    blocks: Vec<Block>,
}

enum Block {
    Table(Table),
    List(Items),
    Sentence(String, Tone),
    /// Notes, in detail.
    Prose(Vec<String>),
}

impl Section {
    fn new(heading: &str, blocks: Vec<Block>) -> Self {
        Self {
            heading: heading.to_owned(),
            blocks,
        }
    }
}

/// Every section that has something to say, their lines ended by `\n`.
fn written(words: &Words, paint: Paint, title: &str, sections: Vec<Section>) -> String {
    let mut parts = vec![format!("{title}\n{}\n", "=".repeat(title.width()))];
    for Section { heading, blocks } in sections {
        let body: String = blocks
            .iter()
            .map(|block| block.text(words, paint))
            .collect();
        parts.extend(match (body.is_empty(), heading.is_empty()) {
            (true, _) => None,
            (false, true) => Some(body),
            (false, false) => Some(format!("{}\n{body}", (words.heading)(&heading))),
        });
    }
    parts.join("\n")
}

impl Block {
    fn text(&self, words: &Words, paint: Paint) -> String {
        let line = |text: &str, tone| format!("  {}\n", paint.apply(tone, text));
        match self {
            Self::Table(table) if table.is_empty() => String::new(),
            Self::Table(table) => table.render(paint),
            Self::List(items) => words.list.render(items, paint),
            Self::Sentence(text, tone) => wrapped(text, WIDTH)
                .iter()
                .map(|text| line(text, *tone))
                .collect(),
            Self::Prose(notes) => {
                let lines = notes.iter().flat_map(|note| wrapped(note, WIDTH));
                lines.map(|text| line(&text, Tone::Detail)).collect()
            }
        }
    }
}
