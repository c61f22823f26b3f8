//! What a naive method reports, beside what the workload lived through.

use serde::Serialize;

use crate::gaps::{Axis, PlacedRecording, moved, place};
use crate::naive::{Method, Reported, Source};
use crate::summary::{Group, GroupSummary, PathSummary, Span, Summary, Thresholds};

/// What a naive method reports of several recordings, beside their downtime.
#[derive(Debug, Clone, Serialize)]
pub struct ReportedGaps {
    /// The method.
    #[serde(flatten)]
    pub method: Method,
    /// The thresholds that the workload's outages were found with. The method has none.
    pub thresholds: Thresholds,
    /// The groups that were looked at.
    pub groups: Vec<Group>,
    /// Where each recording stands on the axis, in order of its start.
    pub recordings: Vec<PlacedRecording>,
    /// Per recording, path and group of operations: both figures.
    pub beside: Vec<Beside>,
    /// Every outage that the method reports, in order of its start.
    pub reported_outages: Vec<PlacedReport>,
}

/// What a method reports of a path, and what a group of its operations lived through. Both are sums over the recording, microseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beside {
    /// Label of the host that recorded.
    pub host: String,
    /// Name of the recording.
    pub run_id: String,
    /// The path.
    pub path: String,
    /// What the method's answers are taken from.
    pub source: Source,
    /// The group of operations.
    pub group: Group,
    /// True for the group that is the path's headline: the worse of `read` and `writer`.
    pub is_headline: bool,
    /// The downtime that the method reports, the same for every group of the path.
    pub reported_us: i64,
    /// The method had not called it up when the recording ended.
    pub reported_at_least: bool,
    /// How many outages it reports.
    pub reported_outages: usize,
    /// The longest that a heartbeat waited for an answer that came.
    pub longest_answer_us: Option<i64>,
    /// The group's downtime; `None` where it was unobserved.
    pub downtime_us: Option<i64>,
    /// The true downtime is between `downtime - resolution` and `downtime`.
    pub resolution_us: i64,
    /// The downtime is a lower bound.
    pub at_least: bool,
    /// How many outages the group had.
    pub outages: usize,
    /// In how many of these the method had the path down for at least a moment.
    pub noticed_outages: usize,
    /// Reported - downtime: negative where the method reports less.
    pub difference_us: Option<i64>,
    /// Reported / downtime; `None` where there was no downtime.
    pub reported_share: Option<f64>,
}

/// An outage that a method reports, on the axis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlacedReport {
    /// Label of the host.
    pub host: String,
    /// Name of the recording.
    pub run_id: String,
    /// The path.
    pub path: String,
    /// From the moment that the method calls it down to the moment that it calls it up, on the axis.
    #[serde(flatten)]
    pub span: Span,
    /// Its length, microseconds.
    pub reported_us: i64,
    /// It had not called it up when the recording ended.
    pub at_least: bool,
    /// Whose clock its times are on.
    pub axis: Axis,
    /// Its times are right to within this on the axis, microseconds; `None` on the host's own clock.
    pub uncertainty_us: Option<i64>,
}

impl ReportedGaps {
    /// Puts what `method` reports of each recording beside the downtime of `groups` in it.
    #[must_use]
    pub fn new(
        recordings: &[(Summary, Vec<Reported>)],
        method: Method,
        groups: &[Group],
        thresholds: Thresholds,
    ) -> Self {
        let mut sorted: Vec<_> = recordings
            .iter()
            .map(|(summary, reported)| (place(summary), summary, reported))
            .collect();
        sorted.sort_by(|(a, ..), (b, ..)| {
            (a.span.start, &a.host, &a.run_id).cmp(&(b.span.start, &b.host, &b.run_id))
        });
        let mut beside = Vec::new();
        let mut outages = Vec::new();
        for (recording, summary, reported) in &sorted {
            for reported in *reported {
                outages.extend(placed(reported, recording));
                let mut paths = summary.paths.iter();
                let Some(path) = paths.find(|path| path.path == reported.path) else {
                    continue;
                };
                let of_groups = path.groups.iter();
                let looked_at = of_groups.filter(|group| groups.contains(&group.group));
                beside.extend(looked_at.map(|group| compare(recording, path, group, reported)));
            }
        }
        outages.sort_by_key(|outage| outage.span.start);
        Self {
            method,
            thresholds,
            groups: groups.to_vec(),
            recordings: sorted
                .into_iter()
                .map(|(recording, ..)| recording)
                .collect(),
            beside,
            reported_outages: outages,
        }
    }
}

fn compare(
    recording: &PlacedRecording,
    path: &PathSummary,
    group: &GroupSummary,
    reported: &Reported,
) -> Beside {
    let lengths = reported
        .outages
        .iter()
        .map(|outage| outage.span.length_us());
    let reported_us = lengths.fold(0, i64::saturating_add);
    let is_noticed = |span: &Span| {
        let mut outages = reported.outages.iter();
        outages.any(|outage| outage.span.overlaps(span))
    };
    let outages = group.outages.iter();
    let headline = path.headline.as_ref();
    Beside {
        host: recording.host.clone(),
        run_id: recording.run_id.clone(),
        path: path.path.clone(),
        source: reported.source,
        group: group.group,
        is_headline: headline.is_some_and(|headline| headline.group == group.group),
        reported_us,
        reported_at_least: reported.outages.iter().any(|outage| outage.open_at_end),
        reported_outages: reported.outages.len(),
        longest_answer_us: reported.longest_answer_us,
        downtime_us: group.downtime_us,
        resolution_us: group.resolution_us,
        at_least: group.is_bound(),
        outages: group.outages.len(),
        noticed_outages: outages.filter(|outage| is_noticed(&outage.span)).count(),
        difference_us: group
            .downtime_us
            .map(|downtime_us| reported_us.saturating_sub(downtime_us)),
        reported_share: group
            .downtime_us
            .filter(|downtime_us| *downtime_us > 0)
            .map(|downtime_us| reported_us as f64 / downtime_us as f64),
    }
}

fn placed<'a>(
    reported: &'a Reported,
    recording: &'a PlacedRecording,
) -> impl Iterator<Item = PlacedReport> + 'a {
    let offset = recording.offset.as_ref();
    reported.outages.iter().map(move |outage| PlacedReport {
        host: recording.host.clone(),
        run_id: recording.run_id.clone(),
        path: reported.path.clone(),
        span: moved(&outage.span, offset),
        reported_us: outage.span.length_us(),
        at_least: outage.open_at_end,
        axis: recording.axis,
        uncertainty_us: offset.map(|offset| offset.uncertainty_us.max(0)),
    })
}
