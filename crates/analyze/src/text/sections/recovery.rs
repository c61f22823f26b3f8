//! How each episode was recovered from, and what it did to each operation type.

use command_line::text::one_line;

use crate::summary::{
    Episode, EpisodeKind, GroupSummary, Impact, NamedRates, PathFailover, PathSummary,
};
use crate::text::document::{Block, Section};
use crate::text::figures::{Downtime, figure, headline_group};
use crate::text::format::{count, decimal, optional};
use crate::text::page::Page;
use crate::text::table::{Side, Table, Tone};

/// Windows listed per path: each is a table of its own.
const MOST_IMPACTS: usize = 3;

/// Every episode of the headline's group.
pub(crate) fn episodes(page: &Page<'_>) -> Section {
    let (words, units) = (page.words, page.words.units);
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (words.group, Side::Left),
            (words.episode, Side::Right),
            (words.part_of, Side::Left),
            (&page.zoned(words.from), Side::Left),
            (words.offset, Side::Right),
            (words.downtime, Side::Right),
            (words.outages, Side::Right),
            (words.baseline_tps, Side::Right),
            (words.baseline_p99, Side::Right),
            (words.full_throughput, Side::Right),
            (words.normal_latency, Side::Right),
        ],
        2,
    );
    for path in &page.summary.paths {
        let Some((_, group)) = headline_group(path) else {
            continue;
        };
        for (index, episode) in group.episodes.iter().enumerate() {
            let seconds = |us: Option<i64>| optional(us, |us| units.seconds(us, 2));
            table.row(vec![
                page.path(&path.path),
                (words.group_name)(group.group).into(),
                (index + 1).to_string().into(),
                part_of(page, path, group, (index + 1, episode)).into(),
                page.calendar.time(episode.span.start).into(),
                page.calendar.offset(episode.span.start).into(),
                figure(words, Downtime::from(episode)).into(),
                episode.outages.to_string().into(),
                optional(episode.baseline_tps, |tps| decimal(tps, 2)).into(),
                optional(episode.baseline_p99_us, |us| units.response(us as f64)).into(),
                seconds(episode.time_to_full_throughput_us).into(),
                seconds(episode.time_to_normal_latency_us).into(),
            ]);
        }
    }
    Section::of("recovery", words.recovery_heading, table)
}

/// The failover that an episode is of, or what it is else.
fn part_of(
    page: &Page<'_>,
    path: &PathSummary,
    group: &GroupSummary,
    (number, episode): (usize, &Episode),
) -> String {
    let words = page.words;
    let holds = |failover: &PathFailover| {
        let mut groups = failover.groups.iter();
        groups.any(|of| of.group == group.group && of.episodes.contains(&number))
    };
    let failover = path.failovers.iter().position(holds);
    let failovers = &page.summary.failovers;
    let failover = failover.and_then(|place| failovers.number_of(&path.path, place + 1));
    match (episode.kind, failover) {
        (EpisodeKind::WarmUp, _) => words.warm_up.to_owned(),
        (EpisodeKind::Failover, Some(number)) => (words.failover_number)(number),
        (EpisodeKind::Failover, None) | (EpisodeKind::OtherOutage, _) => {
            words.other_outage.to_owned()
        }
    }
}

/// The operations that did not all succeed, where others did: else their types say the same.
fn failed_names(impact: &Impact) -> impl Iterator<Item = &NamedRates> {
    let has_failed = |named: &&NamedRates| named.rates.successes < named.rates.total;
    let mut attempted = impact
        .operations
        .iter()
        .filter(|named| named.rates.total > 0);
    let tells_more = attempted.any(|named| !has_failed(&named));
    let failed = impact.operations.iter().filter(has_failed);
    failed.filter(move |_| tells_more)
}

/// What each failover and each other outage did to each operation type, in a window that is named.
pub(crate) fn impacts(page: &Page<'_>) -> Section {
    let mut blocks = Vec::new();
    for path in &page.summary.paths {
        for impact in path.impacts.iter().take(MOST_IMPACTS) {
            blocks.push(impact_table(page, &path.path, impact).into());
        }
        let more = path.impacts.len().saturating_sub(MOST_IMPACTS);
        if more > 0 {
            let path = (page.words.path_name)(&path.path);
            let more = (page.words.more)(&count(more as u64));
            blocks.push(Block::Sentence(format!("{path}: {more}"), Tone::Plain));
        }
    }
    Section::new("impacts", page.words.impact_heading, blocks)
}

fn impact_table(page: &Page<'_>, path: &str, impact: &Impact) -> Table {
    let (words, units) = (page.words, page.words.units);
    let failovers = &page.summary.failovers;
    let number = impact
        .failover
        .map(|number| failovers.number_of(path, number).unwrap_or(number));
    let cause = number.map_or_else(|| words.other_outage.to_owned(), words.failover_number);
    let window = (words.window)(
        &(words.path_name)(path),
        &cause,
        &page.calendar.time(impact.window.start),
        &page.calendar.time(impact.window.end),
        &units.seconds(impact.window.length_us(), 2),
    );
    let ends = (words.window_ends)(impact.from_trigger, impact.to_full_throughput);
    let mut table = Table::new(
        &[
            (words.type_column, Side::Left),
            (words.attempted, Side::Right),
            (words.succeeded, Side::Right),
            (words.failed, Side::Right),
            (words.unknown, Side::Right),
            (words.unfinished, Side::Right),
            (words.success_rate, Side::Right),
            ("p99", Side::Right),
        ],
        0,
    )
    .captioned([window, ends].join(words.separator));
    let types = impact.types.iter();
    let types = types.map(|named| ((words.type_name)(&named.name), &named.rates));
    let names = failed_names(impact).map(|named| {
        let name = one_line(&named.name);
        (format!("- {name}"), &named.rates)
    });
    for (label, rates) in types.chain(names) {
        table.row(vec![
            label.into(),
            count(rates.total).into(),
            count(rates.successes).into(),
            count(rates.failed).into(),
            count(rates.unknown).into(),
            count(rates.unfinished).into(),
            optional(rates.success_rate, |rate| units.percent(rate, 2)).into(),
            optional(rates.response.p99_us, |us| units.response(us as f64)).into(),
        ]);
    }
    table
}
