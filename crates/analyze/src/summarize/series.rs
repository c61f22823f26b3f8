//! What charts draw of a path.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use recording::vocabulary::{ErrorClass, OperationType, Outcome};

use crate::metrics::rates;
use crate::reduce::availability::Question;
use crate::reduce::histogram::Histogram;
use crate::reduce::suspect::{LOST, Suspect};
use crate::reduce::timeline::Timeline;
use crate::summary::series::{
    ClassSeries, Drawn, ERROR_BUCKETS, FailurePoint, LostPoint, PathSeries, SecondCounts,
    ServiceStrip, Strip,
};
use crate::summary::{Group, GroupSummary, PathSummary, Service, Span};

/// From what was found on a path, all but its endpoints and new writers. `seconds` has no failures yet.
pub(super) fn of_path(
    summary: &PathSummary,
    timeline: &Timeline,
    cells: &Histogram,
    (successes, mut seconds): (Drawn, Vec<SecondCounts>),
    questions: &[Question],
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
    for failure in failures
        .iter()
        .filter(|failure| failure.outcome != Outcome::Unfinished)
    {
        seconds[second(failure.end_us)].failed += 1;
    }

    let recording = Span::new(timeline.start_us, timeline.end_us);
    let strip = |group| strip(group, questions, &recording);
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
        new_writers_us: Vec::new(),
        endpoints: Vec::new(),
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

fn strip(group: &GroupSummary, questions: &[Question], recording: &Span) -> Strip {
    let unobserved = group.unobserved_spans.iter();
    let service = group.service.as_ref();
    let kind = match group.group {
        Group::Read => OperationType::Read,
        _ => OperationType::Write,
    };
    let of_service = |service: &Service| ServiceStrip {
        down: service.outages.iter().map(|outage| outage.span).collect(),
        unobserved: not_asked(questions, kind, recording),
    };
    Strip {
        group: group.group,
        down: group.outages.iter().map(|outage| outage.span).collect(),
        brownouts: group.brownouts.clone(),
        unobserved: unobserved.map(|unobserved| unobserved.span).collect(),
        service: service.map(of_service),
    }
}

/// Nothing was asked for longer than this many usual distances, and than this: then nothing is known.
const MISSED: i64 = 4;
const MISSED_US: i64 = 1_000_000;

/// When no probe of a kind was on its way.
fn not_asked(questions: &[Question], kind: OperationType, recording: &Span) -> Vec<Span> {
    let was_asked = |question: &&Question| {
        let error = question.error.as_ref();
        let is_of_the_client =
            error.is_some_and(|error| error.class == ErrorClass::Client.as_str());
        question.kind == kind && !is_of_the_client
    };
    let asked: Vec<&Question> = questions.iter().filter(was_asked).collect();
    let distances = asked
        .windows(2)
        .map(|pair| pair[1].time_us - pair[0].time_us);
    let mut distances: Vec<i64> = distances.collect();
    distances.sort_unstable();
    let usual_us = distances.get(distances.len() / 2).copied().unwrap_or(0);
    let missed_us = (MISSED * usual_us).max(MISSED_US);
    let ends = asked
        .iter()
        .map(|question| (question.time_us, question.end_us));
    let (mut reached, mut spans) = (recording.start.micros(), Vec::new());
    for (time_us, end_us) in ends.chain([(recording.end.micros(), recording.end.micros())]) {
        if time_us - reached > missed_us {
            spans.push(Span::new(reached, time_us));
        }
        reached = reached.max(end_us);
    }
    spans
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
