//! What charts draw of a path.

use recording::vocabulary::Outcome;

use crate::metrics::rates;
use crate::reduce::histogram::Histogram;
use crate::reduce::suspect::{LOST, Suspect};
use crate::reduce::timeline::Timeline;
use crate::summary::series::{Drawn, FailurePoint, LostPoint, PathSeries, SecondCounts, Strip};
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

    PathSeries {
        path: summary.path.clone(),
        successes,
        failures,
        lost: lost(timeline),
        seconds,
        percentiles: rates::percentile_curve(cells),
        new_writers_us,
        strips: summary.groups.iter().map(strip).collect(),
    }
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
