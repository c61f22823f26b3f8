//! The proxy against direct: each figure of both, the change, and the change in words.

use crate::summary::{
    Comparison, ComparisonLine, Group, GroupSummary, Incidents, Metric, PathSummary, Unit,
};
use crate::text::document::{Block, Section};
use crate::text::figures::{downtime, group_of, service_downtime};
use crate::text::format::{NONE, decimal, is_nothing, optional};
use crate::text::page::Page;
use crate::text::table::{Cell, Side, Table, Tone};

pub(crate) fn section(page: &Page<'_>) -> Section {
    let words = page.words;
    let Some(comparison) = &page.summary.comparison else {
        return Section::none();
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
    // Reads with reads, writes with writes: the headlines may be of different groups, and stand in the verdict.
    let lines = comparison.lines.iter();
    for line in lines.filter(|line| line.metric != Metric::Downtime) {
        table.row(row(page, line));
    }
    // How many episodes a path had that is left out is not known.
    let is_known = page.summary.paths.iter().all(|path| !path.is_left_out);
    let sentence = (is_known && !table.is_empty())
        .then(|| Block::Sentence(failovers(page, comparison), Tone::Detail));
    let blocks = [Some(table.into()), sentence].into_iter().flatten();
    Section::new("comparison", words.comparison_heading, blocks.collect())
}

fn failovers(page: &Page<'_>, comparison: &Comparison) -> String {
    let (direct, proxy) = (comparison.direct_incidents, comparison.proxy_incidents);
    match direct == proxy && direct != Incidents::default() {
        true => (page.words.compared_failovers)(direct),
        false => (page.words.no_verdict)(direct, proxy),
    }
}

fn row(page: &Page<'_>, line: &ComparisonLine) -> Vec<Cell> {
    let words = page.words;
    let [direct, proxy] = values(page, line);
    vec![
        (words.metric)(line.metric).into(),
        direct.into(),
        proxy.into(),
        change(page, line).into(),
        in_words(page, line),
    ]
}

/// The change, labelled: in points, and in per cent of direct. Of a rate, both are there, and each says which it is.
fn change(page: &Page<'_>, line: &ComparisonLine) -> String {
    let words = page.words;
    let points = line.change_points.map(|points| words.units.points(points));
    let percent = line.change_percent.map(|percent| {
        let text = words.units.change(percent);
        match line.unit {
            Unit::Fraction => (words.relative)(&text),
            Unit::Us | Unit::PerSecond | Unit::Count => text,
        }
    });
    match [points, percent].into_iter().flatten().collect::<Vec<_>>() {
        changes if changes.is_empty() => NONE.to_owned(),
        changes => changes.join(words.separator),
    }
}

/// Both figures in one unit. A downtime is that of every other section, with its bound and its resolution.
fn values(page: &Page<'_>, line: &ComparisonLine) -> [String; 2] {
    if let Some(groups) = compared_groups(page, line.metric) {
        let of_service = is_of_service(line.metric);
        return groups.map(|group| {
            optional(group, |group| match of_service {
                true => service_downtime(page, group),
                false => downtime(page, group),
            })
        });
    }
    let units = page.words.units;
    let both = [line.direct, line.proxy];
    let scale = units.scale(both.into_iter().flatten());
    both.map(|value| {
        optional(value, |value| match line.unit {
            Unit::Us => format!("{}{}{}", scale.number(Some(value)), units.gap, scale.unit),
            Unit::Fraction => units.percent(value, 2),
            Unit::PerSecond => decimal(value, 2),
            Unit::Count => decimal(value, 0),
        })
    })
}

/// The group whose downtime a line compares, on the direct and on the proxied path.
fn compared_groups<'a>(page: &Page<'a>, metric: Metric) -> Option<[Option<&'a GroupSummary>; 2]> {
    type Find = fn(&PathSummary) -> Option<&GroupSummary>;
    let find: Find = match metric {
        Metric::ReadDowntime | Metric::ServiceReadDowntime => |path| group_of(path, Group::Read),
        Metric::WriterDowntime | Metric::ServiceWriterDowntime => {
            |path| group_of(path, Group::Writer)
        }
        Metric::DurableWriterDowntime => |path| path.durable_group(Group::Writer),
        _ => return None,
    };
    Some(["direct", "proxy"].map(|name| {
        let mut paths = page.summary.paths.iter();
        find(paths.find(|path| path.path == name)?)
    }))
}

const fn is_of_service(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::ServiceReadDowntime | Metric::ServiceWriterDowntime
    )
}

/// Why there is no change of a downtime although both figures are there and no bounds.
fn not_compared(page: &Page<'_>, line: &ComparisonLine) -> String {
    let exact = !line.direct_at_least && !line.proxy_at_least;
    match compared_groups(page, line.metric) {
        Some([Some(direct), Some(proxy)]) if exact => {
            let of_service = is_of_service(line.metric);
            let [direct, proxy] = [direct, proxy].map(|group| match &group.service {
                Some(service) if of_service => service.counted_episodes(),
                _ => group.counted_episodes(),
            });
            if direct == proxy {
                return String::new();
            }
            (page.words.not_compared)(direct, proxy)
        }
        _ => String::new(),
    }
}

fn in_words(page: &Page<'_>, line: &ComparisonLine) -> Cell {
    let words = page.words;
    let Some(change) = line.change_percent else {
        return not_compared(page, line).into();
    };
    if is_nothing(change) {
        return words.unchanged.into();
    }
    let smaller = change < 0.0;
    let better = smaller != line.higher_is_better;
    let magnitude = match line.change_points {
        Some(points) => words.units.points_apart(points),
        None => words.units.magnitude(change),
    };
    let text = (words.difference)(line.metric, &magnitude, smaller, better);
    Cell::new(text, if better { Tone::Good } else { Tone::Bad })
}
