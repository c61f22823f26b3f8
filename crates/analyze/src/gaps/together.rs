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
        at_least: cluster.iter().any(|outage| outage.at_least),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Group;

    fn outage(host: &str, start: i64, end: i64, uncertainty_us: Option<i64>) -> PlacedOutage {
        PlacedOutage {
            host: host.to_owned(),
            run_id: "run".to_owned(),
            path: "direct".to_owned(),
            group: Group::Read,
            span: Span::new(start, end),
            downtime_us: end - start,
            resolution_us: 1,
            at_least: false,
            evidence: 2,
            axis: uncertainty_us.map_or(Axis::Host, |_| Axis::Server),
            uncertainty_us,
        }
    }

    fn recording(host: &str, start: i64, end: i64) -> PlacedRecording {
        PlacedRecording {
            host: host.to_owned(),
            run_id: "run".to_owned(),
            is_partial: false,
            span: Span::new(start, end),
            axis: Axis::Server,
            offset: None,
            offset_change_us: None,
        }
    }

    /// Start, end, outages and hosts of each.
    fn found(outages: &[PlacedOutage]) -> Vec<(i64, i64, usize, usize)> {
        let found = find(outages, &[]);
        let figures = found.iter().map(|together| {
            let Span { start, end } = together.span;
            (
                start.micros(),
                end.micros(),
                together.outages,
                together.hosts,
            )
        });
        figures.collect()
    }

    #[test]
    fn what_may_have_overlapped_was_together() {
        // Each may be off by 30: a distance of 60 may be none, one of 61 is one.
        let first = outage("a", 0, 100, Some(30));
        let near = outage("b", 160, 200, Some(30));
        let far = outage("b", 161, 200, Some(30));
        assert_eq!(found(&[first.clone(), near]), [(0, 200, 2, 2)]);
        assert_eq!(
            found(&[first.clone(), far]),
            [(0, 100, 1, 1), (161, 200, 1, 1)]
        );
        // One with the next, through a long one.
        let long = outage("c", 50, 300, Some(0));
        let late = outage("a", 290, 310, Some(0));
        assert_eq!(found(&[late, long, first]), [(0, 310, 3, 2)]);
        assert_eq!(found(&[]), []);
    }

    #[test]
    fn hosts_that_did_not_record_then_are_not_counted() {
        let outages = [
            outage("a", 100, 150, Some(1)),
            outage("a", 110, 190, Some(1)),
        ];
        let recordings = [
            recording("a", 0, 1_000),
            recording("b", 0, 120),
            recording("b", 100, 900),
            recording("c", 0, 100),
            recording("d", 189, 200),
        ];
        let found = find(&outages, &recordings);
        let [together] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!((together.hosts, together.hosts_recording), (1, 3));
        assert_eq!(together.longest_downtime_us, 80);
        assert_eq!(together.seen_by.len(), 1, "one path");
    }

    #[test]
    fn a_bound_and_an_unknown_clock_are_passed_on() {
        let mut open = outage("a", 0, 50, Some(1));
        open.at_least = true;
        let found = find(&[open, outage("b", 10, 90, None)], &[]);
        assert_eq!(
            (found[0].longest_downtime_us, found[0].at_least),
            (80, true)
        );
        assert_eq!(found[0].axis, Axis::Host);
    }

    #[test]
    fn times_beyond_all_time_do_not_overflow() {
        let outages = [
            outage("a", i64::MIN, i64::MIN, Some(i64::MAX)),
            outage("b", i64::MAX, i64::MAX, Some(i64::MAX)),
        ];
        assert_eq!(find(&outages, &[]).len(), 2);
    }
}
