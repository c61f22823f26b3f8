//! The sections of the original design's sample report, in its order and wording, each followed by what it lacked.

use crate::summary::{ComparisonLine, Metric, PathSummary};
use crate::text::document::Section;
use crate::text::figures::{self, Downtime};
use crate::text::format::{NONE, count, decimal, is_nothing, optional};
use crate::text::language::SampleWords;
use crate::text::page::Page;
use crate::text::sections::configuration;
use crate::text::sections::rates::counted;
use crate::text::table::{Cell, Items, Tone, item};

/// The sample's three lines of comparison come first, in its order.
const SAMPLE_METRICS: [Metric; 3] = [
    Metric::Downtime,
    Metric::TransactionSuccessRate,
    Metric::MeanResponse,
];

/// The three lines of configuration that the sample has, one section per path, comparison.
pub(crate) fn sections(page: &Page<'_>, words: &SampleWords) -> Vec<Section> {
    let items = configuration::size_items(page);
    let mut sections = vec![Section::of("size", page.words.configuration, items)];
    sections.extend(page.summary.paths.iter().map(|path| {
        let id = format!("path-{}", path.path);
        let items = path_items(page, words, path);
        Section::of(id, (words.path)(&path.path), items)
    }));
    let items = comparison_items(page, words);
    sections.push(Section::of("compared", words.comparison, items));
    sections
}

fn path_items(page: &Page<'_>, words: &SampleWords, path: &PathSummary) -> Items {
    let units = page.words.units;
    let (overall, response) = (&path.overall, &path.overall.response);
    let rate = |rate: Option<f64>| optional(rate, |rate| units.percent(rate, 1));
    let seconds = |us: Option<i64>| optional(us, |us| units.response_seconds(us));
    let mut items = vec![
        item(words.total, counted(path, overall.total)),
        item(words.success_rate, rate(overall.success_rate)),
    ];
    items.extend(path.types.iter().map(|named| {
        let figures =
            (words.type_figures)(&count(named.rates.total), &rate(named.rates.success_rate));
        item((page.words.type_name)(&named.name), figures)
    }));
    let mean = seconds(response.mean_us.map(|us| us.round() as i64));
    items.push(item(words.mean_response, mean));
    items.push((words.downtime.to_owned(), headline_seconds(page, path)));

    if let Some(headline) = &path.headline {
        items.push(item(
            words.downtime_of,
            figures::headline(page.words, headline),
        ));
    }
    items.extend(service_item(page, path));
    let lost = path.durability.as_ref().map_or(0, |found| found.found.lost);
    if lost > 0 {
        items.push(item(words.lost_writes, Cell::new(count(lost), Tone::Bad)));
    }
    let durable = path.durable.as_ref();
    if let Some(headline) = durable.and_then(|durable| durable.headline.as_ref()) {
        let text = figures::headline(page.words, headline);
        items.push(item(words.durable_downtime, text));
    }
    if overall.unfinished > 0 {
        items.push(item(words.unfinished, count(overall.unfinished)));
    }
    let percentiles = [
        ("p50", response.p50_us),
        ("p90", response.p90_us),
        ("p95", response.p95_us),
        ("p99", response.p99_us),
        ("p99.9", response.p99_9_us),
    ];
    let percentiles = percentiles.map(|(name, us)| format!("{name} {}", seconds(us)));
    let tps = |tps: Option<f64>| optional(tps, |tps| decimal(tps, 2));
    items.extend([
        item(words.max_response, seconds(response.max_us)),
        item(words.min_response, seconds(response.min_us)),
        item(words.percentiles, percentiles.join(page.words.separator)),
        item(words.tps, tps(overall.tps)),
        item(words.steady_tps, tps(overall.steady_tps)),
    ]);
    items
}

/// What a client that connects anew would have met meanwhile, and what the application added.
fn service_item(page: &Page<'_>, path: &PathSummary) -> Option<(String, Cell)> {
    let words = page.words;
    let (_, group) = figures::headline_group(path)?;
    let service = group.service.as_ref()?;
    let mut text = figures::service_downtime(page, group);
    if let Some(share) = service.own_share {
        let share = (words.service.own_share_of)(&figures::own_share(page, share));
        text = [text, share].join(words.separator);
    }
    Some(item(words.service.label, text))
}

/// The headline's downtime to a tenth of a second, as the sample has it.
fn headline_seconds(page: &Page<'_>, path: &PathSummary) -> Cell {
    let headline = path.headline.as_ref();
    let Some(downtime) = headline.and_then(Downtime::of_headline) else {
        return NONE.into();
    };
    let text = page.words.units.seconds(downtime.us, 1);
    let tone = if downtime.us > 0 {
        Tone::Bad
    } else {
        Tone::Good
    };
    Cell::new(
        if downtime.at_least {
            (page.words.at_least)(&text)
        } else {
            text
        },
        tone,
    )
}

fn comparison_items(page: &Page<'_>, words: &SampleWords) -> Items {
    let Some(comparison) = &page.summary.comparison else {
        return Items::new();
    };
    let in_sample = |line: &&ComparisonLine| SAMPLE_METRICS.contains(&line.metric);
    let mut items = Items::new();
    for metric in SAMPLE_METRICS {
        let lines = comparison.lines.iter().filter(|line| line.metric == metric);
        items.extend(lines.map(|line| relative(page, words, line)));
    }
    let (label, text) = words.relative;
    items.push(item(label, text));
    for line in comparison.lines.iter().filter(|line| !in_sample(line)) {
        items.push(relative(page, words, line));
    }
    for line in &comparison.lines {
        if let Some(points) = line.change_points {
            items.push(item(
                (words.points)(line.metric),
                page.words.units.points(points),
            ));
        }
    }
    items
}

/// The change in per cent of direct, its direction in the label.
fn relative(page: &Page<'_>, words: &SampleWords, line: &ComparisonLine) -> (String, Cell) {
    let change = line.change_percent;
    let smaller = change
        .filter(|change| !is_nothing(*change))
        .map(|change| change < 0.0);
    let tone = match smaller {
        None => Tone::Plain,
        Some(smaller) if smaller != line.higher_is_better => Tone::Good,
        Some(_) => Tone::Bad,
    };
    let magnitude = optional(change, |change| page.words.units.magnitude(change));
    (
        (words.change)(line.metric, smaller),
        Cell::new(magnitude, tone),
    )
}
