//! What charts draw of a path.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use recording::vocabulary::Outcome;

use crate::metrics::rates;
use crate::reduce::histogram::Histogram;
use crate::reduce::suspect::{LOST, Suspect};
use crate::reduce::timeline::Timeline;
use crate::summary::series::{
    ClassSeries, Drawn, ERROR_BUCKETS, FailurePoint, LostPoint, PathSeries, SecondCounts, Strip,
};
use crate::summary::{GroupSummary, PathSummary, Service};

/// From what was found on a path. `succeeded` counts the successes of each second.
pub(super) fn of_path(
    summary: &PathSummary,
    timeline: &Timeline,
    cells: &Histogram,
    (successes, succeeded): (Drawn, Vec<u64>),
    new_writers_us: Vec<i64>,
) -> PathSeries {
    let mut failures: Vec<_> = timeline
        .suspects
        .iter()
        .filter(|suspect| !suspect.outcome.is_success())
        .map(|suspect| FailurePoint {
            end_us: suspect.end_us,
            response_us: suspect.wall_us,
            outcome: suspect.outcome,
        })
        .collect();
    failures.sort_by_key(|failure| failure.end_us);

    let second =
        |end_us: i64| usize::try_from((end_us - timeline.start_us) / 1_000_000).unwrap_or(0);
    let of_second = |succeeded| SecondCounts {
        succeeded,
        failed: 0,
    };
    let mut seconds: Vec<SecondCounts> = succeeded.into_iter().map(of_second).collect();
    for failure in failures
        .iter()
        .filter(|failure| failure.outcome != Outcome::Unfinished)
    {
        seconds[second(failure.end_us)].failed += 1;
    }

    let (error_bucket_us, errors_over_time) = errors_over_time(timeline);
    PathSeries {
        path: summary.path.clone(),
        error_bucket_us,
        errors_over_time,
        successes,
        failures,
        lost: lost(timeline),
        seconds,
        percentiles: rates::percentile_curve(cells),
        new_writers_us,
        strips: summary.groups.iter().map(strip).collect(),
    }
}

/// How long a bucket is, and the failures of each class in each.
fn errors_over_time(timeline: &Timeline) -> (i64, Vec<ClassSeries>) {
    let seconds = (timeline.duration_us() + 999_999) / 1_000_000;
    let bucket_us = ((seconds + ERROR_BUCKETS - 1) / ERROR_BUCKETS).max(1) * 1_000_000;
    // What ended at the very end is of the last bucket.
    let last = usize::try_from((timeline.duration_us() - 1).max(0) / bucket_us).unwrap_or(0);
    let mut classes: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for suspect in timeline.suspects.iter().filter(|found| found.has_failed()) {
        let Some(class) = suspect.class.as_deref() else {
            continue;
        };
        let bucket = (suspect.end_us - timeline.start_us) / bucket_us;
        let counts = classes.entry(class).or_insert_with(|| vec![0; last + 1]);
        counts[usize::try_from(bucket).unwrap_or(0).min(last)] += 1;
    }
    let of_class = |(class, counts): (&str, Vec<u64>)| ClassSeries {
        class: class.to_owned(),
        counts,
    };
    let mut series: Vec<ClassSeries> = classes.into_iter().map(of_class).collect();
    series.sort_by_key(|of_class| Reverse(of_class.counts.iter().sum::<u64>()));
    (bucket_us, series)
}

fn strip(group: &GroupSummary) -> Strip {
    let unobserved = group.unobserved_spans.iter();
    let service = group.service.as_ref();
    let of_service = |service: &Service| service.outages.iter().map(|outage| outage.span).collect();
    Strip {
        group: group.group,
        down: group.outages.iter().map(|outage| outage.span).collect(),
        brownouts: group.brownouts.clone(),
        unobserved: unobserved.map(|unobserved| unobserved.span).collect(),
        service: service.map(of_service),
    }
}

/// The writes that were taken back, in a time line in which they are.
pub(super) fn lost(timeline: &Timeline) -> Vec<LostPoint> {
    let is_lost = |suspect: &&Suspect| suspect.class.as_deref() == Some(LOST);
    let lost = timeline.suspects.iter().filter(is_lost);
    let mut lost: Vec<_> = lost
        .map(|suspect| LostPoint {
            end_us: suspect.end_us,
            response_us: suspect.wall_us,
            operation_type: suspect.operation_type,
        })
        .collect();
    lost.sort_by_key(|lost| lost.end_us);
    lost
}
