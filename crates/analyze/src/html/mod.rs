//! A document as one HTML file that loads nothing: fit for a mail's attachment, for a screen in light or dark, and for paper.
//!
//! The page's policy lets only its own style and script work, each named by its hash, so that text of a recording can't act even
//! if it were not escaped.

mod svg;
mod table;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::text::document::{Block, Document, Section};
use crate::text::table::{Cell, Items};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The SHA-256 of [`STYLE`] and of [`SCRIPT`], as the policy has them. A test says what they must be.
const STYLE_HASH: &str = "sha256-OPE/pt9AIvuPG31z2Zli4DY1RpAQPNoCUDpfYdYcyl0=";
const SCRIPT_HASH: &str = "sha256-8ixYLcS+PvOegUa2b3De6vOV83YxVtlVQYDot7132Bk=";

/// A chart to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// The same in every language.
    pub name: String,
    /// An SVG for a light page.
    pub light: String,
    /// One for a dark page; where there is none, the light one stands on a light card.
    pub dark: Option<String>,
}

/// The whole page. Without charts, it has no place for them.
#[must_use]
pub fn render(document: &Document, charts: &[Chart]) -> String {
    let words = document.words.page;
    let policy = format!(
        "default-src 'none'; style-src '{STYLE_HASH}'; script-src '{SCRIPT_HASH}'; base-uri 'none'; form-action 'none'"
    );
    let is_shown = |section: &&Section| {
        let mut blocks = section.blocks.iter();
        !charts.is_empty() || blocks.any(|block| !matches!(block, Block::Charts))
    };
    let sections: Vec<&Section> = document.sections.iter().filter(is_shown).collect();
    let page = html! {
        (DOCTYPE)
        html lang=(words.code) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title {
                    (document.title)
                    @if !document.headline.is_empty() { ": " (document.headline) }
                }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#report" { (words.skip) }
                header {
                    h1 { (document.title) }
                    @if !document.headline.is_empty() { p { (document.headline) } }
                }
                nav aria-label=(words.contents) { (contents(&sections)) }
                main id="report" tabindex="-1" {
                    @for section in &sections { (self::section(document, section, charts)) }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// Links to the sections, without what their headings explain in brackets.
fn contents(sections: &[&Section]) -> Markup {
    let named = sections
        .iter()
        .filter(|section| !section.heading.is_empty());
    html! {
        ol {
            @for section in named {
                @let name = section.heading.split(" (").next().unwrap_or_default();
                li { a href={ "#" (section.id) } { (name) } }
            }
        }
    }
}

fn section(document: &Document, section: &Section, charts: &[Chart]) -> Markup {
    let heading = format!("{}-heading", section.id);
    let is_named = !section.heading.is_empty();
    html! {
        section id=(section.id) aria-labelledby=[is_named.then_some(&heading)] {
            @if is_named { h2 id=(heading) { (section.heading) } }
            @for (index, block) in section.blocks.iter().enumerate() {
                @match block {
                    Block::Table(table) => {
                        @let caption = table.caption().unwrap_or(&section.heading);
                        (table::table(table, (&section.id, index), caption, &document.words.units))
                    }
                    Block::Rows(rows) => (table::rows(rows, &section.heading)),
                    Block::List(items) => (list(items)),
                    Block::Sentence(text, tone) => p class=[table::class(*tone)] { (text) },
                    Block::Prose(notes) => ul.notes { @for note in notes { li { (note) } } },
                    Block::Charts => @for chart in charts { (figure(document, chart)) },
                }
            }
        }
    }
}

fn list(items: &Items) -> Markup {
    let value = |cell: &Cell| html! { dd class=[table::class(cell.tone())] { (cell.text()) } };
    html! {
        dl { @for (label, cell) in items { div { dt { (label) } (value(cell)) } } }
    }
}

fn figure(document: &Document, chart: &Chart) -> Markup {
    let text = document.chart_text(&chart.name);
    let card = |theme: &str, drawn: &str| {
        let svg = svg::inline(drawn, &format!("{}-{theme}-", chart.name));
        html! { div.card.(theme) role="img" aria-label=(text) { (PreEscaped(svg)) } }
    };
    html! {
        figure id={ "chart-" (chart.name) } .themed[chart.dark.is_some()] {
            (card("light", &chart.light))
            @if let Some(dark) = &chart.dark { (card("dark", dark)) }
            figcaption { ((document.words.page.chart)(&chart.name)) }
        }
    }
}

#[cfg(test)]
mod tests;
