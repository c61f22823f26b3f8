//! What charts draw of a path.

use std::collections::BTreeMap;

use recording::vocabulary::{Outcome, Path};

use crate::metrics::outages::Detected;
use crate::metrics::rates;
use crate::reduce::histogram::Histogram;
use crate::reduce::suspect::{LOST, Suspect};
use crate::reduce::timeline::Timeline;
use crate::summary::series::{
    Drawn, FailurePoint, LostPoint, PathSeries, Point, SecondCounts, Strip,
};
use crate::summary::{Group, GroupSummary};

/// From what was found on a path.
pub(super) fn of_path(
    path: Path,
    timeline: &Timeline,
    cells: &Histogram,
    detected: &BTreeMap<Group, Detected>,
    new_writers_us: Vec<i64>,
) -> PathSeries {
    let successes = timeline.successes_of(Group::All);
    let points = successes.pairs().map(|(end_us, response_us)| Point {
        end_us,
        response_us,
    });
    let drawn = Drawn::new(points, (timeline.start_us, timeline.end_us));
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
    let mut seconds = vec![SecondCounts::default(); second(timeline.end_us) + 1];
    for end_us in &successes.end_us {
        seconds[second(*end_us)].succeeded += 1;
    }
    for failure in failures
        .iter()
        .filter(|failure| failure.outcome != Outcome::Unfinished)
    {
        seconds[second(failure.end_us)].failed += 1;
    }

    let strip = |(group, found): (&Group, &Detected)| Strip {
        group: *group,
        down: found.outages.iter().map(|outage| outage.span).collect(),
        brownouts: found.brownouts.clone(),
        unobserved: found
            .unobserved
            .iter()
            .map(|unobserved| unobserved.span)
            .collect(),
        service: None,
    };
    PathSeries {
        path: path.as_str().to_owned(),
        successes: drawn,
        failures,
        lost: lost(timeline),
        seconds,
        percentiles: rates::percentile_curve(cells),
        new_writers_us,
        strips: detected.iter().map(strip).collect(),
    }
}

/// Gives the strips of the groups that were probed the service's outages.
pub(super) fn with_services(mut series: PathSeries, groups: &[GroupSummary]) -> PathSeries {
    for strip in &mut series.strips {
        let group = groups.iter().find(|group| group.group == strip.group);
        let service = group.and_then(|group| group.service.as_ref());
        strip.service = service.map(|service| {
            let outages = service.outages.iter();
            outages.map(|outage| outage.span).collect()
        });
    }
    series
}

/// The writes that were taken back, in a time line in which they are.
fn lost(timeline: &Timeline) -> Vec<LostPoint> {
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
