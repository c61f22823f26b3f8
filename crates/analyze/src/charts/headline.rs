//! A path's headline in a title, and its outages.

use command_line::text::thousands;

use crate::charts::words::ChartWords;
use crate::summary::series::{PathSeries, Series};
use crate::summary::{EpisodeKind, Group, Headline, PathSummary, Span, Summary};
use crate::text::figures::{Downtime, in_chart};

/// The figures of a path of the series.
pub(super) fn figures<'a>(summary: &'a Summary, path: &PathSeries) -> Option<&'a PathSummary> {
    summary
        .paths
        .iter()
        .find(|figures| figures.path == path.path)
}

/// `direct: writes down 12.31 s (-0.12 s)`.
pub(super) fn text(words: &ChartWords, path: &PathSummary) -> String {
    format!("{}: {}", (words.path_name)(&path.path), alone(words, path))
}

/// The same without the path's name.
pub(super) fn alone(words: &ChartWords, path: &PathSummary) -> String {
    let figure = match &path.headline {
        None if path.is_left_out => words.left_out.to_owned(),
        None => words.nothing_asked.to_owned(),
        Some(headline) => figure(words, headline),
    };
    format!("{figure}{}", lost(words, path))
}

/// How many writes were lost, as it stands behind another figure; nothing where none was.
pub(super) fn lost(words: &ChartWords, path: &PathSummary) -> String {
    let durability = path.durability.as_ref();
    match durability.map_or(0, |durability| durability.found.lost) {
        0 => String::new(),
        1 => format!(", {}", words.one_write_lost),
        lost => format!(", {}", (words.writes_lost)(&thousands(lost))),
    }
}

fn figure(words: &ChartWords, headline: &Headline) -> String {
    let down = (words.subject)(headline.group);
    match headline.downtime_us {
        None => (words.no_data_of)(down),
        Some(0) if !headline.at_least => words.no_outage.to_owned(),
        Some(_) => {
            let beside = match headline.other_unobserved {
                Some(other) => format!(", {} -", (words.subject)(other)),
                None => String::new(),
            };
            format!("{}{beside}", (words.down)(down, &downtime(words, headline)))
        }
    }
}

/// A headline's downtime, and out of how many episodes it is.
pub(super) fn downtime(words: &ChartWords, headline: &Headline) -> String {
    let downtime = in_chart(words.report, Downtime::of_headline(headline));
    match headline.episodes {
        0 | 1 => downtime,
        episodes => format!("{downtime} {}", (words.in_episodes)(&episodes.to_string())),
    }
}

/// What the figures lack; `None` where nothing is missing.
pub(super) fn missing(words: &ChartWords, summary: &Summary) -> Option<String> {
    let recording = &summary.recording;
    let operations: u64 = recording
        .left_out
        .iter()
        .map(|left_out| left_out.rows)
        .sum();
    let counts = [
        (recording.damaged_parts.len() as u64, words.damaged_part),
        (operations, words.unknown_type),
    ];
    let listed: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} x {what}"))
        .collect();
    let mut reasons = Vec::new();
    if !listed.is_empty() {
        reasons.push((words.missing_left_out)(&listed.join(words.and)));
    }
    let dropped: u64 = recording.dropped_rows.values().sum();
    if dropped > 0 {
        reasons.push((words.rows_lost)(&dropped.to_string()));
    }
    if reasons.is_empty() && recording.is_partial {
        reasons.push(words.operations_missing.to_owned());
    }
    (!reasons.is_empty()).then(|| (words.incomplete)(&reasons.join(", ")))
}

/// The outages of a path's headline.
pub(super) struct HeadlineOutages<'a> {
    /// `None` where the path has no headline.
    pub(super) group: Option<Group>,
    pub(super) spans: &'a [Span],
    /// From when on a client that connects anew was served again: the end of each of the service's episodes.
    pub(super) served_us: Vec<i64>,
}

impl HeadlineOutages<'_> {
    pub(super) fn subject(&self, words: &ChartWords) -> &'static str {
        self.group.map_or("", |group| (words.subject)(group))
    }
}

/// The outages of the headline's group; none where the path has no headline.
pub(super) fn outages<'a>(
    summary: &Summary,
    series: &Series,
    path: &'a PathSeries,
) -> HeadlineOutages<'a> {
    let figures = figures(summary, path);
    let headline = figures.and_then(|figures| figures.headline.as_ref());
    let group = headline.map(|headline| headline.group);
    let strip = path.strips.iter().find(|strip| Some(strip.group) == group);
    let mut groups = figures.into_iter().flat_map(|figures| &figures.groups);
    let service = groups
        .find(|found| Some(found.group) == group)
        .and_then(|found| found.service.as_ref());
    let episodes = service.iter().flat_map(|service| &service.episodes);
    let counted = episodes.filter(|episode| episode.kind != EpisodeKind::WarmUp);
    let ends = counted.map(|episode| episode.span.end.micros());
    HeadlineOutages {
        group,
        spans: strip.map_or(&[], |strip| strip.down.as_slice()),
        served_us: ends.filter(|end| *end < series.end_us).collect(),
    }
}

/// The length of an outage, and the same in short: `12.3 s`, or `at least 12.3 s` where it was open at an end of the
/// recording.
pub(super) fn outage_length(words: &ChartWords, span: &Span, series: &Series) -> (String, String) {
    let length = words.seconds(span.length_us());
    if span.start.micros() <= series.start_us || span.end.micros() >= series.end_us {
        ((words.at_least)(&length), format!("≥ {length}"))
    } else {
        (length.clone(), length)
    }
}
