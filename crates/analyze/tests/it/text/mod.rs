//! The text report of summaries made by hand: every figure that it prints stands in the fixture.

mod chinese;
mod clock;
mod durability;
mod edges;
mod effects;
mod english;
mod figures;
mod narrow;
mod settings;

use analyze::summary::Summary;
use analyze::text::{Language, TextOptions, render};

/// The English report without colour.
fn english(summary: &Summary) -> String {
    render(summary, &TextOptions::default())
}

/// The Chinese report without colour.
fn chinese(summary: &Summary) -> String {
    render(
        summary,
        &TextOptions {
            language: Language::Zh,
            color: false,
            columns: None,
        },
    )
}

/// The sections under these headings, each up to its blank line.
fn sections(report: &str, headings: &[&str]) -> String {
    let of = |heading: &&str| {
        let found = report
            .split("\n\n")
            .find(|section| section.starts_with(*heading));
        found
            .unwrap_or_else(|| panic!("no section {heading:?} in\n{report}"))
            .trim_end()
            .to_owned()
    };
    headings.iter().map(of).collect::<Vec<_>>().join("\n\n")
}
