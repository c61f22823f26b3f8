//! Each failover on each path, what its downtime is made of, and what holds over all of them.

use crate::summary::{Decomposition, Episode, Failover, Interval, PairedDifference, PathSummary};
use crate::text::figures::{Downtime, figure, headline_group};
use crate::text::format::{NONE, count, optional, signed};
use crate::text::page::Page;
use crate::text::table::{Cell, Side, Table, Tone};

/// One line per failover and path: how long it was down, and what that is made of.
pub(crate) fn failovers(page: &Page<'_>) -> String {
    let words = page.words;
    let lines: Vec<_> = page
        .summary
        .failovers
        .failovers
        .iter()
        .flat_map(|failover| lines(page, failover))
        .collect();
    let several_outages = lines.iter().any(|line| line.episode.outages > 1);
    let mut columns = vec![
        (words.number, Side::Right),
        (words.triggered_column, Side::Left),
        (words.path_column, Side::Left),
        (words.group, Side::Left),
        (words.downtime, Side::Right),
        (words.to_last_success, Side::Right),
        (words.to_first_failure, Side::Right),
        (words.to_address, Side::Right),
        (words.to_new_writer, Side::Right),
        (words.to_first_success, Side::Right),
    ];
    if several_outages {
        columns.push((words.healthy_between, Side::Right));
    }
    columns.push((words.to_full_throughput, Side::Right));
    let mut table = Table::new(&columns, 2);
    for line in &lines {
        table.row(line.cells(page, several_outages));
    }
    page.tabled(words.failovers_heading, &table)
}

/// A failover on a path.
struct Line<'a> {
    failover: &'a Failover,
    path: &'a PathSummary,
    episode: &'a Episode,
}

fn lines<'a>(page: &Page<'a>, failover: &'a Failover) -> Vec<Line<'a>> {
    let on = |path: &'a PathSummary| {
        let number = match path.path.as_str() {
            "proxy" => failover.proxy_episode,
            _ => failover.direct_episode,
        };
        let (_, group) = headline_group(path)?;
        Some(Line {
            failover,
            path,
            episode: group.episodes.get(number?.checked_sub(1)?)?,
        })
    };
    page.summary.paths.iter().filter_map(on).collect()
}

impl Line<'_> {
    fn cells(&self, page: &Page<'_>, several_outages: bool) -> Vec<Cell> {
        let (words, episode) = (page.words, self.episode);
        let group = headline_group(self.path).map(|(headline, _)| headline.group);
        let downtime = Downtime {
            at_least: episode.at_least || self.path.is_partial,
            ..episode.into()
        };
        let mut cells = vec![
            self.failover.number.to_string().into(),
            optional(self.failover.trigger, |time| page.calendar.time(time)).into(),
            page.path(&self.path.path),
            group.map_or("", words.group_name).into(),
            figure(words, downtime).into(),
        ];
        let decomposition = episode.decomposition.as_ref();
        let part = |of: fn(&Decomposition) -> Option<i64>, at_least: bool| {
            let text = optional(decomposition.and_then(of), |us| words.units.seconds(us, 3));
            if at_least && text != NONE {
                (words.at_least)(&text)
            } else {
                text
            }
        };
        let open = decomposition.is_some_and(|decomposition| decomposition.open_at_end);
        cells.extend([
            part(|parts| parts.trigger_to_last_success_us, false).into(),
            part(|decomposition| decomposition.parts.first_failure_us, false).into(),
            part(
                |decomposition| decomposition.parts.address_changed_us,
                false,
            )
            .into(),
            part(|decomposition| decomposition.parts.new_writer_us, false).into(),
            part(
                |decomposition| Some(decomposition.parts.first_success_us),
                open,
            )
            .into(),
        ]);
        if several_outages {
            cells.push(
                part(
                    |decomposition| Some(decomposition.healthy_between_us),
                    false,
                )
                .into(),
            );
        }
        cells.push(part(|decomposition| decomposition.to_full_throughput_us, false).into());
        cells
    }
}

/// The downtime over all failovers of each path, and failover by failover; nothing where no path has more than one.
pub(crate) fn distribution(page: &Page<'_>) -> String {
    let (words, units) = (page.words, page.words.units);
    let found = &page.summary.failovers;
    if found.downtime.iter().all(|downtime| downtime.n < 2) {
        return String::new();
    }
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (words.group, Side::Left),
            ("n", Side::Right),
            (words.median, Side::Right),
            (words.interval, Side::Right),
            (words.min, Side::Right),
            (words.max, Side::Right),
        ],
        0,
    );
    let seconds = |us| units.seconds(us, 2);
    for downtime in &found.downtime {
        let bound = |us| {
            let text = seconds(us);
            if downtime.at_least {
                (words.at_least)(&text)
            } else {
                text
            }
        };
        table.row(vec![
            page.path(&downtime.path),
            (words.group_name)(downtime.group).into(),
            downtime.n.to_string().into(),
            bound(downtime.median_us).into(),
            interval(page, downtime.interval, &seconds).into(),
            bound(downtime.min_us).into(),
            bound(downtime.max_us).into(),
        ]);
        if downtime.open > 0 {
            table.note((words.open_left_out)(&count(downtime.open as u64)));
        }
    }
    if let Some(paired) = &found.paired {
        table.row(difference_row(page, paired));
    }
    let mut text = page.tabled(words.several_heading, &table);
    for sentence in sentences(page) {
        text.push_str(&format!(
            "  {}\n",
            page.paint.apply(Tone::Detail, &sentence)
        ));
    }
    text
}

fn difference_row(page: &Page<'_>, paired: &PairedDifference) -> Vec<Cell> {
    let (words, units) = (page.words, page.words.units);
    let difference = |us: i64| {
        let seconds = signed(us as f64 / 1e6, 2);
        format!("{seconds}{}{}", units.gap, units.second)
    };
    vec![
        words.direct_minus_proxy.into(),
        "".into(),
        paired.n.to_string().into(),
        difference(paired.median_us).into(),
        interval(page, paired.interval, &difference).into(),
        difference(paired.min_us).into(),
        difference(paired.max_us).into(),
    ]
}

fn interval(page: &Page<'_>, interval: Option<Interval>, write: &dyn Fn(i64) -> String) -> String {
    optional(interval, |interval| {
        (page.words.from_to)(&write(interval.low_us), &write(interval.high_us))
    })
}

fn sentences(page: &Page<'_>) -> Vec<String> {
    let words = page.words;
    let mut sentences = Vec::new();
    match &page.summary.failovers.paired {
        Some(paired) => {
            let [shorter, n, unpaired] =
                [paired.proxy_shorter, paired.n, paired.unpaired].map(|n| count(n as u64));
            sentences.push((words.proxy_shorter)(&shorter, &n));
            if paired.unpaired > 0 {
                sentences.push((words.unpaired)(&unpaired));
            }
            if paired.n == 1 {
                sentences.push(words.one_pair.to_owned());
            }
        }
        None if page.summary.paths.len() > 1 => sentences.push(words.no_pair.to_owned()),
        None => {}
    }
    sentences.push(words.interval_note.to_owned());
    sentences
}
