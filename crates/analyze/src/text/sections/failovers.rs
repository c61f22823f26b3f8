//! Each failover on each path, what its downtime is made of, and what holds over all of them.

use crate::summary::{
    Decomposition, Episode, Failover, GroupFailover, Interval, PairedDifference, Parts,
    PathSummary, Span,
};
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
    let several_outages = lines.iter().any(|line| line.outages() > 1);
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

/// A failover in the headline's group of a path.
struct Line<'a> {
    failover: &'a Failover,
    path: &'a PathSummary,
    of_group: &'a GroupFailover,
    episodes: Vec<&'a Episode>,
}

fn lines<'a>(page: &Page<'a>, failover: &'a Failover) -> Vec<Line<'a>> {
    let on = |path: &'a PathSummary| {
        let own = path
            .failovers
            .get(failover.on(&path.path)?.checked_sub(1)?)?;
        let (_, group) = headline_group(path)?;
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
    page.summary.paths.iter().filter_map(on).collect()
}

impl Line<'_> {
    fn outages(&self) -> usize {
        self.episodes.iter().map(|episode| episode.outages).sum()
    }

    /// Down so long, or `0.00 s (at most 0.12 s)`, or not known.
    fn downtime(&self, page: &Page<'_>) -> String {
        let (words, of) = (page.words, self.of_group);
        let Some(downtime_us) = of.downtime_us else {
            return NONE.to_owned();
        };
        let at_least = of.at_least || self.path.is_partial;
        match of.at_most_us {
            Some(at_most_us) => {
                let seconds = |us| words.units.seconds(us, 2);
                let at_most = (words.at_most)(&seconds(at_most_us));
                format!("{} ({at_most})", seconds(downtime_us))
            }
            None => {
                let downtime = Downtime {
                    us: downtime_us,
                    resolution_us: of.resolution_us,
                    paused_us: of.paused_us,
                    at_least,
                };
                figure(words, downtime)
            }
        }
    }

    fn cells(&self, page: &Page<'_>, several_outages: bool) -> Vec<Cell> {
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
            seconds(first.and_then(|first| first.trigger_to_last_success_us)),
            seconds(parts.and_then(|parts| parts.first_failure_us)),
            seconds(parts.and_then(|parts| parts.address_changed_us)),
            seconds(parts.and_then(|parts| parts.new_writer_us)),
            to_first_success.into(),
        ];
        if several_outages {
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
        if downtime.without_episode > 0 {
            table.note((words.without_episode)(&count(
                downtime.without_episode as u64,
            )));
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
        (words.group_name)(paired.group).into(),
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
    let found = &page.summary.failovers;
    match &found.paired {
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
        None if found.downtime.iter().all(|of| of.n == of.without_episode) => {
            sentences.push(words.no_episode.to_owned());
        }
        None if page.summary.paths.len() > 1 => sentences.push(words.no_pair.to_owned()),
        None => {}
    }
    sentences.push(words.interval_note.to_owned());
    sentences
}
