//! Every outage of the service: when a client that connects anew was not served.

use crate::summary::{EpisodeKind, GroupSummary, Outage, PathFailover, PathSummary, Service};
use crate::text::document::Section;
use crate::text::figures::{Downtime, figure};
use crate::text::format::count;
use crate::text::page::Page;
use crate::text::sections::downtime::{LISTED, inside, note_rest};
use crate::text::table::{Cell, Side, Table, Tone};

/// Every outage of the service, and which failover it is of.
pub(crate) fn outages(page: &Page<'_>) -> Section {
    let words = page.words;
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (words.group, Side::Left),
            (words.part_of, Side::Left),
            (&page.zoned(words.from), Side::Left),
            (words.offset, Side::Right),
            (words.until, Side::Left),
            (words.service.downtime, Side::Right),
            (words.evidence, Side::Right),
            (words.errors_inside, Side::Left),
        ],
        2,
    );
    for path in &page.summary.paths {
        for group in &path.groups {
            let Some(service) = &group.service else {
                continue;
            };
            for outage in service.outages.iter().take(LISTED) {
                table.row(row(page, path, (group, service), outage));
            }
            note_rest(page, &mut table, service.outages.len());
        }
    }
    Section::of("service-outages", words.service.outages_heading, table)
}

fn row(
    page: &Page<'_>,
    path: &PathSummary,
    (group, service): (&GroupSummary, &Service),
    outage: &Outage,
) -> Vec<Cell> {
    let words = page.words;
    vec![
        page.path(&path.path),
        (words.group_name)(group.group).into(),
        part_of(page, path, (group, service), outage).into(),
        page.calendar.time(outage.span.start).into(),
        page.calendar.offset(outage.span.start).into(),
        page.calendar.time(outage.span.end).into(),
        figure(words, Downtime::from(outage)).into(),
        count(outage.evidence).into(),
        Cell::new(inside(words, outage).join(words.separator), Tone::Detail),
    ]
}

/// The failover that an outage is of, or what it is else.
fn part_of(
    page: &Page<'_>,
    path: &PathSummary,
    (group, service): (&GroupSummary, &Service),
    outage: &Outage,
) -> String {
    let words = page.words;
    let mut episodes = service.episodes.iter();
    let holds = episodes.position(|episode| {
        episode.span.start <= outage.span.start && outage.span.end <= episode.span.end
    });
    let kind = holds.map(|index| service.episodes[index].kind);
    let is_of = |failover: &PathFailover| {
        let of_group = failover.groups.iter().find(|of| of.group == group.group);
        let own = of_group.and_then(|of| of.service.as_ref());
        holds.is_some_and(|index| own.is_some_and(|own| own.episodes.contains(&(index + 1))))
    };
    let failover = path.failovers.iter().position(is_of);
    let number = failover.and_then(|place| page.summary.failovers.number_of(&path.path, place + 1));
    match (kind, number) {
        (Some(EpisodeKind::WarmUp), _) => words.warm_up.to_owned(),
        (_, Some(number)) => (words.failover_number)(number),
        _ => words.service.no_failover.to_owned(),
    }
}
