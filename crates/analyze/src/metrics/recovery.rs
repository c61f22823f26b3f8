//! Episodes and how they were recovered from (`docs/definitions.md`, Recovery).

use crate::error::AnalyzeError;
use crate::reduce::timeline::Timeline;
use crate::stats::percentile;
use crate::summary::{Episode, EpisodeKind, Outage, Span, Thresholds};

/// The baseline is taken from this long before an episode, microseconds.
const BASELINE_US: i64 = 30_000_000;
/// A baseline from less than this is none, microseconds.
const MIN_BASELINE_US: i64 = 5_000_000;
/// Windows in which recovery is looked for, microseconds: the shortest that holds [`WINDOW_SUCCESSES`] at baseline.
const WINDOWS_US: [i64; 3] = [5_000_000, 10_000_000, 30_000_000];
const WINDOW_SUCCESSES: f64 = 50.0;
/// Windows start this far apart, microseconds.
const STEP_US: i64 = 1_000_000;
/// Full throughput, as a share of the baseline.
const FULL_SHARE: f64 = 0.9;
/// Normal latency, as a multiple of the baseline's p99.
const NORMAL_MULTIPLE: i64 = 2;

/// The time around outages whose successes tell of recovery: what was normal before, and mostly when it was so again.
pub(crate) fn looked_at(outages: &[Outage]) -> impl Iterator<Item = Span> + '_ {
    outages.iter().map(|outage| {
        let (start, end) = (outage.span.start.micros(), outage.span.end.micros());
        Span::new(start - BASELINE_US, end.saturating_add(2 * BASELINE_US))
    })
}

/// Joins outages less than `merge_within_us` of health apart, and finds how each episode was recovered from.
pub(crate) fn episodes(
    outages: &[Outage],
    timeline: &Timeline,
    successes: &SuccessesOf<'_>,
    thresholds: &Thresholds,
) -> Result<Vec<Episode>, AnalyzeError> {
    let mut groups: Vec<Vec<&Outage>> = Vec::new();
    for outage in outages {
        match groups.last_mut() {
            Some(group) if health_us(group, outage) < thresholds.merge_within_us => {
                group.push(outage);
            }
            _ => groups.push(vec![outage]),
        }
    }
    let spans: Vec<Span> = groups.iter().map(|group| span_of(group)).collect();
    let recovery = Recovery {
        timeline,
        successes,
        spans: &spans,
    };
    groups
        .iter()
        .enumerate()
        .map(|(index, group)| recovery.episode(index, group))
        .collect()
}

/// Time from the end of the last outage of an episode to the next outage, microseconds.
fn health_us(group: &[&Outage], next: &Outage) -> i64 {
    let end = group.last().map_or(i64::MIN, |last| last.span.end.micros());
    next.span.start.micros().saturating_sub(end)
}

fn span_of(group: &[&Outage]) -> Span {
    let start = group.first().map_or(0, |first| first.span.start.micros());
    let end = group.last().map_or(0, |last| last.span.end.micros());
    Span::new(start, end)
}

/// End and response time of the successes of a group that ended in [from, to), microseconds.
pub(crate) type SuccessesOf<'a> = dyn Fn(i64, i64) -> Result<Vec<(i64, i64)>, AnalyzeError> + 'a;

struct Recovery<'a> {
    timeline: &'a Timeline,
    successes: &'a SuccessesOf<'a>,
    spans: &'a [Span],
}

/// What was normal before an episode.
struct Baseline {
    tps: f64,
    p99_us: Option<i64>,
}

impl Recovery<'_> {
    fn episode(&self, index: usize, group: &[&Outage]) -> Result<Episode, AnalyzeError> {
        let span = self.spans[index];
        let at_least = group
            .iter()
            .any(|outage| outage.open_at_start || outage.open_at_end);
        let baseline = match at_least {
            true => None,
            false => self.baseline(index)?,
        };
        let after = |is_recovered: &dyn Fn(&Baseline, f64, &[i64]) -> bool| {
            let baseline = baseline.as_ref();
            baseline.map_or(Ok(None), |baseline| {
                self.first_window(index, baseline, is_recovered)
            })
        };
        Ok(Episode {
            span,
            downtime_us: group.iter().map(|outage| outage.downtime_us).sum(),
            resolution_us: group.iter().map(|outage| outage.resolution_us).sum(),
            paused_us: group.iter().map(|outage| outage.paused_us).sum(),
            outages: group.len(),
            kind: EpisodeKind::default(),
            at_least,
            baseline_tps: baseline.as_ref().map(|baseline| baseline.tps),
            baseline_p99_us: baseline.as_ref().and_then(|baseline| baseline.p99_us),
            time_to_full_throughput_us: after(&|baseline, tps, _| {
                tps >= FULL_SHARE * baseline.tps
            })?,
            time_to_normal_latency_us: after(&|baseline, _, responses| {
                let p99 = percentile::nearest_rank(responses, 0.99);
                baseline
                    .p99_us
                    .zip(p99)
                    .is_some_and(|(before, now)| now <= NORMAL_MULTIPLE * before)
            })?,
            decomposition: None,
        })
    }

    /// Successes of the 30 s before the episode, other episodes left out.
    fn baseline(&self, index: usize) -> Result<Option<Baseline>, AnalyzeError> {
        let to = self.spans[index].start.micros();
        let from = (to - BASELINE_US).max(self.timeline.start_us);
        // What is left of [from, to) without the other episodes; successes between the outages of one are no baseline.
        let mut spans = Vec::new();
        let mut rest = from;
        let before = &self.spans[..index];
        let first = before.partition_point(|other| other.end.micros() <= from);
        for other in &before[first..] {
            spans.push((rest, other.start.micros().clamp(rest, to)));
            rest = rest.max(other.end.micros());
        }
        spans.push((rest, to));
        let pauses = &self.timeline.pauses;
        let length: i64 = spans
            .iter()
            .map(|(from, to)| pauses.running_us(*from, *to))
            .sum();
        if length < MIN_BASELINE_US {
            return Ok(None);
        }
        let mut responses = Vec::new();
        for (from, to) in spans {
            // (from, to]: the last success before the episode, at its very start, belongs to what was before it.
            let ended = (self.successes)(from + 1, to + 1)?;
            responses.extend(self.responses_us(&ended));
        }
        responses.sort_unstable();
        let tps = responses.len() as f64 / seconds(length);
        Ok(Some(Baseline {
            tps,
            p99_us: percentile::of_sorted(&responses, 0.99),
        }))
    }

    /// Response times without the pauses of the recorder, microseconds.
    fn responses_us(&self, ended: &[(i64, i64)]) -> Vec<i64> {
        let pauses = &self.timeline.pauses;
        let ended = ended.iter();
        ended
            .map(|(end, took)| took - pauses.within_us(end - took, *end))
            .collect()
    }

    /// Time from the episode's start to the first window after it that `is_recovered` accepts, microseconds.
    fn first_window(
        &self,
        index: usize,
        baseline: &Baseline,
        is_recovered: &dyn Fn(&Baseline, f64, &[i64]) -> bool,
    ) -> Result<Option<i64>, AnalyzeError> {
        let span = self.spans[index];
        let mut lengths = WINDOWS_US.into_iter();
        let is_enough = |length: &i64| baseline.tps * seconds(*length) >= WINDOW_SUCCESSES;
        let Some(length) = lengths.find(is_enough) else {
            return Ok(None);
        };
        // A window beyond the next episode would be about that one.
        let limit = self
            .spans
            .get(index + 1)
            .map_or(self.timeline.end_us, |next| next.start.micros());
        let mut from = span.end.micros();
        loop {
            // In a pause nothing was asked: the window has its length without pauses.
            let to = self.timeline.pauses.after_running_us(from, length);
            if to > limit {
                return Ok(None);
            }
            let ended = (self.successes)(from, to)?;
            let tps = ended.len() as f64 / seconds(length);
            if is_recovered(baseline, tps, &self.responses_us(&ended)) {
                return Ok(Some(from - span.start.micros()));
            }
            from += STEP_US;
        }
    }
}

fn seconds(us: i64) -> f64 {
    us as f64 / 1e6
}
