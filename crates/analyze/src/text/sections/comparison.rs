//! The proxy against direct: each figure of both, the change, and the change in words.

use crate::summary::{Comparison, ComparisonLine, Group, Metric, PathSummary, Unit};
use crate::text::figures::{downtime, headline_group};
use crate::text::format::{NONE, decimal, is_nothing, optional};
use crate::text::page::Page;
use crate::text::table::{Cell, Side, Table, Tone};

pub(crate) fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let Some(comparison) = &page.summary.comparison else {
        return String::new();
    };
    let [direct, proxy] = ["direct", "proxy"].map(words.path_name);
    let mut table = Table::new(
        &[
            (words.figure, Side::Left),
            (&direct, Side::Right),
            (&proxy, Side::Right),
            (words.change, Side::Right),
            (words.in_words, Side::Left),
        ],
        0,
    );
    for line in &comparison.lines {
        table.row(row(page, line));
    }
    let mut text = page.tabled(words.comparison_heading, &table);
    // How many episodes a path had that is left out is not known.
    let is_known = page.summary.paths.iter().all(|path| !path.is_left_out);
    if !text.is_empty() && is_known {
        let sentence = page.paint.apply(Tone::Detail, &failovers(page, comparison));
        text.push_str(&format!("  {sentence}\n"));
    }
    text
}

fn failovers(page: &Page<'_>, comparison: &Comparison) -> String {
    match (comparison.direct_episodes, comparison.proxy_episodes) {
        (direct, proxy) if direct == proxy && direct > 0 => (page.words.compared_failovers)(direct),
        (direct, proxy) => (page.words.no_verdict)(direct, proxy),
    }
}

fn row(page: &Page<'_>, line: &ComparisonLine) -> Vec<Cell> {
    let words = page.words;
    let [direct, proxy] = values(page, line);
    let changes = [
        line.change_points.map(|points| words.units.points(points)),
        line.change_percent
            .map(|percent| words.units.change(percent)),
    ];
    let change = match changes.into_iter().flatten().collect::<Vec<_>>() {
        changes if changes.is_empty() => NONE.to_owned(),
        changes => changes.join(words.separator),
    };
    vec![
        label(page, line.metric).into(),
        direct.into(),
        proxy.into(),
        change.into(),
        in_words(page, line),
    ]
}

/// Both figures in one unit. A downtime is that of the verdict, with its bound and its resolution.
fn values(page: &Page<'_>, line: &ComparisonLine) -> [String; 2] {
    if line.metric == Metric::Downtime {
        let of_path = |name| {
            let group = path_of(page, name).and_then(headline_group);
            optional(group, |(_, group)| downtime(page, group))
        };
        return ["direct", "proxy"].map(of_path);
    }
    let units = page.words.units;
    let both = [line.direct, line.proxy];
    let scale = units.scale(both.into_iter().flatten());
    both.map(|value| {
        optional(value, |value| match line.unit {
            Unit::Us => format!("{}{}{}", scale.number(Some(value)), units.gap, scale.unit),
            Unit::Fraction => units.percent(value, 2),
            Unit::PerSecond => decimal(value, 2),
        })
    })
}

/// The metric; a downtime with the group that it is of, which may differ between the paths.
fn label(page: &Page<'_>, metric: Metric) -> String {
    let words = page.words;
    let name = (words.metric)(metric);
    if metric != Metric::Downtime {
        return name.to_owned();
    }
    match (headline_of(page, "direct"), headline_of(page, "proxy")) {
        (Some(direct), Some(proxy)) if direct == proxy => (words.of_group)(name, direct),
        (Some(direct), Some(proxy)) => (words.of_groups)(name, direct, proxy),
        _ => name.to_owned(),
    }
}

fn path_of<'a>(page: &Page<'a>, name: &str) -> Option<&'a PathSummary> {
    page.summary.paths.iter().find(|path| path.path == name)
}

fn headline_of(page: &Page<'_>, name: &str) -> Option<Group> {
    Some(path_of(page, name)?.headline.as_ref()?.group)
}

/// Why there is no change of the downtime although both figures are there: a path's other group was still down.
fn not_compared(page: &Page<'_>) -> String {
    let open = |path: &&PathSummary| {
        let headline = path.headline.as_ref();
        headline.is_some_and(|headline| headline.other_open)
    };
    let Some(path) = page.summary.paths.iter().find(open) else {
        return String::new();
    };
    let other = match headline_of(page, &path.path) {
        Some(Group::Read) => Group::Writer,
        _ => Group::Read,
    };
    (page.words.not_compared)(&(page.words.path_name)(&path.path), other)
}

fn in_words(page: &Page<'_>, line: &ComparisonLine) -> Cell {
    let words = page.words;
    match line.change_percent {
        None if line.metric == Metric::Downtime => not_compared(page).into(),
        None => "".into(),
        Some(change) if is_nothing(change) => words.unchanged.into(),
        Some(change) => {
            let smaller = change < 0.0;
            let better = smaller != line.higher_is_better;
            let magnitude = words.units.magnitude(change);
            let text = (words.difference)(line.metric, &magnitude, smaller, better);
            Cell::new(text, if better { Tone::Good } else { Tone::Bad })
        }
    }
}
