//! A path's headline in a title, and its outages.

use command_line::text::thousands;

use crate::charts::drawing::style::seconds;
use crate::summary::series::{PathSeries, Series};
use crate::summary::{Group, Headline, PathSummary, Span, Summary};
use crate::text::figures::{Downtime, in_chart};

/// What is down when a group is.
const fn subject(group: Group) -> &'static str {
    match group {
        Group::Read => "reads",
        Group::Write => "single writes",
        Group::Transaction => "transactions",
        Group::Writer => "writes",
        Group::All => "everything",
    }
}

/// The figures of a path of the series.
pub(super) fn figures<'a>(summary: &'a Summary, path: &PathSeries) -> Option<&'a PathSummary> {
    summary
        .paths
        .iter()
        .find(|figures| figures.path == path.path)
}

/// `direct: writes down 12.31 s (-0.12 s)`.
pub(super) fn text(path: &PathSummary) -> String {
    let figure = match &path.headline {
        None if path.is_left_out => "left out as damaged".to_owned(),
        None => "no reads, no writes".to_owned(),
        Some(headline) => figure(headline),
    };
    let durability = path.durability.as_ref();
    let lost = durability.map_or(0, |durability| durability.found.lost);
    let lost = match lost {
        0 => String::new(),
        1 => ", 1 write lost".to_owned(),
        lost => format!(", {} writes lost", thousands(lost)),
    };
    format!("{}: {figure}{lost}", path.path)
}

fn figure(headline: &Headline) -> String {
    let down = subject(headline.group);
    match headline.downtime_us {
        None => format!("no data of {down}"),
        Some(0) if !headline.at_least => "no outage of reads or writes".to_owned(),
        Some(_) => {
            let downtime = in_chart(Downtime::of_headline(headline));
            let times = match headline.episodes {
                0 | 1 => String::new(),
                episodes => format!(" in {episodes} episodes"),
            };
            let beside = match headline.other_unobserved {
                Some(other) => format!(", {} -", subject(other)),
                None => String::new(),
            };
            format!("{down} down {downtime}{times}{beside}")
        }
    }
}

/// What the figures lack; `None` where nothing is missing.
pub(super) fn missing(summary: &Summary) -> Option<String> {
    let recording = &summary.recording;
    let operations: u64 = recording
        .left_out
        .iter()
        .map(|left_out| left_out.rows)
        .sum();
    let counts = [
        (recording.damaged_parts.len() as u64, "damaged part"),
        (operations, "operation of unknown type"),
    ];
    let listed: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} x {what}"))
        .collect();
    let mut reasons = Vec::new();
    if !listed.is_empty() {
        reasons.push(format!("left out {}", listed.join(" and ")));
    }
    let dropped: u64 = recording.dropped_rows.values().sum();
    if dropped > 0 {
        reasons.push(format!("{dropped} x row lost"));
    }
    if reasons.is_empty() && recording.is_partial {
        reasons.push("operations are missing".to_owned());
    }
    (!reasons.is_empty()).then(|| format!("INCOMPLETE: {}", reasons.join(", ")))
}

/// The outages of a path's headline.
pub(super) struct HeadlineOutages<'a> {
    pub(super) subject: &'static str,
    pub(super) spans: &'a [Span],
    /// From when on a client that connects anew was served again, each time.
    pub(super) served_us: Vec<i64>,
}

/// The outages of the headline's group; none where the path has no headline.
pub(super) fn outages<'a>(
    summary: &Summary,
    series: &Series,
    path: &'a PathSeries,
) -> HeadlineOutages<'a> {
    let group = figures(summary, path)
        .and_then(|figures| figures.headline.as_ref())
        .map(|headline| headline.group);
    let strip = path.strips.iter().find(|strip| Some(strip.group) == group);
    let service = strip.and_then(|strip| strip.service.as_ref());
    let service = service.into_iter().flatten().map(|span| span.end.micros());
    HeadlineOutages {
        subject: group.map_or("", subject),
        spans: strip.map_or(&[], |strip| strip.down.as_slice()),
        served_us: service.filter(|end| *end < series.end_us).collect(),
    }
}

/// The length of an outage, and the same in short: `12.3 s`, or `at least 12.3 s` where it was open at an end of the
/// recording.
pub(super) fn outage_length(span: &Span, series: &Series) -> (String, String) {
    let length = seconds(span.length_us());
    if span.start.micros() <= series.start_us || span.end.micros() >= series.end_us {
        (format!("at least {length}"), format!("≥ {length}"))
    } else {
        (length.clone(), length)
    }
}
