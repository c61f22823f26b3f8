//! Every reported outage against the witness's: within what may be, or not.

use super::recorded::Recorded;
use super::samples::{MIN_OUTAGE_US, MIN_STALL_US, Outage, Span};

/// What is right and wrong with a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Reported and witness agree to within what is allowed.
    Within,
    /// They do not.
    Outside,
    /// Reported, though neither injected nor seen by the witness.
    False,
    /// Injected or seen by the witness, long enough to be an outage, and not reported.
    Missed,
    /// The report itself has no data: `-`.
    Unobserved,
    /// Seen by the witness, and too short for so few operations.
    TooShort,
}

impl Verdict {
    /// Does the detector or the definition need a change?
    pub(crate) fn is_wrong(self) -> bool {
        matches!(self, Self::Outside | Self::False | Self::Missed)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Outside => "OUTSIDE",
            Self::False => "FALSE",
            Self::Missed => "MISSED",
            Self::Unobserved => "unobserved",
            Self::TooShort => "too short",
        }
    }
}

/// One group of one path in one recording: the reported, witnessed, injected and recorded view.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    /// What `analyze` reports, in order.
    pub(crate) reported: &'a [Outage],
    /// Outages of `all` in which the report has no data of this group.
    pub(crate) unobserved: &'a [Span],
    /// What the witness saw, in order.
    pub(crate) witnessed: &'a [Outage],
    /// What the lab's steps say that this group can't have been served in.
    pub(crate) injected: &'a [Span],
    /// What the recording's rows say of it.
    pub(crate) recorded: &'a Recorded,
    /// Mean time between two operations of the group, microseconds.
    pub(crate) interval_us: i64,
}

/// A reported outage and the witness's; more than one of each where they overlap, as a success that one of them had and the other
/// had not splits an outage in two without changing the sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Figure {
    /// Of both.
    pub(crate) span: Span,
    /// What was injected in there, microseconds.
    pub(crate) injected_us: Option<i64>,
    /// The witness's downtime and its resolution, microseconds.
    pub(crate) witness: Option<(i64, i64)>,
    /// The reported downtime and its resolution, microseconds.
    pub(crate) reported: Option<(i64, i64)>,
    /// How long after the witness was served the recorder's pool still had a connection that was refused with 25006, microseconds. That is
    /// no error: the recorder's application was down for it.
    pub(crate) refused_us: i64,
    /// How much the two may differ, microseconds.
    pub(crate) allowed_us: i64,
    pub(crate) verdict: Verdict,
}

impl Figure {
    /// Reported less witness, microseconds; `None` where one of them has nothing.
    pub(crate) fn error_us(&self) -> Option<i64> {
        Some(self.reported?.0 - self.witness?.0)
    }

    /// Is the true downtime no longer than the reported one, as the report says? To within one interval, and the witness's own resolution.
    pub(crate) fn is_upper_bound(&self) -> Option<bool> {
        let (_, resolution_us) = self.reported?;
        Some(-self.error_us()? <= self.allowed_us - resolution_us - self.refused_us)
    }
}

impl Case<'_> {
    /// The shortest outage that so many operations can show, microseconds: by definition one of 100 ms; with a single piece of evidence
    /// one of ten median gaps.
    fn shortest_us(&self) -> i64 {
        MIN_OUTAGE_US.max(10 * self.interval_us)
    }

    /// Every outage, once. `longest_gap_us` is how long the witness was without a success around a span.
    pub(crate) fn judge(&self, longest_gap_us: impl Fn(Span) -> i64) -> Vec<Figure> {
        let mut figures: Vec<Figure> = self
            .clusters()
            .into_iter()
            .map(|cluster| self.figure(cluster, &longest_gap_us))
            .collect();
        for &span in self.injected {
            let is_seen = figures
                .iter()
                .any(|figure| figure.span.overlap_us(&span) > 0);
            // A wait below the floor of a stall is none by definition.
            let is_outage = span.length_us() > self.shortest_us().max(MIN_STALL_US + MIN_OUTAGE_US);
            if is_outage && !is_seen {
                figures.push(Figure {
                    span,
                    injected_us: Some(span.length_us()),
                    witness: None,
                    reported: None,
                    refused_us: 0,
                    allowed_us: 0,
                    verdict: Verdict::Missed,
                });
            }
        }
        figures
    }

    /// The outages of both, those together that overlap.
    fn clusters(&self) -> Vec<Cluster> {
        let reported = self.reported.iter().map(|outage| (true, *outage));
        let witnessed = self.witnessed.iter().map(|outage| (false, *outage));
        let mut all: Vec<(bool, Outage)> = reported.chain(witnessed).collect();
        all.sort_by_key(|(_, outage)| outage.span.start_us);
        let mut clusters: Vec<Cluster> = Vec::new();
        for (is_reported, outage) in all {
            let overlaps = clusters
                .last()
                .is_some_and(|cluster| outage.span.start_us < cluster.span.end_us);
            if !overlaps {
                clusters.push(Cluster::at(outage.span));
            }
            if let Some(cluster) = clusters.last_mut() {
                cluster.add(is_reported, outage);
            }
        }
        clusters
    }

    fn figure(&self, cluster: Cluster, longest_gap_us: impl Fn(Span) -> i64) -> Figure {
        let sum = |outages: &[Outage]| -> (i64, i64) {
            let down = outages.iter().map(|outage| outage.span.length_us()).sum();
            (
                down,
                outages.iter().map(|outage| outage.resolution_us).sum(),
            )
        };
        let injected_us: i64 = self
            .injected
            .iter()
            .filter(|span| span.overlap_us(&cluster.span) > 0)
            .map(Span::length_us)
            .sum();
        let mut figure = Figure {
            span: cluster.span,
            injected_us: (injected_us > 0).then_some(injected_us),
            witness: (!cluster.witnessed.is_empty()).then(|| sum(&cluster.witnessed)),
            reported: (!cluster.reported.is_empty()).then(|| sum(&cluster.reported)),
            refused_us: 0,
            allowed_us: 0,
            verdict: Verdict::False,
        };
        let service_us: i64 = cluster
            .reported
            .last()
            .map_or(0, |last| self.recorded.service_us(last.span.end_us));
        if let Some(last) = cluster.witnessed.last() {
            let refused_us = self.recorded.last_refused_us(cluster.span);
            figure.refused_us = refused_us.map_or(0, |at_us| (at_us - last.span.end_us).max(0));
        }
        figure.verdict = match (figure.reported, figure.witness) {
            (Some((reported_us, resolution_us)), Some((witness_us, witness_resolution_us))) => {
                let intervals_us = self.interval_us * cluster.reported.len() as i64;
                figure.allowed_us = intervals_us
                    + resolution_us
                    + witness_resolution_us
                    + service_us
                    + figure.refused_us;
                match (reported_us - witness_us).abs() <= figure.allowed_us {
                    true => Verdict::Within,
                    false => Verdict::Outside,
                }
            }
            // It was injected: the witness happened to be served, or the outage was too short for it.
            (Some((reported_us, resolution_us)), None) if figure.injected_us.is_some() => {
                let witness_us = longest_gap_us(cluster.span);
                figure.witness = Some((witness_us, 0));
                figure.allowed_us = self.interval_us + resolution_us + service_us;
                match (reported_us - witness_us).abs() <= figure.allowed_us {
                    true => Verdict::Within,
                    false => Verdict::Outside,
                }
            }
            (Some(_), None) => Verdict::False,
            (None, _) if self.is_unobserved(cluster.span) => Verdict::Unobserved,
            (None, _) if cluster.span.length_us() >= self.shortest_us() => Verdict::Missed,
            (None, _) => Verdict::TooShort,
        };
        figure
    }

    fn is_unobserved(&self, span: Span) -> bool {
        self.unobserved
            .iter()
            .any(|unobserved| unobserved.overlap_us(&span) > 0)
    }
}

struct Cluster {
    span: Span,
    reported: Vec<Outage>,
    witnessed: Vec<Outage>,
}

impl Cluster {
    fn at(span: Span) -> Self {
        Self {
            span,
            reported: Vec::new(),
            witnessed: Vec::new(),
        }
    }

    fn add(&mut self, is_reported: bool, outage: Outage) {
        self.span.end_us = self.span.end_us.max(outage.span.end_us);
        match is_reported {
            true => self.reported.push(outage),
            false => self.witnessed.push(outage),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn span(start_us: i64, end_us: i64) -> Span {
        Span { start_us, end_us }
    }

    fn outage(from_ms: i64, to_ms: i64, resolution_ms: i64) -> Outage {
        Outage {
            span: span(from_ms * 1_000, to_ms * 1_000),
            resolution_us: resolution_ms * 1_000,
            evidence: 2,
        }
    }

    /// With an interval of 20 ms, and a witness without any gap where it saw no outage.
    fn judge(reported: &[Outage], witnessed: &[Outage], injected: &[Span]) -> Vec<Figure> {
        let case = Case {
            reported,
            unobserved: &[],
            witnessed,
            injected,
            recorded: &Recorded::default(),
            interval_us: 20_000,
        };
        case.judge(|_| 25_000)
    }

    fn verdicts(figures: &[Figure]) -> Vec<Verdict> {
        figures.iter().map(|figure| figure.verdict).collect()
    }

    #[test]
    fn a_figure_within_interval_and_resolutions_is_right_and_beyond_it_is_wrong() {
        let witness = [outage(1_000, 3_000, 30)];
        let injected = [span(1_010_000, 2_990_000)];
        let right = judge(&[outage(960, 3_060, 50)], &witness, &injected);
        assert_eq!(verdicts(&right), [Verdict::Within]);
        assert_eq!(right[0].allowed_us, 100_000);
        assert_eq!(right[0].error_us(), Some(100_000));
        assert_eq!(right[0].is_upper_bound(), Some(true));
        assert_eq!(right[0].injected_us, Some(1_980_000));
        let longer = judge(&[outage(960, 3_061, 50)], &witness, &injected);
        assert_eq!(verdicts(&longer), [Verdict::Outside]);
        let shorter = judge(&[outage(1_000, 2_800, 50)], &witness, &injected);
        assert_eq!(verdicts(&shorter), [Verdict::Outside]);
        assert_eq!(shorter[0].error_us(), Some(-200_000));
        let a_little_shorter = judge(&[outage(1_000, 2_949, 50)], &witness, &injected);
        assert_eq!(verdicts(&a_little_shorter), [Verdict::Within]);
        assert_eq!(a_little_shorter[0].is_upper_bound(), Some(false));
    }

    #[test]
    fn what_only_the_report_has_is_false_and_what_it_lacks_is_missed() {
        assert_eq!(
            verdicts(&judge(&[outage(1_000, 1_300, 10)], &[], &[])),
            [Verdict::False]
        );
        assert_eq!(
            verdicts(&judge(&[], &[outage(1_000, 1_300, 10)], &[])),
            [Verdict::Missed]
        );
        assert_eq!(
            verdicts(&judge(&[], &[outage(1_000, 1_150, 10)], &[])),
            [Verdict::TooShort],
            "ten intervals are 200 ms"
        );
        assert_eq!(
            verdicts(&judge(&[], &[], &[span(1_000_000, 2_000_000)])),
            [Verdict::Missed],
            "injected, and neither saw it"
        );
        assert_eq!(
            verdicts(&judge(&[], &[], &[span(1_000_000, 1_400_000)])),
            [],
            "a wait below the floor is none by definition"
        );
    }

    #[test]
    fn a_long_outage_that_was_injected_and_that_the_witness_did_not_have_is_wrong() {
        let injected = [span(1_000_000, 1_300_000)];
        assert_eq!(
            verdicts(&judge(&[outage(1_000, 1_300, 10)], &[], &injected)),
            [Verdict::Outside]
        );
    }

    #[test]
    fn a_group_without_data_in_the_report_is_not_missed() {
        let case = Case {
            reported: &[],
            unobserved: &[span(900_000, 1_500_000)],
            witnessed: &[outage(1_000, 1_600, 10)],
            injected: &[],
            recorded: &Recorded::default(),
            interval_us: 20_000,
        };
        assert_eq!(verdicts(&case.judge(|_| 0)), [Verdict::Unobserved]);
    }

    #[test]
    fn a_success_that_splits_an_outage_changes_nothing_and_health_between_two_does() {
        let witness = [outage(1_000, 2_000, 10), outage(2_000, 3_000, 10)];
        let one = judge(&[outage(1_000, 3_000, 10)], &witness, &[]);
        assert_eq!(verdicts(&one), [Verdict::Within]);
        let apart = [outage(1_000, 2_000, 10), outage(2_500, 3_000, 10)];
        let one = judge(&[outage(1_000, 3_000, 10)], &apart, &[]);
        assert_eq!(verdicts(&one), [Verdict::Outside]);
        let both = judge(&apart, &apart, &[]);
        assert_eq!(verdicts(&both), [Verdict::Within, Verdict::Within]);
    }
}
