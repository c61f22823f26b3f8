//! Downtime per group, and every outage, blip and brownout behind it.

use crate::summary::{Episode, EpisodeKind, Group, GroupSummary, Outage, PathSummary};
use crate::text::document::Section;
use crate::text::figures::{
    Downtime, availability_text, downtime, figure, is_probed, own_share_alone, service_downtime,
};
use crate::text::format::count;
use crate::text::language::Words;
use crate::text::page::Page;
use crate::text::sections::errors;
use crate::text::table::{Cell, Side, Table, Tone};

/// Outages, blips and brownouts listed per path and group; the table of groups counts all of them.
pub(crate) const LISTED: usize = 10;

/// One row per group and path.
pub(crate) fn groups(page: &Page<'_>) -> Section {
    let (words, units) = (page.words, page.words.units);
    let is_probed = is_probed(page.summary);
    let mut columns = vec![
        (words.group, Side::Left),
        (words.path_column, Side::Left),
        (words.downtime, Side::Right),
    ];
    if is_probed {
        columns.extend([
            (words.service.downtime, Side::Right),
            (words.service.own_share, Side::Right),
        ]);
    }
    columns.extend([
        (words.outages, Side::Right),
        (words.episodes, Side::Right),
        (words.availability, Side::Right),
        (words.blips, Side::Right),
        (words.brownouts, Side::Right),
    ]);
    let mut table = Table::new(&columns, 1);
    for (path, group) in Group::ALL.iter().flat_map(|group| of_group(page, *group)) {
        let mut brownouts = group.brownouts.len().to_string();
        if !group.brownouts.is_empty() {
            brownouts = format!("{brownouts} ({})", units.seconds(group.brownout_us, 2));
        }
        let mut cells = vec![
            (words.group_name)(group.group).into(),
            page.path(&path.path),
            downtime(page, group).into(),
        ];
        if is_probed {
            cells.extend([
                service_downtime(page, group).into(),
                own_share_alone(page, group).into(),
            ]);
        }
        cells.extend([
            group.outages.len().to_string().into(),
            group.episodes.len().to_string().into(),
            availability_text(words, group).into(),
            group.blips.len().to_string().into(),
            brownouts.into(),
        ]);
        table.row(cells);
    }
    Section::of("downtime", words.downtime_heading, table)
}

/// Every outage of every group, with the failures inside.
pub(crate) fn outages(page: &Page<'_>) -> Section {
    let words = page.words;
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (words.group, Side::Left),
            (&page.zoned(words.from), Side::Left),
            (words.offset, Side::Right),
            (words.until, Side::Left),
            (words.downtime, Side::Right),
            (words.evidence, Side::Right),
            (words.errors_inside, Side::Left),
        ],
        2,
    );
    for path in &page.summary.paths {
        for group in &path.groups {
            for outage in group.outages.iter().take(LISTED) {
                table.row(outage_row(page, path, group, outage));
            }
            note_rest(page, &mut table, group.outages.len());
        }
    }
    Section::of("outages", words.outages_heading, table)
}

fn outage_row(
    page: &Page<'_>,
    path: &PathSummary,
    group: &GroupSummary,
    outage: &Outage,
) -> Vec<Cell> {
    let words = page.words;
    let in_warm_up = |episode: &Episode| {
        episode.kind == EpisodeKind::WarmUp && outage.span.end <= episode.span.end
    };
    let mut inside = inside(words, outage);
    if group.episodes.iter().any(in_warm_up) {
        inside.insert(0, words.warm_up.to_owned());
    }
    vec![
        page.path(&path.path),
        (words.group_name)(group.group).into(),
        page.calendar.time(outage.span.start).into(),
        page.calendar.offset(outage.span.start).into(),
        page.calendar.time(outage.span.end).into(),
        figure(words, Downtime::from(outage)).into(),
        count(outage.evidence).into(),
        Cell::new(inside.join(words.separator), Tone::Detail),
    ]
}

/// Whether it was open, and the failures in it.
pub(crate) fn inside(words: &Words, outage: &Outage) -> Vec<String> {
    let mut inside = Vec::new();
    if outage.open_at_start {
        inside.push(words.open_at_start.to_owned());
    }
    if outage.open_at_end {
        inside.push(words.not_recovered.to_owned());
    }
    if outage.errors.is_empty() {
        inside.push(words.stalls_only.to_owned());
    }
    inside.extend(outage.errors.iter().map(|error| {
        format!(
            "{} {}",
            errors::name(&error.class, error.sqlstate.as_deref()),
            count(error.count)
        )
    }));
    inside
}

/// Failures outside every outage. Reads and the writer's group together hold every operation once.
pub(crate) fn blips(page: &Page<'_>) -> Section {
    let words = page.words;
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (words.group, Side::Left),
            (&page.zoned(words.time), Side::Left),
            (words.offset, Side::Right),
            (words.operation, Side::Left),
            (words.class, Side::Left),
        ],
        2,
    );
    for (path, group) in listed_groups(page) {
        for blip in group.blips.iter().take(LISTED) {
            table.row(vec![
                page.path(&path.path),
                (words.group_name)(group.group).into(),
                page.calendar.time(blip.time).into(),
                page.calendar.offset(blip.time).into(),
                blip.operation_name.as_str().into(),
                errors::name(&blip.class, blip.sqlstate.as_deref()).into(),
            ]);
        }
        note_rest(page, &mut table, group.blips.len());
    }
    Section::of("blips", words.blips_heading, table)
}

/// Gaps that are no outage in which operations waited.
pub(crate) fn brownouts(page: &Page<'_>) -> Section {
    let words = page.words;
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (words.group, Side::Left),
            (&page.zoned(words.from), Side::Left),
            (words.offset, Side::Right),
            (words.length, Side::Right),
        ],
        2,
    );
    for (path, group) in listed_groups(page) {
        for brownout in group.brownouts.iter().take(LISTED) {
            table.row(vec![
                page.path(&path.path),
                (words.group_name)(group.group).into(),
                page.calendar.time(brownout.start).into(),
                page.calendar.offset(brownout.start).into(),
                words.units.seconds(brownout.length_us(), 2).into(),
            ]);
        }
        note_rest(page, &mut table, group.brownouts.len());
    }
    Section::of("brownouts", words.brownouts_heading, table)
}

pub(crate) fn note_rest(page: &Page<'_>, table: &mut Table, all: usize) {
    if all > LISTED {
        table.note((page.words.more)(&count((all - LISTED) as u64)));
    }
}

/// Reads and the writer's group of each path: together they hold every operation once.
pub(crate) fn listed_groups<'a>(
    page: &Page<'a>,
) -> impl Iterator<Item = (&'a PathSummary, &'a GroupSummary)> {
    let listed = |group: &&GroupSummary| matches!(group.group, Group::Read | Group::Writer);
    let paths = page.summary.paths.iter();
    paths.flat_map(move |path| {
        path.groups
            .iter()
            .filter(listed)
            .map(move |group| (path, group))
    })
}

fn of_group<'a>(
    page: &Page<'a>,
    group: Group,
) -> impl Iterator<Item = (&'a PathSummary, &'a GroupSummary)> {
    let paths = page.summary.paths.iter();
    paths.filter_map(move |path| {
        Some((path, path.groups.iter().find(|found| found.group == group)?))
    })
}
