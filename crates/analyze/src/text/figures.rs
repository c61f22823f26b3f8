//! Downtimes as they are printed, in every section alike.

use crate::summary::{GroupSummary, Headline, PathSummary};
use crate::text::format::NONE;
use crate::text::language::Words;
use crate::text::page::Page;

/// The path's headline, and the figures of its group.
pub(super) fn headline_group(path: &PathSummary) -> Option<(&Headline, &GroupSummary)> {
    let headline = path.headline.as_ref()?;
    Some((
        headline,
        path.groups
            .iter()
            .find(|group| group.group == headline.group)?,
    ))
}

/// A group's downtime with its resolution: `at least 12.31 s (-0.12 s)`, or `-`. The one way in which it is printed, wherever it
/// stands.
pub(super) fn downtime(page: &Page<'_>, group: &GroupSummary) -> String {
    group.downtime_us.map_or_else(
        || NONE.to_owned(),
        |us| figure(page, us, group.resolution_us, group.is_bound()),
    )
}

/// A downtime with its resolution; a downtime of 0 has none.
pub(super) fn figure(
    page: &Page<'_>,
    downtime_us: i64,
    resolution_us: i64,
    at_least: bool,
) -> String {
    figure_in(page.words, downtime_us, resolution_us, at_least)
}

/// [`figure`] where there is no page.
pub(super) fn figure_in(
    words: &Words,
    downtime_us: i64,
    resolution_us: i64,
    at_least: bool,
) -> String {
    let units = words.units;
    let mut text = units.seconds(downtime_us, 2);
    if downtime_us > 0 {
        text = format!("{text} (-{})", units.seconds(resolution_us, 2));
    }
    if at_least {
        (words.at_least)(&text)
    } else {
        text
    }
}
