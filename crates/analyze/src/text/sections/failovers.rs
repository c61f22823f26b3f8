//! Each failover on each path, what its downtime is made of, and what holds over all of them.

use std::iter;

use crate::summary::{
    Decomposition, DowntimeDistribution, Episode, Failover, Group, GroupFailover, Interval,
    PairedDifference, Parts, PathSummary, Span, Spread, compared_groups,
};
use crate::text::document::{Block, Section};
use crate::text::figures::{Downtime, of_failover};
use crate::text::format::{NONE, count, optional, signed};
use crate::text::language::service::Measured;
use crate::text::page::Page;
use crate::text::table::{Cell, Side, Table, Tone};

/// One line per failover and path: how long it was down, and what that is made of.
pub(crate) fn failovers(page: &Page<'_>) -> Section {
    let words = page.words;
    let lines: Vec<_> = page
        .summary
        .failovers
        .failovers
        .iter()
        .flat_map(|failover| lines(page, failover))
        .collect();
    let shown = Shown {
        several_outages: lines.iter().any(|line| line.outages() > 1),
        services: lines.iter().any(|line| line.of_group.service.is_some()),
    };
    let triggered = page.zoned(words.triggered_column);
    let mut columns = vec![
        (words.number, Side::Right),
        (triggered.as_str(), Side::Left),
        (words.path_column, Side::Left),
        (words.group, Side::Left),
        (words.downtime, Side::Right),
    ];
    if shown.services {
        columns.push((words.service.downtime, Side::Right));
    }
    columns.extend([
        (words.to_last_success, Side::Right),
        (words.to_first_failure, Side::Right),
        (words.to_address, Side::Right),
        (words.to_new_writer, Side::Right),
    ]);
    if shown.services {
        columns.push((words.service.to_fresh_client, Side::Right));
    }
    columns.push((words.to_first_success, Side::Right));
    if shown.several_outages {
        columns.push((words.healthy_between, Side::Right));
    }
    columns.push((words.to_full_throughput, Side::Right));
    let mut table = Table::new(&columns, 2);
    for line in &lines {
        table.row(line.cells(page, shown));
    }
    Section::of("failovers", words.failovers_heading, table)
}

/// Columns that not every recording has.
#[derive(Clone, Copy)]
struct Shown {
    several_outages: bool,
    services: bool,
}

/// A failover in a group of a path.
struct Line<'a> {
    failover: &'a Failover,
    path: &'a PathSummary,
    of_group: &'a GroupFailover,
    episodes: Vec<&'a Episode>,
}

fn lines<'a>(page: &Page<'a>, failover: &'a Failover) -> Vec<Line<'a>> {
    let on = |path: &'a PathSummary, group: Group| {
        let own = path
            .failovers
            .get(failover.on(&path.path)?.checked_sub(1)?)?;
        let group = path.groups.iter().find(|found| found.group == group)?;
        let of_group = own.groups.iter().find(|of| of.group == group.group)?;
        let numbers = of_group.episodes.iter();
        let episodes = numbers.filter_map(|number| group.episodes.get(number.checked_sub(1)?));
        Some(Line {
            failover,
            path,
            of_group,
            episodes: episodes.collect(),
        })
    };
    let paths = &page.summary.paths;
    let in_groups = |path: &'a PathSummary| {
        let groups = compared_groups(paths, path).into_iter();
        groups.filter_map(move |group| on(path, group))
    };
    paths.iter().flat_map(in_groups).collect()
}

impl Line<'_> {
    fn outages(&self) -> usize {
        self.episodes.iter().map(|episode| episode.outages).sum()
    }

    fn downtime(&self, page: &Page<'_>) -> String {
        let of = self.of_group;
        let downtime = of.downtime_us.map(|us| Downtime {
            us,
            resolution_us: of.resolution_us,
            paused_us: of.paused_us,
            at_least: of.at_least || self.path.is_partial,
        });
        of_failover(page.words, downtime, of.at_most_us)
    }

    /// The service's; `-` where it was not probed.
    fn service_downtime(&self, page: &Page<'_>) -> String {
        let Some(of) = &self.of_group.service else {
            return NONE.to_owned();
        };
        let mut groups = self.path.groups.iter();
        let group = groups.find(|group| group.group == self.of_group.group);
        let service = group.and_then(|group| group.service.as_ref());
        let downtime = of.downtime_us.map(|us| Downtime {
            us,
            resolution_us: of.resolution_us,
            paused_us: of.paused_us,
            at_least: of.at_least || service.is_some_and(|service| service.is_partial),
        });
        of_failover(page.words, downtime, of.at_most_us)
    }

    fn cells(&self, page: &Page<'_>, shown: Shown) -> Vec<Cell> {
        let words = page.words;
        let decomposed: Vec<&Decomposition> = self
            .episodes
            .iter()
            .filter_map(|episode| episode.decomposition.as_ref())
            .collect();
        let parts = decomposed.iter().map(|found| found.parts);
        let parts = parts.reduce(Parts::plus);
        let (first, last) = (decomposed.first(), decomposed.last());
        let seconds = |us: Option<i64>| Cell::from(optional(us, |us| words.units.seconds(us, 3)));
        let to_first_success = optional(parts, |parts| {
            let text = words.units.seconds(parts.first_success_us, 3);
            match last.is_some_and(|last| last.open_at_end) {
                true => (words.at_least)(&text),
                false => text,
            }
        });
        let mut cells = vec![
            self.failover.number.to_string().into(),
            optional(self.failover.trigger, |time| page.calendar.time(time)).into(),
            page.path(&self.path.path),
            (words.group_name)(self.of_group.group).into(),
            self.downtime(page).into(),
        ];
        if shown.services {
            cells.push(self.service_downtime(page).into());
        }
        cells.extend([
            seconds(first.and_then(|first| first.trigger_to_last_success_us)),
            seconds(parts.and_then(|parts| parts.first_failure_us)),
            seconds(parts.and_then(|parts| parts.address_changed_us)),
            seconds(parts.and_then(|parts| parts.new_writer_us)),
        ]);
        if shown.services {
            cells.push(seconds(
                parts.and_then(|parts| parts.fresh_client_served_us),
            ));
        }
        cells.push(to_first_success.into());
        if shown.several_outages {
            cells.push(seconds(self.healthy_between_us()));
        }
        cells.push(seconds(last.and_then(|last| last.to_full_throughput_us)));
        cells
    }

    /// From the first episode's start to the last one's end, without the downtime.
    fn healthy_between_us(&self) -> Option<i64> {
        let (first, last) = (self.episodes.first()?, self.episodes.last()?);
        let span = Span {
            start: first.span.start,
            end: last.span.end,
        };
        let down: i64 = self
            .episodes
            .iter()
            .map(|episode| episode.downtime_us)
            .sum();
        Some(span.length_us() - down)
    }
}

/// The downtime over all failovers of each path, and failover by failover; nothing where no path has more than one.
pub(crate) fn distribution(page: &Page<'_>) -> Section {
    let words = page.words;
    let found = &page.summary.failovers;
    if found.downtime.iter().all(|downtime| downtime.n < 2) {
        return Section::none();
    }
    let services = found.downtime.iter().any(|of| of.service.is_some());
    let mut columns = vec![(words.path_column, Side::Left), (words.group, Side::Left)];
    columns.extend(services.then_some((words.figure, Side::Left)));
    columns.extend([
        ("n", Side::Right),
        (words.median, Side::Right),
        (words.interval, Side::Right),
        (words.min, Side::Right),
        (words.max, Side::Right),
    ]);
    let mut table = Table::new(&columns, 0);
    for downtime in &found.downtime {
        distribution_rows(page, &mut table, downtime, services);
    }
    if let Some(paired) = &found.paired {
        difference_rows(page, &mut table, paired, services);
    }
    let sentences = sentences(page).into_iter();
    let sentences = sentences.map(|sentence| Block::Sentence(sentence, Tone::Detail));
    let blocks = iter::once(table.into()).chain(sentences);
    Section::new("several-failovers", words.several_heading, blocks.collect())
}

fn distribution_rows(
    page: &Page<'_>,
    table: &mut Table,
    downtime: &DowntimeDistribution,
    services: bool,
) {
    let (words, path) = (page.words, page.path(&downtime.path));
    let seconds = |us| words.units.seconds(us, 2);
    let row = |table: &mut Table, measured, spread: &Spread, at_least| {
        let name = (path.clone(), downtime.group);
        let measured = services.then_some(measured);
        let bound = |us| {
            if at_least {
                (words.at_least)(&seconds(us))
            } else {
                seconds(us)
            }
        };
        table.row(spread_row(page, name, measured, spread, [&bound, &seconds]));
    };
    let of_application = Spread {
        n: downtime.n,
        median_us: downtime.median_us,
        min_us: downtime.min_us,
        max_us: downtime.max_us,
        interval: downtime.interval,
    };
    row(
        table,
        Measured::Application,
        &of_application,
        downtime.at_least,
    );
    let note = |table: &mut Table, number: usize, text: fn(&str) -> String| {
        if number > 0 {
            table.note(text(&count(number as u64)));
        }
    };
    note(table, downtime.open, words.open_left_out);
    note(table, downtime.without_episode, words.without_episode);
    if let Some(service) = &downtime.service {
        row(table, Measured::Service, &service.spread, service.at_least);
        note(table, service.open, words.service.open_left_out);
        note(
            table,
            service.without_episode,
            words.service.without_episode,
        );
    }
    if let Some(share) = &downtime.own_share {
        row(table, Measured::OwnShare, share, false);
    }
}

fn difference_rows(page: &Page<'_>, table: &mut Table, paired: &PairedDifference, services: bool) {
    let (words, units) = (page.words, page.words.units);
    let difference = |us: i64| {
        let seconds = signed(us as f64 / 1e6, 2);
        format!("{seconds}{}{}", units.gap, units.second)
    };
    let mut row = |measured, spread: &Spread| {
        let name = (words.direct_minus_proxy.into(), paired.group);
        let measured = services.then_some(measured);
        let write = [&difference as &dyn Fn(i64) -> String; 2];
        table.row(spread_row(page, name, measured, spread, write));
    };
    let of_application = Spread {
        n: paired.n,
        median_us: paired.median_us,
        min_us: paired.min_us,
        max_us: paired.max_us,
        interval: paired.interval,
    };
    row(Measured::Application, &of_application);
    if let Some(service) = &paired.service {
        row(Measured::Service, &service.spread);
    }
}

/// A row of several failovers; what is measured is named where there is more than the application's downtime. `write` prints a figure, and
/// an end of the interval.
fn spread_row(
    page: &Page<'_>,
    (name, group): (Cell, Group),
    measured: Option<Measured>,
    spread: &Spread,
    [write, write_end]: [&dyn Fn(i64) -> String; 2],
) -> Vec<Cell> {
    let words = page.words;
    let mut cells = vec![name, (words.group_name)(group).into()];
    cells.extend(measured.map(|measured| Cell::from((words.service.measured)(measured))));
    cells.extend([
        spread.n.to_string().into(),
        write(spread.median_us).into(),
        interval(page, spread.interval, write_end).into(),
        write(spread.min_us).into(),
        write(spread.max_us).into(),
    ]);
    cells
}

fn interval(page: &Page<'_>, interval: Option<Interval>, write: &dyn Fn(i64) -> String) -> String {
    optional(interval, |interval| {
        (page.words.from_to)(&write(interval.low_us), &write(interval.high_us))
    })
}

fn sentences(page: &Page<'_>) -> Vec<String> {
    let words = page.words;
    let mut sentences = Vec::new();
    let found = &page.summary.failovers;
    match &found.paired {
        Some(paired) => {
            let [shorter, n, unpaired] =
                [paired.proxy_shorter, paired.n, paired.unpaired].map(|n| count(n as u64));
            sentences.push((words.proxy_shorter)(&shorter, &n));
            if let Some(service) = &paired.service {
                let [shorter, n] =
                    [service.proxy_shorter, service.spread.n].map(|n| count(n as u64));
                sentences.push((words.service.proxy_shorter)(&shorter, &n));
            }
            if paired.unpaired > 0 {
                sentences.push((words.unpaired)(&unpaired));
            }
            if paired.n == 1 {
                sentences.push(words.one_pair.to_owned());
            }
        }
        None if found.downtime.iter().all(|of| of.n == of.without_episode) => {
            sentences.push(words.no_episode.to_owned());
        }
        None if page.summary.paths.len() > 1 => sentences.push(words.no_pair.to_owned()),
        None => {}
    }
    sentences.push(words.interval_note.to_owned());
    sentences
}
