//! Which outages overlap, and how many of the hosts that were recording saw one.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::gaps::placed::{Axis, PlacedOutage, PlacedRecording};
use crate::summary::Span;

/// Outages that overlap on the axis, to within their uncertainty: one with the next, not each with each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Together {
    /// First outage's start to last one's end, on the axis.
    #[serde(flatten)]
    pub span: Span,
    /// Whose clock that is: [`Axis::Host`] where that is so of any of them, and the overlap then means little.
    pub axis: Axis,
    pub outages: usize,
    /// Hosts that saw one.
    pub hosts: usize,
    /// Hosts that were recording at that time.
    pub hosts_recording: usize,
    /// Who saw them, in order of host and path.
    pub seen_by: Vec<Observer>,
    pub longest_downtime_us: i64,
    /// The resolution of that downtime, microseconds.
    pub longest_resolution_us: i64,
    /// Pauses of the recorder in it, microseconds.
    pub longest_paused_us: i64,
    /// One of the outages was open at the start or at the end of its recording: the longest downtime is a lower bound.
    pub at_least: bool,
}

/// A path of a host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Observer {
    /// Label of the host.
    pub host: String,
    pub path: String,
    /// Whose clock the times are on.
    pub axis: Axis,
}

/// Outages are taken in the order of the earliest moment that they may have begun.
pub(super) fn find(outages: &[PlacedOutage], recordings: &[PlacedRecording]) -> Vec<Together> {
    let mut sorted: Vec<&PlacedOutage> = outages.iter().collect();
    sorted.sort_by_key(|outage| outage.widest_us());
    let mut clusters: Vec<Vec<&PlacedOutage>> = Vec::new();
    let mut latest_end = i64::MIN;
    for outage in sorted {
        let (start, end) = outage.widest_us();
        match clusters.last_mut() {
            Some(cluster) if start <= latest_end => cluster.push(outage),
            _ => {
                clusters.push(vec![outage]);
                latest_end = end;
            }
        }
        latest_end = latest_end.max(end);
    }
    let described = clusters
        .iter()
        .filter_map(|cluster| describe(cluster, recordings));
    let mut found: Vec<Together> = described.collect();
    found.sort_by_key(|together| together.span.start);
    found
}

fn describe(cluster: &[&PlacedOutage], recordings: &[PlacedRecording]) -> Option<Together> {
    let span = Span {
        start: cluster.iter().map(|outage| outage.span.start).min()?,
        end: cluster.iter().map(|outage| outage.span.end).max()?,
    };
    let longest = cluster.iter().max_by_key(|outage| outage.downtime_us)?;
    let observer = |outage: &&PlacedOutage| Observer {
        host: outage.host.clone(),
        path: outage.path.clone(),
        axis: outage.axis,
    };
    let seen_by: BTreeSet<Observer> = cluster.iter().map(observer).collect();
    let saw: BTreeSet<&str> = cluster.iter().map(|outage| outage.host.as_str()).collect();
    // A host that saw one was recording, also where the span of its recording only touches.
    let recording = recordings
        .iter()
        .filter(|recording| recording.span.overlaps(&span))
        .map(|recording| recording.host.as_str());
    let looked: BTreeSet<&str> = recording.chain(saw.iter().copied()).collect();
    Some(Together {
        span,
        axis: cluster.iter().map(|outage| outage.axis).max()?,
        outages: cluster.len(),
        hosts: saw.len(),
        hosts_recording: looked.len(),
        seen_by: seen_by.into_iter().collect(),
        longest_downtime_us: longest.downtime_us,
        longest_resolution_us: longest.resolution_us,
        longest_paused_us: longest.paused_us,
        at_least: cluster.iter().any(|outage| outage.at_least),
    })
}

#[cfg(test)]
mod tests;
