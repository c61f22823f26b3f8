//! What became of the writes: what the audit found, each lost write, and the figures in which these are failures.

mod notes;

use std::iter;

use command_line::text::one_line;
use recording::vocabulary::FindingKind;
use recording::{PathAudit, SumAudit};

use crate::summary::{
    AuditSummary, Durability, Durable, Group, GroupSummary, NamedRates, PathSummary, Rates,
    most_lost,
};
use crate::text::document::{Block, Section};
use crate::text::figures::{Downtime, availability_text, downtime, figure, group_of};
use crate::text::format::{NONE, count, decimal, optional};
use crate::text::language::durability::{Loss, Sum};
use crate::text::page::Page;
use crate::text::table::{Cell, Side, Table, Tone};

/// How many writes of which kind are lost, in operations and in time; or that nothing is known of it.
pub(crate) fn section(page: &Page<'_>) -> Section {
    let words = page.words.durability;
    let line = |text: &str, tone| vec![Block::Sentence(text.to_owned(), tone)];
    let blocks = match &page.summary.audit {
        // Of a recording without writes the audit is not missing.
        AuditSummary::NotAudited if !has_writes(page) => line(words.no_writes, Tone::Detail),
        AuditSummary::NotAudited => line(words.not_audited, Tone::Plain),
        AuditSummary::Unusable { reason } => line(&(words.unusable)(&one_line(reason)), Tone::Bad),
        AuditSummary::Audited(facts) => {
            let notes = notes::notes(page, facts).into_iter();
            let notes = notes.map(|(text, tone)| Block::Sentence(text, tone));
            iter::once(counts(page).into()).chain(notes).collect()
        }
    };
    Section::new("durability", words.heading, blocks)
}

fn has_writes(page: &Page<'_>) -> bool {
    let recording = &page.summary.recording;
    let part = recording.part.as_ref();
    let mut types = page.summary.paths.iter().flat_map(|path| &path.types);
    // What a part leaves out may have been written all the same.
    part.is_some_and(|part| !part.types.is_empty()) && recording.weights.read < 100.0
        || types.any(|named| named.name == "write" || named.name == "transaction")
}

fn audited<'a>(page: &Page<'a>) -> impl Iterator<Item = (&'a PathSummary, &'a Durability)> {
    let paths = page.summary.paths.iter();
    paths.filter_map(|path| Some((path, path.durability.as_ref()?)))
}

fn counts(page: &Page<'_>) -> Table {
    let words = page.words.durability;
    let rare = rare(page);
    let first_lost = page.zoned(words.first_lost);
    let mut columns = vec![
        (page.words.path_column, Side::Left),
        (words.acknowledged, Side::Right),
        (words.lost, Side::Right),
        (first_lost.as_str(), Side::Left),
        (page.words.offset, Side::Right),
        (words.first_to_last, Side::Right),
        (words.torn, Side::Right),
        (words.unknown, Side::Right),
    ];
    columns.extend(rare.iter().map(|(heading, _, _)| (*heading, Side::Right)));
    let mut table = Table::new(&columns, 0);
    for (path, durability) in audited(page) {
        table.row(row(page, path, durability, &rare));
        let found = &durability.found;
        // A workload of the user's own has no such sums.
        let of_shop = page.summary.recording.workload.is_none();
        let sums = [(Sum::Logins, found.logins), (Sum::Stock, found.stock)];
        for (sum, found) in sums.into_iter().filter(|_| of_shop) {
            table.note(sum_text(page, sum, found, durability.not_durable() > 0));
        }
        if durability.implied.is_refuted {
            table.note(words.refuted.to_owned());
        }
    }
    table
}

/// A column that most audits have only zeros in: its heading, what it counts, and its tone where that is not 0.
type Rare = (&'static str, fn(&PathAudit) -> u64, Tone);

/// Those of the page.
fn rare(page: &Page<'_>) -> Vec<Rare> {
    let words = page.words.durability;
    let mut columns: Vec<Rare> = vec![
        (words.committed, |found| found.committed, Tone::Plain),
        (
            words.not_committed,
            |found| found.not_committed,
            Tone::Plain,
        ),
        (words.duplicated, |found| found.duplicated, Tone::Bad),
        (words.phantom, |found| found.phantom, Tone::Bad),
        (words.unrecorded, |found| found.unrecorded, Tone::Bad),
    ];
    columns.retain(|(_, number, _)| {
        let mut paths = audited(page);
        paths.any(|(_, durability)| number(&durability.found) > 0)
    });
    columns
}

fn row(page: &Page<'_>, path: &PathSummary, durability: &Durability, rare: &[Rare]) -> Vec<Cell> {
    let words = page.words.durability;
    let found = &durability.found;
    let is_sure = match &page.summary.audit {
        AuditSummary::Audited(facts) => notes::doubts(page, facts).is_empty(),
        _ => false,
    };
    let lost_tone = match found.lost {
        0 if !is_sure => Tone::Plain,
        0 => Tone::Good,
        _ => Tone::Bad,
    };
    let torn = match found.acknowledged_torn {
        0 => count(found.torn),
        acknowledged => (words.torn_text)(&count(found.torn), &count(acknowledged)),
    };
    let torn_tone = if found.torn > 0 {
        Tone::Bad
    } else {
        Tone::Plain
    };
    let mut cells = vec![
        page.path(&path.path),
        count(found.acknowledged).into(),
        Cell::new(count(found.lost), lost_tone),
        optional(durability.first_lost, |time| page.calendar.time(time)).into(),
        optional(durability.first_lost, |time| page.calendar.offset(time)).into(),
        optional(durability.lost_span_us, |us| {
            page.words.units.seconds(us, 2)
        })
        .into(),
        Cell::new(torn, torn_tone),
        count(found.unknown).into(),
    ];
    cells.extend(rare.iter().map(|(_, number, tone)| match number(found) {
        0 => count(0).into(),
        number => Cell::new(count(number), *tone),
    }));
    cells
}

/// What is known of a sum's increments; `is_any_lost` where writes with an identity were.
fn sum_text(page: &Page<'_>, sum: Sum, found: Option<SumAudit>, is_any_lost: bool) -> String {
    let words = page.words.durability;
    let size = |number: i64| count(number.unsigned_abs());
    match found {
        None => (words.sum_unknown)(sum, notes::disturbed_by(page).as_deref()),
        Some(found) if found.excess > 0 => (words.sum_excess)(sum, &size(found.excess)),
        Some(found) if found.lost > 0 || (is_any_lost && most_lost(&found) > 0) => {
            (words.sum_lost)(sum, &size(found.lost), &size(most_lost(&found)))
        }
        Some(_) => (words.sum_fine)(sum),
    }
}

/// The sentence of the verdict on a path that lost something; `None` where nothing is lost.
pub(crate) fn verdict(page: &Page<'_>, path: &PathSummary) -> Option<String> {
    let durability = path.durability.as_ref()?;
    let found = &durability.found;
    let of_sum = |kind, sum: Option<SumAudit>| match sum {
        Some(sum) if most_lost(&sum) == sum.lost => (Loss::Exactly(kind), sum.lost.unsigned_abs()),
        Some(sum) => (Loss::AtLeast(kind), sum.lost.unsigned_abs()),
        None => (Loss::AtLeast(kind), 0),
    };
    let torn = match page.summary.recording.workload {
        None => Loss::Torn,
        Some(_) => Loss::TornTransactions,
    };
    let losses = [
        (Loss::Writes, found.lost),
        (torn, found.acknowledged_torn),
        of_sum(Sum::Logins, found.logins),
        of_sum(Sum::Stock, found.stock),
    ];
    let losses: Vec<_> = losses
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .map(|(loss, number)| (loss, number, count(number)))
        .collect();
    if losses.is_empty() {
        return None;
    }
    // Reads are as they were: where a figure is another one, it is that of writes.
    let durable = path.durable.as_ref().and_then(|_| {
        let (before, after) = (
            group_of(path, Group::Writer)?,
            path.durable_group(Group::Writer)?,
        );
        let is_another =
            (before.downtime_us, before.is_bound()) != (after.downtime_us, after.is_bound());
        is_another.then(|| (page.words.down)(Group::Writer, &downtime(page, after)))
    });
    let sentence = page.words.durability.verdict;
    let name = (page.words.path_name)(&path.path);
    Some(sentence(&name, &losses, durable.as_deref()))
}

/// The sentence of the verdict where every path was audited and lost nothing; `None` where one was not, or the audit may have missed something.
pub(crate) fn nothing_lost(page: &Page<'_>) -> Option<String> {
    let AuditSummary::Audited(facts) = &page.summary.audit else {
        return None;
    };
    // The audit is of the whole recording.
    if page.summary.recording.is_shortened() {
        return None;
    }
    let is_whole = facts.missing_servers.is_empty()
        && facts.sessions_left.unwrap_or(0) == 0
        && facts.token_found != Some(false)
        && notes::doubts(page, facts).is_empty();
    let paths = &page.summary.paths;
    let nothing = |path: &PathSummary| path.durability.is_some() && verdict(page, path).is_none();
    let acknowledged: u64 = audited(page).map(|(_, of)| of.found.acknowledged).sum();
    (is_whole && acknowledged > 0 && paths.iter().all(nothing)).then(|| {
        (page.words.durability.none_lost)(
            &count(acknowledged),
            page.summary.recording.workload.is_none(),
        )
    })
}

/// The first of the writes that are lost, and of the purchases of which a part is.
pub(crate) fn lost_writes(page: &Page<'_>) -> Section {
    let words = page.words.durability;
    let mut table = Table::new(
        &[
            (page.words.path_column, Side::Left),
            (&page.zoned(words.acknowledged_at), Side::Left),
            (page.words.offset, Side::Right),
            (page.words.operation, Side::Left),
            (words.id, Side::Right),
            (words.finding, Side::Left),
            (words.server, Side::Left),
            (words.timeline_column, Side::Right),
        ],
        1,
    );
    for (path, durability) in audited(page) {
        for lost in &durability.lost_writes {
            let finding = match FindingKind::parse(&lost.finding) {
                Some(kind) => (words.finding_name)(kind),
                None => NONE,
            };
            table.row(vec![
                page.path(&path.path),
                page.calendar.time(lost.time).into(),
                page.calendar.offset(lost.time).into(),
                one_line(&lost.operation_name).into(),
                lost.operation_id.to_string().into(),
                finding.into(),
                one_line(lost.server.as_deref().unwrap_or(NONE)).into(),
                optional(lost.timeline, |timeline| timeline.to_string()).into(),
            ]);
        }
        let listed = durability.lost_writes.len() as u64;
        let more = durability.not_durable().saturating_sub(listed);
        if listed > 0 && more > 0 {
            table.note((words.more)(&count(more)));
        }
    }
    Section::of("lost-writes", words.lost_heading, table)
}

/// The groups whose figures are others with lost writes as failures.
pub(crate) fn durable_figures(page: &Page<'_>) -> Section {
    let words = page.words.durability;
    let mut table = Table::new(
        &[
            (page.words.path_column, Side::Left),
            (page.words.group, Side::Left),
            (page.words.downtime, Side::Right),
            (words.durable_downtime, Side::Right),
            (page.words.outages, Side::Right),
            (page.words.availability, Side::Right),
            (page.words.success_rate, Side::Right),
            (words.durable_rate, Side::Right),
            (page.words.tps, Side::Right),
        ],
        1,
    );
    for (path, durable) in durables(page) {
        for group in &durable.groups {
            let Some(before) = group_of(path, group.group) else {
                continue;
            };
            let rates = [
                rates_of(group, &path.overall, &path.types),
                rates_of(group, &durable.overall, &durable.types),
            ];
            let is_changed = *group
                != GroupSummary {
                    service: None,
                    ..before.clone()
                };
            if is_changed || rates[0] != rates[1] {
                table.row(durable_row(page, path, [before, group], rates));
            }
        }
    }
    Section::of("durable-figures", words.durable_heading, table)
}

fn durables<'a>(page: &Page<'a>) -> impl Iterator<Item = (&'a PathSummary, &'a Durable)> {
    let paths = page.summary.paths.iter();
    paths.filter_map(|path| Some((path, path.durable.as_ref()?)))
}

/// The rates of the operations of a group; `None` of `writer`, which is no type.
fn rates_of<'a>(
    group: &GroupSummary,
    overall: &'a Rates,
    types: &'a [NamedRates],
) -> Option<&'a Rates> {
    match group.group {
        Group::All => Some(overall),
        of_type => types
            .iter()
            .find(|named| named.name == of_type.as_str())
            .map(|named| &named.rates),
    }
}

fn durable_row(
    page: &Page<'_>,
    path: &PathSummary,
    [before, group]: [&GroupSummary; 2],
    rates: [Option<&Rates>; 2],
) -> Vec<Cell> {
    let (words, units) = (page.words, page.words.units);
    let [rate_before, rate] = rates.map(|rates| {
        let rate = rates.and_then(|rates| rates.success_rate);
        optional(rate, |rate| units.percent(rate, 2))
    });
    let tps = rates[1].and_then(|rates| rates.tps);
    vec![
        page.path(&path.path),
        (words.group_name)(group.group).into(),
        downtime(page, before).into(),
        downtime(page, group).into(),
        group.outages.len().to_string().into(),
        availability_text(words, group).into(),
        rate_before.into(),
        rate.into(),
        optional(tps, |tps| decimal(tps, 2)).into(),
    ]
}

/// How each path recovered, by its headline's group, with lost writes as failures.
pub(crate) fn durable_recovery(page: &Page<'_>) -> Section {
    let (words, units) = (page.words, page.words.units);
    let mut table = Table::new(
        &[
            (words.path_column, Side::Left),
            (words.group, Side::Left),
            (words.episode, Side::Right),
            (&page.zoned(words.from), Side::Left),
            (words.offset, Side::Right),
            (words.durability.durable_downtime, Side::Right),
            (words.outages, Side::Right),
            (words.full_throughput, Side::Right),
            (words.normal_latency, Side::Right),
        ],
        2,
    );
    for (path, durable) in durables(page) {
        let headline = durable.headline.as_ref();
        let group = headline.and_then(|headline| path.durable_group(headline.group));
        let Some(group) = group else { continue };
        for (index, episode) in group.episodes.iter().enumerate() {
            let seconds = |us: Option<i64>| optional(us, |us| units.seconds(us, 2));
            table.row(vec![
                page.path(&path.path),
                (words.group_name)(group.group).into(),
                (index + 1).to_string().into(),
                page.calendar.time(episode.span.start).into(),
                page.calendar.offset(episode.span.start).into(),
                figure(words, Downtime::from(episode)).into(),
                episode.outages.to_string().into(),
                seconds(episode.time_to_full_throughput_us).into(),
                seconds(episode.time_to_normal_latency_us).into(),
            ]);
        }
    }
    Section::of(
        "durable-recovery",
        words.durability.durable_recovery_heading,
        table,
    )
}
