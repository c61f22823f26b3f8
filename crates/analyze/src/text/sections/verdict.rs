//! The verdict: one line per path.

use command_line::text::one_line;
use recording::vocabulary::EventKind;

use crate::summary::{EventSummary, Group, PathSummary};
use crate::text::document::{Block, Section};
use crate::text::figures::{
    Downtime, downtime, figure, group_of, headline_group, own_share, service_downtime, unobserved,
};
use crate::text::format::NONE;
use crate::text::page::Page;
use crate::text::sections::durability;
use crate::text::table::{Cell, Side, Table, Tone};

/// How long each path was down, and out of how many episodes that figure comes.
pub(crate) fn section(page: &Page<'_>) -> Section {
    let (words, paths) = (page.words, &page.summary.paths);
    if paths.is_empty() {
        let nothing = Block::Sentence(words.no_operations.to_owned(), Tone::Plain);
        return Section::of("verdict", words.verdict, nothing);
    }
    let mut table = Table::new(&[("", Side::Left); 4], 0);
    for path in paths {
        table.row(line(page, path));
        if let Some(cells) = of_service(page, path) {
            table.row(cells);
        }
    }
    let mut blocks = vec![Block::Rows(table)];
    let mut sentence = |text: &str, tone| blocks.push(Block::Sentence(text.to_owned(), tone));
    let failovers = page.summary.failovers.failovers.len();
    let losses: Vec<String> = paths
        .iter()
        .filter_map(|path| durability::verdict(page, path))
        .collect();
    for loss in &losses {
        sentence(loss, Tone::Bad);
    }
    if let Some(text) = durability::nothing_lost(page) {
        sentence(&text, Tone::Good);
    }
    // A failover in which nothing failed may have lost writes all the same.
    if paths.iter().all(nothing_found) && failovers == 0 && losses.is_empty() {
        let two = paths.len() > 1;
        sentence(
            if two {
                words.no_failover_on_either
            } else {
                words.no_failover
            },
            Tone::Good,
        );
    }
    let finished = EventKind::FailoverTriggerFinished.as_str();
    let failed = |event: &&EventSummary| event.event == finished && event.status != Some(0);
    if let Some(event) = page.summary.events.iter().find(failed) {
        let status = event
            .status
            .map_or_else(|| NONE.to_owned(), |status| status.to_string());
        sentence(&(words.trigger_failed)(&status), Tone::Bad);
    }
    let stopped = EventKind::CampaignStopped.as_str();
    let mut events = page.summary.events.iter();
    if let Some(event) = events.find(|event| event.event == stopped) {
        sentence(
            &(words.campaign_stopped)(&one_line(&event.detail)),
            Tone::Bad,
        );
    }
    match failovers {
        0 => {}
        1 => sentence(words.anecdote, Tone::Detail),
        _ => sentence(words.several, Tone::Detail),
    }
    Section::new("verdict", words.verdict, blocks)
}

/// The verdict of every path in one line.
pub(crate) fn headline(page: &Page<'_>) -> String {
    let paths = page.summary.paths.iter();
    let lines = paths.map(|path| {
        let cells = line(page, path);
        let cells: Vec<&str> = cells.iter().take(2).map(Cell::text).collect();
        let headline = cells.join(": ");
        // A sum over several is no single outage.
        match path
            .headline
            .as_ref()
            .map_or(0, |headline| headline.episodes)
        {
            0 | 1 => headline,
            _ if nothing_found(path) => headline,
            episodes => [headline, (page.words.in_episodes)(episodes)].join(page.words.separator),
        }
    });
    lines.collect::<Vec<_>>().join(page.words.page.and)
}

fn line(page: &Page<'_>, path: &PathSummary) -> Vec<Cell> {
    let words = page.words;
    let name = page.path(&path.path);
    if path.is_left_out {
        return vec![name, Cell::new(words.path_left_out, Tone::Bad)];
    }
    let Some((headline, group)) = headline_group(path) else {
        return vec![name, words.no_operations.into()];
    };
    if nothing_found(path) {
        let mut found = words.no_outage.to_owned();
        if !page.summary.pauses.is_empty() {
            found = [found, (words.paused)(&page.paused())].join(words.separator);
        }
        return vec![name, Cell::new(found, Tone::Good)];
    }
    let downtime_of_path = figure(words, Downtime::of_headline(headline));
    let mut down = (words.down)(headline.group, &downtime_of_path);
    if is_probed(path) {
        down = (words.service.for_the_application)(&down);
    }
    let tone = match headline.downtime_us {
        // What is missing may have been down.
        Some(0) if headline.at_least => Tone::Plain,
        Some(0) => Tone::Good,
        _ => Tone::Bad,
    };
    let other = other_than(headline.group);
    let other_group =
        group_of(path, other).map(|group| (words.other_group)(other, &downtime(page, group)));
    let mut remarks = Vec::new();
    if headline.episodes > 0 {
        remarks.push((words.in_episodes)(headline.episodes));
    }
    if group
        .outages
        .last()
        .is_some_and(|outage| outage.open_at_end)
    {
        remarks.push(words.not_recovered.to_owned());
    }
    remarks.extend(unobserved(group).map(|reason| (words.not_observed)(reason).to_owned()));
    vec![
        name,
        Cell::new(down, tone),
        other_group.unwrap_or_default().into(),
        Cell::new(remarks.join(words.separator), Tone::Detail),
    ]
}

/// What a client that connects anew would have met meanwhile; `None` where the path was not probed, or nothing was found.
fn of_service(page: &Page<'_>, path: &PathSummary) -> Option<Vec<Cell>> {
    let words = page.words;
    let (headline, group) = headline_group(path)?;
    if path.is_left_out || !is_probed(path) || nothing_found(path) {
        return None;
    }
    let downtime = (words.down)(headline.group, &service_downtime(page, group));
    let other = group_of(path, other_than(headline.group));
    let other = other.filter(|other| other.service.is_some());
    let other = other.map(|other| (words.other_group)(other.group, &service_downtime(page, other)));
    let share = group.service.as_ref().and_then(|service| service.own_share);
    let share = share.map(|share| (words.service.own_share_of)(&own_share(page, share)));
    Some(vec![
        Cell::default(),
        (words.service.for_a_fresh_client)(&downtime).into(),
        other.unwrap_or_default().into(),
        Cell::new(share.unwrap_or_default(), Tone::Detail),
    ])
}

fn other_than(group: Group) -> Group {
    match group {
        Group::Read => Group::Writer,
        _ => Group::Read,
    }
}

/// The reads or the writes of the path were asked for by availability probes.
fn is_probed(path: &PathSummary) -> bool {
    path.groups.iter().any(|group| group.service.is_some())
}

/// Every group was seen, and none was down, and nor was the service.
fn nothing_found(path: &PathSummary) -> bool {
    !path.groups.is_empty()
        && path
            .groups
            .iter()
            .all(|group| group.outages.is_empty() && !group.unobserved && !group.at_least)
        && path
            .groups
            .iter()
            .filter_map(|group| group.service.as_ref())
            .all(|service| service.outages.is_empty() && !service.at_least)
}
