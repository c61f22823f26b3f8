//! What a report says, before it is written as text, Markdown or a page: sections of tables, lists and sentences.

use unicode_width::UnicodeWidthStr;

use crate::text::language::Words;
use crate::text::narrow::GAP;
use crate::text::table::{Items, Paint, Table, Tone, fitted, wrapped};

/// Columns of a line of prose.
const PROSE: usize = 100;

/// Columns of the line under a title, where the title is shorter: the original design's sample has so many.
const UNDERLINE: usize = 32;

/// A report in one language.
pub struct Document {
    pub(crate) words: &'static Words,
    pub(crate) title: String,
    /// What it says in one line; empty where that is not known.
    pub(crate) headline: String,
    pub(crate) sections: Vec<Section>,
}

/// Blocks under a heading.
pub(crate) struct Section {
    /// The same in every language, and of one section of a document: for anchors.
    pub(crate) id: String,
    /// Empty for what stands under the document's title.
    pub(crate) heading: String,
    /// None where there is nothing to say.
    pub(crate) blocks: Vec<Block>,
}

pub(crate) enum Block {
    Table(Table),
    /// A table whose cells need no headings.
    Rows(Table),
    List(Items),
    Sentence(String, Tone),
    /// Notes, in detail.
    Prose(Vec<String>),
    /// Where the charts stand, in a form of report that has some.
    Charts,
}

impl From<Table> for Block {
    fn from(table: Table) -> Self {
        Self::Table(table)
    }
}

impl From<Items> for Block {
    fn from(items: Items) -> Self {
        Self::List(items)
    }
}

impl Block {
    fn is_empty(&self) -> bool {
        match self {
            Self::Table(table) | Self::Rows(table) => table.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Prose(notes) => notes.is_empty(),
            Self::Sentence(..) | Self::Charts => false,
        }
    }

    /// Lines with a line break each.
    fn text(&self, words: &Words, paint: Paint) -> String {
        let line = |tone, text: &str| format!("  {}\n", paint.apply(tone, text));
        let room = paint.room() - GAP;
        match self {
            Self::Table(table) => table.render(paint),
            Self::Rows(table) => table.render_rows(paint),
            Self::List(items) => words.list.render(items, paint),
            Self::Sentence(text, tone) => {
                let lines = fitted(text, room, paint).into_iter();
                lines.map(|text| line(*tone, &text)).collect()
            }
            Self::Prose(notes) => {
                let width = PROSE.min(room);
                let lines = notes.iter().flat_map(|note| fitted(note, width, paint));
                lines.map(|text| line(Tone::Detail, &text)).collect()
            }
            Self::Charts => String::new(),
        }
    }
}

impl Section {
    /// Leaves out blocks without content.
    pub(crate) fn new(
        id: impl Into<String>,
        heading: impl Into<String>,
        mut blocks: Vec<Block>,
    ) -> Self {
        blocks.retain(|block| !block.is_empty());
        Self {
            id: id.into(),
            heading: heading.into(),
            blocks,
        }
    }

    /// A table or a list alone.
    pub(crate) fn of(
        id: impl Into<String>,
        heading: impl Into<String>,
        block: impl Into<Block>,
    ) -> Self {
        Self::new(id, heading, vec![block.into()])
    }

    /// Nothing to say.
    pub(crate) fn none() -> Self {
        Self::new("", "", Vec::new())
    }

    fn text(&self, words: &Words, paint: Paint) -> String {
        let blocks = self.blocks.iter().map(|block| block.text(words, paint));
        let body: String = blocks.collect();
        if body.is_empty() || self.heading.is_empty() {
            return body;
        }
        let heading = wrapped(&(words.heading)(&self.heading), paint.room());
        format!("{}\n{body}", heading.join("\n"))
    }
}

impl Document {
    /// Leaves out sections without content.
    pub(crate) fn new(
        words: &'static Words,
        title: impl Into<String>,
        mut sections: Vec<Section>,
    ) -> Self {
        sections.retain(|section| !section.blocks.is_empty());
        Self {
            words,
            title: title.into(),
            headline: String::new(),
            sections,
        }
    }

    pub(crate) fn with_headline(mut self, headline: String) -> Self {
        self.headline = headline;
        self
    }

    /// What stands for a chart where it is not seen: what it shows, and the headline.
    pub(crate) fn chart_text(&self, file: &str) -> String {
        let name = (self.words.page.chart)(file);
        [name, &self.headline]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(". ")
    }

    /// As text, its lines ended by `\n`; with ANSI colours if asked for.
    #[must_use]
    pub fn text(&self, color: bool) -> String {
        self.text_within(color, None)
    }

    /// The same for a terminal of so many columns.
    #[must_use]
    pub fn text_within(&self, color: bool, columns: Option<usize>) -> String {
        let underline = "=".repeat(self.title.width().max(UNDERLINE));
        let mut parts = vec![format!("{}\n{underline}\n", self.title)];
        let paint = Paint { color, columns };
        let sections = self.sections.iter();
        parts.extend(sections.map(|section| section.text(self.words, paint)));
        parts.retain(|part| !part.is_empty());
        parts.join("\n")
    }
}
