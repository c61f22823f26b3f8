//! Tables in a page.

use maud::{Markup, html};

use crate::text::format::Units;
use crate::text::table::{Cell, Row, Side, Table, Tone};

/// Columns of text from which a cell may be broken into lines.
const LONG: usize = 30;

/// Columns of text up to which a table fits a sheet of A4 in the size of ordinary, small and smallest tables.
const FITS: [usize; 3] = [95, 125, 165];

/// A table in a box of its own, which scrolls where it is wider than the screen. `place` makes its id: its section, and which of that
/// section's blocks it is.
pub(super) fn table(
    table: &Table,
    (section, index): (&str, usize),
    caption: &str,
    units: &Units,
) -> Markup {
    let id = format!("{section}-{index}");
    let is_repeated = table.caption().is_none();
    let is_sortable = table.rows().len() > 1;
    let sides: Vec<Side> = table.columns().map(|(_, side)| side).collect();
    html! {
        div.scroll role="region" tabindex="0" aria-labelledby=(id) {
            table class=(size(table)) data-sortable[is_sortable] {
                caption id=(id) .hidden[is_repeated] { (caption) }
                @if !table.rows().is_empty() {
                    thead { tr {
                        @for (heading, side) in table.columns() {
                            th scope="col" .number[side == Side::Right] { (heading.text()) }
                        }
                    } }
                }
                @for row in table.rows() { (self::row(row, &sides, units)) }
            }
        }
    }
}

/// A row, and its notes: a group that stays together on a page and when the table is sorted.
fn row(row: &Row, sides: &[Side], units: &Units) -> Markup {
    let cell = |index: usize, cell: &Cell, side: Side| {
        let classes = classes(cell, side, index < row.repeated);
        let key = match side {
            Side::Right => units.sort_key(cell.text()),
            Side::Left => None,
        };
        html! {
            @if index == 0 {
                th scope="row" class=[classes] data-key=[key] { (cell.text()) }
            } @else {
                td class=[classes] data-key=[key] { (cell.text()) }
            }
        }
    };
    html! {
        tbody {
            @if !row.cells.is_empty() {
                tr {
                    @for (index, (of, side)) in row.cells.iter().zip(sides).enumerate() {
                        (cell(index, of, *side))
                    }
                }
            }
            @for note in &row.notes {
                tr.note { td colspan=(sides.len()) { (note) } }
            }
        }
    }
}

/// A table whose cells need no headings.
pub(super) fn rows(table: &Table, caption: &str) -> Markup {
    html! {
        div.scroll {
            table.rows {
                caption.hidden { (caption) }
                tbody {
                    @for row in table.rows() {
                        tr {
                            @for (index, cell) in row.cells.iter().enumerate() {
                                @if index == 0 && !cell.text().is_empty() {
                                    th scope="row" { (cell.text()) }
                                } @else {
                                    td class=[class(cell.tone())] { (cell.text()) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn classes(cell: &Cell, side: Side, is_repeated: bool) -> Option<String> {
    let classes = [
        class(cell.tone()),
        (side == Side::Right).then_some("number"),
        (cell.width() > LONG).then_some("long"),
        is_repeated.then_some("same"),
    ];
    let classes: Vec<&str> = classes.into_iter().flatten().collect();
    (!classes.is_empty()).then(|| classes.join(" "))
}

/// The class of text with a tone.
pub(super) fn class(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Good => Some("good"),
        Tone::Bad => Some("bad"),
        Tone::Detail => Some("detail"),
    }
}

/// How small a table must be on paper.
fn size(table: &Table) -> &'static str {
    let width = table.width(LONG) + 2 * table.columns().count();
    match FITS.iter().position(|most| width <= *most) {
        Some(0) => "ordinary",
        Some(1) => "small",
        Some(_) => "smaller",
        None => "smallest",
    }
}
